"""Connections to PostgreSQL: a pool, and the two ways to one of them, ``transaction()`` and ``session()``.

Errors of the driver that mean "not reachable" become DependencyUnavailable here, once; others are bugs and pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from pgvector.psycopg import register_vector
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from core.errors import DependencyUnavailable

Connection = psycopg.Connection[DictRow]
Pool = ConnectionPool[Connection]

ACQUIRE_TIMEOUT_S = 10.0


def open_pool(url: str, *, max_size: int, min_size: int = 1) -> Pool:
    """Open a pool whose connections return rows as dicts and speak pgvector; close it with ``close()``.

    Connections are checked before they are lent, so a restarted server costs a reconnect, not an error.
    """
    return ConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        kwargs={
            "row_factory": dict_row,
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "application_name": "muniment",
            "options": "-c jit=off",  # our queries are short: compiling one costs more than it saves
        },
        connection_class=psycopg.Connection[DictRow],
        configure=_configure,
        check=ConnectionPool.check_connection,
        timeout=ACQUIRE_TIMEOUT_S,
        open=True,
    )


@contextmanager
def transaction(pool: Pool) -> Iterator[Connection]:
    """Lend a connection inside one transaction: committed when the block ends, rolled back when it raises."""
    try:
        with pool.connection() as connection:
            yield connection
    except (psycopg.OperationalError, PoolTimeout) as error:
        if isinstance(error, psycopg.errors.DiskFull):
            raise
        raise DependencyUnavailable(f"The database does not answer: {_first_line(error)}") from error


@contextmanager
def session(pool: Pool) -> Iterator[Connection]:
    """Lend a connection on which each statement commits by itself: for what must not, or need not, be in a transaction."""
    with transaction(pool) as connection:
        connection.autocommit = True
        try:
            yield connection
        finally:
            if not connection.broken:
                connection.autocommit = False


def ping(pool: Pool) -> None:
    """Ask the server for a sign of life; raises DependencyUnavailable."""
    with transaction(pool) as connection:
        connection.execute("SELECT 1")


def _configure(connection: psycopg.Connection[Any]) -> None:
    register_vector(connection)
    connection.commit()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
