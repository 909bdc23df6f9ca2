"""A store by its name: opened when it is first asked for, and closed with the rest; and which of them is searched."""

from pathlib import Path

import pytest

from core.access import reading
from core.db.pool import Pool, transaction
from core.errors import InvalidInput
from core.settings import Settings
from retrieval.stores import passages
from retrieval.stores.choose import NAMES, Stores
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_retrieval import add_collection, add_document, make_chunks, nums, scope_of
from tests.vectors import clustered
from tests.waiting import wait_until

MODEL, DIMENSION = "model@1", 64


def stores_of(home: Path, pool: Pool, store: str | None = None) -> Stores:
    return Stores(Settings(home=home).with_values(vector={"store": store}), pool)


def test_each_name_opens_its_store_once(pool: Pool, tmp_path: Path) -> None:
    stores = stores_of(tmp_path, pool)
    try:
        assert isinstance(stores.get("pgvector"), PgVectorStore)
        assert isinstance(stores.get("faiss"), FaissStore)
        assert stores.get("faiss") is stores.get("faiss")
        assert stores.get() is stores.get("pgvector")
    finally:
        stores.close()


def test_what_nobody_asks_for_is_not_opened(pool: Pool, tmp_path: Path) -> None:
    stores = stores_of(tmp_path, pool)
    for name in NAMES:
        assert stores.status(name, MODEL, DIMENSION).store == name
    stores.close()
    assert list(tmp_path.iterdir()) == []


def test_a_store_without_an_index_is_not_served_until_there_is_one(pool: Pool, tmp_path: Path) -> None:
    stores = stores_of(tmp_path, pool)
    try:
        assert stores.served("pgvector") is stores.get("pgvector")
        with pytest.raises(InvalidInput, match="keeps no index for faiss"):
            stores.served("faiss")
        stores.get("faiss").rebuild(MODEL, DIMENSION)
        wait_until(lambda: stores.status("faiss", MODEL, DIMENSION).is_ready)
        assert stores.served("faiss") is stores.get("faiss")
    finally:
        stores.close()
    another = stores_of(tmp_path, pool)  # as after a restart
    assert isinstance(another.served("faiss"), FaissStore)
    another.close()


def test_the_setting_chooses_and_refuses_a_switch(pool: Pool, tmp_path: Path) -> None:
    assert stores_of(tmp_path, pool).chosen == "pgvector"
    fixed = stores_of(tmp_path, pool, "faiss")
    assert fixed.chosen == "faiss"
    with pytest.raises(InvalidInput, match="says faiss"):
        fixed.switch("pgvector")
    fixed.switch("faiss")
    assert fixed.chosen == "faiss"
    fixed.close()


@pytest.mark.parametrize("said", ["", "milvus", "\xff"])
def test_a_file_that_makes_no_sense_chooses_nothing(pool: Pool, tmp_path: Path, said: str) -> None:
    stores = stores_of(tmp_path, pool)
    (tmp_path / "index" / "vectors").mkdir(parents=True)
    (tmp_path / "index" / "vectors" / "STORE").write_text(said, encoding="latin-1")
    assert stores.chosen == "pgvector"


def test_a_switch_holds_in_every_process_and_loses_nothing(pool: Pool, tmp_path: Path) -> None:
    """Two ``Stores`` of one home stand for two processes; the same is found before, while and after, there and back."""
    with transaction(pool) as connection:
        collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
        chunks = make_chunks(add_document(connection, collection_id), [f"passage {i}" for i in range(40)])
        passages.add(connection, collection_id, MODEL, chunks, clustered(40, DIMENSION))
        numbers, seen = nums(connection, chunks), scope_of(connection, collection_id)
    first, second = stores_of(tmp_path, pool), stores_of(tmp_path, pool)

    def check() -> None:
        for stores in (first, second):
            with transaction(pool) as connection, reading(connection, seen):
                found = stores.search(connection, clustered(1, DIMENSION)[0], scope=seen, model_id=MODEL, k=99)
            assert found[0][0] == numbers[0]
            assert sorted(num for num, _ in found) == numbers

    try:
        check()
        first.switch("faiss")
        assert second.chosen == "faiss"
        check()
        wait_until(lambda: all(stores.status(None, MODEL, DIMENSION).is_ready for stores in (first, second)))
        check()
        assert stores_of(tmp_path, pool).chosen == "faiss"
        second.switch("pgvector")
        assert first.chosen == "pgvector"
        check()
    finally:
        first.close()
        second.close()
