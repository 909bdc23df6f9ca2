"""The collection that queries are put to: a scratch one, filled for the occasion and deleted after, or one that is there.

Files go in through the API, by the code that ``muniment ingest`` uses. A file that fails does not end the evaluation: it
is named, and its document counts as never found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import typer

from core.errors import InvalidInput
from evaluation.gold import Dataset
from ui.cli import progress
from ui.cli.uploads import GOOD, send_files
from ui.client import ApiError, Client

NAMED_FAILURES = 5


@contextmanager
def prepared(client: Client, dataset: Dataset, name: str | None, *, keep: bool) -> Iterator[str]:
    """Give the name of a collection that holds the documents; one made here is deleted at the end unless ``keep``.

    A collection that is there already is taken as it is. Raises InvalidInput if no file at all went in.
    """
    if name in {collection["name"] for collection in client.collections()}:
        typer.echo(f"The collection {name} is there: it is searched as it is.", err=True)
        yield str(name)
        return
    made = str(client.add_collection(name or f"eval-{uuid4().hex[:8]}")["name"])
    try:
        _fill(client, dataset, made)
        yield made
    finally:
        if keep:
            typer.echo(f"The collection {made} is kept; --collection {made} searches it again.", err=True)
        else:
            _delete(client, made)


def _fill(client: Client, dataset: Dataset, name: str) -> None:
    with progress.shown(len(dataset.files)) as show:
        rows = send_files(client, partial(client.upload, name), dataset.files.values(), wait=True, show=show)
    bad = [row for row in rows if row.status not in GOOD]
    for row in bad[:NAMED_FAILURES]:
        typer.echo(f"{row.status}: {row.source}: {row.error}", err=True)
    if len(bad) == len(rows):
        raise InvalidInput(f"None of the {len(rows)} files went in, so there is nothing to search; the first errors are above.")
    if bad:
        typer.echo(f"{len(bad)} of {len(rows)} files did not go in; their documents count as not found.", err=True)


def _delete(client: Client, name: str) -> None:
    """Delete the scratch collection; a failure is told, but must not hide how the evaluation ended."""
    try:
        client.delete_collection(name)
    except ApiError as error:
        typer.echo(f"The scratch collection {name} could not be deleted and is still there: {error}", err=True)
