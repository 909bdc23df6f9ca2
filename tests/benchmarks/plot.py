"""Draw how search times grow with the passages: ``python -m tests.benchmarks.plot LABEL:STORE=FILE ... > picture.svg``.

FILE is what bench_vectors writes with ``--json``; STORE is faiss, pgvector, or pgvector-bare for its HNSW index asked directly.
Both axes are logarithmic; the grey line is growth in proportion to the passages.
"""

import json
import sys
from collections.abc import Sequence
from math import log10
from pathlib import Path

Points = list[tuple[int, float]]  # passages and milliseconds
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 60, 170, 20, 50
SIZES, TIMES = (10_000, 1_000_000), (0.1, 100.0)
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad")


def place(num: float, ms: float) -> tuple[float, float]:
    """Say where a point is, in pixels.

    >>> place(10_000, 0.1), place(1_000_000, 100.0)
    ((60.0, 350.0), (550.0, 20.0))
    """
    across, up = (log10(value / first) / log10(last / first) for value, (first, last) in ((num, SIZES), (ms, TIMES)))
    return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def points(path: Path, store: str) -> Points:
    """Read a store's medians."""
    name, _, is_bare = store.partition("-")
    figures = json.loads(path.read_text(encoding="utf-8"))
    return [(int(num), of[name]["p50_ms"] / (of[name]["p50_to_bare"] if is_bare else 1)) for num, of in figures.items()]


def draw(lines: dict[str, Points]) -> str:
    """Draw the lines with their labels."""
    parts = [_line([(SIZES[0], 0.3), (SIZES[1], 30.0)], "#bbbbbb", "in proportion")]
    parts += [_line(of, colour, label) for (label, of), colour in zip(lines.items(), COLOURS, strict=False)]
    parts += [_text(*place(num, TIMES[0]), 18, "middle", f"{num:,}") for num in (10_000, 100_000, 1_000_000)]
    parts += [_text(LEFT - 6, place(SIZES[0], ms)[1], 4, "end", f"{ms:g} ms") for ms in (0.1, 1, 10, 100)]
    x, y, width, height = LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="#999"/>'
    title = _text(LEFT + width / 2, HEIGHT - BOTTOM, 38, "middle", "passages; time of a search, median")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', frame, title, *parts, "</svg>"])


def _line(of: Points, colour: str, label: str) -> str:
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y in (place(*point) for point in of))
    x, y = place(*of[-1])
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>' + _text(
        x + 6, y, 4, "start", label, colour
    )


def _text(x: float, y: float, down: int, anchor: str, text: str, colour: str = "#333") -> str:
    return f'<text x="{x:.0f}" y="{y + down:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def main(arguments: Sequence[str]) -> None:
    """Print the picture."""
    lines = {}
    for argument in arguments:
        what, _, path = argument.partition("=")
        label, _, store = what.partition(":")
        lines[label] = points(Path(path), store)
    print(draw(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
