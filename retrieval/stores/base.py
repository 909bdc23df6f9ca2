"""What a vector store is: chunks with their vectors in, the nearest chunks within a scope out.

Every method works inside the caller's transaction. The scope is applied inside the store's own query, never after it.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.types import Chunk
from retrieval.embedders.base import Vector, Vectors

Ranking = list[tuple[str, float]]  # (chunk_id, score), best first; scores compare only within one ranking


class VectorStore(Protocol):
    """Keeps chunks and their L2-normalised vectors of one model per collection."""

    def add(  # noqa: PLR0917  # the order a sentence would have; all call sites read well
        self,
        connection: Connection,
        collection_id: UUID,
        model_id: str,
        title: str,
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> None:
        """Keep chunks (their document's title with them) and vectors, row i of ``vectors`` for ``chunks[i]``.

        Adding a chunk that is there changes nothing. Raises ModelMismatch if another model made the collection.
        """
        ...

    def delete(self, connection: Connection, document_id: UUID) -> None:
        """Forget all chunks of a document; none is no error."""
        ...

    def search(self, connection: Connection, vector: Vector, *, scope: AccessScope, model_id: str, k: int) -> Ranking:
        """Return at most ``k`` chunk ids of the scope with their cosines, best first.

        Raises ModelMismatch if a collection of the scope was made by another model. An empty scope finds nothing.
        """
        ...
