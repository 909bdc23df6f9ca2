"""The verdict on a claim: whether given passages say it, why not, and which ranges of them do.

A claim is held against the few sentences that share most of its words, against those with their neighbours, and against
two of them together; the best judgement counts. A number, date or name that stands nowhere, or a contradiction, makes a
claim unsupported however much else of it is there. Nothing here calls a language model; an embedder helps where wording differs.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.types import Verdict
from generation.claims import Judgement, judge, speaks_passively, weight_of
from generation.lexemes import OPERATORS, Lexeme, is_english, read
from generation.lexicon import FRAMES
from generation.passages import Passages, Piece, Sentence, holds
from generation.sentences import whole_sentences

Similarity = Callable[[Sequence[str]], NDArray[np.float32]]  # texts to unit vectors (n, d)
Weigh = Callable[[Lexeme], float]
Clause = tuple[int, int, int]  # passage, start, end

SUPPORTED = 0.66  # least share of a claim's weight that its evidence must hold; docs/decisions/0016 tells how these were chosen
ALIKE = 0.72  # least cosine at which less is enough
SUPPORTED_IF_ALIKE = 0.45
PARTLY = 0.45
WHOLE = 0.9  # share from which on no second sentence is looked for
SAME = 0.6  # share from which on a sentence that contradicts a claim speaks of the same, and no neighbour can mend it
NUM_SENTENCES = 5  # that are looked at closely
GAIN = 0.12  # what a second sentence must add to be taken as well
QUOTED = 0.15  # least share of what is held that makes a second clause worth quoting
NAMES_MISSING = 1 / 3  # largest share of the names that may stand nowhere, in a language that may write nouns large

_ENUMERATOR = re.compile(r"\s*(?:[-*•‣▪]|\(?(?:\d{1,2}|[a-zA-Z])[.)])\s+(?=\S)")
_RANK = {"supported": 2, "partly": 1, "unsupported": 0}


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict and its reason, empty if supported; ``ranges`` are (passage, start, end), the weightiest first."""

    verdict: Verdict
    reason: str
    ranges: tuple[tuple[int, int, int], ...]
    coverage: float = 0.0
    closeness: float = 0.0
    but_one: float = 0.0  # coverage, the weightiest of what is lacking left out of account
    is_denial: bool = False  # the passage says otherwise
    denied_by: tuple[tuple[int, int, int], ...] = ()  # the ranges that do


@dataclass(frozen=True, slots=True)
class _Claim:
    text: str
    lexemes: tuple[Lexeme, ...]
    is_passive: bool
    is_english: bool

    @property
    def is_denial(self) -> bool:
        return any(lexeme.kind == "negation" for lexeme in self.lexemes)


UNSAID = "no passage says this"
_NOTHING = Finding("unsupported", UNSAID, ())


class Verifier:
    """Passages, read once, that claims are held against."""

    def __init__(self, texts: Sequence[str], titles: Sequence[str] = (), similarity: Similarity | None = None) -> None:
        self.passages = Passages(texts, titles or [""] * len(texts))
        self._similarity = similarity

    def check(
        self,
        claim: str,
        *,
        weigh: Weigh = weight_of,
        given: Collection[str] = (),
        among: Collection[int] = (),
        at_once: bool = False,
    ) -> Finding:
        """Judge a claim, of several sentences by the worst; ``among`` are the only passages to look at if there are any,
        ``given`` keys that need no evidence. One that must be said ``at_once`` is supported by a single sentence with nearly
        all of it, and by nothing less."""
        parts = [claim[start:end] for start, end in whole_sentences(claim)]
        found = [self._check(part, weigh, given, among, at_once=at_once) for part in parts or [claim]]
        worst = min(found, key=_order)
        ranges = dict.fromkeys(r for part in found for r in part.ranges)
        return replace(worst, ranges=tuple(ranges) if worst.verdict != "unsupported" else ())

    def _check(self, claim: str, weigh: Weigh, given: Collection[str], among: Collection[int], *, at_once: bool) -> Finding:
        text = stripped(claim)
        lexemes = tuple(read(text))
        if not sum(weigh(lexeme) for lexeme in lexemes):
            return Finding("unsupported", "it says nothing that could be checked", ())
        read_claim = _Claim(text, lexemes, speaks_passively(text), is_english(text))
        near = self._nearest(read_claim, weigh, among)
        judged = {s: self._judge(read_claim, self._with_opening(s), weigh, given) for s in near}
        denials = (f for f in judged.values() if f.is_denial and (f.but_one >= WHOLE if at_once else f.coverage >= SAME))
        denial = max(denials, key=lambda f: f.closeness, default=None)
        best = max(judged.values(), key=_order, default=_NOTHING)
        if at_once:
            is_whole = best.coverage >= (WHOLE if read_claim.is_english else SUPPORTED)
            is_closest = denial is None or best.closeness > denial.closeness
            best = best if best.verdict == "unsupported" or (is_whole and is_closest) else _NOTHING
        elif best.verdict != "supported" or best.coverage < WHOLE or (denial and denial.closeness >= best.closeness):
            together = self._together(read_claim, judged, weigh=weigh, given=given, among=among)
            best = max(
                (f for f in (best, *together) if not denial or f.closeness > denial.closeness), key=_order, default=_NOTHING
            )
        return best if best.verdict == "supported" or denial is None else denial

    def _together(
        self,
        claim: _Claim,
        judged: Mapping[Sentence, Finding],
        *,
        weigh: Weigh,
        given: Collection[str],
        among: Collection[int],
    ) -> Iterator[Finding]:
        """Judge pairs of sentences. One that contradicts the claim is not mended by another, unless that denies the same."""
        contradicting = {s for s, f in judged.items() if f.is_denial and f.coverage >= SAME}
        seen = set[frozenset[Sentence]]()
        for one, two in self._pairs(claim, tuple(judged), weigh, among):
            if frozenset((one, two)) not in seen:
                seen.add(frozenset((one, two)))
                strict = not contradicting.isdisjoint((one, two))
                if not strict or claim.is_denial:
                    yield self._judge(claim, self.passages.piece(one, two), weigh, given, is_strict=strict)

    def _with_opening(self, sentence: Sentence) -> Piece:
        opening = self.passages.opening_of(sentence)
        return self.passages.item(opening, sentence) if opening else self.passages.piece(sentence)

    def _pairs(
        self, claim: _Claim, near: Sequence[Sentence], weigh: Weigh, among: Collection[int]
    ) -> Iterator[tuple[Sentence, Sentence]]:
        for sentence in near[:2]:
            for other in self.passages.neighbours(sentence):
                yield sentence, other
        if near and (second := self._second(claim, near[0], weigh, among)):
            yield near[0], second

    def _nearest(self, claim: _Claim, weigh: Weigh, among: Collection[int]) -> list[Sentence]:
        scored = [(self._shared(claim.lexemes, s, weigh), -n, s) for n, s in enumerate(self._sentences(among))]
        return [s for score, _, s in sorted(scored, reverse=True, key=lambda x: x[:2])[:NUM_SENTENCES] if score]

    def _second(self, claim: _Claim, first: Sentence, weigh: Weigh, among: Collection[int]) -> Sentence | None:
        rest = [one for one in claim.lexemes if not holds(first.keys, one) and weigh(one) >= weight_of(one)]  # unasked
        total = sum(weigh(lexeme) for lexeme in claim.lexemes)
        scored = [(self._shared(rest, s, weigh), s.passage == first.passage, -n, s) for n, s in enumerate(self._sentences(among))]
        best = max(scored, key=lambda x: x[:3])
        return best[3] if best[0] >= GAIN * total and best[3] is not first else None

    def _sentences(self, among: Collection[int]) -> list[Sentence]:
        return [s for s in self.passages.all_sentences() if not among or s.passage in among]

    def _shared(self, lexemes: Sequence[Lexeme], sentence: Sentence, weigh: Weigh) -> float:
        return sum(weigh(lexeme) for lexeme in lexemes if holds(sentence.keys, lexeme))

    def _judge(self, claim: _Claim, piece: Piece, weigh: Weigh, given: Collection[str], *, is_strict: bool = False) -> Finding:
        around = frozenset[str]().union(*(self.passages.around[s.passage] for s in piece.sentences))
        judgement = judge(
            claim.lexemes,
            piece.lexemes,
            is_passive=claim.is_passive,
            text_between=piece.text_between,
            weigh=weigh,
            around=around,
            called=frozenset[str]().union(*(self.passages.called[s.passage] for s in piece.sentences)),
            given=given,
            is_strict=is_strict,
        )
        ranges, held = self._ranges(piece, judgement, weigh), (judgement.coverage, judgement.closeness, judgement.but_one)
        missing = _missing(claim, judgement)
        if judgement.conflict:
            return Finding("unsupported", judgement.conflict.reason, (), *held, is_denial=True, denied_by=ranges)
        if missing and not all(lexeme.key in given for lexeme in missing):
            return Finding("unsupported", f"no passage says “{missing[0].text}”", (), *held)
        if missing:
            return Finding("partly", f"the passages do not say “{missing[0].text}”", ranges, *held)
        if judgement.coverage >= SUPPORTED or (
            judgement.coverage >= SUPPORTED_IF_ALIKE and self._are_alike(claim.text, piece.text)
        ):
            return Finding("supported", "", ranges, *held)
        if judgement.coverage >= PARTLY:
            return Finding("partly", "the passages say only a part of this", ranges, *held)
        return Finding("unsupported", UNSAID, (), *held)

    def _are_alike(self, claim: str, evidence: str) -> bool:
        if self._similarity is None:
            return False
        one, other = self._similarity([claim, evidence])
        return float(one @ other) >= ALIKE

    def _ranges(self, piece: Piece, judgement: Judgement, weigh: Weigh) -> tuple[tuple[int, int, int], ...]:
        """Find the one or two clauses that hold most, the best first; the second must hold what the question had not."""
        places, lexemes = piece.places, piece.lexemes
        held, new = defaultdict[Clause, float](float), defaultdict[Clause, float](float)
        for lexeme, place in ((lexemes[j], places[j]) for j in judgement.used if lexemes[j].kind not in OPERATORS):
            clause, weight = self.passages.clause_at(*place), weigh(lexeme)
            held[clause] += weight
            new[clause] += weight if weight >= weight_of(lexeme) else 0.0
        best = sorted(held, key=lambda clause: -held[clause])[:2]
        least = QUOTED * sum(new.values())
        return tuple(clause for n, clause in enumerate(best) if n == 0 or (new[clause] > 0 and new[clause] >= least))


def verify(claim: str, passages: Sequence[str], *, titles: Sequence[str] = (), similarity: Similarity | None = None) -> Finding:
    """Judge a claim by the given texts alone.

    >>> verify("Rent is due within 60 days.", ["Rent is due within thirty (30) days."]).reason
    'the passage says “thirty (30) days”, not “60 days”'
    """
    return Verifier(passages, titles, similarity).check(claim)


def stripped(claim: str) -> str:
    """Take off what only says who says it, and a list's mark.

    >>> stripped("- According to the handbook, leave is paid.")
    'leave is paid.'
    """
    claim = _ENUMERATOR.sub("", claim, count=1) if _ENUMERATOR.match(claim) else claim
    return FRAMES.sub("", claim, count=1).strip()


def _order(finding: Finding) -> tuple[int, float]:
    return _RANK[finding.verdict], finding.coverage


def _missing(claim: _Claim, judgement: Judgement) -> list[Lexeme]:
    names = [lexeme for lexeme in judgement.missing if lexeme.kind == "name"]
    num_names = sum(lexeme.kind == "name" for lexeme in claim.lexemes)
    if not claim.is_english and len(names) <= NAMES_MISSING * num_names:
        return [lexeme for lexeme in judgement.missing if lexeme.kind != "name"]
    return list(judgement.missing)
