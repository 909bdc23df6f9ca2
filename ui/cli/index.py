"""`muniment index`: how the vector index stands, building it anew, and another store, with an administrator's key."""

import time
from typing import Annotated, Any

import typer

from ui.cli import output
from ui.cli.session import connected
from ui.client import Client

app = typer.Typer(help="The vector index: status, rebuild, switch.", no_args_is_help=True)
Store = Annotated[str | None, typer.Option(help="pgvector or faiss; none: the one that is searched.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
POLL_S = 1.0


@app.command()
def status(store: Store = None, as_json: AsJson = False) -> None:
    """Say which store finds passages, in what shape, how much it holds and how far behind it is."""
    with connected() as client:
        found = client.index(store)
    _show(found, as_json)


@app.command()
def rebuild(
    store: Store = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return once it is built.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the index anew from PostgreSQL, in the background; searches go on meanwhile, and nothing can be lost by it."""
    with connected() as client:
        found = client.rebuild_index(store)
        if wait:
            found = _settled(client, found)
    _show(found, as_json)


@app.command()
def switch(store: Annotated[str, typer.Argument(help="pgvector or faiss.")], as_json: AsJson = False) -> None:
    """Search another vector store from now on, and wait until its index is built; PostgreSQL answers meanwhile."""
    with connected() as client:
        found = client.switch_index(store)
        if not found["is_ready"]:
            typer.echo(f"The index of {store} is being built; PostgreSQL answers meanwhile.", err=True)
            found = _settled(client, found)
    _show(found, as_json)


def _settled(client: Client, found: dict[str, Any]) -> dict[str, Any]:
    """Wait until an index is built and up to date."""
    while found["is_building"] or not found["is_ready"]:
        time.sleep(POLL_S)
        found = client.index(found["store"])
    return found


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.write_json(found)
        return
    output.write_table(("index", ""), rows_of(found))


def rows_of(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Put an index's state into words.

    >>> facts = {"store": "faiss", "kind": "flat", "is_ready": True, "is_building": False, "num_passages": 9, "num_fresh": 2}
    >>> rows = rows_of(facts | {"num_stale": 0, "num_changes": 0, "num_bytes": 2_000_000, "built_at": None, "build_s": None})
    >>> rows[1], rows[3]
    (('state', 'ready'), ('passages', '9, of them 2 since the last build'))
    """
    state = "ready" if found["is_ready"] else "not ready: PostgreSQL answers meanwhile"
    rows = [
        ("store", found["store"]),
        ("state", f"{state}{', being built' if found['is_building'] else ''}"),
        ("kind", found["kind"]),
        ("passages", f"{found['num_passages']}, of them {found['num_fresh']} since the last build"),
        ("masked", f"{found['num_stale']} of the last build that count no more"),
        ("behind", f"{found['num_changes']} changed documents"),
        ("on disk", f"{found['num_bytes'] / 1e6:.1f} MB"),
    ]
    if found["built_at"] is not None:
        rows.append(("built", f"{found['built_at']}, in {found['build_s']:.1f} s"))
    return rows
