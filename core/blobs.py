"""Uploaded bytes on disk, named by their sha256: the API stores them, the worker reads them.

Files stand as ``<directory>/ab/abcdef…``. Storing the same bytes twice keeps one file; a half-written one never has
its final name. On many machines ``directory`` is a shared mount.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from core.errors import RejectedDocument

BLOCK = 1 << 20


def store(stream: BinaryIO, directory: Path, max_bytes: int) -> tuple[str, int]:
    """Copy a stream to disk a block at a time; returns its sha256 (hex) and its length in bytes.

    Raises RejectedDocument, leaving nothing behind, when it is longer than ``max_bytes``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    digest, num_bytes = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".incoming-", delete=False) as file:
        try:
            while block := stream.read(BLOCK):
                num_bytes += len(block)
                if num_bytes > max_bytes:
                    raise RejectedDocument(
                        f"The file is larger than {max_bytes / 1e6:g} MB, the most this server takes (setting api.max_upload_mb)."
                    )
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            target = path_of(directory, digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return digest.hexdigest(), num_bytes


def path_of(directory: Path, sha256: str) -> Path:
    """Tell where the bytes with this hash stand, or would."""
    return directory / sha256[:2] / sha256
