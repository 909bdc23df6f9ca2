"""A claim held against evidence: what the evidence contradicts, what it lacks, and how much of the claim it holds.

Lexemes of both go in, a :class:`Judgement` comes out. A contradiction is found where both say the same but for one
thing of a kind: a number, a date, a party, may for must, a denial. Wording that merely differs is no contradiction,
only less support. English is assumed for the small words; other languages hardly have any here.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from generation.alignment import Alignment, align, are_opposites, is_denied
from generation.lexemes import OPERATORS, Lexeme
from generation.lexicon import GENERIC_PARTIES, LIGHT

ELSEWHERE = 0.3  # what a word counts that the passage or its titles hold, but not the sentence
_NEAR = 3  # lexemes between which two pairs still stand in the same slot
_SCOPE = 4  # lexemes a modal, bound or negation reaches
_OPPOSED = {
    "modals": [{"must", "may"}, {"must", "should"}, {"may", "should"}, {"optional", "forbid"}, {"optional", "must"}, {"forbid", "must"}, {"forbid", "should"}],
    "bounds": [{"least", "most"}, {"least", "under"}, {"over", "under"}, {"over", "most"}, {"least", "within"}, {"over", "within"}, {"before", "after"}, {"within", "after"}],
    "quantifiers": [{"all", "some"}],
}  # fmt: skip
_PASSIVE = re.compile(
    r"\b(?:be|is|are|was|were|been|being)\s+(?:\w+ly\s+)?\w+(?:ed|en|wn|ne|id|ade|ght|ld|nt|pt|lt|et|ut)\b[^.;]{0,80}?\bby\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``conflict`` says what speaks against the claim, ``missing`` names the numbers, dates and names that stand nowhere;
    ``coverage`` is the share of the claim that the evidence holds, and ``used`` are the indices of its lexemes that hold it."""

    conflict: str
    missing: tuple[Lexeme, ...]
    coverage: float
    used: tuple[int, ...]


def judge(
    claim: Sequence[Lexeme],
    evidence: Sequence[Lexeme],
    *,
    is_passive: bool,
    text_between: Callable[[int, int], str],
    weigh: Callable[[Lexeme], float],
    around: Collection[str],
) -> Judgement:
    """Hold a claim, which may speak in the passive, against evidence. ``around`` are the keys that the passage and its titles
    hold elsewhere, ``text_between`` gives the evidence's characters from one lexeme to another."""
    pairs = align(claim, evidence)
    matched = sorted(pairs.agree.values())
    same_voice = not matched or speaks_passively(text_between(matched[0], matched[-1])) == is_passive
    case = _Case(claim, evidence, pairs, same_voice=same_voice, around=around)
    conflict = next((c for check in (_of_fillers, _of_operators, _of_polarity) for c in check(case)), "")
    total = held = 0.0
    for i, lexeme in enumerate(claim):
        weight = weigh(lexeme)
        total += weight
        held += weight * case.held(i)
    used = tuple(sorted({*pairs.agree.values(), *pairs.moved.values()}))
    return Judgement(conflict, tuple(_missing(case)), held / total if total else 0.0, used)


def weight_of(lexeme: Lexeme) -> float:
    """How much of a statement a lexeme is."""
    if lexeme.kind in OPERATORS:
        return 0.0
    return 0.3 if lexeme.stem in LIGHT and not lexeme.is_large else 1.0


def speaks_passively(text: str) -> bool:
    """Tell whether somebody is said to have something done by somebody."""
    return bool(_PASSIVE.search(text))


@dataclass(frozen=True, slots=True)
class _Case:
    claim: Sequence[Lexeme]
    evidence: Sequence[Lexeme]
    pairs: Alignment
    same_voice: bool
    around: Collection[str]

    def held(self, i: int) -> float:
        j = self.pairs.partner(i)
        if j is not None:
            return 1.0
        return ELSEWHERE if self.claim[i].key in self.around else 0.0

    def num_supports(self, i: int, j: int) -> int:
        """Count the sides, of two, on which what stands next to the claim's lexeme stands next to the evidence's too."""
        left = any(0 < j - self.pairs.agree.get(k, -99) <= _NEAR for k in range(max(0, i - _NEAR), i))
        right = any(0 < self.pairs.agree.get(k, -99) - j <= _NEAR for k in range(i + 1, min(i + 1 + _NEAR, len(self.claim))))
        return left + right

    def is_odd_party(self, i: int, j: int) -> bool:
        """Tell whether a party stands in the very place of another word, or another word in a party's."""
        one, other = self.claim[i], self.evidence[j]
        kinds = {one.kind, other.kind}
        alone = self.pairs.partner(i) is None and j not in self.pairs.moved.values()
        return kinds == {"party", "word"} and alone and self.num_supports(i, j) == 2 and one.key not in GENERIC_PARTIES

    def is_edge(self, i: int) -> bool:
        return i == 0 or i == len(self.claim) - 1

    def target(self, lexemes: Sequence[Lexeme], i: int) -> int | None:
        """Find what an operator is said of: the next lexeme of its clause that is none."""
        for k in range(i + 1, min(i + 1 + _SCOPE, len(lexemes))):
            if lexemes[k].clause != lexemes[i].clause:
                return None
            if lexemes[k].kind not in OPERATORS:
                return k
        return None

    def is_same_target(self, i: int, j: int) -> bool:
        """Tell whether two operators are said of the same."""
        ours, theirs = self.target(self.claim, i), self.target(self.evidence, j)
        return ours is not None and theirs is not None and self.pairs.partner(ours) == theirs


def _of_fillers(case: _Case) -> list[str]:
    found = []
    for i, lexeme in enumerate(case.claim):
        j = case.pairs.rival.get(i)
        if (
            j is None
            or lexeme.kind in OPERATORS
            or "word" in {lexeme.kind, case.evidence[j].kind}
            and not case.is_odd_party(i, j)
        ):
            continue
        rival = case.evidence[j]
        supports = case.num_supports(i, j)
        if case.pairs.partner(i) is None:
            conflicts = supports >= 1 and not _may_stand_for(lexeme, rival)
        elif lexeme.kind in {"name", "party"}:
            conflicts = case.same_voice and (supports == 2 or (supports == 1 and case.is_edge(i)))
        else:
            conflicts = supports == 2 or (supports == 1 and case.is_edge(i))
        if conflicts:
            found.append(f"the passage says “{rival.text}”, not “{lexeme.text}”")
    return found


def _may_stand_for(lexeme: Lexeme, rival: Lexeme) -> bool:
    """Tell whether a party may be meant that the evidence calls by its name."""
    return lexeme.kind == "party" and not lexeme.is_large and lexeme.key in GENERIC_PARTIES and rival.is_large


def _of_operators(case: _Case) -> list[str]:
    found = []
    for i, lexeme in enumerate(case.claim):
        if lexeme.kind not in _OPPOSED or i in case.pairs.agree:
            continue
        for j in _governors(case, i):
            other = case.evidence[j]
            if {lexeme.value, other.value} in _OPPOSED[lexeme.kind]:
                found.append(f"the passage says “{other.text}”, not “{lexeme.text}”")
    return found


def _governors(case: _Case, i: int) -> list[int]:
    """Find what the evidence has in the place of the claim's operator: in its slot, or said of the same."""
    j = case.pairs.rival.get(i)
    if j is not None and case.num_supports(i, j):
        return [j]
    target = case.target(case.claim, i)
    p = case.pairs.partner(target) if target is not None else None
    if p is None:
        return []
    for k in range(p - 1, max(-1, p - 1 - _SCOPE), -1):
        if case.evidence[k].clause != case.evidence[p].clause:
            break
        if case.evidence[k].kind == case.claim[i].kind:
            return [k] if k not in case.pairs.agree.values() else []
    return []


def _of_polarity(case: _Case) -> list[str]:
    """Count what is denied on one side only: an odd number turns the claim round."""
    pairs = case.pairs
    agreed = {i: j for i, j in pairs.agree.items() if case.claim[i].kind == "negation"}
    agreed |= {i: j for i, j in pairs.moved.items() if case.claim[i].kind == "negation" and case.is_same_target(i, j)}
    ours = [lexeme for i, lexeme in enumerate(case.claim) if lexeme.kind == "negation" and i not in agreed]
    held = {*pairs.agree.values(), *pairs.moved.values()}
    theirs = [
        lexeme
        for j, lexeme in enumerate(case.evidence)
        if lexeme.kind == "negation" and j not in agreed.values() and case.target(case.evidence, j) in held
    ]
    turned = [(case.claim[i], case.evidence[j]) for i, j in pairs.rival.items() if _turn(case, i, j)]
    if (len(ours) + len(theirs) + len(turned)) % 2 == 0:
        return []
    if turned:
        return [f"the passage says “{turned[0][1].text}”, not “{turned[0][0].text}”"]
    return [f"the passage does not say “{ours[0].text}”"] if ours else [f"the passage says “{theirs[0].text}”"]


def _turn(case: _Case, i: int, j: int) -> bool:
    one, other = case.claim[i], case.evidence[j]
    if case.pairs.partner(i) is not None or one.kind in OPERATORS or {one.kind, other.kind} & {"name", "party"}:
        return False
    return is_denied(one, other) or (are_opposites(one, other) and case.num_supports(i, j) > 0)


def _missing(case: _Case) -> list[Lexeme]:
    """The numbers and dates that the evidence lacks, and the names that its passage lacks as well."""
    return [
        lexeme
        for i, lexeme in enumerate(case.claim)
        if case.pairs.partner(i) is None
        and (lexeme.kind in {"number", "date"} or (lexeme.kind == "name" and lexeme.key not in case.around))
    ]
