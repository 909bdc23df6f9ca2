"""`muniment keys`: API keys, made and revoked with an administrator's key."""

from typing import Annotated

import typer

from ui.cli import output
from ui.cli.session import connected

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command()
def create(
    owner: Annotated[str, typer.Option(help="Whose documents the key opens.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    as_json: AsJson = False,
) -> None:
    """Make a key for an owner and print it; it is stored as a hash and cannot be shown again."""
    with connected() as client:
        made = client.add_key(owner, name)
    if as_json:
        output.write_json(made)
    else:
        output.write(f"{made['key']}\n")
        typer.echo(f"Key {made['key_id']} of {made['owner']}. Keep it now: it is not shown again.", err=True)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the live keys, without the keys themselves."""
    with connected() as client:
        keys = client.keys()
    if as_json:
        output.write_json({"keys": keys})
    else:
        rows = ((k["key_id"], k["owner"], k["name"], "admin" if k["is_admin"] else "", k["created_at"]) for k in keys)
        output.write_table(("key", "owner", "name", "", "created"), rows)


@app.command()
def revoke(key_ids: Annotated[list[str], typer.Argument(metavar="KEY_ID", help="As `muniment keys list` shows.")]) -> None:
    """Revoke keys; they are refused from now on."""
    with connected() as client:
        for key_id in key_ids:
            client.delete_key(key_id)
            typer.echo(f"Revoked {key_id}.", err=True)
