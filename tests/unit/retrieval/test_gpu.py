"""What a GPU's index does, by an index in memory of the same interface in its place: this suite runs without a GPU."""

import logging
from pathlib import Path

import faiss
import numpy as np
import pytest

from retrieval.stores import gpu, shape, snapshot
from retrieval.stores.replica import Replica
from retrieval.stores.selection import select
from retrieval.stores.snapshot import Snapshot
from retrieval.stores.vectors import DOCUMENT
from tests.vectors import clustered

DIMENSION = 32
VECTORS = clustered(400, DIMENSION)


@pytest.fixture(params=["flat", "ivf"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Snapshot:
    classes = np.repeat(np.arange(1, 5, dtype=np.int32), 100)
    documents = np.repeat(np.array([b"a", b"b", b"c", b"d"], DOCUMENT), 100)
    with snapshot.writing(tmp_path) as folder:
        snapshot.write(folder, shape.build(request.param, VECTORS), np.arange(400), classes, documents)
        if request.param == "ivf":
            VECTORS.tofile(folder / snapshot.VECTORS)
        about = {
            "model_id": "m",
            "dimension": DIMENSION,
            "database": "d",
            "kind": request.param,
            "effort": 8,
            "num_passages": 400,
        }
        snapshot.seal(folder, about | {"floor": 0, "seen": [], "taken_at": 0.0, "build_s": 0.0})
    return snapshot.open_current(tmp_path, model_id="m", dimension=DIMENSION, database="d")


@pytest.fixture
def one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(faiss, "GpuIndexFlatIP", lambda resources, dimension: faiss.IndexFlatIP(dimension), raising=False)


def test_without_a_gpu_the_log_says_why(opened: Snapshot, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert gpu.copy_of(opened) is None
    assert "index_on_cpu" in caplog.text


def test_a_gpu_that_refuses_is_said_to(
    opened: Snapshot, one_gpu: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(faiss, "StandardGpuResources", refuse)
    assert gpu.copy_of(opened) is None
    assert "out of memory" in str(vars(caplog.records[-1]))


def test_a_copy_finds_nothing_outside_the_selection(opened: Snapshot, one_gpu: None) -> None:
    copy = gpu.copy_of(opened)
    assert copy is not None
    alive = np.ones(400, bool)
    alive[:10] = False
    selection = select(opened, opened.class_runs({1, 2}), alive)
    found = copy.nearest(selection, VECTORS[50], 5)
    assert found is not None
    assert found[0][0] == 50
    assert all(10 <= row < 200 for row in found[0])
    everything = copy.nearest(select(opened, opened.class_runs({1, 2, 3, 4}), np.ones(400, bool)), VECTORS[3], 400)
    assert everything is None or everything[0][0] == 3


def test_too_few_inside_the_selection_are_left_to_the_index_in_memory(opened: Snapshot, one_gpu: None) -> None:
    copy = gpu.copy_of(opened)
    assert copy is not None
    far = select(opened, opened.document_runs([]) or [(399, 400)], np.ones(400, bool))
    assert copy.nearest(far, -VECTORS[399], 1) is None


def test_a_copy_that_is_closed_leaves_the_search_to_memory(opened: Snapshot, one_gpu: None) -> None:
    held = Replica(opened)
    held.move_to_gpu()
    copy = held._gpu
    assert copy is not None
    held.leave_gpu()
    selection = select(opened, opened.class_runs({1, 2}), np.ones(400, bool))
    assert copy.nearest(selection, VECTORS[50], 5) is None, "also to a search that had it in hand"
    assert held.search(VECTORS[50], frozenset({1, 2}), 5, None)[0][0] == 50
