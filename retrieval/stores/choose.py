"""Which vector store: by its name, opened when it is first asked for."""

import threading
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from core.db.pool import Pool
from core.settings import Settings
from retrieval.stores.base import VectorIndex
from retrieval.stores.census import Census
from retrieval.stores.pgvector import PgVectorStore

StoreName = Literal["pgvector", "faiss"]
NAMES: tuple[StoreName, ...] = get_args(StoreName)


def make_store(settings: Settings, pool: Pool, name: StoreName) -> VectorIndex:
    """Open a store; close it before the pool. The FAISS one keeps a connection of the pool for itself."""
    match name:
        case "pgvector":
            return PgVectorStore(Census(pool))
        case "faiss":
            from retrieval.stores.faiss import FaissStore  # its library is loaded by those only who search with it

            return FaissStore(pool, settings.vectors_dir, PgVectorStore(Census(pool)))


class Stores(Mapping[str, VectorIndex]):
    """All stores by name, each opened when it is first asked for."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings, self._pool = settings, pool
        self._open: dict[str, VectorIndex] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> VectorIndex:
        """Give a store; raises KeyError for a name that is none."""
        with self._lock:
            found = self._open.get(name)
            if found is None:
                known: dict[str, StoreName] = {known: known for known in NAMES}
                found = self._open[name] = make_store(self._settings, self._pool, known[name])
            return found

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def close(self) -> None:
        """Close those that were opened."""
        for store in self._open.values():
            store.close()
