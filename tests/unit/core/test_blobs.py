"""Blobs: stored by hash, once, whole or not at all."""

import hashlib
import io
from pathlib import Path

import pytest

from core import blobs
from core.errors import RejectedDocument


def test_bytes_come_back_under_their_hash_and_twice_is_once(tmp_path: Path) -> None:
    data = b"x" * (3 * blobs.BLOCK + 1)
    for _ in range(2):
        assert blobs.store(io.BytesIO(data), tmp_path, 10**8) == (hashlib.sha256(data).hexdigest(), len(data))
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert files == [blobs.path_of(tmp_path, hashlib.sha256(data).hexdigest())]
    assert files[0].read_bytes() == data


def test_too_large_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RejectedDocument, match="larger than"):
        blobs.store(io.BytesIO(b"x" * 101), tmp_path, 100)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("connection reset")

    with pytest.raises(OSError, match="reset"):
        blobs.store(Broken(), tmp_path, 100)
    assert list(tmp_path.iterdir()) == []
