"""Tables as text that a reader and an embedder both understand, one row a line.

A small table is written with its header first and bars between cells. A table too long for one passage would lose its
header when it is split, so its rows carry their column names: ``Name: Ann | Role: Clerk``.
"""

from collections.abc import Sequence
from itertools import chain, repeat

SELF_CONTAINED_CHARS = 600  # a table up to this size stays in one chunk, its header with it

Rows = Sequence[Sequence[str]]


def render_table(rows: Rows) -> str:
    """Write rows of cells as lines; the first row counts as header when its cells are distinct words.

    >>> render_table([["Name", "Role"], ["Ann", "Clerk"]])
    'Name | Role\\nAnn | Clerk'
    """
    cleaned = [[" ".join(cell.split()) for cell in row] for row in rows]
    cleaned = [row for row in cleaned if any(row)]
    if not cleaned:
        return ""
    plain = "\n".join(" | ".join(row).rstrip(" |") if not row[-1] else " | ".join(row) for row in cleaned)
    if len(plain) <= SELF_CONTAINED_CHARS or not _is_header(cleaned[0], cleaned[1:]):
        return plain
    header = cleaned[0]
    return "\n".join([" | ".join(header), *(_named(header, row) for row in cleaned[1:])])


def _is_header(header: Sequence[str], rows: Rows) -> bool:
    """A header names two columns or more, each once, by something other than a number, and its rows are no wider."""
    names = [name for name in header if name]
    return (
        len(names) >= 2
        and len(names) * 2 > len(header)
        and len(set(names)) == len(names)
        and all(any(c.isalpha() for c in name) and len(name) <= 80 for name in names)
        and any(sum(bool(cell) for cell in row) > 1 for row in rows)
    )


def _named(header: Sequence[str], row: Sequence[str]) -> str:
    names = chain(header, repeat(""))
    return " | ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=False) if cell)
