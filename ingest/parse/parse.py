"""The door of parsing: a file in, its text with pages and structure out.

The type is told by name and content together, then one function per media type does the work. Whatever comes out
satisfies core.types.ParsedDocument; what cannot be parsed raises RejectedDocument or UnreadableDocument with words for its owner.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from core.errors import UnreadableDocument
from core.types import ParsedDocument
from ingest.parse.detect import CSV, DOCX, EML, HTML, MARKDOWN, PDF, PPTX, TEXT, XLSX, detect
from ingest.parse.docx import parse_docx
from ingest.parse.html import parse_html
from ingest.parse.mail import parse_eml
from ingest.parse.markdown import parse_markdown
from ingest.parse.pdf import parse_pdf
from ingest.parse.plain import parse_text
from ingest.parse.sheet import parse_csv, parse_xlsx
from ingest.parse.slides import parse_pptx

logger = logging.getLogger(__name__)

_NO_TEXT = {
    PDF: "it has pages but no text, so it is probably scanned: recognise its text (OCR) and add the result",
    DOCX: "it may hold pictures only: recognise their text (OCR), or add the original",
}

PARSERS: dict[str, Callable[[Path], ParsedDocument]] = {
    PDF: parse_pdf,
    DOCX: parse_docx,
    PPTX: parse_pptx,
    XLSX: parse_xlsx,
    HTML: parse_html,
    MARKDOWN: parse_markdown,
    TEXT: parse_text,
    CSV: parse_csv,
    EML: lambda path: parse_eml(path, parse),
}


def parse(path: Path, filename: str) -> ParsedDocument:
    """Parse the file at ``path``, which its owner calls ``filename``.

    Raises RejectedDocument (empty, misnamed, unsupported) and UnreadableDocument (encrypted, damaged, no pages, no text).
    """
    media_type = detect(path, filename)
    try:
        parsed = PARSERS[media_type](path)
    except RecursionError:
        raise UnreadableDocument(f"{filename!r} is nested deeper than any real document: it cannot be read.") from None
    if not parsed.elements:
        reason = _NO_TEXT.get(media_type, "it holds nothing but blanks, pictures or markup")
        raise UnreadableDocument(f"No text was found in {filename!r}: {reason}.")
    logger.info(
        "document_parsed", extra={"media_type": media_type, "num_chars": len(parsed.text), "num_pages": len(parsed.pages)}
    )
    return parsed if parsed.title else replace(parsed, title=_stem(filename))


def _stem(filename: str) -> str:
    name = PurePosixPath(filename.replace("\\", "/"))
    return " ".join(name.stem.replace("_", " ").split()) or filename
