"""PDF streams are compressed: what is checked before pdfium unpacks them whole into memory.

Three kilobytes can unpack to gigabytes where a stream is packed twice. Pictures are left aside, since reading text never
unpacks them. Streams of a PDF encrypted under an empty password cannot be looked into; there the worker's own limits hold.
"""

import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from core.errors import UnreadableDocument

MAX_STREAM_BYTES = 64_000_000  # the text of a whole book is one megabyte; long drawings reach ten
MAX_EXAMINED_BYTES = 1_000_000_000  # of all streams together, packed and unpacked
_MAX_RATIO = 1032  # of deflate, by its format
_DICTIONARY_BYTES = 2000
_PACKED_BYTES = 1 << 14
_UNPACKED_BYTES = 1 << 20
_STREAM = re.compile(rb"\bstream\r?\n")
_DEFLATE = re.compile(rb"/(?:FlateDecode|Fl)\b")


def check_streams(path: Path) -> None:
    """Refuse a PDF in which a stream would unpack to more than MAX_STREAM_BYTES, or whose streams are too much to look into.

    Raises UnreadableDocument.
    """
    meter = _Meter()
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for start, end, times in _suspects(data):
            meter.unpack(data, start, end, times)
            if meter.of_stream > MAX_STREAM_BYTES:
                raise UnreadableDocument(
                    f"A part of the PDF would unpack from {end - start:,} to more than {MAX_STREAM_BYTES:,} bytes, "
                    "which is more than a page needs: print it to a new PDF."
                )
            if meter.of_all > MAX_EXAMINED_BYTES:
                raise UnreadableDocument(
                    f"The parts of the PDF would unpack to more than {MAX_EXAMINED_BYTES:,} bytes: print it to several PDFs."
                )


def _suspects(data: mmap.mmap) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and number of deflate filters of the streams that could be too large."""
    end = 0
    for match in _STREAM.finditer(data):
        before = data[max(0, match.start() - _DICTIONARY_BYTES) : match.start()]
        dictionary = before[before.rfind(b" obj") + 1 :]
        times = len(_DEFLATE.findall(dictionary))
        if not times or b"/Image" in dictionary:
            continue
        if end < match.end():  # else the end found before is this one's too, and need not be searched again
            end = data.find(b"endstream", match.end())
            end = len(data) if end < 0 else end
        if times > 1 or (end - match.end()) * _MAX_RATIO > MAX_STREAM_BYTES:
            yield match.end(), end, times


class _Meter:
    """Unpacks streams, block by block through all their filters, and counts the bytes until they are too many."""

    def __init__(self) -> None:
        self.of_stream = 0  # unpacked, by any of its filters
        self.of_all = 0  # read and unpacked

    def unpack(self, data: mmap.mmap, start: int, end: int, times: int) -> None:
        self.of_stream = 0
        blocks = self._read(data, start, end)
        for _ in range(times):
            blocks = self._unpacked(blocks)
        try:
            for _ in blocks:
                pass
        except zlib.error:  # no deflate after all, or damaged: pdfium takes what came until here
            pass

    def _read(self, data: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
        for i in range(start, end, _PACKED_BYTES):
            block = data[i : min(i + _PACKED_BYTES, end)]
            self.of_all += len(block)
            yield block

    def _unpacked(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        unpacker = zlib.decompressobj()
        for block in blocks:
            rest = block
            while rest:
                unpacked = unpacker.decompress(rest, _UNPACKED_BYTES)
                rest = unpacker.unconsumed_tail
                self.of_stream += len(unpacked)
                self.of_all += len(unpacked)
                if self.of_stream > MAX_STREAM_BYTES or self.of_all > MAX_EXAMINED_BYTES:
                    return
                yield unpacked
