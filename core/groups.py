"""Groups of users, which an administrator keeps: a list that names `group:NAME` is for all of its members.

A group is its members: one without any is not there. A list that names a group which is gone names nobody, until a group of
that name is made again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.db.pool import Connection
from core.errors import InvalidInput, NotFound
from core.principals import checked_name

LISTED = "SELECT group_name AS name, array_agg(user_id ORDER BY user_id) AS members FROM group_members"


@dataclass(frozen=True, slots=True)
class Group:
    """A group and the users in it, by name."""

    name: str
    members: list[str]


def set_group(connection: Connection, name: str, members: Iterable[str]) -> Group:
    """Make these users, and no others, the members of a group, which is made if it is not there."""
    checked_name(name, "group")
    users = sorted({checked_name(member, "members") for member in members})
    if not users:
        raise InvalidInput("members: a group needs one at least; delete it with `DELETE /v1/groups/{name}`.")
    for user in users:
        if user.startswith(("user:", "group:")):
            raise InvalidInput("members: a member is a user's name alone, without `user:`; a group holds no groups.")
    connection.execute("DELETE FROM group_members WHERE group_name = %s AND user_id <> ALL(%s)", (name, users))
    connection.execute(
        "INSERT INTO group_members (group_name, user_id) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING", (name, users)
    )
    return Group(name, users)


def find_group(connection: Connection, name: str) -> Group:
    """Find a group by name; raises NotFound."""
    row = connection.execute(f"{LISTED} WHERE group_name = %s GROUP BY group_name", (name,)).fetchone()
    if row is None:
        raise _no_group(name)
    return Group(**row)


def list_groups(connection: Connection) -> list[Group]:
    """Return all groups by name."""
    return [Group(**row) for row in connection.execute(f"{LISTED} GROUP BY group_name ORDER BY group_name").fetchall()]


def delete_group(connection: Connection, name: str) -> None:
    """Remove a group; its members lose what was theirs by it from the next query on. Raises NotFound."""
    if connection.execute("DELETE FROM group_members WHERE group_name = %s", (name,)).rowcount == 0:
        raise _no_group(name)


def _no_group(name: str) -> NotFound:
    return NotFound(f"There is no group named {name!r}; `GET /v1/groups` lists them.")
