"""What a vector store is: the passages of a scope nearest to a vector, by number.

PostgreSQL keeps the vectors (retrieval/stores/passages.py writes them); a store finds the nearest, in PostgreSQL or in an
index derived from it. The scope is applied inside the store's own search, never after it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from retrieval.embedders.base import Vector

Ranking = list[tuple[int, float]]  # (number of a passage, score), best first; scores compare only within one ranking


class VectorStore(Protocol):
    """Finds the nearest passages; all vectors of a collection are of one model, and L2-normalised."""

    def search(  # the order a sentence would have
        self,
        connection: Connection,
        vector: Vector,
        *,
        scope: AccessScope,
        model_id: str,
        k: int,
        documents: frozenset[UUID] | None = None,
    ) -> Ranking:
        """Return at most ``k`` passages of the scope with their cosines, best first; of ``documents`` only, where given.

        Raises ModelMismatch if a collection of the scope was made by another model. An empty scope finds nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How a store stands for one model.

    ``kind`` is ``exact``, ``flat``, ``hnsw`` or ``ivf``. While it is not ready, PostgreSQL answers in its place.
    ``num_changes`` are documents that have changed and that it has not read yet; ``num_fresh`` passages are those beside
    the last build, ``num_stale`` those of it that count no more. ``num_bytes`` are on disk.
    """

    store: str
    kind: str
    is_ready: bool
    is_building: bool
    num_passages: int
    num_bytes: int
    num_fresh: int = 0
    num_stale: int = 0
    num_changes: int = 0
    built_at: datetime | None = None
    build_s: float | None = None


class VectorIndex(VectorStore, Protocol):
    """A store together with its upkeep, for one model of vectors of one dimension at a time."""

    def status(self, model_id: str, dimension: int) -> IndexStatus:
        """Tell how it stands."""
        ...

    def rebuild(self, model_id: str, dimension: int) -> None:
        """Have it built anew from PostgreSQL in the background; searches go on meanwhile."""
        ...

    def close(self) -> None:
        """End what runs in the background."""
        ...
