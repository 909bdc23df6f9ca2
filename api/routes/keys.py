"""API keys: made, listed and revoked by an administrator's key."""

from uuid import UUID

from fastapi import APIRouter

from api.auth import Admin
from api.bodies import NewKey
from api.lifespan import Wired
from api.schemas import Keys, MadeKey, problems
from core import keys
from core.db.pool import transaction
from ingest import documents

router = APIRouter(prefix="/v1/keys", tags=["keys"], responses=problems(401, 403, 422, 503))


@router.post("", status_code=201, summary="Make a key for an owner")
def add_key(body: NewKey, admin: Admin, services: Wired) -> MadeKey:
    """The key is in this answer and nowhere else: it is stored as a hash."""
    with transaction(services.pool) as connection:
        made, key = keys.add_key(connection, owner_id=body.owner, name=body.name)
        detail = {"key_id": str(made.key_id), "owner": made.owner_id}
        documents.record_audit(connection, admin.owner_id, admin.key_id, "key.add", detail)
    return MadeKey(key_id=made.key_id, owner=made.owner_id, name=made.name, key=key)


@router.get("", summary="List the live keys")
def list_keys(admin: Admin, services: Wired) -> Keys:
    """Oldest first; never the keys themselves."""
    with transaction(services.pool) as connection:
        live = keys.list_keys(connection)
    return Keys.model_validate({"keys": live})


@router.delete("/{key_id}", status_code=204, summary="Revoke a key", responses=problems(404))
def delete_key(key_id: UUID, admin: Admin, services: Wired) -> None:
    """Refused from now on."""
    with transaction(services.pool) as connection:
        keys.delete_key(connection, key_id)
        documents.record_audit(connection, admin.owner_id, admin.key_id, "key.delete", {"key_id": str(key_id)})
