"""A scope about something else than the question: what an index under a mask would miss is found all the same."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from retrieval.stores import shape
from retrieval.stores.selection import select
from retrieval.stores.shape import Kind
from retrieval.stores.snapshot import Snapshot

NUM, DIMENSION, SCOPE = 12_000, 64, 5_000


def two_topics() -> Any:
    """Two halves, each close together and opposite to the other."""
    generator = np.random.default_rng(0)
    topic = generator.standard_normal(DIMENSION)
    topic /= np.linalg.norm(topic)
    spread = generator.standard_normal((NUM, DIMENSION)) / DIMENSION**0.5
    vectors = np.where(np.arange(NUM) < NUM // 2, 1, -1)[:, np.newaxis] * topic + 0.5 * spread
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_a_scope_in_the_other_of_two_topics_is_found_whole(kind: Kind) -> None:
    vectors = two_topics()
    manifest = SimpleNamespace(kind=kind, effort=16)

    class Held(SimpleNamespace):
        def __len__(self) -> int:
            return NUM

    held = Held(index=shape.build(kind, vectors), vectors=vectors, manifest=manifest)
    selection = select(cast(Snapshot, held), [(NUM - SCOPE, NUM)], np.ones(NUM, bool))
    assert not selection.is_small(10)
    for query in vectors[:20]:
        best = set((NUM - SCOPE + np.argsort(-(vectors[-SCOPE:] @ query))[:10]).tolist())
        rows, _ = selection.nearest(query, 10)
        assert set(rows.tolist()) == best
