"""How things look on a terminal. What comes from documents is cleaned first: it must not steer the terminal.

Results go to standard output, everything else to standard error; JSON is ASCII, so that no locale can break it. A table
is drawn for people on a terminal; elsewhere it is a line a row, cells apart by a tab, without a head.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

ID_CHARS = 36
# control characters, what turns the direction of writing or annotates, and surrogates, which do not encode
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what would move the cursor, change colours, turn the text around or not encode; keep line ends, tabs and joiners.

    >>> clean("a\\x1b[31mb\\tc")
    'a\\ufffd[31mb\\tc'
    """
    return STEERING.sub("\ufffd", text)


def write(text: str) -> None:
    """Print a piece of text at once, without a line end."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(clean(text).encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def write_json(value: Any) -> None:
    """Print JSON."""
    write(json.dumps(value, indent=2) + "\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; nothing in a cell is markup, no cell is cut, and ids in the first column are not broken either."""
    cells = [["" if cell is None else clean(str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            write("\t".join(re.sub(r"[\t\n]", " ", cell) for cell in row) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    first_chars = max((len(row[0]) for row in cells), default=0)
    for number, column in enumerate(columns):
        whole = number == 0 and first_chars <= ID_CHARS
        table.add_column(column, overflow="fold", no_wrap=whole, min_width=first_chars if whole else None)
    for row in cells:
        table.add_row(*map(Text, row))
    Console(highlight=False, markup=False).print(table)


def pages(first: int | None, last: int | None) -> str:
    """Name a range of pages; nothing where the format has none.

    >>> pages(3, 3), pages(3, 4), pages(None, None)
    ('p. 3', 'p. 3-4', '')
    """
    if first is None:
        return ""
    return f"p. {first}" if last in (None, first) else f"p. {first}-{last}"
