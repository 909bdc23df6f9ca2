"""What a vector store is: the passages of a scope nearest to a vector, by number.

PostgreSQL keeps the vectors (retrieval/stores/passages.py writes them); a store finds the nearest, in PostgreSQL or in an
index derived from it. The scope is applied inside the store's own search, never after it.
"""

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
