"""Markdown: the document's text is the file's own source to the character, so a citation can be found in the file.

markdown-it-py tells which lines are headings, list items, tables and code. (`unstructured` renders the source to HTML and
reads that, so its text is no longer the file's, and front matter becomes prose.)
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.types import Element, ElementKind, ParsedDocument
from ingest.parse.draft import first_named, sensible_title
from ingest.parse.plain import decode, parse_text

MAX_BYTES = 1_500_000  # the parser keeps many objects for every line; a longer file is read as plain text

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<body>.*?\r?\n)---[ \t]*(\r?\n|$)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:(?P<title>.*)$", re.MULTILINE)
_HEADING_MARKS = re.compile(r"[ \t]*(#{1,6}[ \t]+)?")
_LEAVES: dict[str, ElementKind] = {
    "paragraph_open": "paragraph",
    "fence": "code",
    "code_block": "code",
    "html_block": "paragraph",
}


def parse_markdown(path: Path) -> ParsedDocument:
    """Parse a Markdown file; ``text`` equals its decoded bytes."""
    if path.stat().st_size > MAX_BYTES:
        return replace(parse_text(path), media_type="text/markdown")
    text = decode(path.read_bytes())
    front = _FRONT_MATTER.match(text)
    body_start = front.end() if front else 0
    elements = [Element("paragraph", *_trimmed(text, 0, body_start))] if front else []
    elements = list(_with_the_rest(text, elements + _body_elements(text, body_start)))
    title = _FRONT_TITLE.search(front["body"]) if front else None
    named = sensible_title(title["title"].strip().strip("'\"")) if title else ""
    return ParsedDocument(named or first_named(text, elements), "text/markdown", text, (), tuple(elements))


def _body_elements(text: str, body_start: int) -> list[Element]:
    # markdown-it counts lines by \n after turning \r\n and \r into it; ours are counted on the source itself
    offsets = [body_start, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text) if m.end() > body_start), len(text)]
    elements: list[Element] = []
    for token, listed in _blocks(MarkdownIt("commonmark").enable("table").parse(text[body_start:])):
        element = _element(token, text, offsets, listed)
        if element and element.start >= (elements[-1].end if elements else body_start):
            elements.append(element)
    return elements


def _blocks(tokens: list[Token]) -> list[tuple[Token, bool]]:
    """Pick the block tokens that carry text, and tell for each whether it begins a list item."""
    blocks: list[tuple[Token, bool]] = []
    item_line: int | None = None
    for token in tokens:
        if token.type == "list_item_open" and token.map:
            item_line = token.map[0]
        elif token.map and (token.type in _LEAVES or token.type in ("heading_open", "table_open")):
            blocks.append((token, token.map[0] == item_line))
    return blocks


def _element(token: Token, text: str, offsets: list[int], listed: bool) -> Element | None:
    first, last = token.map or (0, 0)
    start, end = _trimmed(text, offsets[first], offsets[min(last, len(offsets) - 1)])
    if start == end:
        return None
    if token.type != "heading_open":
        kind: ElementKind = "table" if token.type == "table_open" else "list_item" if listed else _LEAVES[token.type]
        return Element(kind, start, end)
    if not listed:
        marks = _HEADING_MARKS.match(text, start, end)
        start = marks.end() if marks else start
    unmarked = text[start:end].rstrip(token.markup[0])  # closing # or the line of = or - below
    end = start + len(unmarked.rstrip()) if unmarked[-1:].isspace() else end
    return Element("heading", start, end, None, int(token.tag[1])) if start < end else None


def _with_the_rest(text: str, elements: list[Element]) -> Iterator[Element]:
    """Add as paragraphs what the parser passes over: link definitions, and blocks nested more than 20 deep."""
    end = 0
    for element in (*elements, None):
        start, stop = _trimmed(text, end, element.start if element else len(text))
        if any(c.isalnum() for c in text[start:stop]):
            yield Element("paragraph", start, stop)
        if element:
            yield element
            end = element.end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end].lstrip("\ufeff \t\r\n\f\v")
    start = end - len(piece)
    return start, start + len(piece.rstrip())
