"""Groups of users, kept by an administrator: a list that names `group:NAME` is for all members."""

from fastapi import APIRouter

from api.access import Group, Groups, Members
from api.auth import Admin
from api.bodies import KeyName
from api.lifespan import Wired
from api.schemas import problems
from core import groups
from core.db.pool import transaction
from ingest import documents

router = APIRouter(prefix="/v1/groups", tags=["access"], responses=problems(401, 403, 422, 503))


@router.put("/{name}", summary="Make a group, or change its members")
def set_group(name: KeyName, body: Members, admin: Admin, services: Wired) -> Group:
    """These users and no others; whoever left the group loses what was his by it from the next query on."""
    with transaction(services.pool) as connection:
        group = groups.set_group(connection, name, body.members)
        detail = {"group": name, "members": group.members}
        documents.record_audit(connection, admin.owner_id, admin.key_id, "group.set", detail)
    return Group.model_validate(group)


@router.get("", summary="List the groups")
def list_groups(admin: Admin, services: Wired) -> Groups:
    """By name, with their members."""
    with transaction(services.pool) as connection:
        found = groups.list_groups(connection)
    return Groups.model_validate({"groups": found})


@router.get("/{name}", summary="Look at one group", responses=problems(404))
def find_group(name: KeyName, admin: Admin, services: Wired) -> Group:
    """Its members by name."""
    with transaction(services.pool) as connection:
        group = groups.find_group(connection, name)
    return Group.model_validate(group)


@router.delete("/{name}", status_code=204, summary="Delete a group", responses=problems(404))
def delete_group(name: KeyName, admin: Admin, services: Wired) -> None:
    """Lists that name it name nobody from now on."""
    with transaction(services.pool) as connection:
        groups.delete_group(connection, name)
        documents.record_audit(connection, admin.owner_id, admin.key_id, "group.delete", {"group": name})
