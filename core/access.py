"""Who is asking, and what that opens: Principal, and AccessScope, which only :func:`scope_for` makes.

The rule stands once, in the view ``class_access``: a class of documents is read by the collection's owner and by those
whom the document, else its source, else its collection allows, while the source's permissions are fresh. Every read of
documents takes a scope and runs inside :func:`reading`, so that row-level security applies the rule once more. An empty
scope finds nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from psycopg.pq import TransactionStatus

from core.db.pool import Connection
from core.errors import NotFound

READER = "muniment_reader"
EVERYONE = "everyone"
_SEAL = object()

PRINCIPALS = "SELECT 'group:' || group_name AS name FROM group_members WHERE user_id = %s"
# A class that no document is of tells nothing, neither a collection's name nor a source's; but one may just be moving there.
CLASSES = """
    SELECT class_id, collection_id, source, is_fresh,
           is_default OR coalesce((SELECT true FROM documents d WHERE d.class_id = a.class_id LIMIT 1), false) AS tells
      FROM class_access a
     WHERE principals && %(principals)s
       AND (%(name)s::text IS NULL OR (collection = %(name)s AND (%(owner)s::text IS NULL OR owner_id = %(owner)s)))
"""
ENTER = """
    SELECT current_user::text AS before, set_config('role', %s, true),
           set_config('muniment.classes', readable_classes(%s)::text, true)
"""
LEAVE = "SELECT set_config('role', 'none', true), set_config('muniment.classes', '', true)"


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a key: as which user it reads, and whether it may administer."""

    owner_id: str
    key_id: UUID
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class AccessScope:
    """The classes of documents a search may look into, and for whom.

    ``unavailable`` names the sources left out because their permissions were synchronised too long ago. Made by
    :func:`scope_for` alone: the seal refuses any other maker.
    """

    owner_id: str
    principals: frozenset[str]
    class_ids: frozenset[int]
    collection_ids: frozenset[UUID]
    unavailable: tuple[str, ...]
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("an AccessScope is made by core.access.scope_for, nowhere else")


def scope_for(connection: Connection, principal: Principal, collection: str | None = None) -> AccessScope:
    """Make the scope of one collection the principal may read, or of all of them when ``collection`` is None.

    ``NAME`` is the principal's own collection of that name or, where he has none, those of that name that are shared with
    him; ``OWNER/NAME`` is that owner's. Raises NotFound for a collection that is not there or that he may not read: the
    two are not told apart.
    """
    principals = principals_of(connection, principal.owner_id)
    rows: list[dict[str, object]] = []
    for owner, name in _addresses(principal, collection):
        values = {"principals": sorted(principals), "name": name, "owner": owner}
        rows = connection.execute(CLASSES, values).fetchall()
        if any(row["tells"] for row in rows):
            break
    if collection is not None and not any(row["tells"] for row in rows):
        raise no_collection(collection)
    return _scope(principal, principals, rows)


def principals_of(connection: Connection, user_id: str) -> frozenset[str]:
    """Give all names a user goes by: his own, those of his groups, and everyone."""
    groups = [row["name"] for row in connection.execute(PRINCIPALS, (user_id,)).fetchall()]
    return frozenset([EVERYONE, f"user:{user_id}", *groups])


@contextmanager
def reading(connection: Connection, scope: AccessScope) -> Iterator[None]:
    """Let the block read as the scope's asker, under row-level security; what it reads is in the scope or is not seen.

    The block must not write, and not read for another. However it ends, the role ends with it: where an error of the
    database is in the way, the rollback takes it back. Raises RuntimeError where row-level security would not hold:
    outside of a transaction.
    """
    before = connection.execute(ENTER, (READER, sorted(scope.principals))).fetchone()
    if connection.info.transaction_status != TransactionStatus.INTRANS:
        raise RuntimeError("reading() binds a transaction, and this connection is in none")
    if before is None or before["before"] == READER:
        raise RuntimeError("reading() is in force already: read for one asker at a time")
    try:
        yield
    finally:
        if connection.info.transaction_status == TransactionStatus.INTRANS:
            connection.execute(LEAVE)


def no_collection(name: str) -> NotFound:
    """The answer for a collection that is not there, and for one that is another's."""
    return NotFound(f"There is no collection named {name!r}; `GET /v1/collections` lists yours.")


def no_document(document_id: UUID) -> NotFound:
    """The answer for a document that is not there, and for one that the asker may not know of."""
    return NotFound(f"There is no document {document_id}; `GET /v1/documents` lists yours.")


def _addresses(principal: Principal, collection: str | None) -> list[tuple[str | None, str | None]]:
    """What a caller may mean by a collection's name, in the order to try."""
    if collection is None:
        return [(None, None)]
    owner, slash, name = collection.rpartition("/")
    return [(owner, name)] if slash else [(principal.owner_id, collection), (None, collection)]


def _scope(principal: Principal, principals: frozenset[str], rows: list[dict[str, object]]) -> AccessScope:
    fresh = [row for row in rows if row["is_fresh"]]
    telling = [row for row in rows if row["tells"]]
    return AccessScope(
        owner_id=principal.owner_id,
        principals=principals,
        class_ids=frozenset(int(str(row["class_id"])) for row in fresh),
        collection_ids=frozenset(UUID(str(row["collection_id"])) for row in telling if row["is_fresh"]),
        unavailable=tuple(sorted({str(row["source"]) for row in telling if not row["is_fresh"]})),
        seal=_SEAL,
    )
