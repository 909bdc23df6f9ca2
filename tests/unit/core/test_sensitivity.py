"""A question counts as the most sensitive collection that its scope reaches, and only what is all public is cleared."""

from pathlib import Path

import pytest

from core.db.pool import Pool, transaction
from core.errors import Forbidden
from core.sensitivity import Clearance, cleared, may_leave, sensitivity_of, set_sensitivity
from core.types import Sensitivity
from tests.world import World


@pytest.fixture
def world(pool: Pool, tmp_path: Path) -> World:
    """Alice has three collections, of which bob may read a document in one, and the whole of another that is empty."""
    world = World(pool, tmp_path)
    for name, level in (("news", "public"), ("staff", "internal"), ("law", "confidential")):
        collection = world.add_collection("alice", name)
        world.ingest(collection, f"in {name}")
        with transaction(pool) as connection:
            set_sensitivity(connection, collection.collection_id, level)  # type: ignore[arg-type]
    world.ingest(world.collections[0], "for bob", frozenset({"user:bob"}))
    return world


def level(world: World, user: str, collection: str | None = None) -> Sensitivity:
    with transaction(world.pool) as connection:
        return sensitivity_of(connection, world.scope(connection, user, collection))


def test_the_most_sensitive_in_reach_counts(world: World) -> None:
    assert [level(world, "alice", name) for name in ("news", "staff", "law", None)] == [
        "public", "internal", "confidential", "confidential",
    ]  # fmt: skip
    assert level(world, "bob") == "public"


def test_an_empty_scope_is_confidential_and_not_cleared(world: World) -> None:
    assert level(world, "eve") == "confidential"
    with transaction(world.pool) as connection, pytest.raises(Forbidden):
        cleared(connection, world.scope(connection, "eve"))


def test_a_collection_that_bob_may_read_and_that_is_empty_yet_counts(world: World) -> None:
    coming = world.add_collection("alice", "coming")
    world.share(coming, frozenset({"user:bob"}))
    assert level(world, "bob") == "internal"


def test_only_what_is_all_public_is_cleared(world: World) -> None:
    news = world.collections[0].collection_id
    with transaction(world.pool) as connection:
        assert cleared(connection, world.scope(connection, "bob")).collection_ids == (news,)
        for collection in ("staff", None):
            with pytest.raises(Forbidden, match="public"):
                cleared(connection, world.scope(connection, "alice", collection))


def test_nobody_else_makes_a_clearance() -> None:
    with pytest.raises(TypeError, match="cleared"):
        Clearance((), object())


def test_documents_leave_if_public_and_of_a_language_that_is_read(world: World) -> None:
    news, for_bob = (d.document_id for d in world.documents.values() if d.collection.name == "news")
    (staff,) = (d.document_id for d in world.documents.values() if d.collection.name == "staff")
    with transaction(world.pool) as connection:
        connection.execute("UPDATE documents SET language = 'en' WHERE document_id = ANY(%s)", ([news, staff],))
        connection.execute("UPDATE documents SET language = 'de' WHERE document_id = %s", (for_bob,))
        assert may_leave(connection, [], ["en"])
        assert may_leave(connection, [news, news], ["en"])
        assert not may_leave(connection, [news, for_bob], ["en"])
        assert not may_leave(connection, [news, staff], ["en"])
        assert not may_leave(connection, [world.collections[0].collection_id], ["en"]), "no such document"
