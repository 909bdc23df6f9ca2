"""The curve against counting by hand and by brute force, and the fit against trying every threshold."""

import doctest
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.answers import curve
from evaluation.answers.curve import aurc, balanced_accuracy, fit

PAIRS = st.lists(st.tuples(st.integers(0, 10).map(lambda n: n / 10), st.booleans()), min_size=1, max_size=30)


def test_examples_in_the_docstrings_hold() -> None:
    results = doctest.testmod(curve)
    assert results.attempted > 0
    assert results.failed == 0


@given(PAIRS)
def test_every_point_is_what_answering_from_its_confidence_on_gives(pairs: list[tuple[float, bool]]) -> None:
    points = curve.curve(pairs, len(pairs) + 2)
    assert [p.confidence for p in points] == sorted({c for c, _ in pairs}, reverse=True)
    for point in points:
        answered = [right for c, right in pairs if c >= point.confidence]
        assert point.coverage == pytest.approx(len(answered) / (len(pairs) + 2))
        assert point.accuracy == pytest.approx(sum(answered) / len(answered))


def test_the_area_under_the_curve_of_risk_is_the_mean_risk() -> None:
    rights = [True, True, False, True, False]
    pairs = [(1 - n / 10, right) for n, right in enumerate(rights)]
    risks = [sum(not right for right in rights[:n]) / n for n in range(1, 6)]
    assert aurc(curve.curve(pairs, 5)) == pytest.approx(sum(risks) / 5)
    assert aurc([]) == 0.0


@given(PAIRS)
def test_no_threshold_is_better_than_the_fitted_one(pairs: list[tuple[float, bool]]) -> None:
    confidences, answerable = [c for c, _ in pairs], [a for _, a in pairs]
    found = fit(confidences, answerable)
    if len(set(answerable)) < 2:
        assert found is None
        return
    assert found is not None
    tried = [balanced_accuracy([c < n / 100 for c in confidences], answerable) for n in range(102)]
    assert found.balanced_accuracy == pytest.approx(max(tried[:101]))
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy([c < found.threshold for c in confidences], answerable))
    assert 0 <= found.threshold <= 1


def test_the_fit_does_not_flatter_itself() -> None:
    """Of confidences that tell nothing the fit finds a threshold that looks good; the questions left out know better."""
    chance = random.Random(7)
    confidences = [chance.random() for _ in range(40)]
    answerable = [n % 2 == 0 for n in range(40)]
    found = fit(confidences, answerable)
    assert found is not None
    assert found.balanced_accuracy > 0.55
    assert found.expected < found.balanced_accuracy - 0.05


def test_what_is_told_apart_is_expected_to_stay_so() -> None:
    found = fit([0.9 + n / 1000 for n in range(20)] + [0.1 + n / 1000 for n in range(20)], [True] * 20 + [False] * 20)
    assert found is not None
    assert (found.balanced_accuracy, found.answered, found.refused, found.expected) == (1.0, 1.0, 1.0, 1.0)
    assert 0.12 < found.threshold <= 0.9


def test_one_question_of_a_kind_is_too_few_to_expect_anything() -> None:
    found = fit([0.9, 0.8, 0.1], [True, True, False])
    assert found is not None
    assert (found.balanced_accuracy, found.expected) == (1.0, 0.0)
