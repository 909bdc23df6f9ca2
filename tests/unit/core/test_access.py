"""Access: keys are hashed, a scope holds its owner's collections only, and only scope_for makes one."""

from uuid import uuid4

import psycopg
import pytest

from core.access import AccessScope, Principal, add_key, authenticate, delete_key, list_keys, scope_for
from core.db.pool import Pool, open_pool, transaction
from core.errors import InvalidInput, NotFound, Unauthenticated
from ingest.documents import add_collection


@pytest.fixture
def pool(database_url: str):
    pool = open_pool(database_url, max_size=2)
    yield pool
    pool.close()


def test_a_key_opens_until_it_is_revoked_and_is_nowhere_stored(pool: Pool, database_url: str) -> None:
    with transaction(pool) as connection:
        record, key = add_key(connection, owner_id="ada", name="laptop", is_admin=True)
        assert authenticate(connection, key) == Principal("ada", record.key_id, is_admin=True)
        assert [k.name for k in list_keys(connection)] == ["laptop"]
    with psycopg.connect(database_url) as raw:
        stored = raw.execute("SELECT string_agg(k::text, '') FROM api_keys k").fetchone()
    assert stored and key not in stored[0] and key.removeprefix("mun_") not in stored[0]
    with transaction(pool) as connection:
        delete_key(connection, record.key_id)
        with pytest.raises(Unauthenticated):
            authenticate(connection, key)
        with pytest.raises(NotFound):
            delete_key(connection, record.key_id)


@pytest.mark.parametrize("key", ["", "mun_", "mun_" + "a" * 43, "x" * 10_000, "\ud800", "' OR 1=1 --", "\0"])
def test_what_is_no_key_of_ours_opens_nothing(pool: Pool, key: str) -> None:
    with transaction(pool) as connection, pytest.raises(Unauthenticated):
        authenticate(connection, key)


def test_a_key_needs_an_owner_and_a_name(pool: Pool) -> None:
    with transaction(pool) as connection:
        for owner, name in [("", "n"), ("o", " "), ("o" * 201, "n")]:
            with pytest.raises(InvalidInput):
                add_key(connection, owner_id=owner, name=name)


def test_a_scope_holds_the_owners_collections_and_no_others(pool: Pool) -> None:
    ada, bob = (Principal(name, uuid4()) for name in ("ada", "bob"))
    with transaction(pool) as connection:
        mine = [add_collection(connection, "ada", n, model_id="m", dimension=3).collection_id for n in ("one", "two")]
        his = add_collection(connection, "bob", "one", model_id="m", dimension=3).collection_id
        assert scope_for(connection, ada).collection_ids == set(mine)
        assert scope_for(connection, ada, "one").collection_ids == {mine[0]}
        assert scope_for(connection, bob, "one").collection_ids == {his}
        assert scope_for(connection, Principal("eve", uuid4())).collection_ids == frozenset()
        with pytest.raises(NotFound) as stranger:
            scope_for(connection, bob, "two")
        with pytest.raises(NotFound) as nobody:
            scope_for(connection, bob, "nil")
    assert str(stranger.value).replace("two", "nil") == str(nobody.value), "not yours and not there look the same"


def test_nothing_else_makes_a_scope() -> None:
    with pytest.raises(TypeError, match="scope_for"):
        AccessScope("ada", frozenset({uuid4()}), object())
