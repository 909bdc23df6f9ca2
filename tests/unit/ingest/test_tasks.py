"""What the worker does to its own processes; the rest of it is tests/integration/test_worker.py."""

import resource

import pytest

from core.settings import Settings
from ingest import tasks


@pytest.mark.parametrize(("gpu", "bounds"), [(False, [(resource.RLIMIT_DATA, (700_000_000, 700_000_000))]), (True, [])])
def test_memory_is_bounded_unless_the_embedder_runs_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch, gpu: bool, bounds: list[tuple[int, tuple[int, int]]]
) -> None:
    made: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: made.append((kind, limits)))
    monkeypatch.setattr(tasks, "runs_on_gpu", lambda settings: gpu)
    tasks.bound_memory(Settings().with_values(ingest={"memory_mb": 700}))
    assert made == bounds
