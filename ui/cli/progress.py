"""How an ingest is going, on standard error: a bar on a terminal, a line every few seconds elsewhere."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ui.cli.uploads import UNFINISHED, Show

STATES = ("indexed", "unchanged", "failed", "quarantined", "rejected", "running", "queued", "sending")
PLAIN_EVERY_S = 5.0
Tell = Callable[[int, str], None]


def describe(counts: Counter[str]) -> str:
    """Name the number of files in each state.

    >>> describe(Counter(queued=1, indexed=2))
    '2 indexed, 1 queued'
    """
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "no files"


def pace(num_done: int, num_left: int, elapsed_s: float, noun: str = "files") -> str:
    """Tell the rate so far and the time left at that rate.

    >>> pace(10, 120, 5.0), pace(0, 3, 5.0)
    ('2.0 files/s, 1:00 left', '')
    """
    if not num_done or elapsed_s <= 0:
        return ""
    left_s = round(num_left * elapsed_s / num_done)
    return f"{num_done / elapsed_s:.1f} {noun}/s, {left_s // 60}:{left_s % 60:02} left"


@contextmanager
def shown(num_files: int) -> Iterator[Show]:
    """Show the counts that the block passes on."""
    with counted(num_files, "files") as tell:
        yield lambda counts: tell(sum(n for state, n in counts.items() if state not in UNFINISHED), describe(counts))


@contextmanager
def counted(total: int, noun: str) -> Iterator[Tell]:
    """Show how many of ``total`` are done, and what the block says besides."""
    console, started = Console(stderr=True), time.monotonic()

    def line(num_done: int, text: str) -> str:
        return ", ".join(filter(None, (text, pace(num_done, total - num_done, time.monotonic() - started, noun))))

    if not console.is_terminal:
        yield _Lines(total, line).tell
        return
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total)
        yield lambda num_done, text: bar.update(task, completed=num_done, description=line(num_done, text))


class _Lines:
    """Prints what has changed, at most every PLAIN_EVERY_S."""

    def __init__(self, total: int, line: Callable[[int, str], str]) -> None:
        self.total, self.line = total, line
        self.last, self.last_at = (0, ""), time.monotonic()

    def tell(self, num_done: int, text: str) -> None:
        now = time.monotonic()
        if (num_done, text) != self.last and now - self.last_at >= PLAIN_EVERY_S:
            self.last, self.last_at = (num_done, text), now
            typer.echo(f"{num_done}/{self.total}: {self.line(num_done, text)}", err=True)
