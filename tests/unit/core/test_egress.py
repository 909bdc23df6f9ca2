"""The egress log: there before anything leaves, only ever added to, and read by administrators alone."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from core.access import Principal, reading
from core.db.pool import Pool, open_pool, transaction
from core.egress import Ledger, Sender, find_body, list_egress
from core.errors import DependencyUnavailable, Forbidden, NotFound
from core.sensitivity import cleared, set_sensitivity
from tests.world import World

ADMIN, ALICE = Principal("root", UUID(int=9), is_admin=True), Principal("alice", UUID(int=1))
BODY = '{"messages": ["<PERSON_1> \U0001f600"]}'.encode()
URL = "https://llm.example.org/v1/chat/completions"


@pytest.fixture
def world(pool: Pool, tmp_path: Path) -> World:
    world = World(pool, tmp_path)
    news = world.add_collection("alice", "news")
    world.ingest(news, "press release")
    with transaction(pool) as connection:
        set_sensitivity(connection, news.collection_id, "public")
    return world


@pytest.fixture
def sender(world: World) -> Sender:
    with transaction(world.pool) as connection:
        return Sender(ALICE, "press", "cloud", "news", cleared(connection, world.scope(connection, "alice")))


def test_an_entry_says_who_when_why_where_what_and_how_much_came_back(world: World, sender: Sender) -> None:
    (document_id,) = world.documents
    ledger = Ledger(world.pool)
    egress_id = ledger.add(sender, URL, [document_id, document_id], BODY)
    with transaction(world.pool) as connection:
        (open_entry,) = list_egress(connection, ADMIN, limit=10)
    ledger.end(egress_id, 200, 512)
    with transaction(world.pool) as connection:
        (entry,) = list_egress(connection, ADMIN, limit=10)
        assert find_body(connection, ADMIN, egress_id) == BODY
    assert (entry.owner_id, entry.key_id, entry.rule, entry.engine, entry.url) == ("alice", UUID(int=1), "press", "cloud", URL)
    assert (entry.collection, entry.document_ids, entry.num_bytes) == ("news", [document_id], len(BODY))
    assert entry.collection_ids == [world.collections[0].collection_id]
    assert (open_entry.status, open_entry.response_bytes, open_entry.ended_at) == (None, None, None)
    assert (entry.status, entry.response_bytes) == (200, 512)
    assert entry.ended_at and entry.ended_at >= entry.at


def test_nothing_is_written_once_a_collection_is_public_no_more(world: World, sender: Sender) -> None:
    with transaction(world.pool) as connection:
        set_sensitivity(connection, world.collections[0].collection_id, "internal")
    with pytest.raises(Forbidden, match="public no more"):
        Ledger(world.pool).add(sender, URL, [], BODY)


def test_nor_once_a_collection_is_gone(world: World, sender: Sender) -> None:
    with transaction(world.pool) as connection:
        connection.execute("DELETE FROM documents")
        connection.execute("DELETE FROM collections")
    with pytest.raises(Forbidden):
        Ledger(world.pool).add(sender, URL, [], BODY)


def test_pages_run_from_the_newest_backwards(world: World, sender: Sender) -> None:
    ids = [Ledger(world.pool).add(replace(sender, rule=str(n)), URL, [], BODY) for n in range(3)]
    with transaction(world.pool) as connection:
        assert [entry.egress_id for entry in list_egress(connection, ADMIN, limit=2)] == ids[:0:-1]
        assert [entry.egress_id for entry in list_egress(connection, ADMIN, limit=2, before=ids[1])] == ids[:1]
        with pytest.raises(NotFound, match="no entry"):
            find_body(connection, ADMIN, 10**9)


def test_only_administrators_read_it(world: World, sender: Sender) -> None:
    egress_id = Ledger(world.pool).add(sender, URL, [], BODY)
    with transaction(world.pool) as connection:
        with pytest.raises(Forbidden):
            list_egress(connection, ALICE, limit=1)
        with pytest.raises(Forbidden):
            find_body(connection, ALICE, egress_id)


def test_who_reads_documents_reads_nothing_of_it_even_if_he_is_granted_it(world: World, sender: Sender) -> None:
    Ledger(world.pool).add(sender, URL, [], BODY)
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with refused, transaction(world.pool) as connection, reading(connection, world.scope(connection, "alice")):
        connection.execute("SELECT FROM egress")
    with transaction(world.pool) as connection:
        connection.execute("GRANT SELECT ON egress TO muniment_reader")
        with reading(connection, world.scope(connection, "alice")):
            assert connection.execute("SELECT * FROM egress").fetchall() == []
        connection.execute("REVOKE SELECT ON egress FROM muniment_reader")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM egress",
        "TRUNCATE egress",
        "UPDATE egress SET body = ''",
        "UPDATE egress SET owner_id = 'bob', ended_at = now()",
        "UPDATE egress SET status = 500, ended_at = now()",  # a second time
    ],
)
def test_what_was_sent_stays_written(world: World, sender: Sender, statement: str) -> None:
    ledger = Ledger(world.pool)
    ledger.end(ledger.add(sender, URL, [], BODY), 200, 1)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"), transaction(world.pool) as connection:
        connection.execute(statement)


def test_without_a_database_nothing_is_written_and_that_is_an_error(sender: Sender) -> None:
    away = open_pool("postgresql://nobody@127.0.0.1:9/none", max_size=1, min_size=0)
    away.timeout = 0.2
    try:
        with pytest.raises(DependencyUnavailable):
            Ledger(away).add(sender, URL, [], BODY)
        Ledger(away).end(1, 200, 1)  # what came back is less than the answer, which goes on
    finally:
        away.close()
