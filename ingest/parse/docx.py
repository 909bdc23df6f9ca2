"""DOCX: paragraphs, lists and tables in the order they stand, headings by their style, notes at the end.

Our own walk over the XML by local names. Measured on 18 paired files, `unstructured` leaves out text boxes (0.07 of the words of
one file), content controls and formulas, fails on the Strict variant, and calls any short paragraph a title.
Deleted (tracked) text is left out, inserted text is in. The format knows no pages.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from core.errors import UnreadableDocument
from core.types import ElementKind, ParsedDocument
from ingest.parse.archive import check_archive, core_title, read_xml
from ingest.parse.detect import DOCX
from ingest.parse.draft import Draft
from ingest.parse.numbering import Numbering, attribute
from ingest.parse.table import render_table

_SKIPPED = {"del", "moveFrom", "Fallback", "pPr", "rPr", "sdtPr", "instrText", "delText", "fldData", "sectPr", "tblPr", "tcPr"}
_NOTES = (("word/footnotes.xml", "footnote"), ("word/endnotes.xml", "endnote"), ("word/comments.xml", "comment"))
MAX_LEVEL = 9
MAX_SPAN = 100
_OUTLINE_LEVELS = tuple("012345678")


def parse_docx(path: Path) -> ParsedDocument:
    """Parse a DOCX file, transitional or strict."""
    check_archive(path)
    draft = Draft()
    with zipfile.ZipFile(path) as archive:
        document = read_xml(archive, "word/document.xml")
        if document is None:
            raise UnreadableDocument("The Word file has no main part (word/document.xml): open it in Word and save it again.")
        styles = _Styles(read_xml(archive, "word/styles.xml"))
        names = archive.namelist()
        _add_parts(draft, archive, styles, [n for n in names if n.startswith("word/header")], "header")
        _Walk(draft, styles, Numbering(read_xml(archive, "word/numbering.xml"))).over(document)
        for name, tag in _NOTES:
            root = read_xml(archive, name)
            for note in _named(root, tag) if root is not None else ():
                draft.add("note", "\n".join(filter(None, (_text(p).strip() for p in _named(note, "p")))))
        _add_parts(draft, archive, styles, [n for n in names if n.startswith("word/footer")], "footer")
    return draft.finish(DOCX, core_title(path))


def _add_parts(draft: Draft, archive: zipfile.ZipFile, styles: "_Styles", names: list[str], kind: ElementKind) -> None:
    for name in sorted(names):
        root = read_xml(archive, name)
        if root is not None:
            draft.add(kind, "\n".join(filter(None, (_text(p).strip() for p in _named(root, "p")))))


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _named(node: etree._Element, name: str) -> Iterator[etree._Element]:
    """All descendants of one local name, whatever namespace the variant of the format puts them in."""
    yield from node.iter("{*}" + name)


class _Styles:
    """Which paragraph styles are headings (and of what level), titles or lists; styles inherit from those they build on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles = {attribute(s, "styleId"): s for s in (_named(root, "style") if root is not None else ())}

    def of(self, paragraph: etree._Element) -> tuple[ElementKind, int | None]:
        """Tell kind and level of a paragraph."""
        style_id = attribute(paragraph.find("{*}pPr/{*}pStyle"), "val")
        level = self._outline_level(paragraph, style_id)
        if level is not None:
            return "heading", level
        if self._name(style_id) == "title":
            return "title", 1
        return ("paragraph" if self.list_of(paragraph) is None else "list_item"), None

    def list_of(self, paragraph: etree._Element) -> tuple[str, int] | None:
        """Tell the list a paragraph is counted in, and how deep; None where it has no number or bullet."""
        style_id = attribute(paragraph.find("{*}pPr/{*}pStyle"), "val")
        list_id = attribute(self._inherited(paragraph, style_id, "{*}numPr/{*}numId"), "val")
        depth = attribute(self._inherited(paragraph, style_id, "{*}numPr/{*}ilvl"), "val")
        return (list_id, int(depth) if depth in _OUTLINE_LEVELS else 0) if list_id not in ("", "0") else None

    def _outline_level(self, paragraph: etree._Element, style_id: str) -> int | None:
        outline = attribute(self._inherited(paragraph, style_id, "{*}outlineLvl"), "val")
        if outline:
            return int(outline) + 1 if outline in _OUTLINE_LEVELS else None
        name = self._name(style_id)
        return int(name[-1]) if name.startswith("heading ") and name[-1] in "123456789" else None

    def _inherited(self, paragraph: etree._Element, style_id: str, path: str) -> etree._Element | None:
        found = paragraph.find("{*}pPr/" + path)
        for _ in range(MAX_LEVEL + 1):  # a bound, since a damaged file may have styles that build on each other in a ring
            style = self._styles.get(style_id)
            if found is not None or style is None:
                break
            found = style.find("{*}pPr/" + path)
            style_id = attribute(style.find("{*}basedOn"), "val")
        return found

    def _name(self, style_id: str) -> str:
        style = self._styles.get(style_id)
        return (attribute(style.find("{*}name"), "val") if style is not None else style_id).lower()


class _Walk:
    """Goes through the body once, block by block, into content controls and text boxes."""

    def __init__(self, draft: Draft, styles: _Styles, numbering: Numbering) -> None:
        self._draft = draft
        self._styles = styles
        self._numbering = numbering

    def over(self, root: etree._Element) -> None:
        walk = etree.iterwalk(root, events=("start",))
        for _, node in walk:
            name = _local(node)
            if name in _SKIPPED:
                walk.skip_subtree()
            elif name == "tbl" and _width(node) > 1:  # a table of one column lays out a page: its paragraphs follow
                self._draft.add("table", render_table(_table_rows(node)))
                walk.skip_subtree()
            elif name == "p":  # its text boxes hold paragraphs of their own, which the walk comes to next
                self._add_paragraph(node)

    def _add_paragraph(self, paragraph: etree._Element) -> None:
        text = _text(paragraph).strip()
        if text:  # Word counts no blank paragraph
            kind, level = self._styles.of(paragraph)
            listed = self._styles.list_of(paragraph)
            label = self._numbering.label(*listed) if listed else ""
            self._draft.add(kind, f"{label} {text}", level=level)


def _table_rows(table: etree._Element) -> list[list[str]]:
    """Read cells row by row; one that is merged downwards is repeated in each row, so that every row can stand alone."""
    rows: list[list[str]] = []
    for tr in _rows(table):
        row: list[str] = []
        for cell in _cells(tr):
            merged = cell.find("{*}tcPr/{*}vMerge")
            goes_on = merged is not None and attribute(merged, "val") in ("", "continue")
            above = rows[-1][len(row)] if goes_on and rows and len(row) < len(rows[-1]) else ""
            span = attribute(cell.find("{*}tcPr/{*}gridSpan"), "val")
            row += [above or _cell(cell), *[""] * (min(int(span[:9]), MAX_SPAN) - 1 if span.isascii() and span.isdigit() else 0)]
        rows.append(row)
    return rows


def _width(table: etree._Element) -> int:
    return max((sum(1 for _ in _cells(row)) for row in _rows(table)), default=0)


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    return (row for row in _named(table, "tr") if next(row.iterancestors("{*}tbl")) is table)


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    return (cell for cell in _named(row, "tc") if next(cell.iterancestors("{*}tr")) is row)


def _cell(cell: etree._Element) -> str:
    return " ".join(_text(p) for p in _named(cell, "p"))


def _text(paragraph: etree._Element) -> str:
    """The text of one paragraph, formulas and links included; text boxes are paragraphs of their own."""
    parts: list[str] = []
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, node in walk:
        name = _local(node)
        if name in _SKIPPED or name == "txbxContent":
            walk.skip_subtree()
        elif name == "t":
            parts.append(node.text or "")
        elif name in ("tab", "br", "cr", "noBreakHyphen"):
            parts.append({"tab": "\t", "noBreakHyphen": "-"}.get(name, "\n"))
    return "".join(parts)
