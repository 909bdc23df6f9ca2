"""Groups, lists and sources: a change holds from its commit on, and only the owner may make it."""

import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core import groups, permissions, sources
from core.access import Principal
from core.db.pool import Pool, transaction
from core.errors import Forbidden, InvalidInput, NotFound
from core.permissions import DocumentAccess
from ingest import documents, ledger
from tests.world import KEY, World

ALICE, BOB, EVE = (Principal(name, KEY) for name in ("alice", "bob", "eve"))
FOR_BOB = frozenset({"user:bob"})


@pytest.fixture
def world(pool: Pool, tmp_path: Path) -> World:
    world = World(pool, tmp_path)
    world.add_collection("alice", "papers")
    return world


def readable(world: World, user: str) -> set[UUID]:
    with transaction(world.pool) as connection:
        listed = documents.list_documents(connection, world.scope(connection, user), limit=100)
    return {record.document_id for record in listed}


def num_classes(world: World) -> int:
    with transaction(world.pool) as connection:
        row = connection.execute("SELECT count(*) AS n FROM access_classes").fetchone()
    return int(row["n"]) if row else 0


def test_a_group_is_its_members(world: World) -> None:
    with transaction(world.pool) as connection:
        assert groups.set_group(connection, "hr", ["bob", "ann", "bob"]).members == ["ann", "bob"]
        assert groups.set_group(connection, "hr", ["bob", "cem"]).members == ["bob", "cem"]
        assert groups.find_group(connection, "hr") == groups.Group("hr", ["bob", "cem"])
        groups.set_group(connection, "board", ["ann"])
        assert [g.name for g in groups.list_groups(connection)] == ["board", "hr"]
        groups.delete_group(connection, "hr")
        for gone in (groups.find_group, groups.delete_group):
            with pytest.raises(NotFound, match="hr"):
                gone(connection, "hr")


@pytest.mark.parametrize("members", [[], ["user:bob"], ["a/b"], [""]])
def test_a_group_of_none_or_of_no_names_is_refused(world: World, members: list[str]) -> None:
    with pytest.raises(InvalidInput, match="members"), transaction(world.pool) as connection:
        groups.set_group(connection, "hr", members)


def test_each_list_overrides_the_one_below(world: World) -> None:
    papers = world.collections[0]
    doc = world.ingest(papers, "a")
    assert readable(world, "bob") == set()
    world.share(papers, FOR_BOB)
    assert readable(world, "bob") == {doc.document_id}
    world.put_source(papers, "share", frozenset({"group:hr"}))
    world.set_access(doc, None, "share")
    assert readable(world, "bob") == set()
    world.set_group("hr", frozenset({"bob"}))
    assert readable(world, "bob") == {doc.document_id}
    world.set_access(doc, frozenset(), "share")
    assert readable(world, "bob") == set()
    assert readable(world, "alice") == {doc.document_id}
    world.set_access(doc, frozenset({"everyone"}), "share")
    assert readable(world, "eve") == {doc.document_id}


def test_a_source_out_of_date_denies_its_documents_to_everyone_and_is_named_to_those_concerned(world: World) -> None:
    papers = world.collections[0]
    world.put_source(papers, "share", FOR_BOB)
    doc = world.ingest(papers, "a", frozenset({"user:bob"}), "share")
    world.age(papers, "share")
    assert readable(world, "alice") == readable(world, "bob") == set()
    with transaction(world.pool) as connection:
        assert {u: world.scope(connection, u).unavailable for u in ("alice", "bob", "eve")} == {
            "alice": ("share",),
            "bob": ("share",),
            "eve": (),
        }
    world.sync(papers, "share")
    assert readable(world, "bob") == {doc.document_id}


def test_a_source_that_is_deleted_leaves_its_documents_to_the_owner(world: World) -> None:
    papers = world.collections[0]
    world.share(papers, frozenset({"everyone"}))
    world.put_source(papers, "share", FOR_BOB)
    docs = {world.ingest(papers, "a", None, "share").document_id, world.ingest(papers, "b", FOR_BOB, "share").document_id}
    world.age(papers, "share")
    world.delete_source(papers, "share")
    assert readable(world, "bob") == set()
    assert readable(world, "alice") == docs
    with pytest.raises(NotFound), transaction(world.pool) as connection:
        sources.delete_source(connection, papers.collection_id, "share")


def test_a_document_on_its_way_into_a_source_that_goes_is_neither_lost_nor_shown(world: World) -> None:
    papers = world.collections[0]
    world.share(papers, frozenset({"everyone"}))
    world.put_source(papers, "share", None)
    begun, deleted = threading.Event(), threading.Event()
    with transaction(world.pool) as connection:  # an ingest that has its class and is not committed
        permissions.class_of(connection, papers.collection_id, DocumentAccess(None, "share"))

        def delete() -> None:
            begun.set()
            with transaction(world.pool) as other:
                sources.delete_source(other, papers.collection_id, "share")
            deleted.set()

        thread = threading.Thread(target=delete)
        thread.start()
        begun.wait(5)
        assert not deleted.wait(0.3), "it waits for the ingest"
    thread.join(10)
    assert deleted.is_set()
    late = world.born(papers, "late", None, "share")
    assert readable(world, "eve") == set()
    assert readable(world, "alice") == {late.document_id}


def test_only_the_owner_changes_permissions_and_a_reader_is_told_apart_from_a_stranger(world: World) -> None:
    papers = world.collections[0]
    doc = world.ingest(papers, "a", FOR_BOB)
    with transaction(world.pool) as connection:
        assert permissions.own_collection(connection, ALICE, "papers") == papers.collection_id
        assert permissions.own_document(connection, ALICE, doc.document_id) == papers.collection_id
        for ask, thing in ((permissions.own_collection, "papers"), (permissions.own_document, doc.document_id)):
            with pytest.raises(Forbidden):
                ask(connection, BOB, thing)  # type: ignore[operator]
            with pytest.raises(NotFound):
                ask(connection, EVE, thing)  # type: ignore[operator]


def test_a_collection_of_which_one_may_read_nothing_any_more_is_not_there(world: World) -> None:
    doc = world.ingest(world.collections[0], "a", FOR_BOB)
    world.set_access(doc, frozenset(), None)  # the class for bob is left, without a document
    with transaction(world.pool) as connection:
        with pytest.raises(NotFound):
            world.scope(connection, "bob", "papers")
        assert documents.list_collections(connection, world.scope(connection, "bob")) == []


def test_a_list_longer_than_a_row_of_an_index_is_one_class(world: World) -> None:
    many = frozenset(f"user:{n}-{uuid4()}" for n in range(999))
    for name in ("a", "b"):
        world.ingest(world.collections[0], name, many)
    assert num_classes(world) == 2


def test_classes_without_documents_are_forgotten(world: World) -> None:
    papers = world.collections[0]
    doc = world.ingest(papers, "a", FOR_BOB)
    for user in ("x", "y", "z"):
        world.set_access(doc, frozenset({f"user:{user}"}), None)
    with transaction(world.pool) as other, transaction(world.pool) as connection:
        permissions.class_of(other, papers.collection_id, DocumentAccess(["user:x"]))  # one just being used stays
        permissions.forget_unused_classes(connection)
    assert num_classes(world) == 3
    assert readable(world, "z") == {doc.document_id}
    with transaction(world.pool) as connection:
        permissions.forget_unused_classes(connection)
    assert num_classes(world) == 2


def test_what_an_owner_says_last_holds_against_an_upload_on_its_way(world: World) -> None:
    papers = world.collections[0]
    doc = world.ingest(papers, "a", frozenset())
    said = DocumentAccess(["everyone"])
    with transaction(world.pool) as connection:
        job = documents.add_job(
            connection, "alice", papers.collection_id, source="a", content_hash="h2", num_bytes=1, access=said
        )
        claim = ledger.claim(connection, job.job_id, 1, lease_s=60)
        assert claim and ledger.said_access(connection, claim) == said
    world.set_access(doc, FOR_BOB, None)
    with transaction(world.pool) as connection:
        assert ledger.said_access(connection, claim) is None


def test_an_upload_that_says_nothing_does_not_overtake_what_an_earlier_one_said(world: World) -> None:
    papers, said = world.collections[0], DocumentAccess([], None)

    def add(access: DocumentAccess | None) -> DocumentAccess | None:
        with transaction(world.pool) as connection:
            job = documents.add_job(
                connection, "alice", papers.collection_id, source="a", content_hash="h", num_bytes=1, access=access
            )
            claim = ledger.claim(connection, job.job_id, 1, lease_s=60)
            assert claim
            return ledger.said_access(connection, claim)

    assert [add(None), add(said), add(None)] == [None, said, said]


def test_a_source_or_document_that_is_not_there_is_named(world: World) -> None:
    papers = world.collections[0]
    doc = world.ingest(papers, "a")
    with pytest.raises(NotFound, match="'nosuch'"):
        world.set_access(doc, None, "nosuch")
    doc.document_id = uuid4()
    with pytest.raises(NotFound, match=str(doc.document_id)):
        world.set_access(doc, None, None)
    with pytest.raises(InvalidInput, match="everyone"):
        world.share(papers, frozenset({"bob"}))
