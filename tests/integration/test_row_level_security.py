"""The second lock: inside reading(), a statement without any condition shows the asker's documents and nothing else."""

from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.access import reading
from core.db.pool import Connection, Pool, open_pool, transaction
from tests.world import World

TABLES = ("documents", "pages", "chunks", "document_names")
BOB = frozenset({"user:bob"})


@pytest.fixture
def world(pool: Pool, tmp_path: Path) -> World:
    """Alice shares one document with bob, one with a group, and keeps one; one of bob's is in a source out of date."""
    world = World(pool, tmp_path)
    papers, his = world.add_collection("alice", "papers"), world.add_collection("bob", "his")
    world.set_group("hr", frozenset({"bob", "carol"}))
    world.put_source(papers, "share", frozenset({"group:hr"}))
    world.put_source(his, "mailbox", None)
    world.ingest(papers, "for-bob", BOB)
    world.ingest(papers, "for-hr", source="share")
    world.ingest(papers, "kept")
    world.ingest(his, "old", source="mailbox")
    world.age(his, "mailbox")
    return world


def refused() -> AbstractContextManager[object]:
    return pytest.raises(psycopg.errors.InsufficientPrivilege)


def shown(connection: Connection, table: str) -> set[Any]:
    column = "collection_id" if table == "collections" else "document_id"
    return {row["id"] for row in connection.execute(f"SELECT {column} AS id FROM {table}").fetchall()}


@pytest.mark.parametrize("user", ["alice", "bob", "carol", "eve"])
def test_a_plain_select_shows_exactly_the_scope(world: World, user: str) -> None:
    with transaction(world.pool) as connection:
        scope = world.scope(connection, user)
        with reading(connection, scope):
            for table in TABLES:
                assert shown(connection, table) == world.readable(user), table
            assert shown(connection, "collections") == {c.collection_id for c in world.collections if world.sees(user, c)}
            assert shown(connection, "collections") == scope.collection_ids
    assert {"alice": 3, "bob": 2, "carol": 1, "eve": 0}[user] == len(world.readable(user))


def test_without_an_asker_the_role_sees_nothing(world: World) -> None:
    with transaction(world.pool) as connection:
        connection.execute("SET LOCAL ROLE muniment_reader")
        assert [shown(connection, table) for table in (*TABLES, "collections")] == [set()] * 5


@pytest.mark.parametrize(
    "table",
    ["sources", "access_classes", "class_access", "group_members", "jobs", "api_keys", "audit", "changes", "egress", "feedback"],
)
def test_the_role_reads_no_other_table(world: World, table: str) -> None:
    with refused(), transaction(world.pool) as connection, reading(connection, world.scope(connection, "alice")):
        connection.execute(f"SELECT FROM {table}")


@pytest.mark.parametrize("table", [*TABLES, "collections"])
def test_the_role_writes_nothing(world: World, table: str) -> None:
    with refused(), transaction(world.pool) as connection, reading(connection, world.scope(connection, "alice")):
        connection.execute(f"DELETE FROM {table}")


def test_the_role_cannot_bypass(world: World) -> None:
    with transaction(world.pool) as connection:
        query = "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = 'muniment_reader'"
        assert set((connection.execute(query).fetchone() or {}).values()) == {False}
        owned = "SELECT count(*) AS n FROM pg_class WHERE pg_get_userbyid(relowner) = 'muniment_reader'"
        assert connection.execute(owned).fetchone() == {"n": 0}


def role_and_classes(connection: Connection) -> tuple[str, str]:
    query = "SELECT current_user::text AS role, coalesce(current_setting('muniment.classes', true), '') AS classes"
    row = connection.execute(query).fetchone()
    assert row
    return row["role"], row["classes"]


def test_the_role_is_gone_after_the_block(world: World) -> None:
    with transaction(world.pool) as connection:
        before = role_and_classes(connection)
        with reading(connection, world.scope(connection, "bob")):
            assert role_and_classes(connection)[0] == "muniment_reader"
        assert role_and_classes(connection) == before


def test_the_role_is_gone_after_an_error_that_is_caught_inside_the_transaction(world: World) -> None:
    with transaction(world.pool) as connection:
        before = role_and_classes(connection)
        with suppress(KeyError), reading(connection, world.scope(connection, "bob")):
            raise KeyError
        assert role_and_classes(connection) == before
        with (
            suppress(psycopg.errors.DivisionByZero),
            connection.transaction(),
            reading(connection, world.scope(connection, "bob")),
        ):
            connection.execute("SELECT 1 / 0")
        assert role_and_classes(connection) == before


def test_the_role_does_not_go_back_into_the_pool(database_url: str, world: World) -> None:
    pool = open_pool(database_url, max_size=1)
    try:
        for error in ("SELECT 1 / 0", "nonsense"):
            with suppress(psycopg.Error), transaction(pool) as connection, reading(connection, world.scope(connection, "bob")):
                connection.execute(error)
            with transaction(pool) as connection:
                role, classes = role_and_classes(connection)
                assert role != "muniment_reader"
                assert classes == ""
                assert shown(connection, "documents") == set(world.documents)
    finally:
        pool.close()


def test_outside_of_a_transaction_nothing_is_read(database_url: str, world: World) -> None:
    with transaction(world.pool) as connection:
        scope = world.scope(connection, "bob")
    connection = psycopg.connect(database_url, autocommit=True, row_factory=psycopg.rows.dict_row)
    with connection, pytest.raises(RuntimeError, match="transaction"), reading(connection, scope):
        pytest.fail("the block was entered")


def test_one_asker_at_a_time(world: World) -> None:
    with transaction(world.pool) as connection:
        alice, bob = world.scope(connection, "alice"), world.scope(connection, "bob")
        with pytest.raises(RuntimeError, match="one asker"), reading(connection, bob), reading(connection, alice):
            pytest.fail("the inner block was entered")
        assert role_and_classes(connection)[0] != "muniment_reader"


def plan(connection: Connection, query: str) -> str:
    return "\n".join(row["QUERY PLAN"] for row in connection.execute(f"EXPLAIN {query}").fetchall())


def test_the_rule_is_looked_up_once_a_query_and_indexes_still_serve(world: World) -> None:
    with transaction(world.pool) as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        with reading(connection, world.scope(connection, "bob")):
            by_num = plan(connection, "SELECT text FROM chunks WHERE num = ANY('{1,2,3}')")
            by_class = plan(connection, "SELECT num FROM chunks WHERE class_id = ANY('{1,2,3}')")
            scans = [plan(connection, f"SELECT * FROM {table}") for table in (*TABLES, "collections")]
            by_name = plan(connection, "SELECT document_id FROM document_names WHERE token = ANY('{a,b}')")
    assert "chunks_num_key" in by_num
    assert "chunks_class" in by_class
    assert "document_names_pkey" in by_name
    for explained in (by_num, by_class, by_name, *scans):
        assert "InitPlan" in explained
        conditions = [line for line in explained.splitlines() if "Filter:" in line or "Cond:" in line]
        assert not any(call in line for line in conditions for call in ("asker_classes", "readable_", "current_setting"))
