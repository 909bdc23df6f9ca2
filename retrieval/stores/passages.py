"""Read chunks back as what a person is shown: hits with title, headings, pages and printed lines.

Whatever store ranked the chunks, their text is here. The scope is applied here too: a chunk id is no permission.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.types import Box, Hit, Line, Page
from retrieval.stores.base import Ranking

SPANS = "SELECT chunk_id, document_id, start_char, end_char FROM chunks WHERE chunk_id = ANY(%s)"

# One row for each page a chunk touches, and one for a chunk without pages.
HITS = """
    SELECT wanted.chunk_id, wanted.rank, wanted.score, chunks.document_id, source, title, heading_path, page_first, page_last,
           chunks.start_char, chunks.end_char, chunks.text,
           number, pages.start_char AS page_start, pages.end_char AS page_end, width, height, line_starts, line_ends, line_boxes
      FROM unnest(%(chunk_ids)s::text[], %(scores)s::float8[]) WITH ORDINALITY AS wanted(chunk_id, score, rank)
      JOIN chunks USING (chunk_id)
      JOIN documents USING (document_id)
      LEFT JOIN pages ON pages.document_id = chunks.document_id AND number BETWEEN page_first AND page_last
     WHERE chunks.collection_id = ANY(%(collection_ids)s)
     ORDER BY rank, number
"""


class Span(NamedTuple):
    """Where a chunk stands: characters of a document, end exclusive."""

    document_id: UUID
    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        """Tell whether the two share a character."""
        return self.document_id == other.document_id and self.start < other.end and other.start < self.end


def spans(connection: Connection, chunk_ids: Sequence[str]) -> dict[str, Span]:
    """Find where chunks stand; one deleted meanwhile is not among them."""
    rows = connection.execute(SPANS, (list(chunk_ids),)).fetchall()
    return {row["chunk_id"]: Span(row["document_id"], row["start_char"], row["end_char"]) for row in rows}


def load(connection: Connection, ranking: Ranking, scope: AccessScope) -> list[Hit]:
    """Read the ranked chunks as hits, in their order, ranks from 1; what is not in the scope is left out."""
    values = {
        "chunk_ids": [chunk_id for chunk_id, _ in ranking],
        "scores": [score for _, score in ranking],
        "collection_ids": list(scope.collection_ids),
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
