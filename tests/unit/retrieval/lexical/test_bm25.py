"""The formula, and counts read back from scores that a plain evaluation of it gives."""

import math

import numpy as np
import pytest

from retrieval.lexical.bm25 import KEPT_LENGTHS, counts_from, idf, saturate


def plain(count: int, length: float, mean: float) -> float:
    return count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / mean))


def test_idf_and_saturation_are_those_of_the_formula() -> None:
    assert idf(1000, 3) == pytest.approx(math.log(1 + (1000 - 3 + 0.5) / (3 + 0.5)))
    given = saturate(np.array([1.0, 7.0]), np.array([50.0, 500.0]), np.array([80.0, 120.0]))
    assert given == pytest.approx([plain(1, 50, 80), plain(7, 500, 120)])


def test_kept_lengths_are_those_of_a_byte() -> None:
    assert list(KEPT_LENGTHS[:41]) == list(range(41))
    assert (np.diff(KEPT_LENGTHS) > 0).all()
    assert (np.diff(KEPT_LENGTHS)[40:] / KEPT_LENGTHS[40:-1] <= 1 / 7).all()


@pytest.mark.parametrize("weight", [1e-3, 0.5, 12.0])
def test_counts_are_read_back_whatever_the_length(weight: float) -> None:
    generator = np.random.default_rng(3)
    counts, extra = generator.integers(1, 60, 1000), generator.integers(0, 2000, 1000)
    lengths = (counts + extra).astype(np.float64)
    rounded = [max(kept for kept in KEPT_LENGTHS if kept <= length) for length in lengths]
    given = np.array([weight * plain(count, length, 90.0) for count, length in zip(counts, rounded, strict=True)], np.float32)
    assert (counts_from(given, lengths, 90.0, weight) == counts).all()
