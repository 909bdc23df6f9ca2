"""Why somebody may or may not read a document, and to whom that is told."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.access import Principal
from core.db.pool import Pool, transaction
from core.errors import Forbidden, NotFound
from core.explain import Explanation, explain, list_readable
from tests.world import KEY, Doc, World


@pytest.fixture
def world(pool: Pool, tmp_path: Path) -> World:
    world = World(pool, tmp_path)
    world.add_collection("alice", "papers")
    world.set_group("hr", frozenset({"bob"}))
    return world


@pytest.fixture
def doc(world: World) -> Doc:
    world.put_source(world.collections[0], "share", frozenset({"group:hr", "user:carol"}))
    return world.ingest(world.collections[0], "a", source="share")


def ask(world: World, asker: str, user: str, document_id: UUID, *, is_admin: bool = False) -> Explanation:
    with transaction(world.pool) as connection:
        return explain(connection, Principal(asker, KEY, is_admin), user, document_id)


def test_each_term_is_told_to_the_owner(world: World, doc: Doc) -> None:
    told = ask(world, "alice", "bob", doc.document_id)
    assert (told.may_read, told.is_owner, told.list_of, told.matched) == (True, False, "source", ["group:hr"])
    assert told.allowed == ["group:hr", "user:carol"]
    assert (told.access_source, told.is_fresh) == ("share", True)
    world.age(world.collections[0], "share")
    stale = ask(world, "alice", "bob", doc.document_id)
    assert (stale.may_read, stale.is_fresh) == (False, False)
    assert "older than 3600 s" in stale.reasons[-1]
    assert not ask(world, "alice", "eve", doc.document_id).matched
    assert ask(world, "alice", "alice", doc.document_id).is_owner


@pytest.mark.parametrize(
    ("allowed", "source", "list_of"), [(["user:bob"], "share", "document"), (None, "share", "source"), (None, None, "collection")]
)
def test_the_list_that_applies_is_named(
    world: World, doc: Doc, allowed: list[str] | None, source: str | None, list_of: str
) -> None:
    world.set_access(doc, None if allowed is None else frozenset(allowed), source)
    assert ask(world, "alice", "bob", doc.document_id).list_of == list_of


def test_a_reader_is_told_about_himself_without_the_list(world: World, doc: Doc) -> None:
    told = ask(world, "bob", "bob", doc.document_id)
    assert (told.may_read, told.allowed, told.matched) == (True, None, ["group:hr"])
    with pytest.raises(Forbidden):
        ask(world, "bob", "carol", doc.document_id)
    assert "carol" not in str(told)


@pytest.mark.parametrize("user", ["eve", "bob"])
def test_a_stranger_cannot_tell_a_document_from_none(world: World, doc: Doc, user: str) -> None:
    answers = []
    for document_id in (doc.document_id, uuid4()):
        with pytest.raises(NotFound) as caught:
            ask(world, "eve", user, document_id)
        answers.append(str(caught.value).replace(str(document_id), "ID"))
    assert answers[0] == answers[1]


def test_an_administrator_may_ask_about_anybody(world: World, doc: Doc) -> None:
    assert ask(world, "root", "bob", doc.document_id, is_admin=True).allowed == ["group:hr", "user:carol"]
    with pytest.raises(NotFound):
        ask(world, "root", "bob", uuid4(), is_admin=True)


def test_what_somebody_may_read_is_told_to_himself_to_administrators_and_of_ones_own_to_owners(world: World, doc: Doc) -> None:
    his = world.ingest(world.add_collection("bob", "his"), "b")

    def listed(asker: str, user: str, *, is_admin: bool = False, offset: int = 0) -> list[UUID]:
        with transaction(world.pool) as connection:
            found, _ = list_readable(connection, Principal(asker, KEY, is_admin), user, limit=10, offset=offset)
        return [readable.document_id for readable in found]

    assert listed("bob", "bob") == listed("root", "bob", is_admin=True) == [doc.document_id, his.document_id]
    assert listed("bob", "bob", offset=1) == [his.document_id]
    assert listed("alice", "bob") == [doc.document_id]
    assert listed("eve", "bob") == listed("bob", "alice") == []


def test_sources_out_of_date_are_named_with_the_list(world: World, doc: Doc) -> None:
    world.age(world.collections[0], "share")
    with transaction(world.pool) as connection:
        assert list_readable(connection, Principal("bob", KEY), "bob", limit=10, offset=0) == ([], ("share",))
