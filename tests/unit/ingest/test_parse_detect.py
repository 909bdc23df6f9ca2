"""Name and content must agree; every refusal says what is wrong."""

import io
import zipfile
from pathlib import Path

import pytest

from core.errors import RejectedDocument, UnreadableDocument
from ingest.parse.detect import CSV, DOCX, EML, HTML, MARKDOWN, PDF, TEXT, detect
from ingest.parse.parse import PARSERS, parse
from tests.fakes_ingest import Leaf, Show, pdf_of

PDF_BYTES = pdf_of([Leaf([Show(72, 700, "words")])])
COMPRESSED_PDF = PDF_BYTES.replace(b"\n", b"\n%\xe2\xe3\xcf\xd3\n", 1)  # the mark that every writer of compressed ones puts there
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(100))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
MAIL = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nbody\r\n"


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.PDF", PDF_BYTES, PDF),
        ("scan", PDF_BYTES, PDF),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), DOCX),
        ("a.txt", b"plain words", TEXT),
        ("README", b"plain words", TEXT),
        ("a.txt", b"<html><body>shown as text, since its name says so", TEXT),
        ("a.txt", "text".encode("utf-16"), TEXT),
        ("a.md", b"# Head", MARKDOWN),
        ("a.htm", b"no tags at all", HTML),
        ("page", b"\n<!DOCTYPE html><p>x", HTML),
        ("a.tsv", b"a\tb\n", CSV),
        ("a.eml", MAIL, EML),
        ("a.eml", b"X-Mailer: some\r\n thing\r\n" + MAIL, EML),
        ("saved", b"From ann@example.org Mon Nov  3 10:00:00 2025\n" + MAIL, EML),
        ("notes", b"Key: value\r\n" * 40, TEXT),
        ("notes", b" From: indented\n", TEXT),
        ("page", b'<?xml version="1.0"?>\n<!-- a -->\n<!-- b -->\n<html>', HTML),
        ("two.dots.txt", b"x", TEXT),
        ("notes.md", b"# Formats\n\nA PDF begins with %PDF-1.7.", MARKDOWN),
        ("a.txt", b"Rar! the cat said.", TEXT),
        ("a.txt", b"GIF89a is what it begins with.", TEXT),
        ("a.txt", "%!PS begins PostScript – déjà vu.".encode(), TEXT),
        ("v1.2 notes", b"plain words", TEXT),
        ("notes v1.2", b"plain words", TEXT),
        ("a.txt~", b"plain words", TEXT),
    ],
)
def test_type_is_told(tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
    assert detect(put(tmp_path, "blob", data), name) == media_type


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.docx", PDF_BYTES, r"named as Word \(DOCX\) but its content is a PDF"),
        ("a.pdf", PNG, "named as PDF but its content is a PNG image"),
        ("a.pdf", b"only text", "content is plain text"),
        ("a.txt", b"some\0binary", "content is binary data"),
        ("a.txt", b"x" * 200_000 + b"\0", "content is binary data"),
        ("a.txt", COMPRESSED_PDF, "content is a PDF"),
        ("a.txt", b"MM\0*" + bytes(20), "content is binary data"),
        ("a.txt", b"GIF89a\xff\xfe\x01", "content is a GIF image"),
        ("a.docx", zipped("[Content_Types].xml", "xl/workbook.xml"), r"content is Excel \(XLSX\)"),
        ("a.xlsx", zipped("mimetype", "content.xml"), "content is a zip archive"),
        ("a.docx", OLE, "old Office file"),
        ("a.eml", b"Dear all, this is no mail.", "content is plain text"),
        ("a.xyz", b"words", r"\.xyz are not supported. Supported: PDF, Word"),
        ("noending", PNG, "no known ending and its content is a PNG image"),
        ("v1.2 notes", PNG, "'v1.2 notes' has no known ending and its content is a PNG image"),
        ("a.7z", b"words", r"files ending in \.7z are not supported"),
        ("a.txt", b"", "empty"),
    ],
)
def test_refusal_says_what_the_name_claims_and_what_it_is(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    with pytest.raises(RejectedDocument, match=words):
        parse(put(tmp_path, "blob", data), name)


def test_password_and_damage_are_unreadable(tmp_path: Path) -> None:
    encrypted = OLE + "EncryptedPackage".encode("utf-16-le") + bytes(64)
    with pytest.raises(UnreadableDocument, match="encrypted"):
        parse(put(tmp_path, "a", encrypted), "a.xlsx")
    with pytest.raises(UnreadableDocument, match="cut off"):
        parse(put(tmp_path, "b", zipped("[Content_Types].xml", "word/document.xml")[:60]), "b.docx")


def test_every_detected_type_has_a_parser() -> None:
    from ingest.parse.detect import MEDIA_TYPES

    assert set(MEDIA_TYPES.values()) == set(PARSERS)
