"""The metrics against brute force over single characters, on random spans; and their edges."""

import doctest
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import datasets, measure, metrics

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda s: (s[0], s[0] + s[1])), max_size=6)


def characters(spans: list[tuple[int, int]]) -> set[int]:
    return {i for start, end in spans for i in range(start, end)}


@given(SPANS, SPANS)
def test_span_measures_equal_counting_characters(found: list[tuple[int, int]], gold: list[tuple[int, int]]) -> None:
    common = len(characters(found) & characters(gold))
    recall = common / len(characters(gold)) if characters(gold) else 1.0
    precision = common / len(characters(found)) if characters(found) else 1.0
    assert metrics.span_recall(found, gold) == pytest.approx(recall)
    assert metrics.span_precision(found, gold) == pytest.approx(precision)


@given(SPANS)
def test_merged_spans_are_ordered_disjoint_and_the_same_characters(spans: list[tuple[int, int]]) -> None:
    merged = metrics.merge(spans)
    assert characters(merged) == characters(spans)
    assert all(a_end < b_start for (_, a_end), (b_start, _) in itertools.pairwise(merged))


def test_nothing_asked_is_nothing_wrong() -> None:
    assert metrics.refusal_precision([False], [True]) == 1.0
    assert metrics.refusal_recall([True], [True]) == 1.0
    assert metrics.quote_fidelity([]) == 1.0


def test_an_empty_quote_is_not_faithful() -> None:
    assert metrics.quote_fidelity([("", "text")]) == 0.0


def test_sequences_of_different_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        metrics.refusal_recall([True], [True, False])


@pytest.mark.parametrize("module", [metrics, datasets, measure])
def test_examples_in_the_docstrings_hold(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted > 0
    assert results.failed == 0
