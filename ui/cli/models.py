"""`muniment models`: list the catalogue, pull weights, verify them, report them. Works on this machine's disk, without the API.

`list`, `pull` and `verify` take ``--json``: ``{"models": [{name, role, version, licence, spdx, licence_class, num_bytes,
origin, released, languages, window_tokens, state, folder, error}]}`` with state one of ``verified``, ``unavailable``,
``refused`` (by the policy on licences). The exit status of `pull` and `verify` is 0 only when every model named is verified.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from core.errors import InvalidInput, LicenceRefused, WeightsError
from core.models import bill, catalogue, inventory
from core.settings import Settings, load
from ui.cli import output

app = typer.Typer(help="The models' weights: list, fetch, verify, report.", no_args_is_help=True)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Catalogue names, or ORG/NAME on a hub; none: those the settings use."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write into this file.", dir_okay=False)]
FACTS = ("role", "version", "num_bytes", "origin", "released", "languages", "window_tokens")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the catalogue's models, those from a hub and those the settings name: their licence, and whether they are here."""
    settings = load()
    names = dict.fromkeys([*catalogue.known(settings), *filter(catalogue.own_folder, catalogue.selected(settings))])
    rows = [_report(name, settings, catalogue.folder) for name in names]
    _render(rows, as_json)
    _explain([row for row in rows if row["state"] == "refused"], as_json)


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


@app.command()
def report(output_file: Output = None) -> None:
    """Print the bill of materials (CycloneDX 1.6, JSON) of the models that are used or here: licences, origins, hashes."""
    settings = load()
    found = bill.render(inventory.take(settings), settings.models)
    if output_file is None:
        output.write_json(found)
        return
    try:
        output_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"Cannot write the report: {error}. Give another file by --output.") from error


def _chosen(names: Sequence[str] | None, settings: Settings) -> Sequence[str]:
    return names or catalogue.required(settings)


def _report(name: str, settings: Settings, check: Callable[[str, Settings], Path]) -> dict[str, Any]:
    try:
        found = {"state": "verified", "folder": str(check(name, settings)), "error": None}
    except WeightsError as error:
        found = {"state": "unavailable", "folder": None, "error": str(error)}
    except LicenceRefused as error:
        found = {"state": "refused", "folder": None, "error": str(error)}
    entry, licence = catalogue.find(name, settings), catalogue.licence(name, settings)
    terms = {"licence": licence.shown, "spdx": licence.spdx, "licence_class": licence.licence_class}
    return {"name": name, **{key: getattr(entry, key, None) for key in FACTS}, **terms, **found}


def _finish(rows: list[dict[str, Any]], as_json: bool) -> None:
    _render(rows, as_json)
    wrong = [row for row in rows if row["error"]]
    _explain(wrong, as_json)
    if wrong:
        raise typer.Exit(1)


def _explain(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    for row in [] if as_json else rows:
        typer.echo(row["error"], err=True)


def _render(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        output.write_json({"models": rows})
        return
    shown = ("name", "role", "licence", "licence_class")
    cells = ((*(row[key] for key in shown), f"{(row['num_bytes'] or 0) / 1e6:.0f}", row["state"]) for row in rows)
    output.write_table(("model", "role", "licence", "class", "MB", "state"), cells)


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
