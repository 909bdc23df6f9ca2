"""Sources: where a collection's documents come from, when something outside says who may read them.

Whoever synchronises a source writes its list and says so; where that was longer ago than ``max_age_s`` allows, its documents
are denied to everyone, whatever their own lists say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.db.locks import lock_collection
from core.db.pool import Connection
from core.permissions import NOBODY, DocumentAccess, class_of, no_source
from core.principals import checked_list, checked_name

LISTED = """
    SELECT name, allowed, max_age_s, synced_at,
           is_fresh(synced_at, max_age_s) AS is_fresh,
           (SELECT count(*) FROM documents d JOIN access_classes a USING (class_id)
             WHERE a.source_id = s.source_id) AS num_documents
      FROM sources s WHERE collection_id = %(collection)s AND (%(name)s::text IS NULL OR name = %(name)s) ORDER BY name
"""
PUT = """
    INSERT INTO sources (collection_id, name, allowed, max_age_s) VALUES (%s, %s, %s, %s)
    ON CONFLICT (collection_id, name)
    DO UPDATE SET allowed = EXCLUDED.allowed, max_age_s = EXCLUDED.max_age_s, synced_at = clock_timestamp()
"""
SYNCED = "UPDATE sources SET synced_at = clock_timestamp() WHERE collection_id = %s AND name = %s"
MOVE = """
    UPDATE documents SET class_id = %s
     WHERE class_id IN (SELECT class_id FROM access_classes JOIN sources USING (source_id)
                         WHERE sources.collection_id = %s AND sources.name = %s)
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A source: its list (None: as the collection), how old its permissions may grow, and when they were brought up to date."""

    name: str
    allowed: list[str] | None
    max_age_s: int | None
    synced_at: datetime
    is_fresh: bool
    num_documents: int


def put_source(
    connection: Connection, collection_id: UUID, name: str, *, allowed: Sequence[str] | None, max_age_s: int | None
) -> Source:
    """Make a source or change it; its permissions count as synchronised now. Raises InvalidInput."""
    checked_name(name, "source")
    connection.execute(PUT, (collection_id, name, None if allowed is None else checked_list(allowed), max_age_s))
    return find_source(connection, collection_id, name)


def mark_synced(connection: Connection, collection_id: UUID, name: str) -> Source:
    """Note that a source's permissions were compared with what is outside just now, and hold; raises NotFound."""
    connection.execute(SYNCED, (collection_id, name))
    return find_source(connection, collection_id, name)


def find_source(connection: Connection, collection_id: UUID, name: str) -> Source:
    """Find a source by name; raises NotFound."""
    row = connection.execute(LISTED, {"collection": collection_id, "name": name}).fetchone()
    if row is None:
        raise no_source(name)
    return Source(**row)


def list_sources(connection: Connection, collection_id: UUID) -> list[Source]:
    """Return a collection's sources by name."""
    rows = connection.execute(LISTED, {"collection": collection_id, "name": None}).fetchall()
    return [Source(**row) for row in rows]


def delete_source(connection: Connection, collection_id: UUID, name: str) -> None:
    """Remove a source; its documents are left to the owner alone, until he says who else may read them. Raises NotFound.

    Waits for documents on their way into the collection, so that none is left behind in a class of the source.
    """
    lock_collection(connection, collection_id, alone=True)
    left = class_of(connection, collection_id, DocumentAccess(NOBODY))
    connection.execute(MOVE, (left, collection_id, name))
    if connection.execute("DELETE FROM sources WHERE collection_id = %s AND name = %s", (collection_id, name)).rowcount == 0:
        raise no_source(name)
