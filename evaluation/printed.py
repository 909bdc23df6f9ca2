"""What every evaluation prints: its measures, what changed since an earlier run, and floors that it is held to."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import InvalidInput
from evaluation import saved
from evaluation.saved import Comparison
from ui.cli import output

NAMED_CHANGES = 10
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
SaveOption = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write what --json prints to a file.")]
CompareOption = Annotated[Path | None, typer.Option("--compare", metavar="FILE", help="Show what changed since a saved run.")]
FloorOption = Annotated[
    list[str] | None, typer.Option("--floor", metavar="NAME=VALUE", help="Fail if a measure is below; repeatable.")
]
ReportOption = Annotated[Path | None, typer.Option("--report", metavar="FILE.html", help="Draw a page that can be passed on.")]


def floors(options: Sequence[str] | None, names: Iterable[str]) -> dict[str, float]:
    """Read the floors; a wrong one ends the command with exit status 2."""
    try:
        return saved.parse_floors(options or [], names)
    except InvalidInput as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def measures(found: Mapping[str, float], comparison: Comparison | None, counted: Mapping[str, int] | None = None) -> None:
    """Print a table of the measures; with a comparison what they were, else of how many observations each is the mean."""
    if comparison:
        rows = [(name, f"{now:.4f}", f"{old:.4f}", f"{now - old:+.4f}") for name, (old, now) in comparison.measures.items()]
        output.write_table(("measure", "now", "before", "difference"), rows)
    elif counted:
        cells = ((name, f"{value:.4f}", counted[name]) for name, value in found.items())
        output.write_table(("measure", "value", "of"), cells)
    else:
        output.write_table(("measure", "value"), ((name, f"{value:.4f}") for name, value in found.items()))


def changes(comparison: Comparison) -> None:
    """Name the queries that changed most."""
    for word, changed in (("worse", comparison.worse), ("better", comparison.better)):
        output.write(f"{len(changed)} of {comparison.num_shared} queries got {word} by {comparison.main}\n")
        for change in changed[:NAMED_CHANGES]:
            output.write(f"  {change.difference:+.4f} ({change.before:.4f} to {change.now:.4f})  {change.query}\n")
        if len(changed) > NAMED_CHANGES:
            output.write(f"  ... and {len(changed) - NAMED_CHANGES} more\n")


def as_json(report: Mapping[str, Any], comparison: Comparison | None) -> None:
    """Print the report, and the comparison in it if there is one."""
    output.write_json(dict(report) | ({"comparison": comparison.report()} if comparison else {}))


def hold(found: Mapping[str, float], wanted: Mapping[str, float]) -> None:
    """Name each measure below its floor, and end with exit status 1 if there is one."""
    failed = saved.below(found, wanted)
    for failure in failed:
        typer.echo(failure, err=True)
    if failed:
        raise typer.Exit(1)
