"""Which writers wait for which, until a transaction ends: two of one document, and those whom a change of a source concerns."""

from uuid import UUID

from core.db.pool import Connection
from core.errors import NotFound


def lock_document(connection: Connection, document_id: UUID) -> None:
    """Let two who write one document, its text or its permissions, wait for each other."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(document_id),))


def lock_collection(connection: Connection, collection_id: UUID, *, alone: bool = False) -> None:
    """Keep a collection and its classes in place while a document is written; ``alone`` waits for all who do.

    To be taken after :func:`lock_document` and before a row is written. Raises NotFound for a collection that is gone.
    """
    query = "SELECT FROM collections WHERE collection_id = %s " + ("FOR UPDATE" if alone else "FOR KEY SHARE")
    if connection.execute(query, (collection_id,)).rowcount == 0:
        raise NotFound("The collection was deleted.")
