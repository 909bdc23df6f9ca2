"""Fusion: normalised per query, and what each side's silence means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import DENSE, DENSE_OF_FOREIGN, DENSE_OF_LONG, dense_share, fuse

SIDE = st.dictionaries(st.integers(1, 8), st.floats(-1, 30), max_size=8)


def test_scores_are_the_weighted_mean_of_z_scores() -> None:
    dense, words = {1: 0.9, 2: 0.5, 3: 0.4}, {2: 8.0, 3: 6.0}
    matrix = np.array([[0.9, 0.5, 0.4], [0.0, 8.0, 6.0]])
    normal = (matrix - matrix.mean(1, keepdims=True)) / matrix.std(1, keepdims=True)
    expected = 0.3 * normal[0] + 0.7 * normal[1]
    assert dict(fuse(dense, words, 0.3)) == pytest.approx(dict(zip((1, 2, 3), expected, strict=True)))


def test_the_scale_of_a_side_does_not_matter() -> None:
    dense, words = {1: 0.9, 2: 0.5, 3: 0.4}, {3: 8.0, 1: 6.0, 2: 1.0}
    larger = {num: score * 1000 for num, score in words.items()}
    assert fuse(dense, words) == [(num, pytest.approx(score)) for num, score in fuse(dense, larger)]


def test_the_only_passage_with_a_rare_word_comes_first() -> None:
    assert fuse({num: 0.5 - num / 1000 for num in range(100)}, {70: 9.3})[0][0] == 70


def test_silent_sides_change_nothing() -> None:
    dense = {1: 0.9, 2: 0.5}
    assert [num for num, _ in fuse(dense, {})] == [num for num, _ in fuse(dense, {1: 2.0, 2: 2.0})] == [1, 2]
    assert fuse({}, {}) == []


def test_a_cosine_that_is_not_known_counts_as_the_farthest() -> None:
    assert fuse({1: 0.9, 2: 0.3}, {3: 0.0}, 0.9)[-1][1] == pytest.approx(fuse({1: 0.9, 2: 0.3, 3: 0.3}, {3: 0.0}, 0.9)[-1][1])


def test_the_dense_side_counts_less_where_it_is_a_stranger() -> None:
    assert dense_share(is_long=False, is_foreign=False) == DENSE
    assert dense_share(is_long=True, is_foreign=False) == DENSE_OF_LONG > DENSE
    assert dense_share(is_long=True, is_foreign=True) == DENSE_OF_FOREIGN < DENSE


@given(SIDE, SIDE)
def test_every_candidate_comes_once_best_first(dense: dict[int, float], words: dict[int, float]) -> None:
    fused = fuse(dense, words)
    assert {num for num, _ in fused} == dense.keys() | words.keys()
    assert len({num for num, _ in fused}) == len(fused)
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)
    assert np.isfinite([score for _, score in fused]).all()
