"""Office files are zip archives of XML: what is checked before any of it is unpacked.

Sizes are bounded by what the archive declares, and Python's zipfile never hands out more than is declared. Office XML has
no document type, so one that has (the way to entity bombs and outside files) is refused.
"""

import lzma
import struct
import zipfile
import zlib
from pathlib import Path

from lxml import etree

from core.errors import UnreadableDocument

MAX_UNPACKED_BYTES = 400_000_000  # everything: pictures and video of a large deck included
MAX_XML_BYTES = 30_000_000  # one part read into a tree; a 1,000-page report has about 15 MB
MAX_SHEET_BYTES = 400_000_000  # worksheets are streamed
MAX_RATIO = 200  # real office XML packs 5 to 50 to one, a bomb about 1,000
MAX_PARTS = 20_000
# what zipfile raises for damage; RuntimeError is for a part under a password
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    RuntimeError,
)
_HEAD_BYTES = 65_536
_DOCTYPE = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def check_archive(path: Path) -> None:
    """Refuse an office file that is damaged, would unpack to too much, or hides entities in its XML.

    Raises UnreadableDocument.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive.infolist())
            for info in archive.infolist():
                if info.filename.endswith((".xml", ".rels")):
                    _check_head(archive, info)
    except ZIP_ERRORS as error:
        raise UnreadableDocument(
            f"The office file is damaged or cut off ({error}): get a whole copy, or open it and save it again."
        ) from error


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise UnreadableDocument(f"The office file would unpack to more than {MAX_UNPACKED_BYTES // 10**6} MB: split it.")
    for part in parts:
        is_xml = part.filename.endswith((".xml", ".rels"))
        limit = MAX_SHEET_BYTES if "worksheets/" in part.filename else MAX_XML_BYTES
        bomb = part.file_size > 1_000_000 and part.file_size > MAX_RATIO * max(part.compress_size, 1)
        if is_xml and (bomb or part.file_size > limit):
            raise UnreadableDocument(
                f"A part of the office file ({part.filename}) unpacks from {part.compress_size:,} to {part.file_size:,} bytes, "
                "which is more than a document needs: save it again, or split it."
            )


def _check_head(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    with archive.open(info) as part:
        head = part.read(_HEAD_BYTES)
    if any(mark in head for mark in _DOCTYPE):
        raise UnreadableDocument(
            f"A part of the office file ({info.filename}) declares XML entities, which no office program writes: refused."
        )


def read_xml(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    """Parse one part into a tree; None where the archive has no such part.

    Raises UnreadableDocument where the part is damaged.
    """
    try:
        return etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))
    except KeyError:
        return None
    except (etree.XMLSyntaxError, *ZIP_ERRORS) as error:
        raise UnreadableDocument(f"The office file is damaged ({name}: {error}): open it and save it again.") from error


def core_title(path: Path) -> str:
    """Return the title in an office file's properties, "" where it has none."""
    with zipfile.ZipFile(path) as archive:
        root = read_xml(archive, "docProps/core.xml")
    return "" if root is None else root.findtext("{http://purl.org/dc/elements/1.1/}title") or ""
