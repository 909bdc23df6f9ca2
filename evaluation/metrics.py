"""Means and spans, which the measures of search and of answers are made of: pure functions of plain values.

Spans are ``(start, end)`` in characters of one document, end exclusive. A share of nothing is 1.0: no mistake was made.
"""

from collections.abc import Iterable

Span = tuple[int, int]


def mean(values: Iterable[float]) -> float:
    """Arithmetic mean; 1.0 of nothing, as for every share here.

    >>> mean([True, False, True, True])
    0.75
    """
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 1.0


def merge(spans: Iterable[Span]) -> list[Span]:
    """Join touching and overlapping spans; the result is ordered and disjoint.

    >>> merge([(5, 9), (0, 3), (2, 5), (20, 21)])
    [(0, 9), (20, 21)]
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def overlap(left: list[Span], right: list[Span]) -> int:
    """Count the characters that two lists of disjoint spans have in common.

    >>> overlap([(0, 10), (20, 30)], [(5, 25)])
    10
    """
    return sum(max(0, min(a_end, b_end) - max(a, b)) for a, a_end in left for b, b_end in right)


def length(spans: Iterable[Span]) -> int:
    """Add up the characters of disjoint spans.

    >>> length([(0, 10), (20, 30)])
    20
    """
    return sum(end - start for start, end in spans)
