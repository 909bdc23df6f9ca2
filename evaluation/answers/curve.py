"""Coverage and accuracy: how many questions are answered, and how many of those answers are right, as the threshold rises.

The threshold is that of the setting ``answers.refuse_below``: a question whose confidence is below it is refused. The curve
is over the questions that were answered, since nobody knows what the others' answers would have been: with the setting at 0
it runs to the end. A threshold is fitted on all questions, since their confidence is known whether answered or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import fmean

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """What answering from a confidence on gives: the share of all questions answered, and the share of those right."""

    confidence: float
    coverage: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A threshold, and what it does to the questions it was fitted on; ``expected`` is the balanced accuracy that questions
    left out of the fitting had, the honest one of the two."""

    threshold: float
    balanced_accuracy: float
    answered: float
    refused: float
    expected: float


def curve(answered: Sequence[tuple[float, bool]], num_questions: int) -> list[Point]:
    """Draw the curve from pairs (confidence, right) of the answered questions, the most confident first.

    >>> [(p.coverage, p.accuracy) for p in curve([(0.9, True), (0.5, False), (0.7, True), (0.5, True)], 5)]
    [(0.2, 1.0), (0.4, 1.0), (0.8, 0.75)]
    """
    points, num, num_right = [], 0, 0
    for confidence, same in groupby(sorted(answered, key=lambda pair: -pair[0]), key=lambda pair: pair[0]):
        rights = [right for _, right in same]
        num, num_right = num + len(rights), num_right + sum(rights)
        points.append(Point(confidence, num / num_questions, num_right / num))
    return points


def aurc(points: Sequence[Point]) -> float:
    """Area under the curve of risk, 1 - accuracy, over coverage (Geifman and El-Yaniv 2017): the mean risk over the points,
    each as often as questions joined there; less is better, 0.0 of no points.

    >>> aurc(curve([(0.9, True), (0.8, False)], 2))
    0.25
    """
    if not points:
        return 0.0
    gained = [now.coverage - before for now, before in zip(points, (0.0, *(p.coverage for p in points)), strict=False)]
    return sum(width * (1 - p.accuracy) for width, p in zip(gained, points, strict=True)) / points[-1].coverage


def balanced_accuracy(refused: Sequence[bool], answerable: Sequence[bool]) -> float:
    """Mean of two shares: unanswerable questions that were refused, and answerable ones that were not.

    >>> balanced_accuracy([True, False, False, True], [False, False, True, True])
    0.5
    """
    return fmean(_shares(refused, answerable))


def fit(confidences: Sequence[float], answerable: Sequence[bool]) -> Fit | None:
    """Find the threshold of the best balanced accuracy; None unless there are questions of both kinds.

    Of several that are as good the one in the middle of the widest gap is taken, which other questions are least likely to
    upset. ``expected`` is by FOLDS-fold cross-validation, each fold with its part of both kinds.

    >>> fit([0.9, 0.8, 0.2, 0.3], [True, True, False, False]).threshold
    0.55
    """
    pairs = list(zip(confidences, answerable, strict=True))
    if len(set(answerable)) < 2:
        return None
    threshold = _best(pairs)
    refused = [confidence < threshold for confidence in confidences]
    refused_rightly, answered = _shares(refused, answerable)
    return Fit(threshold, (refused_rightly + answered) / 2, answered, refused_rightly, _cross_validated(pairs))


def _shares(refused: Sequence[bool], answerable: Sequence[bool]) -> tuple[float, float]:
    pairs = list(zip(refused, answerable, strict=True))
    no, yes = [r for r, a in pairs if not a], [not r for r, a in pairs if a]
    return (fmean(no) if no else 1.0), (fmean(yes) if yes else 1.0)


def _best(pairs: Sequence[tuple[float, bool]]) -> float:
    answerable = [a for _, a in pairs]

    def worth(gap: tuple[float, float]) -> tuple[float, float]:
        return balanced_accuracy([c < gap[1] for c, _ in pairs], answerable), gap[1] - gap[0]

    low, high = max(_gaps([confidence for confidence, _ in pairs]), key=worth)
    return round((low + high) / 2, 4) if low < round((low + high) / 2, 4) <= high else high


def _gaps(confidences: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield the gaps between neighbouring confidences: below the least the one at 0, beyond the greatest the one up to 1."""
    edges = sorted({0.0, *confidences, 1.0})
    yield 0.0, 0.0
    yield from pairwise(edges)


def _cross_validated(pairs: Sequence[tuple[float, bool]]) -> float:
    """Judge each fold by the threshold fitted on the others; 0.0 where the others lack one kind of question."""
    ordered = [pair for kind in (True, False) for pair in sorted(p for p in pairs if p[1] is kind)]
    judged: list[tuple[bool, bool]] = []
    for fold in range(min(FOLDS, len(pairs))):
        rest = [pair for i, pair in enumerate(ordered) if i % FOLDS != fold]
        if len({a for _, a in rest}) < 2:
            return 0.0
        threshold = _best(rest)
        judged += [(confidence < threshold, a) for confidence, a in ordered[fold::FOLDS]]
    return balanced_accuracy([r for r, _ in judged], [a for _, a in judged])
