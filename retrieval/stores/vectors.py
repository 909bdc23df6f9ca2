"""The vectors of a model as PostgreSQL keeps them, read in bulk: by binary COPY, straight into arrays.

Every column read has one length, so a block of rows is one array of records and no row is ever a Python object.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from core.db.pool import Connection
from retrieval.embedders.base import Vectors

BLOCK_ROWS = 20_000
HEADER_BYTES, TRAILER_BYTES = 19, 2
DOCUMENT = np.dtype("S16")  # a document's id, as its 16 bytes

ROWS = """
    COPY (SELECT num, class_id, document_id, embedding FROM chunks JOIN collections USING (collection_id)
           WHERE embedding_model = %s AND dimension = %s {only}) TO STDOUT (FORMAT BINARY)
"""
COUNT = """
    SELECT count(*) AS num FROM chunks JOIN collections USING (collection_id)
     WHERE embedding_model = %s AND dimension = %s AND (%s::uuid[] IS NULL OR document_id = ANY(%s))
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Passages as columns of equal length: numbers, classes, documents and vectors."""

    nums: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int32]
    documents: npt.NDArray[np.bytes_]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.nums)


def count(connection: Connection, model_id: str, dimension: int, documents: Sequence[UUID] | None = None) -> int:
    """Count the passages of a model, of some documents only where they are given."""
    ids = None if documents is None else list(documents)
    row = connection.execute(COUNT, (model_id, dimension, ids, ids)).fetchone()
    assert row is not None
    return int(row["num"])


def read(connection: Connection, model_id: str, dimension: int, documents: Sequence[UUID] | None = None) -> Iterator[Rows]:
    """Yield the passages of a model in blocks, in no order; of some documents only where they are given."""
    only = "" if documents is None else "AND document_id = ANY(%s)"
    values: list[Any] = [model_id, dimension, *([] if documents is None else [list(documents)])]
    record = _record(dimension)
    buffer, skipped = bytearray(), False
    with connection.cursor() as cursor, cursor.copy(ROWS.format(only=only).encode(), values) as copy:
        for data in copy:
            buffer += data
            if not skipped and len(buffer) >= HEADER_BYTES:
                del buffer[:HEADER_BYTES]
                skipped = True
            if len(buffer) >= BLOCK_ROWS * record.itemsize + TRAILER_BYTES:
                block = bytes(buffer[: BLOCK_ROWS * record.itemsize])
                del buffer[: BLOCK_ROWS * record.itemsize]
                yield _rows(block, record)
    yield _rows(bytes(buffer[:-TRAILER_BYTES]), record)


def gather(connection: Connection, model_id: str, dimension: int, documents: Sequence[UUID]) -> Rows:
    """Read the passages of some documents at once."""
    blocks = list(read(connection, model_id, dimension, documents))
    if len(blocks) == 1:
        return blocks[0]
    return Rows(*(np.concatenate([getattr(block, name) for block in blocks]) for name in Rows.__slots__))


def _record(dimension: int) -> np.dtype[Any]:
    """Lay out a row of the binary format: the number of fields, then each field after its length; big-endian."""
    length = ">i4"
    return np.dtype(
        [
            ("fields", ">i2"),
            *[("l1", length), ("num", ">i8"), ("l2", length), ("class_id", ">i4"), ("l3", length), ("document", DOCUMENT)],
            *[("l4", length), ("dimension", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dimension,))],
        ]
    )


def _rows(block: bytes, record: np.dtype[Any]) -> Rows:
    rows = np.frombuffer(block, record)
    return Rows(
        rows["num"].astype(np.int64),
        rows["class_id"].astype(np.int32),
        rows["document"].copy(),
        np.ascontiguousarray(rows["vector"], dtype=np.float32),
    )
