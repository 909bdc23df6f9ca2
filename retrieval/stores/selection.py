"""Which rows of a snapshot a search may find, and in which way the nearest of them are found soonest.

A scope's rows are a few runs, since rows lie in the order of class. A small scope is compared row by row, which is exact,
and so is one in which an index would lose its way; in another the index is searched under a mask, so that nothing outside
it is ever a result. What gives fewer rows than there are is not believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.embedders.base import Vector
from retrieval.stores import shape
from retrieval.stores.shape import Found, Look
from retrieval.stores.snapshot import Run, Snapshot

SMALL = 2_000  # rows that are compared sooner than anything else could be done
# The index looks at 2k * total / rows nodes; one of them costs as much as this many rows side by side, or rows apart.
WEIGHT_TOGETHER, WEIGHT_APART = 50, 8
MANY_RUNS = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """Some rows of a snapshot, those that still count among them: in runs, and as a mask of one bit a row."""

    snapshot: Snapshot
    runs: Sequence[Run]
    num: int
    mask: npt.NDArray[np.uint8] | None  # None: all rows
    alive: npt.NDArray[np.bool_]

    def nearest(self, vector: Vector, k: int) -> Found:
        """Find the nearest rows, at most ``k`` and those of equal cosine as the last; in no promised order."""
        if not self.num:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if self.is_small(k):
            return self._compared(vector, k)
        held = self.snapshot
        look = Look(min(k, self.num), held.manifest.effort, self.mask, self.num)
        if shape.finds_its_way(held.index, vector, look):
            found = shape.nearest_exactly(held.index, held.vectors, vector, look)
            if len(found[0]) == look.k:
                return found
        return self._compared(vector, k)

    def holds(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell which of some rows are among these."""
        if self.mask is None:
            return np.ones(len(rows), bool)
        held: npt.NDArray[np.bool_] = self.mask[rows >> 3] >> (rows & 7).astype(np.uint8) & 1 == 1
        return held

    def is_small(self, k: int) -> bool:
        """Tell whether comparing row by row is quicker than searching the index."""
        weight = WEIGHT_TOGETHER if len(self.runs) <= MANY_RUNS else WEIGHT_APART
        bound = 2 * k * weight * len(self.snapshot)
        return self.snapshot.manifest.kind == "flat" or self.num <= max(SMALL, k) or self.num**2 <= bound

    def _compared(self, vector: Vector, k: int) -> Found:
        """Compare with every row of the runs."""
        vectors = self.snapshot.vectors
        if len(self.runs) > MANY_RUNS:
            cosines = shape.cosines_of(vectors[self._rows()], vector)
        else:
            cosines = np.concatenate([shape.cosines_of(vectors[start:end], vector) for start, end in self.runs])
        if len(cosines) > self.num:
            cosines[~np.concatenate([self.alive[start:end] for start, end in self.runs])] = -np.inf
        places, cosines = best(np.arange(len(cosines)), cosines, min(k, self.num))
        if len(self.runs) == 1:
            return places + self.runs[0][0], cosines
        return self._rows()[places], cosines

    def _rows(self) -> npt.NDArray[np.int64]:
        return np.concatenate([np.arange(start, end) for start, end in self.runs])


def select(snapshot: Snapshot, runs: Sequence[Run], alive: npt.NDArray[np.bool_]) -> Selection:
    """Take the rows of some runs that still count."""
    marked = np.zeros(len(snapshot), bool)
    for start, end in runs:
        marked[start:end] = True
    marked &= alive
    num = int(np.count_nonzero(marked))
    mask = None if num == len(snapshot) else np.packbits(marked, bitorder="little")
    return Selection(snapshot, runs, num, mask, alive)


def best(ids: npt.NDArray[np.int64], cosines: npt.NDArray[np.float32], k: int) -> Found:
    """Keep the ``k`` of highest cosine, and those that equal the last of them, so that a tie is not broken by chance.

    >>> ids, cosines = best(np.array([4, 5, 6, 7]), np.float32([0.1, 0.9, 0.9, 0.5]), 1)
    >>> ids.tolist()
    [5, 6]
    """
    if len(ids) <= k:
        return ids, cosines
    last = cosines[np.argpartition(-cosines, k - 1)[k - 1]]
    kept = cosines >= last - 1e-6  # the same vector at another place may differ in the last bit
    return ids[kept], cosines[kept]
