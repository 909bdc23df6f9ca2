"""Measures of search and of answers: pure functions of plain values, each between 0 and 1, more being better.

Spans are ``(start, end)`` in characters of one document, end exclusive. A share of nothing is 1.0: no mistake was made.
No model judges anything here; what cannot be counted is not measured.
"""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def mean(values: Iterable[float]) -> float:
    """Arithmetic mean; 1.0 of nothing, as for every share here.

    >>> mean([True, False, True, True])
    0.75
    """
    numbers = list(values)
    return _share(sum(numbers), len(numbers))


def span_recall(found: Iterable[Span], gold: Iterable[Span]) -> float:
    """Share of the gold characters that the found spans cover; overlapping spans count once.

    >>> span_recall([(0, 10), (5, 15)], [(10, 20)])
    0.5
    """
    gold = merge(gold)
    return _share(overlap(merge(found), gold), length(gold))


def span_precision(found: Iterable[Span], gold: Iterable[Span]) -> float:
    """Share of the found characters that are gold; overlapping spans count once.

    >>> span_precision([(0, 10), (5, 20)], [(10, 20)])
    0.5
    """
    found = merge(found)
    return _share(overlap(found, merge(gold)), length(found))


def refusal_precision(refused: Sequence[bool], answerable: Sequence[bool]) -> float:
    """Of the refused questions, the share that could not be answered; both sequences are per question, in one order.

    >>> refusal_precision([True, True, False], [False, True, True])
    0.5
    """
    pairs = list(zip(refused, answerable, strict=True))
    return _share(sum(r and not a for r, a in pairs), sum(r for r, _ in pairs))


def refusal_recall(refused: Sequence[bool], answerable: Sequence[bool]) -> float:
    """Of the questions that could not be answered, the share refused.

    >>> refusal_recall([True, False, False], [False, False, True])
    0.5
    """
    pairs = list(zip(refused, answerable, strict=True))
    return _share(sum(r and not a for r, a in pairs), sum(not a for _, a in pairs))


def quote_fidelity(quotes: Iterable[tuple[str, str]]) -> float:
    """Of pairs (quote, text it claims to stand in), the share where it does, to the letter.

    >>> quote_fidelity([("240 hours", "at most 240 hours"), ("240  hours", "at most 240 hours")])
    0.5
    """
    return mean(bool(quote) and quote in text for quote, text in quotes)


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


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
