"""The licence that a GGUF file names in its own metadata; https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

Only the keys that come before the tokenizer's are read: those named ``general.`` stand first. A file that is not as the
format says names no licence; nothing here raises for what a file holds.
"""

import struct
from pathlib import Path
from typing import BinaryIO

MAX_KEYS = 256
MAX_CHARS = 1 << 16
MAX_ITEMS = 4096  # of a list; the tokenizer's have more, and nothing wanted comes after them
STRING, LIST = 8, 9
NUM_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def stated(path: Path) -> dict[str, str]:
    """Read the texts of the file's ``general.`` metadata, by their names without that prefix."""
    found: dict[str, str] = {}
    try:
        with path.open("rb") as stream:
            magic, _, _, num_keys = struct.unpack("<4sIQQ", stream.read(24))
            for _ in range(min(num_keys, MAX_KEYS) if magic == b"GGUF" else 0):
                key, value = _text(stream), _value(stream, _number(stream, 4))
                if value is not None and key.startswith("general."):
                    found[key.removeprefix("general.")] = value
    except (OSError, ValueError, struct.error):  # as far as it could be read
        pass
    return found


def _value(stream: BinaryIO, kind: int) -> str | None:
    """Read a text; step over anything else."""
    if kind == STRING:
        return _text(stream)
    if kind != LIST:
        stream.seek(_size(kind), 1)
        return None
    of, num_items = _number(stream, 4), _number(stream, 8)
    if num_items > MAX_ITEMS:
        raise ValueError("the tokenizer's part has begun")
    for _ in range(num_items):
        _value(stream, of)
    return None


def _text(stream: BinaryIO) -> str:
    num_bytes = _number(stream, 8)
    if num_bytes > MAX_CHARS:
        raise ValueError("no text of metadata is that long")
    return stream.read(num_bytes).decode("utf-8", "replace")


def _size(kind: int) -> int:
    if kind not in NUM_BYTES:
        raise ValueError(f"no such type: {kind}")
    return NUM_BYTES[kind]


def _number(stream: BinaryIO, num_bytes: int) -> int:
    read = stream.read(num_bytes)
    if len(read) < num_bytes:
        raise ValueError("the file ends too early")
    return int.from_bytes(read, "little")
