"""What ``up``, ``down`` and ``status`` show a person: downloads as bars, components as they change, the doors at the end."""

import os
import shutil
import sys

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from core.errors import WeightsError
from core.models import catalogue
from core.settings import Settings
from infra.local.home import Home
from infra.local.state import ComponentState, State

STYLES = {"ready": "green", "failed": "bold red", "unhealthy": "red", "restarting": "yellow", "starting": "cyan"}


class Screen:
    """Shows states one after the other, printing only what changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, str] = {}

    def show(self, state: State) -> None:
        """Print each component whose state is worth telling and is not what was printed last."""
        for component in state.components:
            if component.state in STYLES and self._shown.get(component.name) != component.state:
                self._shown[component.name] = component.state
                self._console.print(_line(component), highlight=False, soft_wrap=True)

    def show_doors(self, state: State, settings: Settings) -> None:
        """Print where everything is and what to do next."""
        key_file = Home(settings.home).api_key
        key = key_file.read_text(encoding="ascii").strip()
        table = Table(box=None, show_header=False, padding=(0, 2))
        for name, value in (("API", state.api_url), ("Page", state.web_url), ("API key", key), ("", f"kept in {key_file}")):
            table.add_row(f"[bold]{name}[/]", Text(value or "", overflow="fold"))
        self._console.print("\n[bold green]Muniment is ready.[/]", table, sep="\n")
        muniment = "muniment" if shutil.which("muniment") else os.path.relpath(sys.argv[0])
        hint = f"\nNext:  {muniment} ingest FOLDER --collection NAME\n       {muniment} ask QUESTION --collection NAME"
        self._console.print(hint, markup=False, soft_wrap=True)


def show_status(console: Console, state: State) -> None:
    """Print a table of components and the doors."""
    table = Table("component", "state", "detail", box=None, padding=(0, 2))
    for component in state.components:
        state_text = Text(component.state, style=STYLES.get(component.state, "dim"))
        table.add_row(component.name, state_text, Text(component.detail, overflow="fold"))
    if state.components:
        console.print(table)
    console.print("\n" + _verdict(state), highlight=False, soft_wrap=True)


def _verdict(state: State) -> str:
    if state.ready:
        return f"ready: API {state.api_url}, page {state.web_url}"
    if state.status in ("starting", "degraded", "stopping"):
        return f"not ready: {state.status}"
    if state.message and not state.components:
        return state.message
    return "not running: `muniment up` starts it; `muniment down` ends whatever is left of it"


def fetch_models(settings: Settings, console: Console) -> None:
    """Make sure the weights the settings need are there and right, showing a bar for what must be fetched.

    Raises LicenceRefused if the policy does not allow one of the models, wherever it runs; WeightsError saying what each
    source said.
    """
    catalogue.check_selected(settings)
    for name in catalogue.required(settings):
        try:
            catalogue.folder(name, settings)
        except WeightsError:
            _fetch(name, settings, console)


def _fetch(name: str, settings: Settings, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(name, total=None)

        def show(done: int, total: int, what: str) -> None:
            bars.update(bar, completed=done, total=total)

        catalogue.ensure(name, settings, progress=show)


def _line(component: ComponentState) -> Text:
    detail = "" if component.state in ("starting", "failed") else component.detail  # a failure is told in full at the end
    return Text.assemble(f"{component.name:<10}", (f"{component.state:<11}", STYLES[component.state]), detail)
