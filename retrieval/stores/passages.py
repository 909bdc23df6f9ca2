"""Passages as PostgreSQL keeps them: written with text and vector, read back as what a person is shown.

Whatever index ranked them, their text is here. The scope is applied here too: a passage's number is no permission.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import ModelMismatch, NotFound
from core.types import Box, Chunk, Hit, Line, Page
from retrieval.diversity import Span
from retrieval.embedders.base import Vector, Vectors
from retrieval.stores.base import Ranking

# One round trip for all rows (psycopg pipelines it): 10,000 rows in 1.4 s, where embedding them takes minutes.
INSERT = """
    INSERT INTO chunks (chunk_id, document_id, collection_id, class_id, start_char, end_char, page_first, page_last,
                        heading_path, text, embedding)
    SELECT %(chunk_id)s, document_id, collection_id, class_id, %(start)s, %(end)s, %(page_first)s, %(page_last)s,
           %(heading_path)s, %(text)s, %(vector)s
      FROM documents WHERE document_id = %(document_id)s
    ON CONFLICT (chunk_id) DO NOTHING
"""

SPANS = """
    SELECT num, document_id, start_char, end_char, num_chunks FROM chunks JOIN documents USING (document_id)
     WHERE num = ANY(%(nums)s) AND chunks.class_id = ANY(%(class_ids)s)
"""

# With parts, the mean of the cosine with the whole and of that with the nearest part.
COSINES = """
    SELECT num, -(embedding <#> %(whole)s) AS whole,
           (SELECT max(-(embedding <#> part)) FROM unnest(%(parts)s::vector[]) AS part) AS nearest
      FROM chunks WHERE num = ANY(%(nums)s) AND class_id = ANY(%(class_ids)s)
"""

TEXTS = "SELECT num, text FROM chunks WHERE num = ANY(%(nums)s) AND class_id = ANY(%(class_ids)s)"

BETWEEN = """
    SELECT a.num AS first, b.num AS second, substring(documents.text, a.end_char + 1, b.start_char - a.end_char) AS text
      FROM unnest(%(first)s::bigint[], %(second)s::bigint[]) AS pair(first, second)
      JOIN chunks a ON a.num = pair.first
      JOIN chunks b ON b.num = pair.second AND b.document_id = a.document_id AND b.start_char >= a.end_char
      JOIN documents ON documents.document_id = a.document_id
     WHERE a.class_id = ANY(%(class_ids)s) AND b.class_id = ANY(%(class_ids)s)
"""

OPENING = """
    SELECT num FROM chunks WHERE document_id = %(document_id)s AND class_id = ANY(%(class_ids)s)
     ORDER BY start_char LIMIT %(k)s
"""

# One row for each page a chunk touches, and one for a chunk without pages.
HITS = """
    SELECT chunks.chunk_id, num, wanted.rank, wanted.score, chunks.document_id, source, title, dated, heading_path,
           page_first, page_last,
           chunks.start_char, chunks.end_char, chunks.text,
           number, pages.start_char AS page_start, pages.end_char AS page_end, width, height, line_starts, line_ends, line_boxes
      FROM unnest(%(nums)s::bigint[], %(scores)s::float8[]) WITH ORDINALITY AS wanted(num, score, rank)
      JOIN chunks USING (num)
      JOIN documents USING (document_id)
      LEFT JOIN pages ON pages.document_id = chunks.document_id AND number BETWEEN page_first AND page_last
     WHERE chunks.class_id = ANY(%(class_ids)s)
     ORDER BY rank, number
"""


def add(connection: Connection, collection_id: UUID, model_id: str, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Keep chunks and their vectors, row i of ``vectors`` for ``chunks[i]``; their document's row must be there.

    Adding a chunk that is there changes nothing. Raises ModelMismatch if another model made the collection.
    """
    if vectors.ndim != 2 or len(vectors) != len(chunks):
        raise ValueError(f"{len(chunks)} chunks need as many vectors, not an array of shape {vectors.shape}")
    _check_collection(connection, collection_id, model_id, vectors.shape[1])
    rows = [_row(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, rows)


def spans(connection: Connection, nums: Sequence[int], scope: AccessScope) -> dict[int, Span]:
    """Find where passages of the scope stand; one deleted meanwhile, or moved out of the scope, is not among them."""
    values = {"nums": list(nums), "class_ids": list(scope.class_ids)}
    rows = connection.execute(SPANS, values).fetchall()
    return {row["num"]: Span(row["document_id"], row["start_char"], row["end_char"], row["num_chunks"]) for row in rows}


def cosines(connection: Connection, whole: Vector, parts: Vectors, nums: Sequence[int], scope: AccessScope) -> dict[int, float]:
    """Compare passages of the scope with a question: with ``whole``, and with the nearest of ``parts`` if there are any."""
    values = {"whole": whole, "parts": list(parts), "nums": list(nums), "class_ids": list(scope.class_ids)}
    rows = connection.execute(COSINES, values).fetchall()
    return {r["num"]: r["whole"] if r["nearest"] is None else (r["whole"] + r["nearest"]) / 2 for r in rows}


def texts(connection: Connection, nums: Sequence[int], scope: AccessScope) -> dict[int, str]:
    """Read the texts of passages of the scope, and nothing else of them; in no order."""
    rows = connection.execute(TEXTS, {"nums": list(nums), "class_ids": list(scope.class_ids)}).fetchall()
    return {row["num"]: row["text"] for row in rows}


def between(connection: Connection, pairs: Sequence[tuple[int, int]], scope: AccessScope) -> dict[tuple[int, int], str]:
    """Read what stands between passages of one document, the first of each pair before the second; only what is there still."""
    values = {"first": [a for a, _ in pairs], "second": [b for _, b in pairs], "class_ids": list(scope.class_ids)}
    rows = connection.execute(BETWEEN, values).fetchall()
    return {(row["first"], row["second"]): row["text"] for row in rows}


def opening(connection: Connection, document_id: UUID, k: int, scope: AccessScope) -> Ranking:
    """Rank the first ``k`` passages of a document in the scope by where they stand, so that they can be loaded."""
    values = {"document_id": document_id, "k": k, "class_ids": list(scope.class_ids)}
    return [(row["num"], 0.0) for row in connection.execute(OPENING, values).fetchall()]


def load(connection: Connection, ranking: Ranking, scope: AccessScope) -> list[Hit]:
    """Read the ranked passages as hits, in their order, ranks from 1; what is not in the scope is left out."""
    values = {
        "nums": [num for num, _ in ranking],
        "scores": [score for _, score in ranking],
        "class_ids": list(scope.class_ids),
    }
    rows = connection.execute(HITS, values).fetchall()
    by_chunk = [list(pages) for _, pages in groupby(rows, key=lambda row: row["rank"])]
    return [_hit(pages, rank) for rank, pages in enumerate(by_chunk, start=1)]


def _hit(rows: list[dict[str, Any]], rank: int) -> Hit:
    chunk = rows[0]
    start, end = chunk["start_char"], chunk["end_char"]
    return Hit(
        chunk_id=chunk["chunk_id"],
        document_id=chunk["document_id"],
        source=chunk["source"],
        title=chunk["title"],
        heading_path=tuple(chunk["heading_path"]),
        page_first=chunk["page_first"],
        page_last=chunk["page_last"],
        start=start,
        end=end,
        text=chunk["text"],
        score=chunk["score"],
        rank=rank,
        num=chunk["num"],
        dated=chunk["dated"],
        pages=tuple(_page(row, start, end) for row in rows if row["number"] is not None),
    )


def _page(row: dict[str, Any], start: int, end: int) -> Page:
    """Unpack a page with those of its lines that the range touches."""
    lines = tuple(line for line in _lines(row) if line.start < end and start < line.end)
    return Page(row["number"], row["page_start"], row["page_end"], row["width"], row["height"], lines)


def _lines(row: dict[str, Any]) -> Iterable[Line]:
    """Unpack a page's parallel arrays; the boxes hold four coordinates a line."""
    boxes = row["line_boxes"]
    for i, (start, end) in enumerate(zip(row["line_starts"], row["line_ends"], strict=True)):
        yield Line(start, end, Box(*boxes[4 * i : 4 * i + 4]))


def _row(chunk: Chunk, vector: Any) -> dict[str, object]:
    return {
        "chunk_id": chunk.chunk_id,
        "document_id": chunk.document_id,
        "start": chunk.start,
        "end": chunk.end,
        "page_first": chunk.page_first,
        "page_last": chunk.page_last,
        "heading_path": list(chunk.heading_path),
        "text": chunk.text,
        "vector": vector,
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
