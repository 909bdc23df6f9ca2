"""Which vector store: by its name, opened when it is first asked for; and the one that is searched, which may change.

The setting ``vector.store`` chooses. Where it says nothing, the last switch does, which stands in one small file beside the
indexes, so that every process of a home searches the same store from the next search on.
"""

import threading
from collections.abc import Callable
from typing import Literal, get_args
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection, Pool
from core.errors import InvalidInput
from core.settings import Settings
from retrieval.embedders.base import Vector
from retrieval.stores.base import IndexStatus, Ranking, VectorIndex
from retrieval.stores.census import Census
from retrieval.stores.pgvector import PgVectorStore

StoreName = Literal["pgvector", "faiss"]
NAMES: tuple[StoreName, ...] = get_args(StoreName)
DEFAULT: StoreName = "pgvector"
CHOICE = "STORE"


def make_store(settings: Settings, pool: Pool, name: StoreName) -> VectorIndex:
    """Open a store; close it before the pool. The FAISS one keeps a connection of the pool for itself."""
    match name:
        case "pgvector":
            return PgVectorStore(Census(pool))
        case "faiss":
            from retrieval.stores.faiss import FaissStore  # its library is loaded by those only who search with it

            return FaissStore(pool, settings.vectors_dir, PgVectorStore(Census(pool)))


class Stores:
    """All stores by name. Itself a :class:`~retrieval.stores.base.VectorStore`: the chosen one."""

    def __init__(
        self, settings: Settings, pool: Pool, make: Callable[[Settings, Pool, StoreName], VectorIndex] = make_store
    ) -> None:
        self._settings, self._pool, self._make = settings, pool, make
        self._file = settings.vectors_dir / CHOICE
        self._open: dict[StoreName, VectorIndex] = {}
        self._lock = threading.Lock()

    @property
    def chosen(self) -> StoreName:
        """Which store is searched."""
        return self._settings.vector.store or self._switched_to()

    def search(
        self,
        connection: Connection,
        vector: Vector,
        *,
        scope: AccessScope,
        model_id: str,
        k: int,
        documents: frozenset[UUID] | None = None,
    ) -> Ranking:
        """Search the chosen store. See the protocol."""
        return self.get().search(connection, vector, scope=scope, model_id=model_id, k=k, documents=documents)

    def get(self, name: StoreName | None = None) -> VectorIndex:
        """Give a store, opening it at first: the chosen one, or another by name."""
        name = name or self.chosen
        with self._lock:
            if name not in self._open:
                self._open[name] = self._make(self._settings, self._pool, name)
            return self._open[name]

    def served(self, name: StoreName) -> VectorIndex:
        """Give a store that there is something to search in; raises InvalidInput for one whose index nobody has made."""
        if not self._is_there(name):
            raise InvalidInput(
                f"store: this server keeps no index for {name}; leave it out to search {self.chosen}, or have an"
                f" administrator make one: muniment index rebuild --store {name}"
            )
        return self.get(name)

    def status(self, name: StoreName | None, model_id: str, dimension: int) -> IndexStatus:
        """Tell how a store stands, without opening one that nobody uses."""
        name = name or self.chosen
        if not self._is_there(name):
            return IndexStatus(name, "none", is_ready=False, is_building=False, num_passages=0, num_bytes=0)
        return self.get(name).status(model_id, dimension)

    def switch(self, name: StoreName) -> None:
        """Search this store from now on, in every process of this home; raises InvalidInput where the settings decide."""
        if self._settings.vector.store not in (None, name):
            raise InvalidInput(
                f"The setting vector.store says {self._settings.vector.store}: write {name} there and restart, or take the"
                " setting away to switch while running."
            )
        self.get(name)
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.write_text(name, encoding="ascii")
        beside.replace(self._file)

    def close(self) -> None:
        """Close those that were opened."""
        with self._lock:
            for store in self._open.values():
                store.close()
            self._open.clear()

    def _switched_to(self) -> StoreName:
        try:
            said = self._file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return DEFAULT
        known: dict[str, StoreName] = {name: name for name in NAMES}
        return known.get(said, DEFAULT)

    def _is_there(self, name: StoreName) -> bool:
        """Whether it is searched, opened or was built before; vectors are always in PostgreSQL."""
        is_built = name == "faiss" and any(self._settings.vectors_dir.glob("*/CURRENT"))
        return name in (DEFAULT, self.chosen) or name in self._open or is_built
