"""Who may read a collection and a document: the lists that the rule in ``class_access`` is made of, and who may change them.

A collection has a list; a document may have one of its own, and may belong to a source (core/sources.py) that has one. Both
make a document's class. Only a collection's owner may see or change any of it. A change holds from its commit on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.access import Principal, no_document, reading, scope_for
from core.db.locks import lock_collection, lock_document
from core.db.pool import Connection
from core.errors import Forbidden, NotFound
from core.principals import checked_list

NOT_THE_OWNER = "This is shared with you for reading: only the owner of the collection may see and change who reads it."
NOBODY: tuple[str, ...] = ()  # nobody but the owner

OWN_COLLECTION = "SELECT collection_id FROM collections WHERE owner_id = %s AND name = %s"
OWN_DOCUMENT = """
    SELECT d.collection_id FROM documents d JOIN collections c USING (collection_id) WHERE d.document_id = %s AND c.owner_id = %s
"""
DOCUMENT_ACCESS = """
    SELECT a.allowed, s.name AS source
      FROM documents d JOIN access_classes a USING (class_id) LEFT JOIN sources s ON s.source_id = a.source_id
     WHERE d.document_id = %s
"""
# A class that is about to get a document must not be swept away meanwhile (forget_unused_classes).
FIND_CLASS = """
    SELECT class_id FROM access_classes
     WHERE collection_id = %(collection)s AND source_id IS NOT DISTINCT FROM %(source)s
       AND allowed IS NOT DISTINCT FROM %(allowed)s::text[]
       FOR KEY SHARE
"""
ADD_CLASS = """
    INSERT INTO access_classes (collection_id, source_id, allowed) VALUES (%(collection)s, %(source)s, %(allowed)s)
    ON CONFLICT DO NOTHING
"""
UNUSED = """
    DELETE FROM access_classes WHERE class_id IN (
        SELECT class_id FROM access_classes a
         WHERE (source_id IS NOT NULL OR allowed IS NOT NULL)
           AND NOT EXISTS (SELECT FROM documents d WHERE d.class_id = a.class_id)
           FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class DocumentAccess:
    """What makes a document's class: a list of its own, where None inherits, and the name of its source, if any."""

    allowed: Sequence[str] | None = None
    source: str | None = None


def own_collection(connection: Connection, principal: Principal, name: str) -> UUID:
    """Find the principal's own collection; raises Forbidden for one that he may only read, NotFound for any other."""
    row = connection.execute(OWN_COLLECTION, (principal.owner_id, name)).fetchone()
    if row is None:
        scope_for(connection, principal, name)
        raise Forbidden(NOT_THE_OWNER)
    return UUID(str(row["collection_id"]))


def own_document(connection: Connection, principal: Principal, document_id: UUID) -> UUID:
    """Find the collection of the principal's own document; raises Forbidden where he may only read it, else NotFound."""
    row = connection.execute(OWN_DOCUMENT, (document_id, principal.owner_id)).fetchone()
    if row is None:
        require_readable(connection, principal, document_id)
        raise Forbidden(NOT_THE_OWNER)
    return UUID(str(row["collection_id"]))


def require_readable(connection: Connection, principal: Principal, document_id: UUID) -> None:
    """Raise NotFound unless the principal may read the document."""
    scope = scope_for(connection, principal)
    query = "SELECT FROM documents WHERE document_id = %s AND class_id = ANY(%s)"
    with reading(connection, scope):
        found = connection.execute(query, (document_id, list(scope.class_ids))).rowcount
    if not found:
        raise no_document(document_id)


def find_collection_list(connection: Connection, collection_id: UUID) -> list[str]:
    """Return whom a collection is shared with, beside its owner; raises NotFound."""
    row = connection.execute("SELECT allowed FROM collections WHERE collection_id = %s", (collection_id,)).fetchone()
    if row is None:
        raise NotFound("The collection was deleted.")
    return list(row["allowed"])


def share_collection(connection: Connection, collection_id: UUID, allowed: Sequence[str]) -> list[str]:
    """Let these, and no others, read what inherits the collection's list; returns the list as it is kept."""
    principals = checked_list(allowed)
    connection.execute("UPDATE collections SET allowed = %s WHERE collection_id = %s", (principals, collection_id))
    return principals


def find_document_access(connection: Connection, document_id: UUID) -> DocumentAccess:
    """Return a document's own list and source; raises NotFound."""
    row = connection.execute(DOCUMENT_ACCESS, (document_id,)).fetchone()
    if row is None:
        raise no_document(document_id)
    return DocumentAccess(row["allowed"], row["source"])


def set_document_access(connection: Connection, collection_id: UUID, document_id: UUID, access: DocumentAccess) -> None:
    """Give a document its own list or none, and a source or none; what an upload still on its way said no longer counts.

    Raises NotFound for a document or a source that is not there, InvalidInput for a list that is none.
    """
    lock_document(connection, document_id)  # a new version may just be taking its place
    require_source(connection, collection_id, access.source)
    row = connection.execute(
        "UPDATE documents SET class_id = %s WHERE document_id = %s RETURNING source",
        (class_of(connection, collection_id, access), document_id),
    ).fetchone()
    if row is None:
        raise no_document(document_id)
    connection.execute(
        "UPDATE jobs SET allowed = NULL, access_source = NULL"
        " WHERE collection_id = %s AND source = %s AND state IN ('queued', 'running')",
        (collection_id, row["source"]),
    )


def require_source(connection: Connection, collection_id: UUID, name: str | None) -> None:
    """Raise NotFound if a source is named that the collection does not have."""
    if name is not None and _source_id(connection, collection_id, name) is None:
        raise no_source(name)


def class_of(connection: Connection, collection_id: UUID, access: DocumentAccess) -> int:
    """Find or make the class of documents of this list and source, and keep it until the transaction ends.

    A source that is gone by now lets nobody but the owner read. Raises NotFound for a collection that is gone.
    """
    lock_collection(connection, collection_id)
    source_id = None if access.source is None else _source_id(connection, collection_id, access.source)
    allowed = NOBODY if access.source is not None and source_id is None else access.allowed
    values = {
        "collection": collection_id,
        "source": source_id,
        "allowed": None if allowed is None else checked_list(allowed),
    }
    while (row := connection.execute(FIND_CLASS, values).fetchone()) is None:
        connection.execute(ADD_CLASS, values)
    return int(row["class_id"])


def forget_unused_classes(connection: Connection) -> None:
    """Drop the classes that no document is of any more, but for each collection's first; one just being used stays."""
    connection.execute(UNUSED)


def no_source(name: str) -> NotFound:
    """The answer for a source that a collection does not have."""
    return NotFound(f"The collection has no source named {name!r}: make it with PUT /v1/collections/{{name}}/sources/{{source}}.")


def _source_id(connection: Connection, collection_id: UUID, name: str) -> UUID | None:
    query = "SELECT source_id FROM sources WHERE collection_id = %s AND name = %s"
    row = connection.execute(query, (collection_id, name)).fetchone()
    return None if row is None else row["source_id"]
