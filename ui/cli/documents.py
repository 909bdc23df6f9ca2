"""`muniment documents`, `text` and `delete`."""

import sys
from typing import Annotated

import typer

from ui.cli import output
from ui.cli.session import connected

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def documents(
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Of one collection, NAME or OWNER/NAME; of all if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the documents in the index."""
    with connected() as client:
        found = client.documents(collection)
    if as_json:
        output.write_json({"documents": found})
    else:
        rows = (
            (
                d["document_id"],
                d["collection"],
                d["num_pages"] or "",
                d["num_chunks"],
                d["title"],
                d["source"],
                ", ".join(d["tags"]),
            )
            for d in found
        )
        output.write_table(("document", "collection", "pages", "chunks", "title", "source", "tags"), rows)


def delete(
    document_ids: Annotated[list[str], typer.Argument(metavar="DOCUMENT_ID", help="As `muniment documents` lists them.")],
) -> None:
    """Delete documents; they are gone from search at once."""
    with connected() as client:
        for document_id in document_ids:
            client.delete_document(document_id)
            typer.echo(f"Deleted {document_id}.", err=True)


def text(document_id: Annotated[str, typer.Argument(metavar="DOCUMENT_ID", help="As `muniment documents` lists it.")]) -> None:
    """Print a document's text to the character: what `start` and `end` of passages and quotes count in."""
    with connected() as client:
        content = client.document_text(document_id)
    sys.stdout.buffer.write(content.encode("utf-8"))
    sys.stdout.buffer.flush()
