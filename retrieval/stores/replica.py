"""A copy of PostgreSQL's vectors of one model that a process searches: a snapshot, and the tail that keeps it up to date."""

from uuid import UUID

import numpy as np

from core.db.pool import Connection
from retrieval.embedders.base import Vector
from retrieval.stores import changes, gpu, shape, vectors
from retrieval.stores.base import Ranking
from retrieval.stores.selection import Selection, best, select
from retrieval.stores.shape import Found
from retrieval.stores.snapshot import Snapshot
from retrieval.stores.tail import Tail, View
from retrieval.stores.vectors import DOCUMENT

MAX_SCOPES = 64  # whose rows are remembered between two changes
BATCH = 1000  # documents read at once
MAX_TAIL = 100_000  # passages beside the snapshot: beyond, PostgreSQL answers until a new one is there
MIN_TAIL, TAIL_SHARE = 1000, 0.05  # a tail longer than both is worth a new snapshot


class Replica:
    """Searched by any number of threads; brought up to date by one at a time."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.cursor = snapshot, snapshot.manifest.cursor
        self._tail = Tail(snapshot)
        self._gpu: gpu.GpuCopy | None = None
        self._scopes: tuple[View, dict[frozenset[int], Selection]] = (self._tail.view, {})

    @property
    def view(self) -> View:
        """What it holds at this moment."""
        return self._tail.view

    @property
    def num_passages(self) -> int:
        """How many passages a search with every right could find."""
        view = self._tail.view
        return len(self.snapshot) - view.num_stale + int(np.count_nonzero(view.fresh))

    @property
    def is_outgrown(self) -> bool:
        """Whether so much has changed that a new snapshot is due."""
        view = self._tail.view
        return len(view) + view.num_stale > max(MIN_TAIL, TAIL_SHARE * len(self.snapshot))

    def move_to_gpu(self) -> None:
        """Copy the snapshot to the GPU, if there is one with room for it."""
        self._gpu = gpu.copy_of(self.snapshot)

    def leave_gpu(self) -> None:
        """Free the memory that the copy took there; searches go on in memory."""
        if self._gpu is not None:
            self._gpu.close()
            self._gpu = None

    def advance(self, connection: Connection, limit: int) -> bool:
        """Take in what has been committed; False, and nothing taken in, if that were more than ``limit`` passages.

        Nor is anything taken in that would make the tail longer than MAX_TAIL, however many looks it came in.
        The connection is not inside :func:`core.access.reading` and at read committed.
        """
        documents, cursor = changes.since(connection, self.cursor)
        model_id, dimension = self.snapshot.manifest.model_id, self.snapshot.manifest.dimension
        if documents:
            num = vectors.count(connection, model_id, dimension, documents)
            if num > limit or len(self.view) + num > MAX_TAIL:
                return False
        for start in range(0, len(documents), BATCH):
            some = documents[start : start + BATCH]
            self._tail.replace(some, vectors.gather(connection, model_id, dimension, some))
        self.cursor = cursor
        return True

    def search(self, vector: Vector, class_ids: frozenset[int], k: int, documents: frozenset[UUID] | None) -> Ranking:
        """Find the nearest passages of some classes, of some documents only where they are given; best first."""
        view = self._tail.view
        selection = self._selection(view, class_ids) if documents is None else self._narrow(view, class_ids, documents)
        rows, cosines = self._nearest(selection, vector, k)
        fresh_nums, fresh_cosines = _search_tail(view, vector, class_ids, k, documents)
        nums = np.concatenate([self.snapshot.nums[rows], fresh_nums])
        cosines = np.concatenate([cosines, fresh_cosines])
        order = np.lexsort((nums, -np.round(cosines.astype(np.float64), 6)))[:k]
        return list(zip(nums[order].tolist(), cosines[order].tolist(), strict=True))

    def _nearest(self, selection: Selection, vector: Vector, k: int) -> Found:
        found, copy = None, self._gpu
        if copy is not None and selection.num and (selection.mask is None or not selection.is_small(k)):
            found = copy.nearest(selection, vector, k)
        return selection.nearest(vector, k) if found is None else found

    def _selection(self, view: View, class_ids: frozenset[int]) -> Selection:
        """Remember the rows of a scope as long as nothing changes."""
        known, scopes = self._scopes
        if known is not view:
            scopes = {}
            self._scopes = (view, scopes)
        found = scopes.get(class_ids)
        if found is None:
            found = select(self.snapshot, self.snapshot.class_runs(class_ids), view.alive)
            if len(scopes) < MAX_SCOPES:
                scopes[class_ids] = found
        return found

    def _narrow(self, view: View, class_ids: frozenset[int], documents: frozenset[UUID]) -> Selection:
        runs = self.snapshot.document_runs(documents)
        return select(self.snapshot, [run for run in runs if int(self.snapshot.classes[run[0]]) in class_ids], view.alive)


def _search_tail(view: View, vector: Vector, class_ids: frozenset[int], k: int, documents: frozenset[UUID] | None) -> Found:
    """Compare with every passage of the tail; gives numbers in place of rows."""
    if not len(view):
        return np.empty(0, np.int64), np.empty(0, np.float32)
    counts = view.fresh & np.isin(view.classes, list(class_ids))
    if documents is not None:
        counts &= np.isin(view.documents, np.array([document.bytes for document in documents], dtype=DOCUMENT))
    places = np.flatnonzero(counts)
    cosines = shape.cosines_of(view.vectors if len(places) == len(view) else view.vectors[places], vector)
    return best(view.nums[places], cosines, k)
