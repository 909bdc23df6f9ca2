"""Evidence: which sentences of the passages, to the letter, support a sentence the model wrote.

The program cites, the model only writes. A claim is held against every sentence of the passages by the words they
share, rare ones counting most and words the question already held counting little. Numbers the model adds must stand
in the evidence, and names it adds in the passage; a claim without such evidence gets none. Nothing here calls a model.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.types import Context, Hit
from generation.claims import weight_of
from generation.lexemes import Lexeme, read
from generation.sentences import MAX_CHARS, sentences
from generation.verify import Finding, Similarity, Verdict, Verifier
from generation.words import names, numbers, tokens

SUPPORT = 0.5  # least share of a claim's weight that its evidence must hold
GAIN = 0.2  # least share that a second sentence must add to be quoted as well
ASKED_WEIGHT = 0.25  # of a word the question held: repeating it is no evidence
NAMED_WEIGHT = 0.05  # of a name the question held: it tells which document is meant, and title pages are full of them
NAMES_MISSING = 1 / 3  # largest share of a claim's new names that its passage may lack (a language may write nouns large)


@dataclass(frozen=True, slots=True)
class Quote:
    """A range of a passage, as character offsets into its document."""

    hit: Hit
    start: int
    end: int

    @property
    def text(self) -> str:
        """The quoted characters, cut from the passage."""
        return self.hit.text[self.start - self.hit.start : self.end - self.hit.start]


@dataclass(frozen=True, slots=True)
class Check:
    """What came of holding a claim against the passages: ``reason`` is for a reader, empty if the claim is supported;
    ``quotes`` are the best first, and none if it is unsupported; ``mended`` tells that none of them is from a passage
    that the model had named."""

    verdict: Verdict
    reason: str
    quotes: tuple[Quote, ...]
    mended: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    quote: Quote
    tokens: frozenset[str]
    around: frozenset[str]  # what the passage is called: its title and headings


class Evidence:
    """The passages of one question, ready to be held against claims."""

    def __init__(self, context: Context, similarity: Similarity | None = None) -> None:
        self._hits = context.hits
        titles = [" ".join((hit.title, *hit.heading_path)) for hit in context.hits]
        self._verifier = Verifier([hit.text for hit in context.hits], titles, similarity)
        self.passages = self._verifier.passages
        asked = read(context.question)
        self._asked_keys = frozenset(key for lexeme in asked for key in (lexeme.key, lexeme.stem))
        self._asked_names = frozenset(lexeme.key for lexeme in asked if lexeme.kind == "name")
        self._asked = frozenset(tokens(context.question))
        self._named = names(context.question)
        self._candidates = [c for hit in context.hits for c in _candidates(hit)]
        self._counts = Counter(token for c in self._candidates for token in c.tokens)
        self._passages = {hit.chunk_id: frozenset(tokens(hit.text)) for hit in context.hits}
        self._texts = tuple(hit.text for hit in context.hits)
        self.num_passages = len(self._texts)

    def holds(self, text: str) -> bool:
        """Tell whether a passage holds these very characters."""
        return any(text in passage for passage in self._texts)

    def check(self, claim: str, *, cited: Collection[int] = (), affirmed: bool = False) -> Check:
        """Judge a claim by the passages: first those ``cited``, numbered from 1, then any.

        What the question said counts little. A number or name of the question that no passage holds makes a claim partly
        supported at best, and an ``affirmed`` one, said after yes or no, unsupported.
        """
        given = frozenset[str]() if affirmed else self._asked_keys
        named = frozenset(number - 1 for number in cited if 1 <= number <= self.num_passages)
        found = self._verifier.check(claim, weigh=self._weigh, given=given, among=named) if named else None
        if found is None or found.verdict != "supported":
            anywhere = self._verifier.check(claim, weigh=self._weigh, given=given)
            found = anywhere if found is None or anywhere.verdict == "supported" or not found.ranges else found
        mended = bool(named and found.ranges) and not any(passage in named for passage, _, _ in found.ranges)
        return Check(found.verdict, found.reason, tuple(self._quotes(found)), mended)

    def _weigh(self, lexeme: Lexeme) -> float:
        weight = weight_of(lexeme)
        if lexeme.key in self._asked_names:
            return NAMED_WEIGHT * weight
        return ASKED_WEIGHT * weight if lexeme.key in self._asked_keys or lexeme.stem in self._asked_keys else weight

    def _quotes(self, found: Finding) -> list[Quote]:
        hits = self._hits
        quotes = [Quote(hits[p], hits[p].start + start, hits[p].start + end) for p, start, end in found.ranges]
        return _joined(quotes)

    def quotes_for(self, claim: str, *, affirmed: bool = False) -> list[Quote]:
        """Find the one or two quotes that support a claim, the best first; none if it is not well supported.

        A number the question held may be missing from them, unless they hold another or the claim is ``affirmed``: said
        after yes or no.
        """
        chosen = self._nearest(claim)
        missing = numbers(claim).difference(*(c.tokens | c.around for c in chosen))
        if missing and (affirmed or _other_numbers(claim, chosen)):
            return []
        return _joined([c.quote for c in chosen])

    def quotes_of_other_numbers(self, claim: str) -> list[Quote]:
        """Find what says of the same thing another number than a claim took from the question."""
        chosen = self._nearest(claim)
        return _joined([c.quote for c in chosen]) if _other_numbers(claim, chosen) else []

    def _nearest(self, claim: str) -> list[_Candidate]:
        weights = self._weights(claim)
        total = sum(weights.values())
        if not total or not self._candidates:
            return []
        best = max(self._candidates, key=lambda c: (_held(weights, c), -c.quote.hit.rank))
        chosen, score = [best], _held(weights, best)
        rest = {token: weight for token, weight in weights.items() if token not in best.tokens | best.around | self._asked}
        second = max(self._candidates, key=lambda c: (_held(rest, c), c.quote.hit is best.quote.hit))
        if rest and _held(rest, second) >= GAIN * total:
            chosen, score = [best, second], score + _held(rest, second)
        if score < SUPPORT * total or not self._agree(claim, chosen):
            return []
        return chosen

    def invents(self, claim: str) -> bool:
        """Tell whether a claim holds a number that neither the question nor any passage does."""
        return not numbers(claim) <= self._asked.union(*self._passages.values())

    def _weights(self, claim: str) -> dict[str, float]:
        num = len(self._candidates)
        return {
            token: self._share(token) * math.log((num + 1) / (max(self._counts[token], 1) + 0.5))
            for token in set(tokens(claim))
            if self._counts[token] <= num / 2 or num < 4
        }

    def _share(self, token: str) -> float:
        if token in self._named:
            return NAMED_WEIGHT
        return ASKED_WEIGHT if token in self._asked else 1.0

    def _agree(self, claim: str, chosen: Sequence[_Candidate]) -> bool:
        evidence = frozenset[str]().union(*(c.tokens | c.around for c in chosen))
        passages = evidence.union(*(self._passages[c.quote.hit.chunk_id] for c in chosen))
        new_names = names(claim) - self._asked
        return numbers(claim) - self._asked <= evidence and len(new_names - passages) <= NAMES_MISSING * len(new_names)


def _candidates(hit: Hit) -> Iterable[_Candidate]:
    around = frozenset(tokens(" ".join((hit.title, *hit.heading_path))))
    for start, end in sentences(hit.text):
        yield _Candidate(Quote(hit, hit.start + start, hit.start + end), frozenset(tokens(hit.text[start:end])), around)


def _held(weights: dict[str, float], candidate: _Candidate) -> float:
    return sum(weight for token, weight in weights.items() if token in candidate.tokens or token in candidate.around)


def _other_numbers(claim: str, chosen: Sequence[_Candidate]) -> frozenset[str]:
    return frozenset[str]().union(*(numbers(c.quote.text) for c in chosen)) - numbers(claim)


def _joined(quotes: list[Quote]) -> list[Quote]:
    """Make one quote of two that are neighbours in a passage, if it stays short."""
    if len(quotes) == 2 and quotes[0].hit is quotes[1].hit:
        first, second = sorted(quotes, key=lambda q: q.start)
        between = first.hit.text[first.end - first.hit.start : second.start - first.hit.start]
        if not between.strip() and second.end - first.start <= MAX_CHARS:
            return [Quote(first.hit, first.start, second.end)]
    return quotes
