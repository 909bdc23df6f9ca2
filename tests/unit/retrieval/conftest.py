"""A transaction on a fresh database, for the tests of retrieval's SQL."""

from collections.abc import Iterator

import pytest

from core.db.pool import Connection, Pool, open_pool, transaction


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    pool = open_pool(database_url, max_size=2)
    yield pool
    pool.close()


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    with transaction(pool) as connection:
        yield connection
