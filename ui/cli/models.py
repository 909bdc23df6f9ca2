"""`muniment models`: list the catalogue, pull weights, verify them. Works on this machine's disk, without the API.

Each command takes ``--json``: ``{"models": [{name, role, version, licence, num_bytes, origin, state, folder, error}]}`` with
state one of ``verified``, ``unavailable``. The exit status of `pull` and `verify` is 0 only when every model named is verified.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from core.errors import WeightsError
from core.models import catalogue
from core.settings import Settings, load
from ui.cli import output

app = typer.Typer(help="The models' weights: list, fetch, verify.", no_args_is_help=True)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Catalogue names, or ORG/NAME on a hub; none: those the settings use."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the catalogue's models and those from a hub, and whether their files are here."""
    settings = load()
    _render([_report(name, settings, catalogue.folder) for name in catalogue.known(settings)], as_json)


@app.command()
def pull(names: Names = None, as_json: AsJson = False) -> None:
    """Fetch what is missing of the models and verify every file; a broken download goes on where it stopped."""
    settings = load()
    with _progress_bar(hidden=as_json) as progress:
        ensure = partial(catalogue.ensure, progress=progress)
        rows = [_report(name, settings, ensure) for name in _chosen(names, settings)]
    _finish(rows, as_json)


@app.command()
def verify(names: Names = None, as_json: AsJson = False) -> None:
    """Read every byte of the models' files and compare it with the sha256 on record; fetches nothing."""
    settings = load()
    _finish([_report(name, settings, catalogue.verify) for name in _chosen(names, settings)], as_json)


def _chosen(names: Sequence[str] | None, settings: Settings) -> Sequence[str]:
    return names or catalogue.required(settings)


def _report(name: str, settings: Settings, check: Callable[[str, Settings], Path]) -> dict[str, Any]:
    try:
        found = {"state": "verified", "folder": str(check(name, settings)), "error": None}
    except WeightsError as error:
        found = {"state": "unavailable", "folder": None, "error": str(error)}
    entry = catalogue.find(name, settings)
    facts = {key: getattr(entry, key, None) for key in ("role", "version", "licence", "num_bytes", "origin")}
    return {"name": name, **facts, **found}


def _finish(rows: list[dict[str, Any]], as_json: bool) -> None:
    _render(rows, as_json)
    wrong = [row["error"] for row in rows if row["error"]]
    for message in [] if as_json else wrong:
        typer.echo(message, err=True)
    if wrong:
        raise typer.Exit(1)


def _render(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        output.write_json({"models": rows})
        return
    cells = ((r["name"], r["role"], r["licence"], f"{(r['num_bytes'] or 0) / 1e6:.0f}", r["state"]) for r in rows)
    output.write_table(("model", "role", "licence", "MB", "state"), cells)


@contextmanager
def _progress_bar(*, hidden: bool) -> Iterator[catalogue.Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=hidden) as bar:
        tasks: dict[str, Any] = {}

        def show(done: int, total: int, what: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show
