"""Plain text: the document's text is the file's content to the character, byte order mark and line ends included.

UTF-8 first; other encodings by their byte order mark or by charset-normalizer. Structure is told from the wording.
"""

import codecs
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from core.errors import UnreadableDocument
from core.types import ParsedDocument
from ingest.parse.draft import MAX_ELEMENTS, check_size
from ingest.parse.structure import elements_of

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 1_000_000  # enough to tell an encoding; the whole of a large file would take minutes


def decode(data: bytes) -> str:
    """Turn a text file's bytes into text, without touching line ends.

    Raises UnreadableDocument where no encoding fits or there is too much of it.
    """
    check_size(len(data) // 4)  # no encoding takes more bytes for a character
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = _decode_by_guess(data)
    check_size(len(text))
    if "\0" in text:
        raise UnreadableDocument("The file is named as text but holds NUL characters: save it again as UTF-8 text.")
    return text


def _decode_by_guess(data: bytes) -> str:
    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    if best is None:
        raise UnreadableDocument("The text is in no encoding that could be recognised: save it again as UTF-8.")
    return data.decode(best.encoding, errors="replace")


def parse_text(path: Path) -> ParsedDocument:
    """Parse a plain text file; ``text`` equals its decoded bytes. Headings are guesses here, so none becomes the title."""
    text = decode(path.read_bytes())
    elements = tuple(islice(elements_of(text), MAX_ELEMENTS + 1))
    check_size(len(text), len(elements))
    return ParsedDocument("", "text/plain", text, (), elements)
