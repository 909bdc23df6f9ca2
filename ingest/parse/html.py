"""HTML: the visible text, with headings, list items, tables and code; scripts, styles and hidden parts left out.

Our own walk over lxml's tree: on 18 paired files `unstructured` loses the text of links, captions and inline formatting (a median
of 0.93 of the words). The walk is a loop, not a recursion, so a page nested 100,000 deep is only slow.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from core.errors import UnreadableDocument
from core.types import ElementKind, ParsedDocument
from ingest.parse.draft import Draft
from ingest.parse.plain import decode
from ingest.parse.table import render_table

_SKIPPED = {"script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select", "datalist"}
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_INLINE = set(
    "a abbr acronym b bdi bdo big button cite code data del dfn em font i img input ins kbd label mark meter output q s samp"  # noqa: SIM905
    " small span strike strong sub sup time tt u var wbr".split()
)
MAX_SPAN = 100
MAX_BYTES = 10_000_000  # its tree takes up to forty times as much memory


def parse_html(path: Path) -> ParsedDocument:
    """Parse an HTML file."""
    return parse_markup(path.read_bytes())


def parse_markup(data: bytes) -> ParsedDocument:
    """Parse HTML from bytes; the encoding is what the page declares, else UTF-8 or a guess."""
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"The page is larger than {MAX_BYTES // 10**6} MB: split it, or save its text and add that.")
    draft = Draft()
    root = _tree(data)
    title = root.findtext(".//head/title") if root is not None else None
    if root is not None:
        _Walk(draft).over(root)
    return draft.finish("text/html", title)


def _tree(data: bytes) -> etree._Element | None:
    try:
        text = decode(data)
        encoding, data = "utf-8", text.encode("utf-8", "replace")
    except UnreadableDocument:  # no guess fits, but the page may declare what it is
        encoding = None
    parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding=encoding)
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing but blanks or comments
        return None
    if any("depth" in entry.message for entry in parser.error_log):  # libxml2 leaves out what lies deeper
        raise UnreadableDocument(
            "The page is nested more than 2,000 deep: no browser shows such a page; save its text and add that."
        )
    return root


class _Walk:
    """Goes over the tree once, gathering inline text until a block begins or ends."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._inline: list[str] = []
        self._kinds: list[tuple[ElementKind, int | None]] = [("paragraph", None)]

    def over(self, root: etree._Element) -> None:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, node in walk:
            tag = node.tag if isinstance(node.tag, str) else ""
            if event == "start" and (tag in _SKIPPED or _is_hidden(node)):
                walk.skip_subtree()
            elif event == "start" and (tag == "pre" or (tag == "table" and _has_columns(node))):
                self._flush()
                self._add_whole(tag, node)
                walk.skip_subtree()
            elif event == "start":
                self._begin(tag, node)
            else:
                self._end(tag, node)
        self._flush()

    def _begin(self, tag: str, node: etree._Element) -> None:
        if tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._inline.append(f" {node.get('alt', '')} ")
        elif tag not in _INLINE:
            self._flush()
            if tag in _HEADINGS:
                self._kinds.append(("heading", _HEADINGS[tag]))
            elif tag in ("li", "dd"):
                self._kinds.append(("list_item", None))
        self._inline.append(node.text or "")

    def _end(self, tag: str, node: etree._Element) -> None:
        if tag not in _INLINE and tag not in _SKIPPED and tag != "br" and not _is_hidden(node):
            self._flush()
            if tag in _HEADINGS or tag in ("li", "dd"):
                self._kinds.pop()
        self._inline.append(node.tail or "")

    def _add_whole(self, tag: str, node: etree._Element) -> None:
        if tag == "pre":
            self._draft.add("code", "".join(_texts(node)))
        else:
            self._draft.add("table", render_table(table_rows(node)))

    def _flush(self) -> None:
        text = "\n".join(" ".join(line.split()) for line in "".join(self._inline).split("\n")) if self._kinds else ""
        self._inline.clear()
        kind, level = self._kinds[-1]
        text = text.strip()
        self._draft.add(kind, f"- {text}" if kind == "list_item" and text else text, level=level)


def _is_hidden(node: etree._Element) -> bool:
    style = (node.get("style") or "").replace(" ", "").lower()
    return node.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style


def _texts(node: etree._Element) -> Iterator[str]:
    """All visible text under a node, words of different blocks apart."""
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, inner in walk:
        tag = inner.tag if isinstance(inner.tag, str) else ""
        if event == "start" and (tag in _SKIPPED or _is_hidden(inner)):
            walk.skip_subtree()
            continue
        if event == "start":
            yield "\n" if tag == "br" else inner.get("alt", "") if tag == "img" else ""
            yield inner.text or ""
        elif inner is not node:
            yield ("" if tag in _INLINE else " ") + (inner.tail or "")


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table, without those of tables in its cells and hidden ones."""
    walk = etree.iterwalk(table, events=("start",))
    for _, node in walk:
        if node.tag in ("td", "th") or (node.tag == "table" and node is not table) or _is_hidden(node):
            walk.skip_subtree()
        elif node.tag == "tr":
            yield node


def _has_columns(table: etree._Element) -> bool:
    """Tell tables of data from those of one column, which lay out a page: their cells hold paragraphs and tables."""
    return any(sum(1 for _ in tr.iterchildren("td", "th")) > 1 for tr in _rows(table))


def table_rows(table: etree._Element) -> list[list[str]]:
    """Read a table's cells row by row; a table within a cell is text of that cell. A cell that spans rows is repeated in
    each, so that every row can stand alone; one that spans columns fills the first."""
    rows: list[list[str]] = []
    above: dict[int, tuple[str, int]] = {}  # column -> text that reaches down into it, rows it still fills
    for tr in _rows(table):
        row: list[str] = []
        for cell in tr.iterchildren("td", "th"):
            _fill_from_above(row, above)
            text, height = "".join(_texts(cell)), _span(cell, "rowspan")
            for i in range(_span(cell, "colspan")):
                above[len(row)] = (text if i == 0 else "", height - 1)
                row.append(text if i == 0 else "")
        _fill_from_above(row, above)
        rows.append(row)
    return rows


def _fill_from_above(row: list[str], above: dict[int, tuple[str, int]]) -> None:
    while (reaching := above.get(len(row), ("", 0)))[1] > 0:
        above[len(row)] = (reaching[0], reaching[1] - 1)
        row.append(reaching[0])


def _span(cell: etree._Element, name: str) -> int:
    value = cell.get(name, "1")
    return max(1, min(int(value[:9]), MAX_SPAN)) if value.isascii() and value.isdigit() else 1
