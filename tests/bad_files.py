"""Files that must be refused with a clear word, and good files with awkward names that must not be.

Each function writes into a folder and returns what it wrote. ``bad_files`` is the parser's and the upload's duty,
``bad_names`` the uploading side's. ``status`` is what the job of such a file ends with (``rejected`` for
RejectedDocument, ``failed`` for UnreadableDocument); ``word`` is in the error, in any case.
"""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import docx
import pypdf
from pypdf.generic import DictionaryObject, NameObject, StreamObject

GOOD_TEXT = "Staff may carry over 240 hours of annual leave.\n"
BOMB_MB = 400


class BadFile(NamedTuple):
    """A file, how its job must end, and a word its error must contain."""

    path: Path
    status: str
    word: str


def bad_files(folder: Path) -> list[BadFile]:
    """Write every kind of file whose content is unusable."""
    kinds = [
        ("empty.txt", b"", "rejected", "empty"),
        ("empty.pdf", b"", "rejected", "empty"),
        ("encrypted.pdf", pdf_bytes(pages=1, password="secret"), "failed", "encrypted"),
        ("truncated.pdf", _first_half(pdf_bytes(pages=30)), "failed", "cut off"),
        ("truncated.docx", _first_half(docx_bytes()), "failed", "cut off"),
        ("picture.pdf", png_bytes(), "rejected", "PNG"),
        ("really-a-pdf.docx", pdf_bytes(pages=1), "rejected", "PDF"),
        ("no-pages.pdf", pdf_bytes(pages=0), "failed", "no pages"),
        ("blank-page.pdf", pdf_bytes(pages=1, text=""), "failed", "no text"),
        ("spaces-only.txt", b" \n\t\n", "failed", "no text"),
        ("nul-bytes.txt", b"Annual\x00 leave\x00\x01\x02 is 26 days.\n" * 5, "rejected", "binary"),
        ("bomb.docx", bomb_bytes(), "failed", "unpack"),
        ("program.exe", b"MZ\x90\x00" + bytes(range(256)) * 4, "rejected", ".exe"),
    ]
    written = []
    for name, content, status, word in kinds:
        (folder / name).write_bytes(content)
        written.append(BadFile(folder / name, status, word))
    return written


def bad_names(folder: Path) -> list[BadFile]:
    """Write files that cannot be opened or named; root may read anything, so for root one is missing."""
    undecodable = folder / os.fsdecode(b"not-utf8-\xff.txt")
    undecodable.write_text(GOOD_TEXT, encoding="utf-8")
    written = [BadFile(undecodable, "rejected", "name")]
    if os.geteuid() != 0:
        secret = folder / "unreadable.txt"
        secret.write_text(GOOD_TEXT, encoding="utf-8")
        secret.chmod(0)
        written.append(BadFile(secret, "rejected", "permission"))
    return written


def odd_names(folder: Path) -> list[Path]:
    """Write good files whose names break careless programs; each must be indexed."""
    names = ["two words.txt", "Überstunden – 残業 🗂.txt", "line\nbreak.txt", "-rf.txt", "semi;colon'quote\".txt"]
    for name in names:
        (folder / name).write_text(GOOD_TEXT, encoding="utf-8")
    return [folder / name for name in names]


def pdf_bytes(*, pages: int, text: str = GOOD_TEXT.strip(), password: str | None = None) -> bytes:
    """Make a small PDF with one line of Helvetica on each page (none if ``text`` is empty)."""
    writer = pypdf.PdfWriter()
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")})
    font[NameObject("/BaseFont")] = NameObject("/Helvetica")
    for number in range(1, pages + 1):
        page = writer.add_blank_page(width=612, height=792)
        if text:
            stream = StreamObject()
            stream.set_data(f"BT /F1 12 Tf 72 720 Td ({text} {number}) Tj ET".encode("ascii"))
            page[NameObject("/Contents")] = writer._add_object(stream)
            fonts = DictionaryObject({NameObject("/F1"): font})
            page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx_bytes(text: str = GOOD_TEXT.strip()) -> bytes:
    """Make a Word file of one heading and one paragraph."""
    document = docx.Document()
    document.add_heading("Leave", level=1)
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def png_bytes() -> bytes:
    """Make a PNG of one grey pixel."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\x00\x80")) + part(b"IEND", b"")


def bomb_bytes(num_mb: int = BOMB_MB) -> bytes:
    """Make a well-formed Word file, under 2 MB, whose text would unpack to ``num_mb`` megabytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx_bytes())) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bomb,
    ):
        for name in good.namelist():
            if name != "word/document.xml":
                bomb.writestr(name, good.read(name))
        start, end = good.read("word/document.xml").split(b"Leave", 1)
        with bomb.open("word/document.xml", "w") as part:
            part.write(start)
            for _ in range(num_mb):
                part.write(b"x" * 1_000_000)
            part.write(end)
    return out.getvalue()


def _first_half(content: bytes) -> bytes:
    return content[: len(content) // 2]
