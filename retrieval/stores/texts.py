"""The words of documents, read for an index that is derived from them: every passage with what it is found by.

Reads with the owner's rights, outside any scope: what it gives goes into an index that applies the scope itself.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from core.db.pool import Connection

NUM_FETCHED = 500  # passages in memory at once, about a megabyte

TEXTS = """
    SELECT num, document_id, chunks.class_id, language, title, heading_path, chunks.text
      FROM chunks JOIN documents USING (document_id)
     WHERE document_id = ANY(%s) ORDER BY document_id, start_char
"""


class PassageText(NamedTuple):
    """A passage as words: its own text, and the title and headings it stands under."""

    num: int
    document_id: UUID
    class_id: int
    language: str
    title: str
    heading_path: list[str]
    text: str


def of_documents(connection: Connection, document_ids: Sequence[UUID]) -> Iterator[PassageText]:
    """Read the passages of documents, one document after another, in the order of their text; a stream, not a list."""
    with connection.cursor(name="texts", row_factory=tuple_row) as cursor:
        cursor.itersize = NUM_FETCHED
        cursor.execute(TEXTS, (list(document_ids),))
        for row in cursor:
            yield PassageText(*row)
