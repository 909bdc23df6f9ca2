"""The vector store in PostgreSQL: pgvector over the ``chunks`` table, always up to date and nothing to keep beside it.

A small scope is read whole: 10,000 vectors in milliseconds, each of them right. In a large one the HNSW index of
retrieval/stores/graph.py finds nearly the nearest; where it gives up before it has filled k, the scope is read whole
after all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import ModelMismatch
from retrieval.embedders.base import Vector
from retrieval.stores import graph
from retrieval.stores.base import IndexStatus, Ranking
from retrieval.stores.census import Census, Figures

EXACT_UP_TO = 10_000  # passages in a scope
# The index looks at k * total / scope passages to fill k, each for the price of reading 8 vectors of the scope.
WEIGHT = 8

# The distance is computed once a row, in the subquery; vectors are normalised, so the inner product is the cosine.
EXACT = """
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
    """A :class:`~retrieval.stores.base.VectorIndex`; without a census it reads every scope whole."""

    census: Census | None = None
    exact_up_to: int = EXACT_UP_TO

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
        """Read the scope whole if that is right for its size, else search the HNSW index. See the protocol."""
        if not scope.class_ids:
            return []
        check_models(connection, list(scope.collection_ids), model_id)
        values: dict[str, Any] = {"vector": vector, "class_ids": list(scope.class_ids), "k": k}
        rows: list[dict[str, Any]] = []
        if documents is None and (numbers := self._in_graph(scope, len(vector), k)):
            rows = graph.nearest(connection, values, len(vector), *numbers)
        if len(rows) < k:
            values["documents"] = None if documents is None else list(documents)
            rows = connection.execute(EXACT, values).fetchall()
        return [(row["num"], row["cosine"]) for row in rows]

    def status(self, model_id: str, dimension: int) -> IndexStatus:
        """Tell how the vectors of this dimension are searched, counted now."""
        figures = Figures() if self.census is None else self.census.count()
        num_bytes = figures.graphs.get(dimension)
        return IndexStatus(
            store="pgvector",
            kind="exact" if num_bytes is None else "hnsw",
            is_ready=True,
            is_building=self.census is not None and self.census.is_making,
            num_passages=figures.by_dimension.get(dimension, 0),
            num_bytes=num_bytes or 0,
        )

    def rebuild(self, model_id: str, dimension: int) -> None:
        """Have the HNSW index of this dimension made anew, if there are enough passages for one."""
        if self.census is not None:
            self.census.remake_graph(dimension)

    def close(self) -> None:
        """End the background thread."""
        if self.census is not None:
            self.census.close()

    def _in_graph(self, scope: AccessScope, dimension: int, k: int) -> tuple[int, int] | None:
        """Tell how many passages the index holds and how many of them are the scope's, if it beats reading the scope.

        It has to look at the more passages, the rarer the scope's are.
        """
        figures = Figures() if self.census is None else self.census.figures()
        if dimension not in figures.graphs:
            return None
        num, total = figures.num_in(scope.class_ids), figures.by_dimension.get(dimension, 0)  # none: all are deleted by now
        return (total, num) if num > self.exact_up_to and num * num > WEIGHT * k * total else None


def check_models(connection: Connection, collection_ids: Sequence[UUID], model_id: str) -> None:
    """Raise ModelMismatch if another model than the question's made one of the collections."""
    query = "SELECT name, embedding_model FROM collections WHERE collection_id = ANY(%s) AND embedding_model <> %s LIMIT 1"
    row = connection.execute(query, (collection_ids, model_id)).fetchone()
    if row is not None:
        raise ModelMismatch(
            f"Collection {row['name']!r} was embedded by {row['embedding_model']}, and questions by {model_id}:"
            " ingest its documents again into a new collection, or set embedding.model back."
        )
