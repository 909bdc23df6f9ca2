"""API keys: 256 random bits, shown once, kept as a sha256. A key belongs to a user and can be revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access import Principal
from core.db.pool import Connection
from core.errors import InvalidInput, NotFound, Unauthenticated

KEY_PREFIX = "mun_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What may be told about a key; the key itself is shown once, when it is made."""

    key_id: UUID
    owner_id: str
    name: str
    is_admin: bool
    created_at: datetime


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
