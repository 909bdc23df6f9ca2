"""The vector store by FAISS: an index derived from PostgreSQL, mapped into memory and followed to the latest commit.

One follower a model, made when first searched. The scope's classes are looked up in the index itself; where the index is
not ready or too far behind, PostgreSQL answers.
"""

import threading
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection, Pool
from retrieval.embedders.base import Vector
from retrieval.stores import gpu
from retrieval.stores.base import IndexStatus, Ranking, VectorIndex
from retrieval.stores.follower import Followed, Follower
from retrieval.stores.pgvector import check_models
from retrieval.stores.shape import Kind


class FaissStore:
    """A :class:`~retrieval.stores.base.VectorIndex` in ``folder``; ``fallback`` answers while it cannot."""

    def __init__(self, pool: Pool, folder: Path, fallback: VectorIndex, kind: Kind | None = None) -> None:
        self._pool, self._folder, self._fallback, self._kind = pool, folder, fallback, kind
        self._followers: dict[tuple[str, int], Follower] = {}
        self._lock = threading.Lock()
        gpu.warn_of_both()
        self._of_model: dict[str, set[UUID]] = {}  # collections known to be of a model, which never changes

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
        """Search the index as it stands after the latest commit. See the protocol."""
        if not scope.class_ids:
            return []
        self._check_models(connection, scope.collection_ids, model_id)
        replica = self.follower(model_id, len(vector)).fresh()
        if replica is None:
            return self._fallback.search(connection, vector, scope=scope, model_id=model_id, k=k, documents=documents)
        return replica.search(vector, scope.class_ids, k, documents)

    def status(self, model_id: str, dimension: int) -> IndexStatus:
        """Tell how the index of a model stands."""
        return self.follower(model_id, dimension).status()

    def rebuild(self, model_id: str, dimension: int) -> None:
        """Have the index of a model built anew in the background."""
        self.follower(model_id, dimension).rebuild()

    def close(self) -> None:
        """End all followers; what they built stays."""
        with self._lock:
            for follower in self._followers.values():
                follower.close()
            self._followers.clear()
        self._fallback.close()

    def follower(self, model_id: str, dimension: int) -> Follower:
        """Give the follower of a model, starting it at first."""
        found = self._followers.get((model_id, dimension))
        if found is not None:
            return found
        with self._lock:
            if (model_id, dimension) not in self._followers:
                followed = Followed(self._folder / quote(model_id, safe="@"), model_id, dimension, self._kind)
                self._followers[model_id, dimension] = Follower(self._pool, followed)
            return self._followers[model_id, dimension]

    def _check_models(self, connection: Connection, collection_ids: Iterable[UUID], model_id: str) -> None:
        """Ask PostgreSQL about those collections only that it has not been asked about before."""
        known = self._of_model.setdefault(model_id, set())
        unknown = [collection_id for collection_id in collection_ids if collection_id not in known]
        if unknown:
            check_models(connection, unknown, model_id)
            known.update(unknown)
