"""A document being written by a parser: text grows at the end, elements and pages keep their places in it.

Characters that PostgreSQL's text cannot hold (NUL, lone surrogates) and stray control characters are replaced one for
one, so offsets stay true. Elements come out in order, disjoint, without blank edges and never empty.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from core.errors import UnreadableDocument
from core.types import Box, Element, ElementKind, Line, Page, ParsedDocument

MAX_CHARS = 20_000_000  # 8,000 printed pages; with the limit below, what keeps one document from filling a worker's memory
MAX_ELEMENTS = 500_000
MAX_TITLE_CHARS = 200

_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_JUNK_TITLE = re.compile(
    r"microsoft (word|excel|powerpoint)\b|untitled|unknown|title$|(document|(powerpoint )?presentation|slide|book|sheet)\s*\d*$|"
    r"exhibit\s[\w.]+$|"
    r"(no|new) (title|document)|<.*>$|.*\.(docx?|dotx?|pdf|xlsx?|pptx?|html?|txt|rtf|odt|tmp|indd|qxd|fm|tex|wpd)$",
    re.IGNORECASE,
)


def holdable(text: str) -> str:
    """Replace what PostgreSQL or a reader cannot hold, one character for one.

    >>> holdable("a\\x00b")
    'a\ufffdb'
    """
    return _UNHOLDABLE.sub("\ufffd", text)


def sensible_title(title: str | None) -> str:
    """Return a metadata title on one line, or "" where it is the junk that programs write there.

    >>> sensible_title("Microsoft Word - lease_v2.doc"), sensible_title(" Lease  Agreement ")
    ('', 'Lease Agreement')
    """
    cleaned = " ".join(holdable(title or "").split())
    if len(cleaned) < 3 or _JUNK_TITLE.match(cleaned) or not any(c.isalpha() for c in cleaned):
        return ""
    return cleaned[:MAX_TITLE_CHARS].strip()


def check_size(num_chars: int, num_elements: int = 0) -> None:
    """Raise UnreadableDocument for more text or more pieces of it than a worker should hold."""
    if num_chars > MAX_CHARS or num_elements > MAX_ELEMENTS:
        raise UnreadableDocument(
            f"The document holds more than {MAX_CHARS:,} characters or {MAX_ELEMENTS:,} paragraphs or rows:"
            " split it into several files."
        )


class Draft:
    """Collects the text of one document piece by piece; :meth:`finish` makes the ParsedDocument."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._elements: list[Element] = []
        self._pages: list[Page] = []

    def add(self, kind: ElementKind, text: str, *, level: int | None = None, page: int | None = None) -> int | None:
        """Append an element and return where it starts, or None when it is blank and nothing was added."""
        text = holdable(text).strip()
        if not text:
            return None
        if self._elements:
            close = kind == self._elements[-1].kind == "list_item"
            self._write("\n" if close else "\n\n")
        start = self._length
        self._write(text)
        check_size(self._length, len(self._elements))
        self._elements.append(Element(kind, start, self._length, page, level))
        return start

    def add_page(
        self, number: int, start: int, width: float = 0.0, height: float = 0.0, lines: Sequence[tuple[int, int, Box]] = ()
    ) -> None:
        """Close a page that began at ``start`` and ends where the text ends now."""
        self._pages.append(Page(number, start, self._length, width, height, tuple(Line(*line) for line in lines)))

    def add_document(self, other: ParsedDocument, *, levels_down: int) -> None:
        """Append another document's text and elements (an attachment), its headings moved down; pages are its own affair."""
        if self._elements:
            self._write("\n\n")
        base = self._length
        self._write(other.text)
        self._elements += [
            replace(e, start=e.start + base, end=e.end + base, page=None, level=e.level and e.level + levels_down)
            for e in other.elements
        ]

    @property
    def length(self) -> int:
        """Characters written so far."""
        return self._length

    def finish(self, media_type: str, title: str | None = None, *, headings_are_sure: bool = True) -> ParsedDocument:
        """Make the document; without a sensible ``title`` its first title names it, or its first heading if those are sure."""
        text = "".join(self._parts)
        kinds: tuple[ElementKind, ...] = ("title", "heading") if headings_are_sure else ("title",)
        named = sensible_title(title) or first_named(text, self._elements, kinds)
        return ParsedDocument(named, media_type, text, tuple(self._pages), tuple(self._elements))

    def _write(self, text: str) -> None:
        self._length += len(text)
        check_size(self._length)
        self._parts.append(text)


def first_named(text: str, elements: Sequence[Element], kinds: Sequence[ElementKind] = ("title", "heading")) -> str:
    """Return the text of the first element of the first kind that reads like a title, on one line; "" where none does."""
    for kind in kinds:
        for element in elements:
            if element.kind == kind and (found := sensible_title(text[element.start : element.end])):
                return found
    return ""
