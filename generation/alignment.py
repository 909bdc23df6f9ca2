"""Two readings laid side by side: which lexeme of a claim stands for which of the evidence, in order and then in any order.

The order comes first, since a number that stands elsewhere in the evidence says something else there. Lexemes that do
not agree but could take each other's place (two numbers of days, two parties, may and must) are paired too where they
stand in the same slot between others that agree: that is where a claim says something else than its source.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from generation.lexemes import FILLERS, Lexeme
from generation.lexicon import OPPOSITES, SYNONYMS
from generation.quantities import Day, Quantity

EQUAL, RELATED, RIVAL = 1.0, 0.8, 0.25
ODD = 0.1  # a party and another word
ADJACENT = 0.15  # what a pair is worth more next to another: the tightest of equal alignments is the right one
_PREFIX_CHARS = 6
_PREFIXES = ("non", "un", "in", "im", "ir", "il", "dis")
_OPERATOR_SCORE = 0.6


@dataclass(frozen=True, slots=True)
class Alignment:
    """Indices into the claim, each with its index into the evidence.

    ``agree`` holds what agrees in order, ``moved`` what agrees out of order, ``rival`` what stands in the slot of something else.
    """

    agree: dict[int, int]
    moved: dict[int, int]
    rival: dict[int, int]

    def partner(self, i: int) -> int | None:
        """The evidence's lexeme that agrees with the claim's."""
        return self.agree.get(i, self.moved.get(i))


def align(claim: Sequence[Lexeme], evidence: Sequence[Lexeme]) -> Alignment:
    """Find the heaviest alignment in order, as in the longest common subsequence; time is the product of the lengths."""
    scores = _scores(claim, evidence)
    best = _best(scores, len(claim), len(evidence))
    agree: dict[int, int] = {}
    rival: dict[int, int] = {}
    i, j = len(claim), len(evidence)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            (agree if scores[i][j] > 2 * RIVAL else rival)[i] = j
    return Alignment(agree, _moved(scores, agree, len(claim)), rival)


def agreement(one: Lexeme, other: Lexeme) -> float:
    """Tell how far two lexemes agree: 1 if they say the same, more than 0.5 if they may, RIVAL if one excludes the other."""
    if one.kind != other.kind and not ({one.kind, other.kind} <= {"word", "name", "party", "period"}):
        return 0.0
    if "period" in {one.kind, other.kind}:
        return EQUAL if one.key == other.key else RIVAL if one.kind == other.kind else 0.0
    if isinstance(one.value, Quantity) and isinstance(other.value, Quantity):
        return EQUAL if one.value.is_same(other.value) else RIVAL if one.value.competes_with(other.value) else 0.0
    if isinstance(one.value, Day) and isinstance(other.value, Day):
        return EQUAL if one.value.is_within(other.value) else RIVAL
    if isinstance(one.value, str):
        return _OPERATOR_SCORE if one.value == other.value else RIVAL
    return _of_words(one, other)


def is_denied(one: Lexeme, other: Lexeme) -> bool:
    """Tell whether one word is the other with a prefix that denies it: exclusive, non-exclusive."""
    return _has_denying_prefix(one.key, other.key) or _has_denying_prefix(other.key, one.key)


def are_opposites(one: Lexeme, other: Lexeme) -> bool:
    """Tell whether one word is known to say the contrary of the other."""
    return other.stem in OPPOSITES.get(one.stem, ()) or is_denied(one, other)


def _has_denying_prefix(long: str, short: str) -> bool:
    return len(short) > 3 and 2 <= len(long) - len(short) <= 3 and long.endswith(short) and long.startswith(_PREFIXES)


def _of_words(one: Lexeme, other: Lexeme) -> float:  # noqa: PLR0911 - a table, first match first
    if one.key == other.key:
        return EQUAL
    if are_opposites(one, other):
        return RIVAL
    if other.stem in SYNONYMS.get(one.stem, ()):
        return RELATED
    if one.kind in FILLERS and other.kind in FILLERS:
        return RIVAL
    if "party" in {one.kind, other.kind}:
        return ODD
    if one.stem == other.stem or _begin_alike(one.key, other.key):
        return RELATED if one.stem != other.stem else EQUAL
    return 0.0


def _begin_alike(one: str, other: str) -> bool:
    return len(one) >= _PREFIX_CHARS and one[:_PREFIX_CHARS] == other[:_PREFIX_CHARS]


def _scores(claim: Sequence[Lexeme], evidence: Sequence[Lexeme]) -> list[dict[int, float]]:
    """Of each lexeme of the claim, the agreement with those of the evidence that have any; compared once per pair of kinds."""
    places = defaultdict[tuple[str, str, object], list[int]](list)
    for j, lexeme in enumerate(evidence):
        places[lexeme.kind, lexeme.key, lexeme.value].append(j)
    rows = []
    for lexeme in claim:
        row = {}
        for positions in places.values():
            if score := agreement(lexeme, evidence[positions[0]]):
                row.update(dict.fromkeys(positions, score))
        rows.append(row)
    return rows


def _best(scores: list[dict[int, float]], num_claim: int, num_evidence: int) -> list[list[float]]:
    best = [[0.0] * (num_evidence + 1)]
    before: dict[int, float] = {}
    for i in range(num_claim):
        above, row, scored = best[-1], [0.0] * (num_evidence + 1), scores[i]
        left = 0.0
        for j in range(num_evidence):
            value = above[j + 1] if above[j + 1] > left else left
            if j in scored:
                along = above[j] + scored[j] + (ADJACENT if before.get(j - 1, 0) > RIVAL else 0)
                value = along if along > value else value
            row[j + 1] = left = value
        best.append(row)
        before = scored
    return best


def _moved(scores: list[dict[int, float]], agree: dict[int, int], num_claim: int) -> dict[int, int]:
    """Pair what is left by agreement alone; a lexeme of the evidence may stand for several of the claim if need be."""
    taken = set(agree.values())
    moved = {}
    for i in range(num_claim):
        if i in agree:
            continue
        fits = [(score, j not in taken, -j) for j, score in scores[i].items() if score > 2 * RIVAL]
        if fits:
            moved[i] = -max(fits)[2]
            taken.add(moved[i])
    return moved
