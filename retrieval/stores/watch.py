"""A connection that is kept, so that a quick question now and then costs one round trip and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from core.db.pool import Connection, Pool
from core.errors import DependencyUnavailable


class Watch:
    """Takes one connection of the pool, in autocommit, and keeps it; one that is lost is replaced. Not for two threads."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: Connection | None = None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend the connection; raises DependencyUnavailable where the database does not answer."""
        try:
            if self._kept is None:
                self._kept = self._pool.getconn()
                self._kept.autocommit = True
            yield self._kept
        except psycopg.OperationalError as error:
            self.close()
            raise DependencyUnavailable(f"The database does not answer: {str(error).strip()}") from error

    def close(self) -> None:
        """Give the connection back to the pool."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            if not kept.broken:
                kept.autocommit = False
            self._pool.putconn(kept)
