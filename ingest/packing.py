"""Pack pieces into passages: which consecutive pieces make one chunk. Pure arithmetic on lengths, tokens and breaks.

A passage ends where a section ends if it is long enough by then; a longer section is parted into passages of about equal
length, each ending at the best break near its share. Every piece is packed once, in order; one pass, bounded look-ahead.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ingest.pieces import NEW_SECTION, NEW_TOP, Piece

TARGET_CHARS = 800
MAX_CHARS = 1000
MIN_CHARS = 350  # a shorter section is joined with the next one under the same outermost heading
_DEGREE_CHARS = 150  # how many characters off its share a passage may be for a break one degree better
_TOKEN_SHARE = 0.85  # of the budget, the aim where tokens rather than characters are short


@dataclass(frozen=True, slots=True)
class Weighed:
    """A piece with the tokens of its own text, of the text between it and the piece before, and the most its chunk may have."""

    piece: Piece
    tokens: int
    gap_tokens: int
    budget_tokens: int


def pack(parts: Sequence[Weighed]) -> Iterator[Sequence[Weighed]]:
    """Yield runs of consecutive parts, each within MAX_CHARS and its token budget (a single part may exceed neither)."""
    section_ends = _section_ends(parts)
    tokens = [0, *accumulate(part.tokens + part.gap_tokens for part in parts)]
    first = 0
    while first < len(parts):
        reach, ends_well = _reach(parts, first)
        if not ends_well:
            end = section_ends[first]
            rest = parts[max(end, reach) - 1].piece.end - parts[first].piece.start if end > reach else MAX_CHARS
            share = _TOKEN_SHARE * parts[first].budget_tokens
            passages = max(math.ceil(rest / TARGET_CHARS), math.ceil((tokens[max(end, reach)] - tokens[first]) / share))
            reach = _best_break(parts, first, reach, rest / passages)
        yield parts[first:reach]
        first = reach


def _section_ends(parts: Sequence[Weighed]) -> list[int]:
    """For each part, the index of the next one that begins a section, or the number of parts."""
    ends = [len(parts)] * len(parts)
    for i in range(len(parts) - 2, -1, -1):
        ends[i] = i + 1 if parts[i + 1].piece.strength >= NEW_SECTION else ends[i + 1]
    return ends


def _reach(parts: Sequence[Weighed], first: int) -> tuple[int, bool]:
    """Tell how far a passage from ``first`` can go, and whether that is where a section (or the document) ends."""
    start = parts[first].piece.start
    tokens, budget = parts[first].tokens, parts[first].budget_tokens
    has_body = not parts[first].piece.is_heading
    for i in range(first + 1, len(parts)):
        part = parts[i]
        long_enough = parts[i - 1].piece.end - start >= MIN_CHARS
        if has_body and (part.piece.strength >= NEW_TOP or (part.piece.strength >= NEW_SECTION and long_enough)):
            return i, True
        tokens += part.gap_tokens + part.tokens
        budget = min(budget, part.budget_tokens)
        if tokens > budget or part.piece.end - start > MAX_CHARS:
            return i, False
        has_body = has_body or not part.piece.is_heading
    return len(parts), True


def _best_break(parts: Sequence[Weighed], first: int, reach: int, target_chars: float) -> int:
    start = parts[first].piece.start

    def score(i: int) -> float:
        return parts[i].piece.strength * _DEGREE_CHARS - abs(parts[i - 1].piece.end - start - target_chars)

    return max(range(first + 1, reach + 1), key=score)
