"""PDF with text, through pypdfium2: printed lines with their boxes, sizes and weights; layout.py makes elements of them.

Boxes are points from the top left of the page as it is shown, rotation and crop box included. Characters stay what the
document says: a hyphen at a line's end remains, with its line break. Two passages over the lines, since what is body size
and what repeats on every page is known only at the end; pages are closed as soon as their lines are read.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import raw

from core.errors import UnreadableDocument
from core.types import Box, ParsedDocument
from ingest.parse.detect import PDF
from ingest.parse.draft import Draft, check_size, holdable
from ingest.parse.layout import PrintedLine, PrintedPage, blocks_of
from ingest.parse.streams import check_streams

_BREAK = re.compile("\r\n|\r|\n|\ufffe")  # pdfium writes U+FFFE for a hyphen that it takes to divide a word
_NO_PAGES = re.compile(rb"/Type\s*/Pages\b[^>]{0,300}/Count\s{1,9}0\b|/Count\s{1,9}0\b[^>]{0,300}/Type\s{0,9}/Pages\b")
_BOLD_WEIGHT = 600
_SCALE = 100  # pdfium maps points of the page to whole pixels; this many to a point keep the fractions
_TAIL_BYTES = 4096

Matrix = tuple[float, float, float, float, float, float]


def parse_pdf(path: Path) -> ParsedDocument:
    """Parse a PDF; every page is in ``pages``, with lines where it has text.

    Raises UnreadableDocument (encrypted, damaged, cut off, no pages).
    """
    _check_whole(path)
    check_streams(path)
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise UnreadableDocument(_explain(error, path.read_bytes())) from error
    try:
        title = document.get_metadata_value("Title")
        pages = list(_printed_pages(document))
    finally:
        document.close()
    draft = Draft()
    for page, blocks in zip(pages, blocks_of(pages), strict=True):
        start, placed = draft.length, []
        for kind, level, lines in blocks:
            at = draft.add(kind, "\n".join(line.text for line in lines), level=level, page=page.number)
            assert at is not None  # a printed line is never blank
            for line in lines:
                placed.append((at, at + len(line.text), line.box))
                at += len(line.text) + 1
        draft.add_page(page.number, placed[0][0] if placed else start, page.width, page.height, placed)
    return draft.finish(PDF, title, headings_are_sure=False)


def _check_whole(path: Path) -> None:
    """Refuse a file that is cut off: pdfium would rebuild what it finds and silently leave out the rest."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
        stream.seek(max(0, size - 2 * _TAIL_BYTES))
        tail = tail if tail.strip(b"\0 \r\n") else stream.read()
    if b"%%EOF" not in tail:
        raise UnreadableDocument("The PDF is cut off: its end (%%EOF) is missing. Get a whole copy and add that.")


def _explain(error: pdfium.PdfiumError, data: bytes) -> str:
    """Say why a PDF did not open; pdfium's own code may be left over from the file before, so the bytes are asked too."""
    if b"/Encrypt" in data and error.err_code == raw.FPDF_ERR_PASSWORD:
        return "The PDF is encrypted with a password: save a copy without one and add that."
    if _NO_PAGES.search(data):
        return "The PDF has no pages: get a whole copy and add that."
    return "The PDF is damaged: open it in a PDF program and save or print it to a new PDF."


def _printed_pages(document: pdfium.PdfDocument) -> Iterator[PrintedPage]:
    num_chars = 0
    for index in range(len(document)):
        try:
            page = document[index]
            try:
                width, height = page.get_size()
                printed = PrintedPage(index + 1, width, height, tuple(_printed_lines(page, width, height)))
            finally:
                page.close()
        except pdfium.PdfiumError as error:
            raise UnreadableDocument(f"Page {index + 1} of the PDF is damaged ({error}): print it to a new PDF.") from error
        num_chars += sum(len(line.text) for line in printed.lines)
        check_size(num_chars)
        yield printed


def _printed_lines(page: pdfium.PdfPage, width: float, height: float) -> Iterator[PrintedLine]:
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range() if textpage.count_chars() else ""
        matrix = _shown(page, width, height)
        for start, end, divided in _line_ranges(textpage, text):
            first = raw.FPDFText_GetCharIndexFromTextIndex(textpage, start)
            last = raw.FPDFText_GetCharIndexFromTextIndex(textpage, end - 1)
            box = _box(textpage, first, last - first + 1, matrix)
            if box is not None:
                shown = holdable(text[start:end].replace("\ufffe", "-")) + "-" * divided
                yield PrintedLine(shown, _within(box, width, height), _size(textpage, first), _is_bold(textpage, first, last))
    finally:
        textpage.close()


def _line_ranges(textpage: pdfium.PdfTextPage, text: str) -> Iterator[tuple[int, int, bool]]:
    """Ranges of the text that are lines, without blank edges; the flag says that a dividing hyphen ends the line."""
    start = 0
    for match in (*_BREAK.finditer(text), None):
        divided = match is not None and match.group() == "\ufffe"
        if match is not None and divided and not _wraps(textpage, match.start()):
            continue  # a hyphen within a line
        stop = match.start() if match else len(text)
        piece = text[start:stop]
        if piece.strip():
            yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()), divided
        start = match.end() if match else stop


def _wraps(textpage: pdfium.PdfTextPage, text_index: int) -> bool:
    """Tell whether the characters before and after a hyphen stand on different lines."""
    at = raw.FPDFText_GetCharIndexFromTextIndex(textpage, text_index)
    if not 0 < at < textpage.count_chars() - 1:
        return True
    before, after = textpage.get_charbox(at - 1), textpage.get_charbox(at + 1)
    return bool(before[1] > after[3] or after[1] > before[3] or after[0] < before[0])


def _shown(page: pdfium.PdfPage, width: float, height: float) -> Matrix:
    """The affine map from the page's own space to points from the top left of the page as shown."""

    def device(x: float, y: float) -> tuple[float, float]:
        dx, dy = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, round(width * _SCALE), round(height * _SCALE), 0, x, y, dx, dy)
        return dx.value / _SCALE, dy.value / _SCALE

    (e, f), (ax, bx), (cx, dx) = device(0, 0), device(1000, 0), device(0, 1000)
    return (ax - e) / 1000, (bx - f) / 1000, (cx - e) / 1000, (dx - f) / 1000, e, f


def _box(textpage: pdfium.PdfTextPage, first: int, count: int, matrix: Matrix) -> Box | None:
    """The box around a range of characters, or None where none of them leaves ink (generated by pdfium)."""
    xs: list[float] = []
    ys: list[float] = []
    a, b, c, d, e, f = matrix
    for i in range(raw.FPDFText_CountRects(textpage, first, count)):
        left, bottom, right, top = textpage.get_rect(i)
        for x, y in ((left, bottom), (right, top)):
            xs.append(a * x + c * y + e)
            ys.append(b * x + d * y + f)
    return Box(min(xs), min(ys), max(xs), max(ys)) if xs else None


def _within(box: Box, width: float, height: float) -> Box:
    """Cut a box to its page: text may hang over the edge of what is shown."""
    x0, x1 = (min(max(x, 0.0), width) for x in (box.x0, box.x1))
    y0, y1 = (min(max(y, 0.0), height) for y in (box.y0, box.y1))
    return Box(x0, y0, x1, y1)


def _size(textpage: pdfium.PdfTextPage, index: int) -> float:
    """Font size as printed: many files set size 1 and scale by the text matrix."""
    matrix = raw.FS_MATRIX()
    size = float(raw.FPDFText_GetFontSize(textpage, index))
    return size * math.hypot(matrix.c, matrix.d) if raw.FPDFText_GetMatrix(textpage, index, matrix) else size


def _is_bold(textpage: pdfium.PdfTextPage, first: int, last: int) -> bool:
    return all(raw.FPDFText_GetFontWeight(textpage, i) >= _BOLD_WEIGHT for i in (first, last))
