"""What changed in the documents since an index derived from them last looked: the table ``changes``, read in order.

A change becomes visible when its transaction commits, so sequence numbers appear out of order and a plain "greater than
the last" would miss some. A cursor therefore holds the oldest transaction that was open when it was taken, and what has
been seen from there on: nothing below can still appear, and what is read twice is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from core.db.pool import Connection

MAX_NEWS = 100
KEEP_DAYS = 7  # an index that has not looked for so long is built anew

SINCE = """
    SELECT seq, txid::text::bigint AS txid, document_id FROM changes
     WHERE txid >= %(floor)s::text::xid8 AND seq <> ALL(%(seen)s) ORDER BY seq
"""
NEWS = """
    SELECT seq, txid::text::bigint AS txid FROM changes
     WHERE txid >= %(floor)s::text::xid8 AND seq <> ALL(%(seen)s) ORDER BY seq DESC LIMIT %(limit)s
"""
NOW = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS floor,
           pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ceiling
"""
PENDING = """
    SELECT count(DISTINCT document_id) AS num FROM changes WHERE txid >= %(floor)s::text::xid8 AND seq <> ALL(%(seen)s)
"""
OPEN = "SELECT seq FROM changes WHERE txid >= %s::text::xid8"
DATABASE = """
    SELECT system_identifier || '/' || oid AS name FROM pg_control_system(), pg_database WHERE datname = current_database()
"""
PRUNE = """
    DELETE FROM changes c
     WHERE at < now() - make_interval(days => %s)
       AND (EXISTS (SELECT FROM changes later WHERE later.document_id = c.document_id AND later.seq > c.seq)
            OR NOT EXISTS (SELECT FROM documents d WHERE d.document_id = c.document_id))
"""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an index has read: every transaction below ``floor``, and of later ones the sequence numbers in ``seen``."""

    floor: int = 0
    seen: frozenset[int] = frozenset()

    def covers(self, news: "Iterable[Change]") -> bool:
        """Tell whether all of these have been read."""
        return all(change.txid < self.floor or change.seq in self.seen for change in news)


class Change(NamedTuple):
    """One change: its place in the log, and the transaction that made it."""

    seq: int
    txid: int


def since(connection: Connection, cursor: Cursor) -> tuple[list[UUID], Cursor]:
    """Give the documents that changed since ``cursor``, each once, and the cursor to ask with next time.

    A document that came, went or moved looks the same here: read its passages again and find what is there now. Must be
    the first read of its transaction, or one at the isolation level read committed (the default). A cursor of another
    database, whose transactions this one has not reached, starts again from the beginning.
    """
    now = connection.execute(NOW).fetchone()
    assert now is not None
    if cursor.floor > now["ceiling"]:
        cursor = Cursor()
    rows = connection.execute(SINCE, {"floor": str(cursor.floor), "seen": list(cursor.seen)}).fetchall()
    still_open = {row["seq"] for row in rows if row["txid"] >= now["floor"]}
    known = cursor.seen if now["floor"] == cursor.floor else _still_open(connection, cursor.seen, now["floor"])
    return list(dict.fromkeys(row["document_id"] for row in rows)), Cursor(now["floor"], frozenset(known | still_open))


def news(connection: Connection, cursor: Cursor) -> list[Change]:
    """Give, cheaply, what is committed now and not yet read: of very much only the newest, with which the rest is read too."""
    values = {"floor": str(cursor.floor), "seen": list(cursor.seen), "limit": MAX_NEWS}
    return [Change(row["seq"], row["txid"]) for row in connection.execute(NEWS, values).fetchall()]


def present(connection: Connection) -> Cursor:
    """Give the cursor of an index that is being built from all that this transaction sees, at repeatable read."""
    now = connection.execute(NOW).fetchone()
    assert now is not None
    rows = connection.execute(OPEN, (str(now["floor"]),)).fetchall()
    return Cursor(now["floor"], frozenset(row["seq"] for row in rows))


def pending(connection: Connection, cursor: Cursor) -> int:
    """Tell how many documents have changed since ``cursor``: one query, and a quick one when there are none."""
    row = connection.execute(PENDING, {"floor": str(cursor.floor), "seen": list(cursor.seen)}).fetchone()
    assert row is not None
    return int(row["num"])


def database_name(connection: Connection) -> str:
    """Name the database apart from every other, copies made by dump and restore included."""
    row = connection.execute(DATABASE).fetchone()
    assert row is not None
    return str(row["name"])


def prune(connection: Connection) -> None:
    """Drop what a later change of the same document makes superfluous, and traces of documents that are long gone."""
    connection.execute(PRUNE, (KEEP_DAYS,))


def _still_open(connection: Connection, seen: frozenset[int], floor: int) -> frozenset[int]:
    """Keep of what was seen what a reader from ``floor`` on would see again."""
    if not seen:
        return seen
    query = "SELECT seq FROM changes WHERE seq = ANY(%s) AND txid >= %s::text::xid8"
    return frozenset(row["seq"] for row in connection.execute(query, (list(seen), str(floor))).fetchall())
