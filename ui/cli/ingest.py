"""`muniment ingest`: files and folders go in, with a progress line on standard error and a table at the end."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ui.cli import output, progress
from ui.cli.labels import PAIR, pairs
from ui.cli.session import connected
from ui.cli.uploads import GOOD, UNFINISHED, Interrupted, Row, send_files
from ui.cli.walk import IGNORE_FILE, find_files

SHOWN = 50  # files of one status named one by one in the table; those that failed are named always


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders; folders are read recursively.")],
    collection: Annotated[str, typer.Option("--collection", "-c", help="Where to put them; made if it is not there.")],
    *,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="PRINCIPAL", help="Who may read the files, beside you; as the collection if absent."),
    ] = None,
    access_source: Annotated[
        str | None, typer.Option("--access-source", metavar="SOURCE", help="The source whose permissions the files follow.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Tag the files; once for each. As they were if absent.")
    ] = None,
    metadata: Annotated[list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help=f"Give the files {PAIR}")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until every file is indexed or has failed.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Put files into a collection; what is there already and has not changed costs nothing.

    The exit status is 0 only if every file went in (with --no-wait: was taken). Ctrl-C prints what is known and exits with 130;
    what was sent by then is indexed all the same, and --json leaves out what is not finished.
    """
    said = pairs(metadata) if metadata else None
    walk, interrupted = find_files(paths), False
    try:
        with connected() as client, progress.shown(len(walk.found)) as show:
            client.add_collection(collection)
            upload = partial(
                client.upload,
                collection,
                allowed=allow or (),
                access_source=access_source,
                tags=tag,
                metadata=said,
            )
            rows = send_files(client, upload, walk.found.values(), wait=wait, show=show)
    except Interrupted as stopped:
        rows, interrupted = stopped.rows, True
    if as_json:
        output.write_json({"documents": [row.report() for row in rows if row.is_finished or not interrupted]})
    else:
        _print_table(rows)
    if walk.num_hidden:
        typer.echo(f"Left out {walk.num_hidden} hidden files and folders; name them to take them in.", err=True)
    if walk.num_ignored:
        typer.echo(f"Left out {walk.num_ignored} files and folders that a {IGNORE_FILE} names.", err=True)
    if interrupted:
        raise typer.Exit(130)
    if not all(row.status in GOOD or (not wait and row.status in UNFINISHED) for row in rows):
        raise typer.Exit(1)


def _print_table(rows: list[Row]) -> None:
    if not rows:
        typer.echo("There are no files under these paths.", err=True)
        return
    by_status = {status: [row for row in rows if row.status == status] for status in progress.STATES}
    capped = {status: some[:SHOWN] if status in GOOD | UNFINISHED else some for status, some in by_status.items()}
    output.write_table(("status", "file"), ((row.status, _short(row.source)) for some in capped.values() for row in some))
    for status, some in by_status.items():
        if len(some) > len(capped[status]):
            output.write(f"... and {len(some) - SHOWN} more {status}\n")
    for row in rows:
        if row.status not in GOOD | UNFINISHED:
            output.write(f"{row.status}: {row.source}: {row.error}\n")
    output.write(f"{progress.describe(Counter(row.status for row in rows))}\n")


def _short(source: str) -> str:
    """Shorten a path to what is below the current folder, as the person typed it; elsewhere it stays whole."""
    here = Path.cwd()
    return str(Path(source).relative_to(here)) if Path(source).is_relative_to(here) else source
