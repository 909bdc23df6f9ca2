"""A large made-up corpus for searches to be timed on: clustered vectors with short texts, brought in by COPY."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID, uuid4

from core.access import AccessScope
from core.db.pool import Connection, Pool, transaction
from retrieval.embedders.base import Vectors
from tests.fakes_retrieval import add_collection, scope_of
from tests.vectors import PER_DOCUMENT, blocks

MODEL = "synthetic@1"
NARROW = 100  # every so many-th document is of the narrow collection: 1 % of all

STAGE = """
    CREATE TEMP TABLE stage (ordinal int, document_id uuid, collection_id uuid, class_id int, start_char int, text text,
                             embedding vector) ON COMMIT DROP
"""
DOCUMENTS = """
    INSERT INTO documents (document_id, collection_id, class_id, source, title, media_type, content_hash, num_bytes, text,
                           num_chunks, num_pages)
    SELECT document_id, min(collection_id::text)::uuid, min(class_id), document_id::text, 'Title', 'text/plain', 'hash', 0, '',
           count(*), 0 FROM stage GROUP BY document_id
"""
CHUNKS = """
    INSERT INTO chunks (chunk_id, document_id, collection_id, class_id, start_char, end_char, heading_path, text,
                        embedding)
    SELECT document_id || ':' || start_char, document_id, collection_id, class_id, start_char, start_char + 9, '{}', text,
           embedding FROM stage ORDER BY ordinal
"""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Two collections of one model: nearly everything in ``wide``, one document in a hundred in ``narrow``."""

    wide: UUID
    narrow: UUID

    def scopes(self, pool: Pool) -> tuple[AccessScope, AccessScope]:
        """Make the scope of everything, and the narrow one."""
        with transaction(pool) as connection:
            return scope_of(connection, self.wide, self.narrow), scope_of(connection, self.narrow)


def load(pool: Pool, num: int, dimension: int, *, batch: int = 100_000, texts: Sequence[str] = ()) -> Corpus:
    """Fill the database with ``num`` passages of clustered vectors, a transaction for each ``batch``; with ``texts`` in turns."""
    with transaction(pool) as connection:
        corpus = Corpus(*(add_collection(connection, MODEL, dimension=dimension) for _ in range(2)))
        rows = connection.execute("SELECT collection_id, class_id FROM access_classes").fetchall()
        classes = {row["collection_id"]: row["class_id"] for row in rows}
    coming = _rows(corpus, classes, blocks(num, dimension), texts)
    while rows := list(islice(coming, batch)):
        with transaction(pool) as connection:
            _insert(connection, rows)
    with pool.connection() as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
        connection.autocommit = False
    return corpus


def _rows(
    corpus: Corpus, classes: dict[UUID, int], vectors: Iterator[Vectors], texts: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    ordinal, document_id, collection_id = 0, uuid4(), corpus.wide
    for block in vectors:
        for vector in block:
            if ordinal % PER_DOCUMENT == 0:
                document_id = uuid4()
                collection_id = corpus.narrow if ordinal // PER_DOCUMENT % NARROW == NARROW // 2 else corpus.wide
            start = ordinal % PER_DOCUMENT * 10
            text = texts[ordinal % len(texts)] if texts else f"passage {ordinal}"
            yield ordinal, document_id, collection_id, classes[collection_id], start, text, vector
            ordinal += 1


def _insert(connection: Connection, rows: list[tuple[object, ...]]) -> None:
    connection.execute(STAGE)
    with connection.cursor() as cursor, cursor.copy("COPY stage FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int4", "uuid", "uuid", "int4", "int4", "text", "vector"])
        for row in rows:
            copy.write_row(row)
    connection.execute(DOCUMENTS)
    connection.execute(CHUNKS)
