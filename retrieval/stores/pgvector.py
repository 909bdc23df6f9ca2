"""The vector store in PostgreSQL: exact cosine search by pgvector over the ``chunks`` table.

Exact search reads every vector of the scope: 10,000 in milliseconds, each of them right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import ModelMismatch
from retrieval.embedders.base import Vector
from retrieval.stores.base import Ranking

# The distance is computed once a row, in the subquery; vectors are normalised, so the inner product is the cosine.
NEAREST = """
    SELECT num, -distance AS cosine
      FROM (SELECT num, embedding <#> %(vector)s AS distance
              FROM chunks
             WHERE class_id = ANY(%(class_ids)s) AND (%(documents)s::uuid[] IS NULL OR document_id = ANY(%(documents)s))
             ORDER BY distance, num
             LIMIT %(k)s) AS nearest
     ORDER BY distance, num
"""


@dataclass(frozen=True, slots=True)
class PgVectorStore:
    """A :class:`~retrieval.stores.base.VectorStore` that needs nothing but the caller's connection."""

    def search(
        self,
        connection: Connection,
        vector: Vector,
        *,
        scope: AccessScope,
        model_id: str,
        k: int,
        documents: frozenset[UUID] | None = None,
    ) -> Ranking:
        """Compare with every vector of the scope. See the protocol."""
        if not scope.class_ids:
            return []
        check_models(connection, list(scope.collection_ids), model_id)
        values = {
            "vector": vector,
            "class_ids": list(scope.class_ids),
            "documents": None if documents is None else list(documents),
            "k": k,
        }
        return [(row["num"], row["cosine"]) for row in connection.execute(NEAREST, values).fetchall()]


def check_models(connection: Connection, collection_ids: Sequence[UUID], model_id: str) -> None:
    """Raise ModelMismatch if another model than the question's made one of the collections."""
    query = "SELECT name, embedding_model FROM collections WHERE collection_id = ANY(%s) AND embedding_model <> %s LIMIT 1"
    row = connection.execute(query, (collection_ids, model_id)).fetchone()
    if row is not None:
        raise ModelMismatch(
            f"Collection {row['name']!r} was embedded by {row['embedding_model']}, and questions by {model_id}:"
            " ingest its documents again into a new collection, or set embedding.model back."
        )
