"""A scope holds what its asker may read and nothing else, and only scope_for makes one."""

from uuid import uuid4

import pytest

from core.access import AccessScope, Principal, scope_for
from core.db.pool import Pool, transaction
from core.errors import NotFound
from ingest.documents import add_collection


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
        AccessScope("ada", frozenset({"user:ada"}), frozenset({1}), frozenset({uuid4()}), (), object())
