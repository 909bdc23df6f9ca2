"""Make one ranking of two whose scores do not compare: each is normalised for this query, then they are averaged.

Reciprocal ranks would throw away how sure each side is: where the embedder does not know the language its ranking is
noise, and ranks give noise an equal voice. docs/decisions/0007 has the figures.
"""

from collections.abc import Mapping

import numpy as np

from retrieval.stores.base import Ranking

DENSE = 0.45  # share of the dense side; nearly flat from 0.4 to 0.6, docs/decisions/0007
DENSE_OF_LONG = 0.6  # of a question of many words, most of which ask nothing
DENSE_OF_FOREIGN = 0.3  # in a language that the embedding model was not made for


def dense_share(*, is_long: bool, is_foreign: bool) -> float:
    """Tell how much the dense side counts for a question."""
    if is_foreign:
        return DENSE_OF_FOREIGN
    return DENSE_OF_LONG if is_long else DENSE


def fuse(dense: Mapping[int, float], words: Mapping[int, float], share: float = DENSE) -> Ranking:
    """Average the two sides' z-scores over all candidates; returns every candidate once, best first, ties by number.

    A candidate that the words lack has none of them in common with the question, and scores 0 there; one whose cosine is
    not known counts as the farthest. A side that is empty, or that scores all alike, says nothing.

    >>> fuse({1: 0.9, 2: 0.8, 3: 0.1}, {2: 7.0})[0][0]
    2
    >>> [num for num, _ in fuse({1: 0.9, 2: 0.2}, {})]
    [1, 2]
    """
    nums = sorted(dense.keys() | words.keys())
    if not nums:
        return []
    sides = [
        (weight, _normalise(np.array([side.get(num, lowest) for num in nums])))
        for weight, side, lowest in ((share, dense, min(dense.values(), default=0.0)), (1 - share, words, 0.0))
        if side
    ]
    scores = sum(weight * values for weight, values in sides) / sum(weight for weight, _ in sides)
    return sorted(zip(nums, np.asarray(scores).tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))


def _normalise(scores: np.ndarray) -> np.ndarray:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros(len(scores))
