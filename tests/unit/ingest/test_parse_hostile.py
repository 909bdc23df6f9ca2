"""Hostile files: reading takes time in proportion to size, and damage ends in words, never in a program's error."""

import io
import random
import time
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from lxml import etree

from core.errors import DocumentError
from core.types import ParsedDocument
from ingest.parse.numbering import Numbering
from ingest.parse.parse import parse
from ingest.parse.table import render_table
from ingest.pieces import pieces_of
from tests.bad_files import docx_bytes, pdf_bytes
from tests.fakes_ingest import assert_lawful

NUM_MUTANTS = 20
# Of a processor's time. Each of these took minutes, or far longer, before it was bounded; now at most three seconds, and ten on a
# slow machine under load.
MAX_SECONDS = 25.0


def read(folder: Path, name: str, data: bytes) -> ParsedDocument | DocumentError:
    path = folder / "blob"
    path.write_bytes(data)
    try:
        return parse(path, name)
    except DocumentError as error:
        return error


def pdf_that_does_not_open(filling: bytes, times: int) -> bytes:
    return b"%PDF-1.4\n" + filling * times + b"\n%%EOF\n"


def mail_with(header: bytes) -> bytes:
    return b"From: a@example.org\nSubject: s\n" + header + b"\n\nthe body\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"Key: value\n" * 700),
        ("notes.txt", b"Key: value\r\n" * 700),
        ("notes", b"Key: value\n\tgoes on\n" * 400),
        ("page", b"<!-- note --> " * 4000),
        ("page", b"<!--" * 16_000),
        ("page", b"<?xml " * 10_000),
        ("a.pdf", pdf_that_does_not_open(b"/Type /Pages ", 80_000)),
        ("a.pdf", pdf_that_does_not_open(b"/Count 0 ", 100_000)),
        ("a.pdf", pdf_that_does_not_open(b"/Type /Pages /Count" + b" " * 5000, 200)),
        ("a.pdf", pdf_that_does_not_open(b" obj<</Fl/Fl>>stream\n", 50_000)),
        ("a.pdf", pdf_that_does_not_open(b" obj<</Fl>>stream\n", 50_000)),
        ("a.md", b"# a" + b" " * 200_000 + b"b"),
        ("a.md", b"a\n" + b"=" * 100_000 + b" " * 100_000 + b"b"),
        ("a.md", b"---\ntitle: a" + b" " * 200_000 + b"b\n---\nbody"),
        ("a.eml", mail_with(b"To: " + b'"' * 200_000)),
        ("a.eml", mail_with(b"Content-Type: text/plain; name=" + b'"' * 200_000)),
        ("a.eml", mail_with(b"Content-Transfer-Encoding: " + b"\\" * 200_000)),
        ("a.html", b"<table><tr><td>" * 500 + b"text"),
        ("a.html", b"<table><tr><td>a<td>" * 500 + b"text"),
        *(
            (f"a.{kind}", (mark * 200_000)[:200_000])
            for kind in ("txt", "md", "csv")
            for mark in (b" ", b"1.", b"|", b"[", b". ")
        ),
    ],
)
def test_time_follows_size(tmp_path: Path, name: str, data: bytes) -> None:
    started = time.process_time()
    found = read(tmp_path, name, data)
    if isinstance(found, ParsedDocument):
        assert sum(1 for _ in pieces_of(found)) > 0
    assert time.process_time() - started < MAX_SECONDS


def test_time_for_a_wide_header_over_many_narrow_rows() -> None:
    started = time.process_time()
    text = render_table([[f"n{i}" for i in range(100_000)], ["a", "b"], *([["1"]] * 100_000)])
    assert text.endswith("\nn0: 1") and time.process_time() - started < MAX_SECONDS


def test_time_for_many_lists_that_count_on_their_own() -> None:
    lists = "".join(
        f'<num numId="{i}"><abstractNumId val="0"/><lvlOverride ilvl="0"><startOverride val="7"/></lvlOverride></num>'
        for i in range(20_000)
    )
    levels = "".join(f'<lvl ilvl="{i}"><start val="1"/><lvlText val="%1."/></lvl>' for i in range(9))
    root = etree.fromstring(f'<numbering><abstractNum abstractNumId="0">{levels}</abstractNum>{lists}</numbering>')
    started = time.process_time()
    numbering = Numbering(root)
    assert (numbering.label("19999", 0), numbering.label("19999", 0)) == ("7.", "8.")
    assert time.process_time() - started < MAX_SECONDS


def test_row_that_claims_a_number_beyond_the_format_is_not_reached(tmp_path: Path) -> None:
    data = workbook_bytes(last_row=b"9999999999")
    started = time.process_time()
    found = read(tmp_path, "a.xlsx", data)
    assert isinstance(found, ParsedDocument) and "Ann | Clerk" in found.text
    assert time.process_time() - started < 4 * MAX_SECONDS


@pytest.mark.parametrize("size", ["9" * 5000, "²", "-1", ""])
def test_absurd_spans_are_no_error(tmp_path: Path, size: str) -> None:
    page = f"<table><tr><td colspan='{size}' rowspan='{size}'>x</td><td>y</td></tr></table>"
    assert isinstance(read(tmp_path, "a.html", page.encode()), ParsedDocument)


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2", "-1", "9", ""])
def test_absurd_levels_and_spans_of_word_are_no_error(tmp_path: Path, number: str) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Staff may carry over 26 days.")
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="{number}"/>'))
    cell = document.add_table(rows=1, cols=2).cell(0, 0)
    cell.text = "Bonn"
    cell._tc.get_or_add_tcPr().append(parse_xml(f'<w:gridSpan {nsdecls("w")} w:val="{number}"/>'))
    stream = io.BytesIO()
    document.save(stream)
    found = read(tmp_path, "a.docx", stream.getvalue())
    assert isinstance(found, ParsedDocument) and found.elements[0].kind == "paragraph" and "Bonn" in found.text


def workbook_bytes(last_row: bytes = b"3") -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Name", "Role"])
    book.active.append(["Ann", "Clerk"])
    book.active.append(["Bob", "Judge"])
    stream, changed = io.BytesIO(), io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as whole, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            archive.writestr(name, whole.read(name).replace(b'<row r="3"', b'<row r="%s"' % last_row))
    return changed.getvalue()


def deck_bytes() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Leave", "Staff may carry over 26 days."
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def mail_bytes() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann <a@example.org>", "b@example.org", "Grüße"
    message.set_content("Dear Bob,\n\nthe lease is attached.\n")
    message.add_alternative("<p>Dear Bob</p>", subtype="html")
    message.add_attachment(pdf_bytes(pages=1), maintype="application", subtype="pdf", filename="lease.pdf")
    return message.as_bytes()


PAGE = b"<!doctype html><head><title>T</title></head><h1>Leave</h1><table><tr><td rowspan=2>a<td>b<tr><td>c</table></html>"
MARKDOWN = "---\ntitle: Leave\n---\n# Leave ##\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nGröße\n=====\n".encode()
GOOD: dict[str, Callable[[], bytes]] = {
    "a.pdf": lambda: pdf_bytes(pages=2),
    "a.docx": docx_bytes,
    "a.pptx": deck_bytes,
    "a.xlsx": workbook_bytes,
    "a.html": lambda: PAGE,
    "a.md": lambda: MARKDOWN,
    "a.txt": "ARTICLE 1\nTERM\n\n1.1 Größe. Two years.\n(a) one; or\n(b) two.\n".encode,
    "a.csv": lambda: b'Name,Role\nAnn,"Clerk, senior"\nBob,Judge\n',
    "a.eml": mail_bytes,
}


def mutants(data: bytes, seed: int) -> list[bytes]:
    """Damage good bytes: cut off at random places, and with a few random bits turned over."""
    chance = random.Random(seed)
    cut = [data[: chance.randrange(1, len(data))] for _ in range(NUM_MUTANTS)]
    turned = []
    for _ in range(NUM_MUTANTS):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 3, 10))):
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        turned.append(bytes(changed))
    return cut + turned


@pytest.mark.parametrize("name", GOOD)
def test_any_damage_ends_in_a_document_or_in_words(tmp_path: Path, name: str) -> None:
    good = GOOD[name]()
    assert isinstance(read(tmp_path, name, good), ParsedDocument)
    for damaged in mutants(good, seed=7):
        found = read(tmp_path, name, damaged)
        if isinstance(found, ParsedDocument):
            assert_lawful(found)
        else:
            assert len(str(found)) > 20


def test_no_pages_is_said_also_after_an_encrypted_file(tmp_path: Path) -> None:
    """pdfium keeps the code of the last error that it had."""
    assert "encrypted" in str(read(tmp_path, "a.pdf", pdf_bytes(pages=1, password="secret")))
    assert "no pages" in str(read(tmp_path, "a.pdf", pdf_bytes(pages=0)))
    assert "damaged" in str(read(tmp_path, "a.pdf", pdf_that_does_not_open(b"x", 500)))
