"""`muniment access source`: where documents come from, who may read them there, and how old that knowledge may grow."""

from typing import Annotated, Any

import typer

from ui.cli import output
from ui.cli.principals import Allow, AsJson, Collection, Deny, Inherit, changed
from ui.cli.session import connected

app = typer.Typer(help="Sources and their permissions: set, synced, list, delete.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's name.")]


@app.command("set")
def set_source(
    collection: Collection,
    name: Name,
    *,
    allow: Allow = None,
    deny: Deny = None,
    inherit: Inherit = False,
    max_age_s: Annotated[
        int | None,
        typer.Option(
            "--max-age", metavar="SECONDS", min=0, help="Deny when synchronised longer ago; 0: never; as it was if absent."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a source or change its permissions, which count as synchronised now; a new one inherits the collection's list."""
    with connected() as client:
        found = [source for source in client.sources(collection) if source["name"] == name]
        before: dict[str, Any] = found[0] if found else {"allowed": None, "max_age_s": None}
        limit = before["max_age_s"] if max_age_s is None else max_age_s or None
        allowed = changed(before["allowed"], allow, deny, inherit=inherit)
        _show([client.put_source(collection, name, allowed=allowed, max_age_s=limit)], as_json=as_json)


@app.command()
def synced(collection: Collection, name: Name, as_json: AsJson = False) -> None:
    """Say that a source's permissions were compared just now, and hold."""
    with connected() as client:
        _show([client.mark_synced(collection, name)], as_json=as_json)


@app.command("list")
def list_sources(collection: Collection, as_json: AsJson = False) -> None:
    """List a collection's sources."""
    with connected() as client:
        _show(client.sources(collection), as_json=as_json)


@app.command()
def delete(collection: Collection, name: Name) -> None:
    """Delete a source; its documents stay, for their owner alone."""
    with connected() as client:
        client.delete_source(collection, name)
    typer.echo(f"Deleted the source {output.clean(name)}; its documents are left to you alone.", err=True)


def _show(sources: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        output.write_json({"sources": sources})
        return
    rows = (
        (
            source["name"],
            "as the collection" if source["allowed"] is None else ", ".join(source["allowed"]),
            source["max_age_s"],
            source["synced_at"],
            "up to date" if source["is_fresh"] else "out of date",
            source["num_documents"],
        )
        for source in sources
    )
    output.write_table(("source", "allowed", "max age (s)", "synchronised", "", "documents"), rows)
