"""What changed since a snapshot was taken: the newest passages in memory, and which rows of the snapshot count no more.

Rows are only ever added, so a view that a search holds stays as it is while the tail grows behind it.
"""

from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import numpy as np
import numpy.typing as npt

from retrieval.embedders.base import Vectors
from retrieval.stores.snapshot import Run, Snapshot
from retrieval.stores.vectors import DOCUMENT, Rows

FIRST_CAPACITY = 256


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot and what was added and removed since, as of one moment."""

    alive: npt.NDArray[np.bool_]  # of the snapshot's rows
    num_stale: int
    nums: npt.NDArray[np.int64]  # of the passages added, as are the following
    classes: npt.NDArray[np.int32]
    documents: npt.NDArray[np.bytes_]
    vectors: Vectors
    fresh: npt.NDArray[np.bool_]  # which of them still count

    def __len__(self) -> int:
        return len(self.nums)


class Tail:
    """Grows behind one snapshot; one thread at a time may call :meth:`replace`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._length = 0
        self._rows = _room(FIRST_CAPACITY, snapshot.manifest.dimension)
        self._runs: dict[UUID, list[Run]] = {}
        self.view = self._view(np.ones(len(snapshot), bool), np.zeros(0, bool))

    def replace(self, documents: list[UUID], rows: Rows) -> None:
        """Put ``rows``, all the passages there are of these documents now, in the place of what was known of them."""
        alive, fresh = self.view.alive.copy(), self.view.fresh.copy()
        for start, end in self._snapshot.document_runs(documents):
            alive[start:end] = False
        for document_id in documents:
            for start, end in self._runs.pop(document_id, []):
                fresh[start:end] = False
        self._append(rows)
        self.view = self._view(alive, np.concatenate([fresh, np.ones(len(rows), bool)]))

    def _append(self, rows: Rows) -> None:
        order = np.argsort(rows.documents, kind="stable")
        start, end = self._length, self._length + len(rows)
        if end > len(self._rows):
            grown = _room(max(end, 2 * len(self._rows)), self._rows.vectors.shape[1])
            _copy(self._rows, grown, 0, self._length)
            self._rows = grown
        _copy(
            Rows(rows.nums[order], rows.classes[order], rows.documents[order], rows.vectors[order]), self._rows, start, len(rows)
        )
        self._length = end
        names = rows.documents[order]
        bounds = [*np.flatnonzero(names[1:] != names[:-1]) + 1, len(names)] if len(names) else []
        for a, b in pairwise([0, *bounds]):
            document_id = UUID(bytes=bytes(names[a]).ljust(16, b"\0"))  # numpy leaves out zeros at the end
            self._runs.setdefault(document_id, []).append((start + int(a), start + int(b)))

    def _view(self, alive: npt.NDArray[np.bool_], fresh: npt.NDArray[np.bool_]) -> View:
        rows, n = self._rows, self._length
        stale = len(alive) - int(np.count_nonzero(alive))
        return View(alive, stale, rows.nums[:n], rows.classes[:n], rows.documents[:n], rows.vectors[:n], fresh)


def _room(capacity: int, dimension: int) -> Rows:
    return Rows(
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int32),
        np.empty(capacity, DOCUMENT),
        np.empty((capacity, dimension), np.float32),
    )


def _copy(source: Rows, target: Rows, at: int, num: int) -> None:
    for name in ("nums", "classes", "documents", "vectors"):
        getattr(target, name)[at : at + num] = getattr(source, name)[:num]
