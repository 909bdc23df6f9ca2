"""What a file is, told by its name and its content together; the two must agree.

What is named as text and reads as text is text, though it may begin with the mark of another format that it tells of.
Takes a path and the name its owner knows it by; gives one of MEDIA_TYPES. A file whose content is not what its name says, of
a kind we do not read, or empty is refused with RejectedDocument; a password-protected office file with UnreadableDocument.
"""

import codecs
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from core.errors import RejectedDocument, UnreadableDocument

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML, MARKDOWN, TEXT, CSV, EML = "text/html", "text/markdown", "text/plain", "text/csv", "message/rfc822"

MEDIA_TYPES = {
    ".pdf": PDF,
    ".docx": DOCX,
    ".docm": DOCX,
    ".pptx": PPTX,
    ".pptm": PPTX,
    ".xlsx": XLSX,
    ".xlsm": XLSX,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": TEXT,
    ".text": TEXT,
    ".csv": CSV,
    ".tsv": CSV,
    ".eml": EML,
}
_SHOWN = {PDF: "PDF", DOCX: "Word (DOCX)", PPTX: "PowerPoint (PPTX)", XLSX: "Excel (XLSX)", HTML: "HTML", MARKDOWN: "Markdown"}
_SHOWN |= {TEXT: "plain text", CSV: "CSV", EML: "e-mail (EML)"}
_TEXTUAL = {HTML, MARKDOWN, TEXT, CSV, EML}

_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"{\\rtf", "rich text (RTF)"),
    (b"%!PS", "PostScript"),
    (b"SQLite format 3\0", "a database"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # the stream in which Office keeps a file under a password
_UTF_16_32_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_ENDING = re.compile(r"\.(?=\d*[a-z])[a-z0-9]{1,12}")  # ".2 notes" of "v1.2 notes" is none
_HEADER = re.compile(rb"([!-9;-~]+):")
_MAIL_HEADERS = {b"from", b"to", b"subject", b"date", b"received", b"message-id", b"mime-version"}
# atomic groups: without them every comment doubles the ways to read the others
_HTML = re.compile(
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HEAD_BYTES = 65_536
_HEADER_BYTES = 8192


def supported() -> str:
    """Name the formats we read, for messages."""
    return ", ".join(_SHOWN.values())


def detect(path: Path, filename: str) -> str:
    """Tell the media type of a file.

    Raises RejectedDocument (empty, misnamed, unsupported) and UnreadableDocument (password, damaged archive).
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise RejectedDocument(f"{filename!r} is empty (0 bytes): check the copy at its source.")
    suffix = Path(filename).suffix.lower()
    suffix = suffix if _ENDING.fullmatch(suffix) else ""
    named = MEDIA_TYPES.get(suffix)
    if suffix and named is None:
        raise RejectedDocument(f"{filename!r}: files ending in {suffix} are not supported. Supported: {supported()}.")
    found, described = (_sniff_utf_8(path, head) if named in _TEXTUAL else None) or _sniff(path, head)
    if named is None and found is not None:
        return found
    if named is not None and (found == named or (found in _TEXTUAL and named in _TEXTUAL and (named != EML or found == EML))):
        return named
    if named is None:
        raise RejectedDocument(f"{filename!r} has no known ending and its content is {described}. Supported: {supported()}.")
    if described.startswith("under a password"):
        raise UnreadableDocument(f"{filename!r} is encrypted with a password: save a copy without one and add that.")
    raise RejectedDocument(
        f"{filename!r} is named as {_SHOWN[named]} but its content is {described}: correct its name or its content."
    )


def _sniff(path: Path, head: bytes) -> tuple[str | None, str]:
    """Tell the media type by content (None: one we do not read) and describe it in words."""
    if b"%PDF-" in head[:1024]:
        return PDF, "a PDF"
    if head.startswith(b"PK\x03\x04"):
        return _sniff_archive(path)
    if head.startswith(_OLE):
        encrypted = _ENCRYPTED_PACKAGE in path.read_bytes()
        return None, "under a password" if encrypted else "an old Office file (DOC, XLS, PPT or MSG)"
    for magic, described in _MAGIC:
        if head.startswith(magic):
            return None, described
    if not head.startswith(_UTF_16_32_BOMS) and _holds_nul(path):
        return None, "binary data"
    return _kind_of_text(head)


def _sniff_archive(path: Path) -> tuple[str | None, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise UnreadableDocument(
            f"The file is a damaged or cut off Office or zip file ({error}): get a whole copy and add that."
        ) from error
    if "[Content_Types].xml" in names:
        for folder, media_type in (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX)):
            if any(name.startswith(folder) for name in names):
                return media_type, f"{_SHOWN[media_type]}"
    return None, "a zip archive"


def _kind_of_text(head: bytes) -> tuple[str, str]:
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        return HTML, "HTML"
    if _begins_with_mail_headers(head.removeprefix(b"\xef\xbb\xbf")[:_HEADER_BYTES]):
        return EML, "an e-mail"
    return TEXT, "plain text"


def _begins_with_mail_headers(head: bytes) -> bool:
    """Tell whether ``Name: value`` lines come first, one of them with a name that mails have."""
    for number, line in enumerate(head.split(b"\n")):
        if number and line.startswith((b" ", b"\t")):  # the header before goes on
            continue
        header = _HEADER.match(line)
        if header and header[1].lower() in _MAIL_HEADERS:
            return True
        if not header and (number or not line.startswith(b"From ")):  # how a mailbox file parts its mails
            return False
    return False


def _sniff_utf_8(path: Path, head: bytes) -> tuple[str | None, str] | None:
    """Tell the kind of text in a file that is UTF-8 throughout, in one reading; None for any other file."""
    decoder, holds_nul = codecs.getincrementaldecoder("utf-8")(), False
    try:
        for block in _blocks(path):
            holds_nul |= "\0" in decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return (None, "binary data") if holds_nul else _kind_of_text(head)


def _holds_nul(path: Path) -> bool:
    return any(b"\0" in block for block in _blocks(path))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(1 << 20), b"")
