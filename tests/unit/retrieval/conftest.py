"""A transaction on a fresh database, for the tests of retrieval's SQL."""

from collections.abc import Iterator

import pytest

from core.db.pool import Connection, Pool, transaction


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    with transaction(pool) as connection:
        yield connection
