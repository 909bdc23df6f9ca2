"""Spans against brute force over single characters, at random; and the examples."""

import doctest
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import datasets, metrics

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda s: (s[0], s[0] + s[1])), max_size=6)


def characters(spans: list[tuple[int, int]]) -> set[int]:
    return {i for start, end in spans for i in range(start, end)}


@given(SPANS, SPANS)
def test_overlap_and_length_equal_counting_characters(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    merged = metrics.merge(left), metrics.merge(right)
    assert metrics.overlap(*merged) == len(characters(left) & characters(right))
    assert metrics.length(merged[0]) == len(characters(left))


@given(SPANS)
def test_merged_spans_are_ordered_disjoint_and_the_same_characters(spans: list[tuple[int, int]]) -> None:
    merged = metrics.merge(spans)
    assert characters(merged) == characters(spans)
    assert all(a_end < b_start for (_, a_end), (b_start, _) in itertools.pairwise(merged))


def test_nothing_asked_is_nothing_wrong() -> None:
    assert metrics.mean([]) == 1.0


@pytest.mark.parametrize("module", [metrics, datasets])
def test_examples_in_the_docstrings_hold(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted > 0
    assert results.failed == 0
