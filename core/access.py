"""Who is asking, and what that opens: API keys, Principal, and AccessScope, which only :func:`scope_for` makes.

The rule of this edition is one line: a collection belongs to one owner, and an owner sees all of his own collections
and nothing else. Every read of documents takes a scope; an empty scope finds nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.db.pool import Connection
from core.errors import InvalidInput, NotFound, Unauthenticated

KEY_PREFIX = "mun_"
_SEAL = object()


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a key: whose documents it opens, and whether it may make keys for others."""

    owner_id: str
    key_id: UUID
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class AccessScope:
    """The collections a search may look into. Made by :func:`scope_for` alone: the seal refuses any other maker."""

    owner_id: str
    collection_ids: frozenset[UUID]
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("an AccessScope is made by core.access.scope_for, nowhere else")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What may be told about a key; the key itself is shown once, when it is made."""

    key_id: UUID
    owner_id: str
    name: str
    is_admin: bool
    created_at: datetime


def scope_for(connection: Connection, principal: Principal, collection: str | None = None) -> AccessScope:
    """Make the scope of one of the principal's collections, or of all of them when ``collection`` is None.

    Raises NotFound for a collection that is not there or not his: the two are not told apart.
    """
    rows = connection.execute(
        "SELECT collection_id FROM collections WHERE owner_id = %(owner)s AND (%(name)s::text IS NULL OR name = %(name)s)",
        {"owner": principal.owner_id, "name": collection},
    ).fetchall()
    if collection is not None and not rows:
        raise NotFound(f"There is no collection named {collection!r}; `GET /v1/collections` lists yours.")
    return AccessScope(principal.owner_id, frozenset(row["collection_id"] for row in rows), _SEAL)


def add_key(connection: Connection, *, owner_id: str, name: str, is_admin: bool = False) -> tuple[ApiKey, str]:
    """Make a key of 256 random bits; returns what we keep and the key itself, which is stored only as its sha256."""
    if not owner_id.strip() or len(owner_id) > 200 or not name.strip() or len(name) > 200:
        raise InvalidInput("A key needs an owner and a name of 1 to 200 characters.")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    row = connection.execute(
        "INSERT INTO api_keys (owner_id, name, key_hash, is_admin) VALUES (%s, %s, %s, %s)"
        " RETURNING key_id, owner_id, name, is_admin, created_at",
        (owner_id, name, _hash(key), is_admin),
    ).fetchone()
    assert row is not None
    return ApiKey(**row), key


def delete_key(connection: Connection, key_id: UUID) -> None:
    """Revoke a key from now on; raises NotFound if there is no such live key."""
    query = "UPDATE api_keys SET revoked_at = now() WHERE key_id = %s AND revoked_at IS NULL"
    if connection.execute(query, (key_id,)).rowcount == 0:
        raise NotFound(f"There is no key {key_id}; `GET /v1/keys` lists them.")


def list_keys(connection: Connection) -> list[ApiKey]:
    """Return the live keys, oldest first."""
    query = "SELECT key_id, owner_id, name, is_admin, created_at FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at"
    return [ApiKey(**row) for row in connection.execute(query).fetchall()]


def authenticate(connection: Connection, key: str) -> Principal:
    """Find whose key this is; raises Unauthenticated for one that is not ours or was revoked."""
    query = "SELECT owner_id, key_id, is_admin FROM api_keys WHERE key_hash = %s AND revoked_at IS NULL"
    row = connection.execute(query, (_hash(key),)).fetchone()
    if row is None:
        raise Unauthenticated("This API key is unknown or was revoked.")
    return Principal(**row)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
