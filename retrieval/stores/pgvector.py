"""The vector store in PostgreSQL: exact cosine search by pgvector over the ``chunks`` table.

A row holds all there is of a chunk, so one insert makes it findable by meaning and by words, and one delete or one
rollback undoes both. Exact search reads every vector of the scope: 10,000 in milliseconds, each of them right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import ModelMismatch, NotFound
from core.types import Chunk
from retrieval.embedders.base import Vector, Vectors
from retrieval.stores.base import Ranking

# One round trip for all rows (psycopg pipelines it): 10,000 rows in 1.4 s, where embedding them takes minutes.
INSERT = """
    INSERT INTO chunks (chunk_id, document_id, collection_id, start_char, end_char, page_first, page_last,
                        heading_path, text, embedding, lexemes, num_lexemes)
    SELECT %(chunk_id)s, %(document_id)s, %(collection_id)s, %(start)s, %(end)s, %(page_first)s, %(page_last)s,
           %(heading_path)s, %(text)s, %(vector)s,
           lexemes, (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(lexemes))
      FROM to_tsvector('english', %(words)s) AS lexemes
    ON CONFLICT (chunk_id) DO NOTHING
"""

# The distance is computed once a row, in the subquery; vectors are normalised, so the inner product is the cosine.
NEAREST = """
    SELECT chunk_id, -distance AS cosine
      FROM (SELECT chunk_id, embedding <#> %(vector)s AS distance
              FROM chunks
             WHERE collection_id = ANY(%(collection_ids)s)
             ORDER BY distance, chunk_id
             LIMIT %(k)s) AS nearest
     ORDER BY distance, chunk_id
"""


@dataclass(frozen=True, slots=True)
class PgVectorStore:
    """A :class:`~retrieval.stores.base.VectorStore` that needs nothing but the caller's connection."""

    def add(  # noqa: PLR0917  # the order a sentence would have; all call sites read well
        self,
        connection: Connection,
        collection_id: UUID,
        model_id: str,
        title: str,
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> None:
        """Insert the chunks' rows; their document's row must be there. See the protocol."""
        if vectors.ndim != 2 or len(vectors) != len(chunks):
            raise ValueError(f"{len(chunks)} chunks need as many vectors, not an array of shape {vectors.shape}")
        _check_collection(connection, collection_id, model_id, vectors.shape[1])
        rows = [_row(collection_id, title, chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(INSERT, rows)

    def delete(self, connection: Connection, document_id: UUID) -> None:
        """Delete the rows of a document's chunks."""
        connection.execute("DELETE FROM chunks WHERE document_id = %s", (document_id,))

    def search(self, connection: Connection, vector: Vector, *, scope: AccessScope, model_id: str, k: int) -> Ranking:
        """Compare with every vector of the scope. See the protocol."""
        collection_ids = list(scope.collection_ids)
        if not collection_ids:
            return []
        _check_models(connection, collection_ids, model_id)
        rows = connection.execute(NEAREST, {"vector": vector, "collection_ids": collection_ids, "k": k}).fetchall()
        return [(row["chunk_id"], row["cosine"]) for row in rows]


def _row(collection_id: UUID, title: str, chunk: Chunk, vector: Vector) -> dict[str, object]:
    return {
        "chunk_id": chunk.chunk_id,
        "document_id": chunk.document_id,
        "collection_id": collection_id,
        "start": chunk.start,
        "end": chunk.end,
        "page_first": chunk.page_first,
        "page_last": chunk.page_last,
        "heading_path": list(chunk.heading_path),
        "text": chunk.text,
        "vector": vector,
        "words": "\n".join((title, *chunk.heading_path, chunk.text)),
    }


def _check_collection(connection: Connection, collection_id: UUID, model_id: str, dimension: int) -> None:
    query = "SELECT embedding_model, dimension FROM collections WHERE collection_id = %s"
    row = connection.execute(query, (collection_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no collection {collection_id}; it may just have been deleted.")
    if (row["embedding_model"], row["dimension"]) != (model_id, dimension):
        raise ModelMismatch(
            f"The collection holds vectors of {row['embedding_model']} ({row['dimension']} dimensions) and refuses those of"
            f" {model_id} ({dimension}): ingest into a new collection, or set embedding.model back."
        )


def _check_models(connection: Connection, collection_ids: list[UUID], model_id: str) -> None:
    query = "SELECT name, embedding_model FROM collections WHERE collection_id = ANY(%s) AND embedding_model <> %s LIMIT 1"
    row = connection.execute(query, (collection_ids, model_id)).fetchone()
    if row is not None:
        raise ModelMismatch(
            f"Collection {row['name']!r} was embedded by {row['embedding_model']}, and questions by {model_id}:"
            " ingest its documents again into a new collection, or set embedding.model back."
        )
