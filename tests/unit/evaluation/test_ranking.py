"""The library's figures against values worked out by hand and against a plain implementation of the formulas."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation import ranking
from evaluation.gold import Query


def oracle(relevance: dict[str, int], ranked: Sequence[str], cutoff: int) -> dict[str, float]:
    """Compute the four measures of one ranking straight from their definitions."""
    gains = np.array([relevance.get(name, 0) for name in ranked[:cutoff]], dtype=float)
    ideal = np.array(sorted(relevance.values(), reverse=True)[:cutoff], dtype=float)
    relevant = np.flatnonzero(gains)
    return {
        "recall": len(relevant) / len(relevance),
        "ndcg": float(_dcg(gains) / _dcg(ideal)),
        "mrr": 1 / (relevant[0] + 1) if len(relevant) else 0.0,
        "hit": float(len(relevant) > 0),
    }


def _dcg(gains: np.ndarray) -> float:
    return float(np.sum(gains / np.log2(np.arange(len(gains)) + 2)))


def test_hand_computed() -> None:
    query = Query("q", "?", {"a": 1, "b": 2})
    (row,) = ranking.measure([query], [["x", "a", "a", "a", "a", "b"]], 64)
    dcg, ideal = 1 / np.log2(3) + 2 / np.log2(4), 2 + 1 / np.log2(3)  # of documents: x a b
    assert row["recall@1"] == row["ndcg@1"] == row["mrr@1"] == row["hit@1"] == 0.0
    assert (row["recall@5"], row["mrr@5"], row["hit@5"]) == (1.0, 0.5, 1.0)
    assert row["ndcg@5"] == pytest.approx(dcg / ideal)
    # b's passage is only the sixth
    assert (row["passage_recall@5"], row["passage_recall@10"], row["passage_mrr@5"]) == (0.5, 1.0, 0.5)
    assert row["passage_ndcg@5"] == pytest.approx(1 / np.log2(3) / ideal)
    assert row["passage_ndcg@10"] == pytest.approx((1 / np.log2(3) + 2 / np.log2(7)) / ideal)


names = st.sampled_from([*"abcdefgh", "é", "d 1", "\0", "7"])
relevances = st.dictionaries(names, st.integers(1, 3), min_size=1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(relevances, st.lists(names, max_size=64)), min_size=1, max_size=4))
def test_every_measure_agrees_with_its_definition(cases: list[tuple[dict[str, int], list[str]]]) -> None:
    queries = [Query("same id", "?", relevance) for relevance, _ in cases]
    rows = ranking.measure(queries, [found for _, found in cases], 64)
    for row, (relevance, found) in zip(rows, cases, strict=True):
        documents = list(dict.fromkeys(found))
        passages = [name if name not in found[:place] else f"{place}th" for place, name in enumerate(found)]
        for cutoff in ranking.CUTOFFS:
            for prefix, ranked in (("", documents), ("passage_", passages)):
                expected = {f"{prefix}{name}@{cutoff}": value for name, value in oracle(relevance, ranked, cutoff).items()}
                assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_a_query_that_found_nothing_has_zeros() -> None:
    rows = ranking.measure([Query("1", "?", {"a": 1}), Query("2", "?", {"a": 1})], [[], ["a"]], 64)
    assert set(rows[0].values()) == {0.0}
    assert rows[1]["recall@1"] == rows[1]["passage_hit@1"] == 1.0


def test_k_bounds_the_cutoffs() -> None:
    assert ranking.names(10)[:4] == ["recall@1", "recall@5", "recall@10", "ndcg@1"]
    assert len(ranking.names(64)) == 2 * 4 * 5
    (row,) = ranking.measure([Query("1", "?", {"a": 1})], [["a"]], 5)
    assert list(row) == ranking.names(5)
