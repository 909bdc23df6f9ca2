"""How far an index looks is measured on it: enough to find nearly all, and no further than that takes."""

import faiss
import numpy as np
import pytest

from retrieval.embedders.base import Vectors
from retrieval.stores import effort, shape
from retrieval.stores.shape import Kind, Look
from tests.vectors import clustered, questions

DIMENSION = 64


def recall(index: object, vectors: Vectors, looked: int) -> float:
    found = []
    for question in questions(vectors, 50):
        best = set(np.argpartition(-(vectors @ question), 10)[:10].tolist())
        rows, _ = shape.nearest_exactly(index, vectors, question, Look(10, looked))
        found.append(len(set(rows.tolist()) & best) / 10)
    return float(np.mean(found))


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_the_effort_measured_finds_nearly_all(kind: Kind) -> None:
    vectors = clustered(5000, DIMENSION)
    index = shape.build(kind, vectors)
    assert recall(index, vectors, effort.measure(kind, index, vectors)) >= 0.97


def test_vectors_without_clusters_take_more_effort() -> None:
    def measured(vectors: Vectors) -> int:
        return effort.measure("ivf", shape.build("ivf", vectors), vectors)

    spread = np.random.default_rng(0).standard_normal((5000, DIMENSION), dtype=np.float32)
    assert measured(spread / np.linalg.norm(spread, axis=1, keepdims=True)) > measured(clustered(5000, DIMENSION))


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("num", [0, 1, 5, 50])
def test_a_few_vectors_are_all_found(kind: Kind, num: int) -> None:
    vectors = clustered(num, DIMENSION)
    index = shape.build(kind, vectors)
    looked = effort.measure(kind, index, vectors)
    if num:
        rows, cosines = shape.nearest_exactly(index, vectors, vectors[0], Look(num, looked))
        assert sorted(rows.tolist()) == list(range(num))
        assert rows[0] == 0
        assert cosines[0] == pytest.approx(1, abs=1e-5)


def test_an_index_takes_less_than_a_third_beside_the_vectors() -> None:
    """Held to in bytes as FAISS writes them; beside an IVF index lie the vectors themselves."""
    vectors = clustered(3000, 384)
    kinds: tuple[Kind, ...] = ("flat", "hnsw")
    sizes = {kind: faiss.serialize_index(shape.build(kind, vectors)).nbytes / vectors.nbytes for kind in kinds}
    assert sizes["flat"] < 1.01
    assert sizes["hnsw"] < 1.2
    assert 1 + faiss.serialize_index(shape.build("ivf", clustered(30_000, 384))).nbytes / (30_000 * 384 * 4) < 1.3
