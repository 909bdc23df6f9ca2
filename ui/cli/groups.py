"""`muniment groups`: who is in which group; with an administrator's key."""

from typing import Annotated

import typer

from ui.cli import output
from ui.cli.session import connected

app = typer.Typer(help="Groups of users: set, list, delete.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The group, without `group:` before it.")]


@app.command("set")
def set_group(
    name: Name,
    members: Annotated[list[str], typer.Option("--member", metavar="USER", help="One user; once for each.")],
    as_json: AsJson = False,
) -> None:
    """Make these users, and no others, the members of a group; it is made if it is not there."""
    with connected() as client:
        group = client.set_group(name, members)
    if as_json:
        output.write_json(group)
    else:
        output.write_table(("member",), ((member,) for member in group["members"]))


@app.command("list")
def list_groups(as_json: AsJson = False) -> None:
    """List the groups with their members."""
    with connected() as client:
        groups = client.groups()
    if as_json:
        output.write_json({"groups": groups})
    else:
        output.write_table(("group", "members"), ((group["name"], ", ".join(group["members"])) for group in groups))


@app.command()
def delete(names: Annotated[list[str], typer.Argument(metavar="NAME", help="As `muniment groups list` shows.")]) -> None:
    """Delete groups; lists that name them name nobody from now on."""
    with connected() as client:
        for name in names:
            client.delete_group(name)
            typer.echo(f"Deleted the group {output.clean(name)}.", err=True)
