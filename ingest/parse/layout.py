"""From printed lines to blocks: headings, paragraphs, list items, and the headers and footers that repeat from page to page.

Takes the lines of all pages, gives for each page its blocks in reading order. A heading is larger than the body, or bold and
short, or worded like one (structure.py). Every line ends up in exactly one block; none is changed.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from core.types import Box, ElementKind
from ingest.parse.structure import MAX_HEADING_CHARS, begins_clause, heading_level, is_list_item, leaves_open

MARGIN = 0.12  # of the page's height: where headers and footers stand
MIN_REPEATS = 3
_HEADING_SIZE = 1.12  # times the body's
_MAX_SIZE_LEVELS = 4
_PAGE_NUMBER = re.compile(
    r"[-–—\s\[(]*(page\s*)?(\d{1,4}|[ivxlc]{1,7}|[A-Z]-\d{1,3})(\s*(of|/)\s*\d{1,4})?[-–—\s\])]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line as printed: ``size`` is its font's in points; the text has no blank edges."""

    text: str
    box: Box
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A page's lines in the order the file draws them."""

    number: int
    width: float
    height: float
    lines: tuple[PrintedLine, ...]


Block = tuple[ElementKind, int | None, list[PrintedLine]]


def blocks_of(pages: Sequence[PrintedPage]) -> Iterator[list[Block]]:
    """Yield each page's blocks in reading order."""
    running = _running_lines(pages)
    body = _body_size(pages)
    sizes = sorted(
        {_rounded(line.size) for page in pages for line in page.lines if line.size >= body * _HEADING_SIZE}, reverse=True
    )
    levels = {size: min(rank, _MAX_SIZE_LEVELS) for rank, size in enumerate(sizes, start=1)}
    for page in pages:
        blocks = list(_page_blocks(page, running, levels))
        yield _with_title(blocks) if page is pages[0] else blocks


def _with_title(blocks: list[Block]) -> list[Block]:
    """Call the first page's first heading of the largest size the title."""
    first = next((i for i, (kind, level, _) in enumerate(blocks) if kind == "heading" and level == 1), None)
    return [("title" if i == first else kind, level, lines) for i, (kind, level, lines) in enumerate(blocks)]


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _body_size(pages: Sequence[PrintedPage]) -> float:
    """The font size that most characters have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[_rounded(line.size)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _in_margin(line: PrintedLine, page: PrintedPage) -> ElementKind | None:
    if line.box.y1 <= page.height * MARGIN:
        return "header"
    return "footer" if line.box.y0 >= page.height * (1 - MARGIN) else None


def _pattern(line: PrintedLine) -> str:
    return re.sub(r"\d+|\s+", "#", line.text.lower())


def _running_lines(pages: Sequence[PrintedPage]) -> set[tuple[ElementKind, str]]:
    """Find what stands in the margin of several pages, numbers aside."""
    seen: Counter[tuple[ElementKind, str]] = Counter()
    for page in pages:
        seen.update({(kind, _pattern(line)) for line in page.lines if (kind := _in_margin(line, page))})
    return {key for key, count in seen.items() if count >= max(MIN_REPEATS, len(pages) // 5)}


def _page_blocks(page: PrintedPage, running: set[tuple[ElementKind, str]], levels: dict[float, int]) -> Iterator[Block]:
    margins: dict[ElementKind, list[PrintedLine]] = {"header": [], "footer": []}
    body: list[PrintedLine] = []
    for line in page.lines:
        kind = _in_margin(line, page)
        repeats = kind is not None and ((kind, _pattern(line)) in running or _PAGE_NUMBER.match(line.text) is not None)
        (margins[kind] if kind and repeats else body).append(line)
    if margins["header"]:
        yield "header", None, margins["header"]
    yield from _body_blocks(_in_reading_order(body), levels)
    if margins["footer"]:
        yield "footer", None, margins["footer"]


def _in_reading_order(lines: list[PrintedLine]) -> list[PrintedLine]:
    """Sort a page of one column from top to bottom; where lines stand side by side the file's own order is the better guide."""
    by_top = sorted(lines, key=lambda line: line.box.y0)
    side_by_side = any(_middle(b) < a.box.y1 and (a.box.x1 < b.box.x0 or b.box.x1 < a.box.x0) for a, b in pairwise(by_top))
    return lines if side_by_side else by_top


def _middle(line: PrintedLine) -> float:
    return (line.box.y0 + line.box.y1) / 2


def _body_blocks(lines: list[PrintedLine], levels: dict[float, int]) -> Iterator[Block]:
    if not lines:
        return
    steps = [_middle(b) - _middle(a) for a, b in pairwise(lines) if _middle(b) > _middle(a)]
    step = median(steps) if steps else 0.0
    block = [lines[0]]
    for previous, line in pairwise(lines):
        if _parts(previous, line, step):
            yield _block(block, levels)
            block = []
        block.append(line)
    yield _block(block, levels)


def _parts(previous: PrintedLine, line: PrintedLine, step: float) -> bool:
    """Tell whether a new block begins: after a gap or a jump up, in another size or weight, or with a list item or clause."""
    down = _middle(line) - _middle(previous)
    apart = down > step + 0.4 * line.size or down < -0.5 * line.size
    if apart or abs(line.size - previous.size) > 0.08 * previous.size or line.bold != previous.bold:
        return True
    if leaves_open(previous.text):
        return False
    begins = is_list_item(line.text) or begins_clause(line.text) or heading_level(line.text) is not None
    return begins or heading_level(previous.text) is not None


def _block(lines: list[PrintedLine], levels: dict[float, int]) -> Block:
    first = lines[0]
    text = " ".join(line.text for line in lines)
    short = len(text) <= 2 * MAX_HEADING_CHARS and len(lines) <= 3 and any(c.isalpha() for c in text)
    by_size = levels.get(_rounded(first.size))
    by_words = heading_level(text)
    if short and by_size is not None:
        return "heading", by_size, lines
    below = max(levels.values(), default=1)  # level 1 is for what is printed largest
    if by_words is not None:
        return "heading", below + by_words, lines
    if short and first.bold and len(text) <= MAX_HEADING_CHARS and text[-1] not in ".,;:" and not is_list_item(text):
        return "heading", below + 2, lines
    return ("list_item" if is_list_item(first.text) else "paragraph"), None, lines
