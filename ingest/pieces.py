"""The smallest parts of a document that chunks are put together from, each with how good a place to break lies before it.

Sentences, clauses, list items, table rows and lines of code; what is longer than PIECE_CHARS is cut between words, and a
word longer than that between characters. Pieces are in order, disjoint, without blank edges; headers and footers have none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.types import Element, ParsedDocument

PIECE_CHARS = 300
MAX_HEADING_CHARS = 100
MAX_DEPTH = 6

# How good a place to break lies before a piece, best first
NEW_TOP = 5.0  # an outermost section begins
NEW_SECTION = 4.0
PARAGRAPH = 3.0  # or a numbered clause within one
ITEM = 2.5  # a list item, a row
SENTENCE = 2.0
LEAD_IN = 1.0  # between "as follows:" and its list
PHRASE = 0.5
WORD = 0.0
AFTER_HEADING = -3.0  # a heading belongs to what follows it
WITHIN_WORD = -4.0

_CLAUSE_LABEL = r"(?:\(?[a-z]{1,4}\)|\(?\d{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+\.?|ARTICLE|Section\s\d+\.?)\s"
_CLAUSE = re.compile(_CLAUSE_LABEL)
_BOUNDARY = re.compile(
    rf"""(?P<wide>(?<!\s)\s{{2,}}+(?={_CLAUSE_LABEL}))
      | (?P<sentence>[.!?…]["'”’)\]]*+\s++(?=[^a-z\s]) | [。！？])
      | (?P<phrase>[;:]\s++)""",
    re.VERBOSE,
)
_ROW = re.compile(r"\n")
_VISIBLE = re.compile(r"\S")
_STRENGTHS = {"sentence": SENTENCE, "phrase": PHRASE}


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of the text, how well one can break before it, the headings it stands under, and whether it is one itself."""

    start: int
    end: int
    strength: float
    path: tuple[str, ...]
    is_heading: bool


def pieces_of(parsed: ParsedDocument) -> Iterator[Piece]:
    """Yield the pieces of a document in order."""
    body = [e for e in parsed.elements if e.kind not in ("header", "footer")]
    top_depth = _top_depth(body)
    stack: list[tuple[int, str]] = []
    previous: Element | None = None
    for element in body:
        is_heading = element.kind in ("heading", "title")
        if is_heading:
            level = element.level or 1
            stack = [above for above in stack if above[0] < level and element.kind == "heading"]
            if element.kind == "heading":
                stack = [*stack, (level, _on_one_line(parsed.text[element.start : element.end]))][-MAX_DEPTH:]
        strength = _strength(parsed.text, previous, element, len(stack) <= top_depth)
        path = tuple(text for _, text in stack)
        for start, end, within in _parts(parsed.text, element):
            yield Piece(start, end, strength if within is None else within, path, is_heading)
        previous = element


def _top_depth(body: list[Element]) -> int:
    """Tell how many headings deep the outermost sections are: 2 where a single heading stands over the whole document."""
    levels = [e.level or 1 for e in body if e.kind == "heading"]
    return 2 if levels and levels.count(min(levels)) == 1 and levels[0] == min(levels) and len(levels) > 1 else 1


def _on_one_line(heading: str) -> str:
    text = " ".join(heading.split())
    return text if len(text) <= MAX_HEADING_CHARS else text[: MAX_HEADING_CHARS - 1].rstrip() + "…"


def _strength(text: str, previous: Element | None, element: Element, is_top: bool) -> float:
    if element.kind in ("heading", "title"):
        return NEW_TOP if is_top else NEW_SECTION
    if previous is None:
        return PARAGRAPH
    if previous.kind in ("heading", "title"):
        return AFTER_HEADING
    if element.kind in ("list_item", "table") and text[previous.end - 1] == ":":
        return LEAD_IN
    return ITEM if element.kind == previous.kind == "list_item" else PARAGRAPH


def _parts(text: str, element: Element) -> Iterator[tuple[int, int, float | None]]:
    """Cut an element at its rows or sentences, then what is too long; strength is None for its first part."""
    boundaries = _ROW if element.kind in ("table", "code") else _BOUNDARY
    start, strength = element.start, None
    for match in (*boundaries.finditer(text, element.start, element.end), None):
        stop = match.end() if match else element.end
        yield from _short(text, start, stop, strength)
        if match and _VISIBLE.search(text, element.start, stop):
            strength = PARAGRAPH if _CLAUSE.match(text, stop) else _STRENGTHS.get(match.lastgroup or "", ITEM)
        start = stop


def _short(text: str, start: int, stop: int, strength: float | None) -> Iterator[tuple[int, int, float | None]]:
    """Cut a range into trimmed parts of at most PIECE_CHARS, between words where it can be."""
    while (first := _VISIBLE.search(text, start, stop)) is not None:
        start = first.start()
        end = stop
        after: float = WORD
        if stop - start > PIECE_CHARS:
            end = _last_space(text, start + PIECE_CHARS // 3, start + PIECE_CHARS)
            if end < 0:
                end, after = start + PIECE_CHARS, WITHIN_WORD
        yield start, start + len(text[start:end].rstrip()), strength
        start, strength = end, after


def _last_space(text: str, first: int, last: int) -> int:
    return next((i for i in range(last, first, -1) if text[i].isspace()), -1)


def halves(text: str, start: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Cut a range of two characters or more in two trimmed parts near its middle, between words where it can be."""
    middle = (start + end) // 2
    cut = _last_space(text, start, middle)
    cut = middle if cut < 0 else cut
    left, right = text[start:cut].rstrip(), text[cut:end].lstrip()
    return (start, start + len(left)), (end - len(right), end)
