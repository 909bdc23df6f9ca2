"""A store by its name: opened when it is first asked for, and closed with the rest."""

from pathlib import Path

import pytest

from core.db.pool import Pool
from core.settings import Settings
from retrieval.stores.choose import NAMES, Stores
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import PgVectorStore


def test_each_name_opens_its_store_once(pool: Pool, tmp_path: Path) -> None:
    stores = Stores(Settings(home=tmp_path), pool)
    try:
        assert tuple(stores) == NAMES
        assert isinstance(stores["pgvector"], PgVectorStore)
        assert isinstance(stores["faiss"], FaissStore)
        assert stores["faiss"] is stores["faiss"]
        with pytest.raises(KeyError):
            stores["milvus"]
    finally:
        stores.close()


def test_what_nobody_asks_for_is_not_opened(pool: Pool, tmp_path: Path) -> None:
    stores = Stores(Settings(home=tmp_path), pool)
    assert len(stores) == len(NAMES)
    stores.close()
    assert list(tmp_path.iterdir()) == []


def test_pgvector_alone_is_the_default() -> None:
    assert Settings().vector.store == "pgvector"
