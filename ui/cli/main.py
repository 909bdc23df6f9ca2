"""The command line: every command stands in this file. `muniment COMMAND --help` and docs/reference/cli.md tell more.

Exit status: 0 done, 1 not done (one line on standard error says why), 2 a wrong option or setting.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from core.errors import MunimentError, SettingsError

COMMANDS = {
    "up": "Start the whole platform and keep it running.",
    "down": "Stop everything that `up` started.",
    "status": "Say how each component is.",
    "ingest": "Put files and folders into a collection.",
    "search": "Find the passages nearest to a question.",
    "ask": "Answer a question from the documents, with quotes.",
    "extract": "Find typed values in a document, with quotes.",
    "documents": "List the documents in the index.",
    "collections": "List the collections you may read; say how sensitive yours are.",
    "text": "Print a document's text to the character.",
    "label": "Tags and metadata of a document.",
    "delete": "Delete documents.",
    "eval": "Measure search and answers on your own questions.",
    "models": "The models' weights: list, pull, verify, report.",
    "access": "Who may read what: explain, list, share, document, source.",
    "groups": "Groups of users: set, list, delete.",
    "keys": "API keys: create, list, revoke.",
    "route": "Which engine answers: explain; what has left: egress.",
    "index": "The vector index: status, rebuild, switch.",
}


class Commands(TyperGroup):
    """Imports a command's module when that command is called, since all of them together take over a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one command; None for an unknown one."""
        return _loaded(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    name="muniment",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root() -> None:
    """Questions answered from your own documents, with citations, on your own machines."""


def _loaded(name: str) -> Any:
    loaded = typer.Typer(rich_markup_mode=None)
    match name:
        case "up" | "down" | "status":
            from infra.local import commands

            commands.register(loaded)
        case "ingest":
            from ui.cli.ingest import ingest

            loaded.command()(ingest)
        case "label":
            from ui.cli.labels import label

            loaded.command()(label)
        case "search" | "ask" | "extract":
            from ui.cli import extract, questions

            loaded.command()(questions.search)
            loaded.command()(questions.ask)
            loaded.command()(extract.extract)
        case "eval":
            from evaluation import commands as evaluation

            loaded.add_typer(evaluation.app, name=name)
        case "models":
            from ui.cli import models

            loaded.add_typer(models.app, name=name)
        case "access":
            from ui.cli import access

            loaded.add_typer(access.app, name=name)
        case "groups":
            from ui.cli import groups

            loaded.add_typer(groups.app, name=name)
        case "keys":
            from ui.cli import keys

            loaded.add_typer(keys.app, name=name)
        case "index" | "route" | "collections":
            loaded.add_typer(import_module(f"ui.cli.{name}").app, name=name)
        case _:
            from ui.cli import documents

            for command in (documents.documents, documents.text, documents.delete):
                loaded.command()(command)
    return typer.main.get_group(loaded).commands[name]


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="muniment")
    except MunimentError as error:
        typer.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


if __name__ == "__main__":
    main()
