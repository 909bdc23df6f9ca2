"""Why a user may or may not read a document, and what he may read: the rule told in its own terms.

All of it comes from ``class_access``, as for every search. An administrator may ask about
anybody, the owner of a collection about its documents, and everybody about himself and what he may read.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.access import Principal, no_document, principals_of, reading, scope_for
from core.db.pool import Connection
from core.errors import Forbidden
from core.permissions import require_readable

TERMS = """
    SELECT a.owner_id, a.collection, a.source, a.is_fresh, a.max_age_s, a.allowed, a.list_of,
           a.is_fresh AND a.principals && %(principals)s AS may_read
      FROM documents d JOIN class_access a USING (class_id)
     WHERE d.document_id = %(document)s
"""
READABLE = """
    SELECT d.document_id, c.owner_id, c.name AS collection, d.source
      FROM documents d JOIN collections c USING (collection_id)
     WHERE d.class_id = ANY(%(classes)s) AND (%(owner)s::text IS NULL OR c.owner_id = %(owner)s)
     ORDER BY c.owner_id, c.name, d.source, d.document_id LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rule applied to one user and one document; ``allowed`` is None for an asker who may not see the list itself."""

    user: str
    document_id: UUID
    may_read: bool
    owner_id: str
    collection: str
    is_owner: bool
    list_of: str
    allowed: list[str] | None
    matched: list[str]
    access_source: str | None
    is_fresh: bool
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Readable:
    """A document that a user may read, and where it lies."""

    document_id: UUID
    owner_id: str
    collection: str
    source: str


def explain(connection: Connection, asker: Principal, user: str, document_id: UUID) -> Explanation:
    """Tell why the user may or may not read the document.

    Raises NotFound for a document that the asker may not know of, Forbidden if he may read it and asks about another.
    """
    principals = principals_of(connection, user)
    row = connection.execute(TERMS, {"principals": sorted(principals), "document": document_id}).fetchone()
    if row is None:
        raise no_document(document_id)
    knows_all = asker.is_admin or asker.owner_id == row["owner_id"]
    if not knows_all:
        require_readable(connection, asker, document_id)
    if not knows_all and user != asker.owner_id:
        raise Forbidden("Only an administrator and the owner of the document's collection may ask about another user.")
    matched = sorted(principals.intersection(row["allowed"]))
    return Explanation(
        user=user,
        document_id=document_id,
        may_read=row["may_read"],
        owner_id=row["owner_id"],
        collection=row["collection"],
        is_owner=row["owner_id"] == user,
        list_of=row["list_of"],
        allowed=row["allowed"] if knows_all else None,
        matched=matched,
        access_source=row["source"],
        is_fresh=row["is_fresh"],
        reasons=_reasons(row, user, matched),
    )


def list_readable(
    connection: Connection, asker: Principal, user: str, *, limit: int, offset: int
) -> tuple[list[Readable], tuple[str, ...]]:
    """Return what the user may read, and the names of the sources that are unavailable to him.

    An asker who is no administrator sees of another user what lies in the asker's own collections.
    """
    scope = scope_for(connection, Principal(user, asker.key_id))
    sees_all = asker.is_admin or asker.owner_id == user
    values = {
        "classes": list(scope.class_ids),
        "owner": None if sees_all else asker.owner_id,
        "limit": limit,
        "offset": offset,
    }
    with reading(connection, scope):
        rows = connection.execute(READABLE, values).fetchall()
    return [Readable(**row) for row in rows], scope.unavailable if sees_all else ()


def _reasons(row: dict[str, Any], user: str, matched: list[str]) -> list[str]:
    """Say each term of the rule in a sentence, in the order of the formula."""
    whose = {"document": "the document's own list", "source": f"the list of its source {row['source']!r}"}
    applied = whose.get(row["list_of"], "the collection's list")
    owner = f"{user!r} {'owns' if row['owner_id'] == user else 'does not own'} the collection."
    listed = f"Of {applied}, which applies, {', '.join(matched) or 'nothing'} is what {user!r} goes by."
    if row["source"] is None:
        return [owner, listed, "It is of no source whose permissions could be out of date."]
    state = "are up to date" if row["is_fresh"] else f"are older than {row['max_age_s']} s, so nobody may read it"
    return [owner, listed, f"The permissions of its source {row['source']!r} {state}."]
