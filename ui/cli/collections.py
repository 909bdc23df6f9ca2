"""`muniment collections`: those you may read, and how sensitive yours are."""

from typing import Annotated, Literal

import typer

from ui.cli import output
from ui.cli.session import connected

app = typer.Typer(invoke_without_command=True, help="List the collections you may read; say how sensitive yours are.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.callback()
def collections(context: typer.Context, as_json: AsJson = False) -> None:
    """List the collections you may read; the numbers count what you may read of them."""
    if context.invoked_subcommand is not None:
        return
    with connected() as client:
        found = client.collections()
    if as_json:
        output.write_json({"collections": found})
        return
    columns = ("collection", "owner", "documents", "chunks", "embedding model", "sensitivity")
    rows = ((c["name"], c["owner"], c["num_documents"], c["num_chunks"], c["embedding_model"], c["sensitivity"]) for c in found)
    output.write_table(columns, rows)


@app.command()
def sensitivity(
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="One of yours.")],
    level: Annotated[Literal["public", "internal", "confidential"], typer.Argument(help="What it shall count as.")],
) -> None:
    """Say how sensitive a collection of yours is; rules choose by it which model may read it. At first it is internal."""
    with connected() as client:
        typer.echo(f"{output.clean(collection)} is {client.set_sensitivity(collection, level)} now.", err=True)
