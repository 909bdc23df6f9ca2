"""DOCX, PPTX and XLSX, made by the libraries people make them with, and what hostile ones are refused for."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.util import Inches

from core.errors import UnreadableDocument
from core.types import ParsedDocument
from ingest.parse.numbering import Numbering
from ingest.parse.parse import parse
from tests.fakes_ingest import assert_lawful


def parsed(folder: Path, name: str, data: bytes) -> ParsedDocument:
    path = folder / "blob"
    path.write_bytes(data)
    found = parse(path, name)
    assert_lawful(found)
    return found


def shown(document: ParsedDocument) -> list[tuple[str, int | None, str]]:
    return [(e.kind, e.level, document.text[e.start : e.end]) for e in document.elements]


def saved(document: object) -> bytes:
    stream = io.BytesIO()
    document.save(stream)  # type: ignore[attr-defined]
    return stream.getvalue()


def report() -> "docx.document.Document":
    document = docx.Document()
    document.core_properties.title = "Travel policy"
    document.sections[0].header.paragraphs[0].text = "Confidential"
    document.add_heading("Travel", level=1)
    document.add_paragraph("Fly economy.")
    document.add_heading("Rates", level=2)
    document.add_paragraph("per diem", style="List Bullet")
    document.add_paragraph("mileage", style="List Bullet")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(table.rows, [("Town", "Rate"), ("Bonn", "10"), ("", "20")], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    document.add_paragraph("The end.")
    return document


def test_docx_structure_in_order(tmp_path: Path) -> None:
    document = parsed(tmp_path, "a.docx", saved(report()))
    assert document.title == "Travel policy"
    assert document.pages == ()
    assert shown(document) == [
        ("header", None, "Confidential"),
        ("heading", 1, "Travel"),
        ("paragraph", None, "Fly economy."),
        ("heading", 2, "Rates"),
        ("list_item", None, "- per diem"),
        ("list_item", None, "- mileage"),
        ("table", None, "Town | Rate\nBonn | 10\nBonn | 20"),
        ("paragraph", None, "The end."),
    ]


def test_docx_text_boxes_controls_and_tracked_changes(tmp_path: Path) -> None:
    document = docx.Document()
    document.element.body.insert(
        0,
        parse_xml(
            f"<w:sdt {nsdecls('w')}><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        ),
    )
    document.add_paragraph("kept ")._p.append(
        parse_xml(
            f"<w:r {nsdecls('w')}><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
            "<w:pict><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
        )
    )
    assert parsed(tmp_path, "a.docx", saved(document)).text == "in a control\n\nkept inserted\n\nin a box"


def test_docx_numbers_are_counted_as_word_shows_them(tmp_path: Path) -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)")]
    numbering.insert(
        0,
        parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">'
            + "".join(
                f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
                for i, (form, text) in enumerate(levels)
            )
            + "</w:abstractNum>"
        ),
    )
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for depth, text in [(0, "Scope"), (1, "Goods"), (1, "Services"), (2, "hourly"), (0, "Term"), (1, "Start"), (2, "date")]:
        document.add_paragraph(text)._p.get_or_add_pPr().append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>')
        )
    expected = ["1. Scope", "1.1 Goods", "1.2 Services", "(a) hourly", "2. Term", "2.1 Start", "(a) date"]
    assert parsed(tmp_path, "a.docx", saved(document)).text.splitlines() == expected


def test_a_list_without_definition_is_bulleted() -> None:
    assert Numbering(None).label("5", 0) == "-"


def deck() -> bytes:
    presentation = pptx.Presentation()
    presentation.core_properties.title = "PowerPoint Presentation"
    for title, body in (("Plan", "Grow\nSlowly"), ("Budget", "")):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    cells = [("Year", "Euro"), ("2025", "10")]
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for i, row in enumerate(cells):
        for j, text in enumerate(row):
            table.cell(i, j).text = text
    return saved(presentation)


def test_pptx_slides_are_pages(tmp_path: Path) -> None:
    document = parsed(tmp_path, "a.pptx", deck())
    assert document.title == "Plan"
    assert [p.number for p in document.pages] == [1, 2]
    second = document.text[document.pages[1].start : document.pages[1].end].strip()
    assert second == "Budget\n\nYear | Euro\n2025 | 10\n\nSay it slowly."
    assert [(e.kind, e.page) for e in document.elements if e.kind == "heading"] == [("heading", 1), ("heading", 2)]


def test_xlsx_sheets_tables_and_values(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Rates"
    sheet.append(["Town", "Rate", "From"])
    sheet.append(["Bonn", 10.0, dt.datetime(2025, 3, 1)])
    sheet.append([])
    sheet["F5"] = "a note apart"
    sheet["XFD1048576"] = "far away"
    book.create_sheet("Empty")
    document = parsed(tmp_path, "a.xlsx", saved(book))
    assert shown(document)[:3] == [
        ("heading", 1, "Rates"),
        ("table", None, "Town | Rate | From\nBonn | 10 | 2025-03-01"),
        ("table", None, "a note apart"),
    ]
    assert document.title == "Rates"


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


BODY = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    + BODY % b"<w:p><w:r><w:t>&b;</w:t></w:r></w:p>"
)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"word/document.xml": b" " * 50_000_000}, "unpacks from"),
        ({"word/document.xml": b"<x/>", "word/media/a.bin": b"\0" * 450_000_000}, "would unpack"),
        ({"word/document.xml": ENTITIES}, "entities"),
        ({"word/document.xml": ENTITIES.decode().encode("utf-16")}, "entities"),
        ({"word/document.xml": b"<broken"}, "damaged"),
        ({"word/other.xml": b"<x/>"}, "no main part"),
        ({"word/document.xml": BODY % b"<w:p/>"}, "No text"),
        ({"word/document.xml": BODY % (b"<w:p>" * 5000 + b"</w:p>" * 5000)}, "damaged"),
    ],
    ids=["bomb", "big", "entities", "entities in UTF-16", "broken", "no document", "no text", "deep"],
)
def test_hostile_docx_is_refused(tmp_path: Path, parts: dict[str, bytes], words: str) -> None:
    with pytest.raises(UnreadableDocument, match=words):
        parsed(tmp_path, "a.docx", zipped({"[Content_Types].xml": b"<Types/>", **parts}))


@pytest.mark.parametrize(
    ("name", "make"), [("a.docx", lambda: saved(report())), ("a.pptx", deck), ("a.xlsx", lambda: saved(openpyxl.Workbook()))]
)
def test_damage_anywhere_gives_a_document_error_or_a_document(tmp_path: Path, name: str, make: Callable[[], bytes]) -> None:
    whole = make()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    for victim in [n for n in parts if n.endswith((".xml", ".rels")) and n != "[Content_Types].xml"]:
        for damaged in (b"", b"<x/>", parts[victim][: len(parts[victim]) // 2]):
            try:
                parsed(tmp_path, name, zipped({**parts, victim: damaged}))
            except UnreadableDocument as error:
                assert len(str(error)) > 20
