"""A copy of a snapshot's vectors on a GPU, where there is one: it compares with all of them in the time of a few.

A GPU's index knows no selection: more are asked for than are wanted, those outside the scope are left out at once, and
where too few remain the index in memory is searched instead.
"""

import logging
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import faiss
import numpy as np

from retrieval.embedders.base import Vector
from retrieval.stores.selection import Selection
from retrieval.stores.shape import Found
from retrieval.stores.snapshot import Snapshot

log = logging.getLogger(__name__)
MAX_K = 2048  # that a GPU's index gives
BATCH = 100_000


class GpuCopy:
    """Searched by one thread at a time: its memory for intermediate results is one."""

    def __init__(self, index: Any, resources: Any) -> None:
        self._index, self._resources = index, resources
        self._lock = threading.Lock()

    def nearest(self, selection: Selection, vector: Vector, k: int) -> Found | None:
        """Find the nearest rows of the selection; None where more of the others are nearer than a GPU gives, or it is closed."""
        wanted = min(k, selection.num)
        with self._lock:
            if self._index is None:
                return None
            asked = min(MAX_K, self._index.ntotal, wanted if selection.mask is None else 8 * wanted)
            cosines, rows = self._index.search(vector[np.newaxis], asked)
        counts = (rows[0] >= 0) & selection.holds(rows[0])
        found = rows[0][counts][:k], cosines[0][counts][:k]
        return found if len(found[0]) >= wanted else None

    def close(self) -> None:
        """Free its memory, once no search is using it."""
        with self._lock:
            self._index = self._resources = None


def copy_of(snapshot: Snapshot) -> GpuCopy | None:
    """Copy a snapshot's vectors to the GPU; None, with a line in the log, where that cannot be."""
    try:
        if faiss.get_num_gpus() == 0:
            log.info("index_on_cpu", extra={"reason": "there is no GPU, or the package is faiss-cpu"})
            return None
        resources = faiss.StandardGpuResources()
        index = _copied(snapshot, resources)
    except (RuntimeError, AttributeError, MemoryError) as error:  # out of its memory, or a package built without GPUs
        log.warning("index_on_cpu", extra={"reason": f"the GPU refused it: {error}"})
        return None
    log.info("index_on_gpu", extra={"num_passages": len(snapshot)})
    return GpuCopy(index, resources)


def warn_of_both() -> None:
    """Say so if both packages are installed: they overwrite each other's files."""
    try:
        names = {name: version(name) for name in ("faiss-cpu", "faiss-gpu")}
    except PackageNotFoundError:
        return
    log.warning("faiss_installed_twice", extra={**names, "what": "uninstall both, then install one of them"})


def _copied(snapshot: Snapshot, resources: Any) -> Any:
    index = faiss.GpuIndexFlatIP(resources, snapshot.manifest.dimension)
    for start in range(0, len(snapshot), BATCH):
        index.add(np.ascontiguousarray(snapshot.vectors[start : start + BATCH]))
    return index
