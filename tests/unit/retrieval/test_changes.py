"""The change log: what committed is seen once, also when it commits out of order."""

from uuid import UUID

import psycopg
import pytest

from core.db.migrate import migrate
from core.db.pool import Pool, transaction
from retrieval.stores.changes import Cursor, prune, since
from tests.fakes_retrieval import add_collection, add_document


def look(pool: Pool, cursor: Cursor) -> tuple[list[UUID], Cursor]:
    with transaction(pool) as connection:
        return since(connection, cursor)


def add(pool: Pool) -> UUID:
    with transaction(pool) as connection:
        return add_document(connection, add_collection(connection, "m"))


def test_each_change_is_seen_once(pool: Pool) -> None:
    first = add(pool)
    found, cursor = look(pool, Cursor())
    assert found == [first]
    assert look(pool, cursor)[0] == []
    second = add(pool)
    found, cursor = look(pool, cursor)
    assert found == [second]
    with transaction(pool) as connection:
        connection.execute("DELETE FROM collections")
    found, cursor = look(pool, cursor)
    assert set(found) == {first, second}
    assert look(pool, cursor)[0] == []


def test_what_commits_late_is_not_missed(pool: Pool, database_url: str) -> None:
    with psycopg.connect(database_url) as slow:
        late = UUID(int=1)
        slow.execute("INSERT INTO changes (document_id) VALUES (%s)", (late,))
        early = add(pool)  # a higher sequence number, committed first
        found, cursor = look(pool, Cursor())
        assert found == [early]
        found, cursor = look(pool, cursor)
        assert found == []
        slow.commit()
    found, cursor = look(pool, cursor)
    assert found == [late]
    assert look(pool, cursor)[0] == []


def test_a_move_is_a_change(pool: Pool) -> None:
    document_id = add(pool)
    _, cursor = look(pool, Cursor())
    with transaction(pool) as connection:
        connection.execute("INSERT INTO access_classes (collection_id, allowed) SELECT collection_id, '{}' FROM collections")
        connection.execute("UPDATE documents SET class_id = (SELECT max(class_id) FROM access_classes)")
    assert look(pool, cursor)[0] == [document_id]


def test_a_cursor_of_another_database_starts_again(pool: Pool) -> None:
    document_id = add(pool)
    assert look(pool, Cursor(floor=10**15))[0] == [document_id]


@pytest.mark.parametrize(("days", "left"), [(6, 3), (8, 1)])
def test_pruning_keeps_the_last_change_of_what_is_there(pool: Pool, days: int, left: int) -> None:
    document_id, gone = add(pool), add(pool)
    with transaction(pool) as connection:
        connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
        connection.execute("DELETE FROM changes")
        for changed in (document_id, document_id, gone):
            connection.execute(
                "INSERT INTO changes (document_id, at) VALUES (%s, now() - make_interval(days => %s))", (changed, days)
            )
        prune(connection)
        rows = connection.execute("SELECT document_id FROM changes ORDER BY seq").fetchall()
    assert [row["document_id"] for row in rows] == ([document_id, document_id, gone] if left == 3 else [document_id])


def test_changes_restored_from_a_server_further_on_are_each_seen_once(pool: Pool, database_url: str) -> None:
    """As after a dump is restored into a new server, whose transactions are numbered from the beginning."""
    first = add(pool)
    with transaction(pool) as connection:
        connection.execute("UPDATE changes SET txid = '1000000000000'")
    _, lost = look(pool, Cursor())  # an index that looked before the numbers were put right
    assert lost.seen, "the change looks as if its transaction were open for ever"
    migrate(database_url)
    found, cursor = look(pool, Cursor())
    assert found == [first]
    found, cursor = look(pool, cursor)
    assert (found, cursor.seen) == ([], frozenset())
    second = add(pool)
    assert look(pool, cursor)[0] == [second]


@pytest.mark.parametrize("seen", [False, True])
def test_a_cursor_from_before_a_restore_misses_nothing(pool: Pool, database_url: str, seen: bool) -> None:
    """Sequence numbers that it has seen may be other changes by now: those that are put right get new ones."""
    document_id = add(pool)
    with transaction(pool) as connection:
        row = connection.execute("UPDATE changes SET txid = '1000000000000' RETURNING seq").fetchone()
        assert row is not None
        floor = connection.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS floor").fetchone()
    assert floor is not None
    migrate(database_url)
    assert look(pool, Cursor(floor["floor"], frozenset({row["seq"]} if seen else ())))[0] == [document_id]
