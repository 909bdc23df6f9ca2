"""A transaction on a fresh database, for the tests of retrieval's SQL, and an index of its words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.db.pool import Connection, Pool, open_pool, transaction
from retrieval.lexical.index import WordIndex


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    pool = open_pool(database_url, max_size=4)
    yield pool
    pool.close()


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    with transaction(pool) as connection:
        yield connection


@pytest.fixture
def words(pool: Pool, tmp_path: Path) -> Iterator[WordIndex]:
    index = WordIndex(pool, tmp_path / "words", memory_mb=20)
    yield index
    index.close()
