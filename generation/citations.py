"""Evidence: which sentences of the passages, to the letter, support a sentence the model wrote.

The program cites, the model only writes. A claim that is a sentence of a passage is quoted at once; any other is held
against the passages by the verifier, words the question already held counting little. What speaks to a model is no
evidence. The passages are read when the first claim needs them, which is while the model writes. Nothing here calls a model.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial

from core.types import Context, Hit, Quote, Verdict
from generation.claims import weight_of
from generation.confidence import bearing
from generation.hostile.withhold import testimony, witnesses
from generation.lexemes import OPERATORS, Lexeme, read
from generation.passages import Passages
from generation.sentences import MAX_CHARS
from generation.verify import SAME, Similarity, Verifier
from generation.words import numbers, token_set, tokens

ASKED_WEIGHT = 0.25  # of a word the question held: repeating it is no evidence
NAMED_WEIGHT = 0.05  # of a name the question held: it tells which document is meant, and title pages are full of them
LEAST_ASKED = 0.5  # of what is asked must be in the sentence for what says no more than the question
LEAST_WORDS = 4  # a shorter sentence says too little to be quoted for being there


@dataclass(frozen=True, slots=True)
class Check:
    """What came of holding a claim against the passages: ``reason`` is for a reader, empty if the claim is supported.

    ``quotes`` are the best first, and none if it is unsupported; ``denied_by`` then says otherwise of the same thing, if
    anything does. ``mended`` tells that none of them is from a passage that the model had named."""

    verdict: Verdict
    reason: str = ""
    quotes: tuple[Quote, ...] = ()
    mended: bool = False
    denied_by: Quote | None = None


class Evidence:
    """The passages of one question, ready to be held against claims."""

    def __init__(self, context: Context, similarity: Similarity | None = None) -> None:
        self._context, self._hits, self._similarity = context, context.hits, similarity
        self.num_passages = len(context.hits)

    def holds(self, text: str) -> bool:
        """Tell whether a passage holds these very characters."""
        return any(text in hit.text for hit in self._hits)

    def invents(self, claim: str) -> bool:
        """Tell whether a claim holds a number that neither the question nor any passage does."""
        return not numbers(claim) <= self._known

    def knows(self, text: str) -> bool:
        """Tell whether a text says nothing but with words of the question and of what the passages state and are called."""
        return self._known.issuperset(tokens(text))

    def check(self, claim: str, *, cited: Collection[int] = (), affirmed: bool = False) -> Check:
        """Judge a claim by the passages: first those ``cited``, numbered from 1, then any.

        What the question said counts little. A claim that says no more, or is ``affirmed``, said after yes or no, must stand in
        one sentence; one that says no more, in one that speaks of most that was asked. A number or name of the question that
        no passage holds makes a claim partly supported at best, and an ``affirmed`` one unsupported.
        """
        named = frozenset(number - 1 for number in cited if 1 <= number <= self.num_passages)
        if said := self._said.get(_plain(claim)):
            places = [(passage, quote) for passage, quote in said if passage in named] or said
            return Check("supported", quotes=(places[0][1],), mended=bool(named) and places[0][0] not in named)
        given = frozenset[str]() if affirmed else self._asked_keys
        repeats = self._repeats(claim)
        judge = partial(self._verifier.check, claim, weigh=self._weigh, given=given, at_once=affirmed or repeats)
        found = judge(among=named) if named else None
        if found is None or found.verdict != "supported":
            anywhere = judge()
            found = anywhere if found is None or anywhere.verdict == "supported" or not found.ranges else found
        quotes = tuple(self._quotes(found.ranges))
        if repeats and quotes and self.bearing(quotes) < LEAST_ASKED:
            return Check("unsupported", "it passes over what was asked")
        mended = bool(named and found.ranges) and not any(passage in named for passage, _, _ in found.ranges)
        denying = self._quotes(found.denied_by) if found.is_denial and found.coverage >= SAME else []
        return Check(found.verdict, found.reason, quotes, mended, next(iter(denying), None))

    def _repeats(self, claim: str) -> bool:
        """Tell whether a claim says nothing but what was asked; any two passages have such words between them."""
        said = (lexeme for lexeme in read(claim) if lexeme.kind not in OPERATORS)
        return all(lexeme.key in self._asked_keys or lexeme.stem in self._asked_keys for lexeme in said)

    def bearing(self, quotes: Iterable[Quote]) -> float:
        """Tell how much of what is asked quotes, and the headings over them, speak of, from 0 to 1."""
        return bearing(self._context.question, [text for quote in quotes for text in (quote.text, *quote.hit.heading_path)])

    def alone(self, quotes: Iterable[Quote]) -> tuple[Hit, ...]:
        """Give the sentences that quotes are of as passages of their own, one of each passage; what is an item of a list, or
        goes on in small letters, comes with the sentence before it."""
        ranges = defaultdict[int, list[tuple[int, int]]](list)
        for quote in quotes:
            number = next(n for n, hit in enumerate(self._hits) if hit is quote.hit)
            start = quote.hit.start
            ranges[number].append(self.passages.whole(number, quote.start - start, quote.end - start))
        return tuple(self._part(number, min(found)[0], max(end for _, end in found)) for number, found in ranges.items())

    def _part(self, number: int, start: int, end: int) -> Hit:
        hit = self._hits[number]
        return replace(hit, start=hit.start + start, end=hit.start + end, text=self._testimonies[number][start:end])

    @property
    def passages(self) -> Passages:
        """The passages as the verifier reads them."""
        return self._verifier.passages

    @cached_property
    def _verifier(self) -> Verifier:
        return Verifier(self._testimonies, self._titles, self._similarity)

    @cached_property
    def _testimonies(self) -> list[str]:
        return [testimony(hit) for hit in self._hits]

    @cached_property
    def _titles(self) -> list[str]:
        return [" ".join((hit.title, *hit.heading_path)) for hit in self._hits]

    @cached_property
    def _said(self) -> dict[str, list[tuple[int, Quote]]]:
        """Every sentence that may be evidence, with where it stands: by its characters, blanks being all alike."""
        said: dict[str, list[tuple[int, Quote]]] = {}
        for number, hit in enumerate(self._hits):
            for start, end in witnesses(hit):
                quote = Quote(hit, hit.start + start, hit.start + end)
                plain = _plain(quote.text)
                if plain.count(" ") >= LEAST_WORDS - 1:
                    said.setdefault(plain, []).append((number, quote))
        return said

    @cached_property
    def _asked_keys(self) -> frozenset[str]:
        return frozenset(key for lexeme in self._asked for key in (lexeme.key, lexeme.stem))

    @cached_property
    def _asked_names(self) -> frozenset[str]:
        return frozenset(lexeme.key for lexeme in self._asked if lexeme.kind == "name")

    @cached_property
    def _asked(self) -> list[Lexeme]:
        return list(read(self._context.question))

    @cached_property
    def _known(self) -> frozenset[str]:
        said = (hit.text[start:end] for hit in self._hits for start, end in witnesses(hit))
        return frozenset[str]().union(*map(token_set, (self._context.question, *self._titles, *said)))

    def _weigh(self, lexeme: Lexeme) -> float:
        weight = weight_of(lexeme)
        if lexeme.key in self._asked_names:
            return NAMED_WEIGHT * weight
        return ASKED_WEIGHT * weight if lexeme.key in self._asked_keys or lexeme.stem in self._asked_keys else weight

    def _quotes(self, ranges: Iterable[tuple[int, int, int]]) -> list[Quote]:
        hits = self._hits
        return _joined([Quote(hits[p], hits[p].start + start, hits[p].start + end) for p, start, end in ranges])


def _plain(text: str) -> str:
    return " ".join(text.split())


def _joined(quotes: list[Quote]) -> list[Quote]:
    """Make one quote of two that are neighbours in a passage, if it stays short."""
    if len(quotes) == 2 and quotes[0].hit is quotes[1].hit:
        first, second = sorted(quotes, key=lambda q: q.start)
        between = first.hit.text[first.end - first.hit.start : second.start - first.hit.start]
        if not between.strip() and second.end - first.start <= MAX_CHARS:
            return [Quote(first.hit, first.start, second.end)]
    return quotes
