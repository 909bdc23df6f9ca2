import struct
from pathlib import Path
from typing import Any

import pytest

from core.models import gguf

TYPES = {"u8": 0, "i8": 1, "u16": 2, "i16": 3, "u32": 4, "i32": 5, "f32": 6, "bool": 7, "u64": 10, "i64": 11, "f64": 12}
PACKED = dict(zip(TYPES, "BbHhIif?Qqd", strict=True))


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def typed(value: Any) -> bytes:
    """A value as the format has it: a text, a list of texts, or a (type, number)."""
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    kind, number = value
    return struct.pack(f"<I{PACKED[kind]}", TYPES[kind], number)


def gguf_file(metadata: dict[str, Any], tensors: bytes = b"") -> bytes:
    head = struct.pack("<4sIQQ", b"GGUF", 3, 0, len(metadata))
    return head + b"".join(text(key) + typed(value) for key, value in metadata.items()) + tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_texts_under_general_are_read_past_every_other_type(path: Path) -> None:
    numbers = {f"x.{kind}": (kind, 1) for kind in TYPES}
    path.write_bytes(
        gguf_file({**numbers, "general.tags": ["a", "bc"], "general.license": "mit", "llama.name": "no"}, b"\0" * 99)
    )
    assert gguf.stated(path) == {"license": "mit"}


def test_what_stands_before_the_tokenizers_lists_is_kept(path: Path) -> None:
    words = ["word"] * (gguf.MAX_ITEMS + 1)
    path.write_bytes(gguf_file({"general.license": "mit", "tokenizer.ggml.tokens": words, "general.name": "late"}))
    assert gguf.stated(path) == {"license": "mit"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"GGML" + bytes(100),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1 << 60),
        struct.pack("<4sIQQQ", b"GGUF", 3, 0, 1, 1 << 60),  # a key of an exabyte
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + text("general.license") + struct.pack("<I", 99),  # no such type
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + text("general.license") + struct.pack("<IQ", 8, 40) + b"short",
    ],
)
def test_a_file_that_is_none_states_nothing_and_raises_nothing(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert set(gguf.stated(path).values()) <= {"short"}


def test_a_missing_file_states_nothing(path: Path) -> None:
    assert gguf.stated(path) == {}
