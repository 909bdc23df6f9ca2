"""How an ingest is going, on standard error: a bar on a terminal, a line every few seconds elsewhere."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ui.cli.uploads import UNFINISHED, Show

STATES = ("indexed", "unchanged", "failed", "quarantined", "rejected", "running", "queued", "sending")
PLAIN_EVERY_S = 5.0


def describe(counts: Counter[str]) -> str:
    """Name the number of files in each state.

    >>> describe(Counter(queued=1, indexed=2))
    '2 indexed, 1 queued'
    """
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "no files"


def pace(num_done: int, num_left: int, elapsed_s: float) -> str:
    """Tell the rate so far and the time left at that rate.

    >>> pace(10, 120, 5.0), pace(0, 3, 5.0)
    ('2.0 files/s, 1:00 left', '')
    """
    if not num_done or elapsed_s <= 0:
        return ""
    left_s = round(num_left * elapsed_s / num_done)
    return f"{num_done / elapsed_s:.1f} files/s, {left_s // 60}:{left_s % 60:02} left"


@contextmanager
def shown(num_files: int) -> Iterator[Show]:
    """Show the counts that the block passes on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(num_files).show
        return
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console) as bar:
        task, started = bar.add_task("", total=num_files), time.monotonic()

        def show(counts: Counter[str]) -> None:
            num_done, text = _line(counts, num_files, time.monotonic() - started)
            bar.update(task, completed=num_done, description=text)

        yield show


class _Lines:
    """Prints what has changed, at most every PLAIN_EVERY_S."""

    def __init__(self, num_files: int) -> None:
        self.num_files, self.started = num_files, time.monotonic()
        self.last, self.last_at = Counter[str](), self.started

    def show(self, counts: Counter[str]) -> None:
        now = time.monotonic()
        if counts != self.last and now - self.last_at >= PLAIN_EVERY_S:
            self.last, self.last_at = counts, now
            num_done, text = _line(counts, self.num_files, now - self.started)
            typer.echo(f"{num_done}/{self.num_files}: {text}", err=True)


def _line(counts: Counter[str], num_files: int, elapsed_s: float) -> tuple[int, str]:
    num_done = sum(n for state, n in counts.items() if state not in UNFINISHED)
    return num_done, ", ".join(filter(None, (describe(counts), pace(num_done, num_files - num_done, elapsed_s))))
