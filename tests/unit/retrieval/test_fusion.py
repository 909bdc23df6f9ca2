"""Fusion: normalised per query, and what each side's silence means."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import fusion
from retrieval.fusion import fuse

RANKINGS = st.lists(
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 30), max_size=8).map(
        lambda scores: sorted(scores.items(), key=lambda pair: -pair[1])
    ),
    max_size=3,
)


def test_the_examples_hold() -> None:
    assert doctest.testmod(fusion).failed == 0


def test_scores_are_the_mean_of_z_scores() -> None:
    dense, words = [("a", 0.9), ("b", 0.5), ("c", 0.4)], [("b", 8.0), ("c", 6.0)]
    matrix = np.array([[0.9, 0.5, 0.4], [0.0, 8.0, 6.0]])
    expected = ((matrix - matrix.mean(1, keepdims=True)) / matrix.std(1, keepdims=True)).mean(0)
    assert dict(fuse([dense, words])) == pytest.approx(dict(zip("abc", expected, strict=True)))


def test_the_scale_of_a_side_does_not_matter() -> None:
    dense, words = [("a", 0.9), ("b", 0.5), ("c", 0.4)], [("c", 8.0), ("a", 6.0), ("b", 1.0)]
    larger = [(chunk_id, score * 1000) for chunk_id, score in words]
    assert fuse([dense, words]) == [(i, pytest.approx(s)) for i, s in fuse([dense, larger])]


def test_the_only_passage_with_a_rare_word_comes_first() -> None:
    dense = [(f"passage {i:02}", 0.5 - i / 1000) for i in range(100)]
    assert fuse([dense, [("passage 70", 9.3)]])[0][0] == "passage 70"


def test_silent_sides_change_nothing() -> None:
    dense = [("a", 0.9), ("b", 0.5)]
    assert [i for i, _ in fuse([dense, []])] == [i for i, _ in fuse([dense, [("a", 2.0), ("b", 2.0)]])] == ["a", "b"]
    assert fuse([]) == fuse([[], []]) == []


@given(RANKINGS)
def test_every_candidate_comes_once_best_first(rankings: list[list[tuple[str, float]]]) -> None:
    fused = fuse(rankings)
    assert {i for i, _ in fused} == {i for ranking in rankings for i, _ in ranking}
    assert len({i for i, _ in fused}) == len(fused)
    assert [s for _, s in fused] == sorted((s for _, s in fused), reverse=True)
    assert np.isfinite([s for _, s in fused]).all()
