"""A claim held against evidence: what the evidence contradicts, what it lacks, and how much of the claim it holds.

Lexemes of both go in, a :class:`Judgement` comes out. A contradiction is found where both say the same but for one
thing of a kind: a number, a date, a party, may for must, a denial. Wording that merely differs is no contradiction,
only less support. English is assumed for the small words; of other languages the words that deny are known.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from generation.alignment import RIVAL, Alignment, agreement, align, are_opposites, is_denied
from generation.lexemes import OPERATORS, Lexeme
from generation.lexicon import DEFINED, DENYING_ABROAD, GENERIC_PARTIES, LIGHT, OFFICES, ORDINALS, PERMITTING, stem
from generation.quantities import Quantity

PRECISION = 0.2  # how much the share of the evidence that is used tells two sentences apart which hold as much of a claim
ELSEWHERE = 0.3  # what a word counts that the passage or its titles hold, but not the sentence
_NEAR = 3  # lexemes between which two pairs still stand in the same slot
_BEFORE_OR_AFTER = {"after", "before", "prior to"}
_PLAINLY_NOT = re.compile(r"not|never|cannot|\w+n't")  # "without" and "unless" undo a "not" before them
_SCOPE = 4  # lexemes a modal, bound or negation reaches
_OPPOSED = {
    "modals": [
        {"must", "may"},
        {"must", "should"},
        {"may", "should"},
        {"optional", "forbid"},
        {"optional", "must"},
        {"forbid", "must"},
        {"forbid", "should"},
    ],
    "bounds": [
        {"least", "most"},
        {"least", "under"},
        {"over", "under"},
        {"over", "most"},
        {"least", "within"},
        {"over", "within"},
        {"before", "after"},
        {"within", "after"},
    ],
    "quantifiers": [{"all", "some"}, {"all", "many"}, {"all", "few"}, {"many", "few"}],
}
_PASSIVE = re.compile(
    r"\b(?:be|is|are|was|were|been|being)\s+(?:\w+ly\s+)?\w+(?:ed|en|wn|ne|id|ade|ght|ld|nt|pt|lt|et|ut)\b[^.;]{0,80}?\bby\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What the evidence says where the claim says something else; either may be empty, where only one of them denies."""

    theirs: str
    ours: str

    @property
    def reason(self) -> str:
        """It, for a reader."""
        if not self.theirs:
            return f"the passage does not say “{self.ours}”"
        return f"the passage says “{self.theirs}”" + (f", not “{self.ours}”" if self.ours else "")


@dataclass(frozen=True, slots=True)
class Judgement:
    """``conflict`` says what speaks against the claim, ``missing`` names the numbers, dates and names that stand nowhere;
    ``coverage`` is the share of the claim that the evidence holds, ``but_one`` if the weightiest of what it lacks is left out of
    account, and ``used`` are the indices of its lexemes that hold it."""

    conflict: Contradiction | None
    missing: tuple[Lexeme, ...]
    coverage: float
    but_one: float
    closeness: float  # as coverage, and less where the evidence says much else
    used: tuple[int, ...]


def judge(
    claim: Sequence[Lexeme],
    evidence: Sequence[Lexeme],
    *,
    is_passive: bool,
    text_between: Callable[[int, int], str],
    weigh: Callable[[Lexeme], float],
    around: Collection[str],
    called: Collection[str] = (),
    given: Collection[str] = (),
    is_strict: bool = False,
) -> Judgement:
    """Hold a claim, which may speak in the passive, against evidence. ``around`` are the keys that the passage and its titles
    hold elsewhere, ``called`` those of the titles alone, ``given`` those of the question; ``text_between`` gives the evidence's
    characters between lexemes. If ``is_strict`` a denial of the claim must be one of the same thing in the evidence; two others
    do not make up for it."""
    pairs = align(claim, evidence)
    matched = sorted(pairs.agree.values())
    same_voice = not matched or speaks_passively(text_between(max(0, matched[0] - _NEAR), matched[-1])) == is_passive
    case = _Case(claim, evidence, pairs, same_voice=same_voice, around=around, called=called, given=given, is_strict=is_strict)
    conflict = next((c for check in (_of_fillers, _of_bindings, _of_operators, _of_polarity) for c in check(case)), None)
    total, lacks = sum(map(weigh, claim)), [weigh(lexeme) * (1 - case.held(i)) for i, lexeme in enumerate(claim)]
    used = tuple(sorted({*pairs.agree.values(), *pairs.moved.values()}))
    coverage, but_one = (1 - lack / total if total else 0.0 for lack in (sum(lacks), sum(lacks) - max(lacks, default=0.0)))
    closeness = coverage + PRECISION * len(used) / max(1, len(evidence))
    return Judgement(conflict, tuple(_missing(case)), coverage, but_one, closeness, used)


def weight_of(lexeme: Lexeme) -> float:
    """How much of a statement a lexeme is."""
    if lexeme.kind in OPERATORS:
        return 0.5 if lexeme.kind == "bounds" else 0.0
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
    called: Collection[str]
    given: Collection[str]
    is_strict: bool

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
        """Tell whether a party stands in the very place of another word."""
        one, other = self.claim[i], self.evidence[j]
        kinds = {one.kind, other.kind}
        alone = self.pairs.partner(i) is None and j not in self.pairs.moved.values()
        if kinds != {"party", "word"} or not alone or one.key in GENERIC_PARTIES:
            return False
        if one.kind == "party":
            return self.num_supports(i, j) == 2
        opens = one.is_first and one.is_large and i + 1 < len(self.claim) and self.claim[i + 1].kind == "modals"
        return opens and one.key not in self.around and self.pairs.agree.get(i + 1) == j + 1  # a name that opens a sentence

    def other_office(self, i: int) -> int | None:
        """Find the word that says which team or officer where the claim says another one."""
        if self.claim[i].kind not in {"party", "name"} or self.pairs.partner(i) is not None or i + 1 == len(self.claim):
            return None
        j = self.pairs.partner(i + 1)
        if self.claim[i + 1].key not in OFFICES or not j or self.evidence[j - 1].kind not in {"party", "name"}:
            return None
        return None if j - 1 in {*self.pairs.agree.values(), *self.pairs.moved.values()} else j - 1

    def other_name(self, i: int) -> int | None:
        """Find a name that the evidence has and the claim has not, where the claim has one that the evidence has not."""
        if self.claim[i].kind != "name" or self.pairs.partner(i) is not None or self.claim[i].key in self.called:
            return None
        held = {*self.pairs.agree.values(), *self.pairs.moved.values()}
        inside = range(min(held, default=0) - 1, max(held, default=-1) + 2)
        others = [j for j in inside if 0 <= j < len(self.evidence) and self.evidence[j].kind == "name" and j not in held]
        if self.claim[i].key in self.given and (mates := self.held_mates(i)):  # of "Acme Pumps" the evidence says "Acme"
            return next((j for j in others if not mates.isdisjoint(_run(self.evidence, j))), None)
        return next((j for j in others if self.evidence[j].stem not in DEFINED), None)

    def held_mates(self, i: int) -> set[int]:
        """Find where the evidence has other words of the name, of several, that one stands in; none if it lacks the first."""
        run = _run(self.claim, i)
        held = {j for k in run if (j := self.pairs.partner(k)) is not None}
        return held if self.pairs.partner(min(run)) is not None else set()

    def is_turned(self, i: int) -> bool:
        """Tell whether a name merely stands on the other side of its number: 7% for Acme, Acme's is 7%."""
        j = self.pairs.moved.get(i)
        if j is None or self.claim[i].kind not in {"name", "party"}:
            return False
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(self.claim) and self.claim[k].kind in {"number", "date"}]
        return any(abs(self.pairs.agree.get(k, -99) - j) == 1 for k in beside)

    def is_edge(self, i: int) -> bool:
        return i == 0 or i == len(self.claim) - 1

    def targets(self, i: int) -> list[int]:
        """Find what an operator of the evidence is said of, and what that is said of where it says no more than "allow"."""
        k = self.target(self.evidence, i)
        found = [] if k is None else [k]
        if self.evidence[i].stem in DENYING_ABROAD and (before := self._before(self.evidence, i)) is not None:
            found.append(before)
        if k is not None and self.evidence[k].stem in PERMITTING:
            found += [
                n for n in range(k + 1, min(k + 3, len(self.evidence))) if self.evidence[n].clause == self.evidence[k].clause
            ]
        return found

    def target(self, lexemes: Sequence[Lexeme], i: int) -> int | None:
        """Find what an operator is said of: the next lexeme of its clause that is none."""
        for k in range(i + 1, min(i + 1 + _SCOPE, len(lexemes))):
            if lexemes[k].clause != lexemes[i].clause:
                break
            if lexemes[k].kind not in OPERATORS:
                return k
        return self._before(lexemes, i) if lexemes[i].stem in DENYING_ABROAD else None

    def _before(self, lexemes: Sequence[Lexeme], i: int) -> int | None:
        """Find what stands before an operator, which is what it is said of in languages that put "not" last."""
        k = next((k for k in range(i - 1, max(-1, i - 1 - _SCOPE), -1) if lexemes[k].kind not in OPERATORS), None)
        return None if k is None or lexemes[k].clause != lexemes[i].clause else k

    def says_permit(self, modal: Lexeme) -> bool:
        """Tell whether the evidence says by a verb what the claim says by "is permitted to"."""
        return stem(modal.stem.split()[0]) in PERMITTING and any(lexeme.stem in PERMITTING for lexeme in self.evidence)

    def is_same_target(self, i: int, j: int) -> bool:
        """Tell whether two operators are said of the same."""
        ours, theirs = self.target(self.claim, i), self.target(self.evidence, j)
        partner = None if ours is None else self.pairs.partner(ours)
        return theirs is not None and partner is not None and self.evidence[partner].stem == self.evidence[theirs].stem


def _run(lexemes: Sequence[Lexeme], i: int) -> set[int]:
    """Find the words of a name of several: those in a row with nothing but a space between them."""
    first = last = i
    while first > 0 and _go_together(lexemes[first - 1], lexemes[first]):
        first -= 1
    while last + 1 < len(lexemes) and _go_together(lexemes[last], lexemes[last + 1]):
        last += 1
    return set(range(first, last + 1))


def _go_together(one: Lexeme, two: Lexeme) -> bool:
    may_be_name = one.kind == "name" or (one.kind == "word" and one.is_first and one.is_large)
    return may_be_name and two.kind == "name" and two.start - one.end == 1


def _of_fillers(case: _Case) -> list[Contradiction]:
    found: list[Contradiction] = []
    for i, lexeme in enumerate(case.claim):
        j = case.pairs.rival.get(i)
        if (other := case.other_office(i)) is not None:
            found.append(Contradiction(case.evidence[other].text, lexeme.text))
        if (other := case.other_name(i)) is not None:
            found.append(Contradiction(case.evidence[other].text, lexeme.text))
        if (
            j is None
            or lexeme.kind in OPERATORS
            or ("word" in {lexeme.kind, case.evidence[j].kind} and not case.is_odd_party(i, j))
        ):
            continue
        rival = case.evidence[j]
        supports = case.num_supports(i, j)
        if (lexeme.kind == "period" and case.pairs.partner(i) is not None) or case.is_turned(i):
            conflicts = False
        elif case.pairs.partner(i) is None:
            conflicts = supports >= 1 and not _may_stand_for(lexeme, rival)
        elif lexeme.kind in {"name", "party"}:
            conflicts = case.same_voice and (supports == 2 or (supports == 1 and case.is_edge(i)))
        else:
            conflicts = supports == 2 or (supports == 1 and case.is_edge(i))
        if conflicts:
            found.append(Contradiction(rival.text, lexeme.text))
    return found


def _of_bindings(case: _Case) -> list[Contradiction]:
    """Find numbers that the evidence says of something else: another of their kind stands nearer to what the claim says it of."""
    found: list[Contradiction] = []
    held = {j for k, j in {**case.pairs.agree, **case.pairs.moved}.items() if case.claim[k].kind not in OPERATORS}
    for i, j in case.pairs.agree.items():
        if case.claim[i].kind not in {"number", "date"}:
            continue
        before = [case.pairs.agree[k] for k in range(max(0, i - _NEAR), i) if case.pairs.agree.get(k) in held]
        between = (
            [k for k in range(max(before) + 1, j) if k not in held and agreement(case.claim[i], case.evidence[k]) == RIVAL]
            if before
            else []
        )
        if between and held.isdisjoint({*range(between[0] + 1, j), *range(j + 1, j + _NEAR)}):
            found.append(Contradiction(case.evidence[between[0]].text, case.claim[i].text))
    return found


def _may_stand_for(lexeme: Lexeme, rival: Lexeme) -> bool:
    """Tell whether a party may be meant that the evidence calls by its name."""
    return lexeme.kind == "party" and not lexeme.is_large and lexeme.key in GENERIC_PARTIES and rival.is_large


def _of_operators(case: _Case) -> list[Contradiction]:
    found: list[Contradiction] = []
    for i, lexeme in enumerate(case.claim):
        moved = case.pairs.moved.get(i)
        if lexeme.kind not in _OPPOSED or i in case.pairs.agree or (moved is not None and case.is_same_target(i, moved)):
            continue
        if lexeme.kind == "modals" and case.says_permit(lexeme):
            continue
        for j in _governors(case, i):
            other = case.evidence[j]
            if {lexeme.value, other.value} in _OPPOSED[lexeme.kind]:
                found.append(Contradiction(other.text, lexeme.text))
    return found + _of_their_times(case)


def _of_their_times(case: _Case) -> list[Contradiction]:
    """Find what the evidence says after a time in which the claim says it: the first year, 2019. A mere duration is left, as
    "after 90 days" and "in 90 days" may say the same, and so is a date before which a thing is due, as "by" says that too."""
    held = {j: i for i, j in case.pairs.agree.items()}
    found: list[Contradiction] = []
    for j, bound in enumerate(case.evidence):
        if bound.stem not in _BEFORE_OR_AFTER or j in held or j in case.pairs.moved.values():
            continue
        time = _time_after(case.evidence, j)
        if time is None or (i := held.get(time)) is None or not case.num_supports(i, time):
            continue
        if all(lexeme.kind != "bounds" for lexeme in case.claim[max(0, i - _SCOPE) : i + 2]):
            found.append(Contradiction(bound.text, ""))
    return found


def _time_after(lexemes: Sequence[Lexeme], j: int) -> int | None:
    """Find the date, or the period told by its place in a row, that a bound stands right before."""
    one, two = ([*lexemes[j + 1 : j + 3], None, None])[:2]
    if one is None or one.clause != lexemes[j].clause:
        return None
    if one.kind == "date":
        return j + 1 if lexemes[j].stem == "after" else None
    is_ordinal = one.key in ORDINALS or (isinstance(one.value, Quantity) and one.value.unit == "th")
    return j + 2 if is_ordinal and two is not None and two.kind == "period" and two.clause == one.clause else None


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


def _of_polarity(case: _Case) -> list[Contradiction]:
    """Count what is denied on one side only: an odd number turns the claim round. Two plain ones, said of two things one of which
    the other side affirms, do not undo each other."""
    pairs = case.pairs
    agreed = {i: j for i, j in pairs.agree.items() if case.claim[i].kind == "negation" and not case.is_strict}
    agreed |= {
        i: j for i, j in {**pairs.moved, **pairs.agree}.items() if case.claim[i].kind == "negation" and case.is_same_target(i, j)
    }
    alone = [i for i, lexeme in enumerate(case.claim) if lexeme.kind == "negation" and i not in agreed]
    ours = [case.claim[i] for i in alone]
    held = {*pairs.agree.values(), *pairs.moved.values()}
    theirs = [
        lexeme
        for j, lexeme in enumerate(case.evidence)
        if lexeme.kind == "negation" and j not in agreed.values() and not held.isdisjoint(case.targets(j))
    ]
    turned = [(case.claim[i], case.evidence[j]) for i, j in pairs.rival.items() if _turn(case, i, j)]
    apart = len(ours) > 1 and not (theirs or turned) and all(_PLAINLY_NOT.fullmatch(lexeme.stem) for lexeme in ours)
    apart = apart and any((k := case.target(case.claim, i)) is not None and case.pairs.partner(k) is not None for i in alone)
    if (len(ours) + len(theirs) + len(turned)) % 2 == 0 and not (apart or (case.is_strict and ours)):
        return []
    if turned:
        return [Contradiction(turned[0][1].text, turned[0][0].text)]
    return [Contradiction("", ours[0].text)] if ours else [Contradiction(theirs[0].text, "")]


def _turn(case: _Case, i: int, j: int) -> bool:
    one, other = case.claim[i], case.evidence[j]
    if case.pairs.partner(i) is not None or one.kind in OPERATORS or {one.kind, other.kind} & {"name", "party"}:
        return False
    return is_denied(one, other) or (are_opposites(one, other) and case.num_supports(i, j) > 0)


def _missing(case: _Case) -> list[Lexeme]:
    """The numbers and dates that the evidence lacks, and the names that its passage lacks as well. A name of several words that
    the question gave is there if its first is: contracts shorten names."""
    return [
        lexeme
        for i, lexeme in enumerate(case.claim)
        if case.pairs.partner(i) is None
        and (lexeme.kind in {"number", "date"} or (lexeme.kind == "name" and lexeme.key not in case.around))
        and not (lexeme.key in case.given and case.held_mates(i))
    ]
