"""Weights on disk: placing a file once its sha256 is right, and remembering which files were hashed.

``NAME/.verified.json`` records (size, mtime_ns, inode, sha256) of each file when it was last hashed. A file that
still has these is taken as unchanged, so a process starts without reading a gigabyte; what this does not see is
rot on the disk below the file system, or someone who changes bytes and puts the time stamp back.
`muniment models verify` always reads everything.
"""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from core.errors import WeightsError
from core.models.entries import ModelFile

RECORD = ".verified.json"
WHEELS = ".wheels"


def sha256_of(path: Path) -> str:
    """Hash a file without holding it in memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def num_bytes(path: Path) -> int:
    """Size of a file, 0 if it is not there."""
    return path.stat().st_size if path.is_file() else 0


def part_of(folder: Path, file: ModelFile) -> Path:
    """Where a file is put together before its hash is known to be right; makes the folder."""
    part = folder / f"{file.name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    return part


def place(part: Path, folder: Path, file: ModelFile, what: str) -> None:
    """Move a finished part to its name if its sha256 is right; else remove it and raise WeightsError about ``what``."""
    check(part, file.sha256, what)
    part.replace(folder / file.name)


def check(path: Path, sha256: str, what: str) -> None:
    """Raise WeightsError, and remove the file, unless it has this sha256."""
    found = sha256_of(path)
    if found != sha256:
        path.unlink()
        raise WeightsError(f"{what} has sha256 {found} where {sha256} is expected")


def unverified(folder: Path, files: Sequence[ModelFile], *, rehash: bool) -> list[tuple[ModelFile, str]]:
    """List the files that are not as their entry says, each with what is wrong with it.

    With ``rehash`` every file is read; without, a file whose size, time and inode are as recorded is believed.
    """
    record = _read_record(folder)
    wrong: list[tuple[ModelFile, str]] = []
    now: dict[str, list[Any]] = {}
    for file in files:
        path = folder / file.name
        if not path.is_file():
            wrong.append((file, "is missing"))
        elif path.stat().st_size != file.size:
            wrong.append((file, f"has {path.stat().st_size} bytes instead of {file.size}"))
        elif (mark := [*_mark(path), file.sha256]) == record.get(file.name) and not rehash:
            now[file.name] = mark
        elif sha256_of(path) != file.sha256:
            wrong.append((file, "has another sha256 than recorded for it"))
        else:
            now[file.name] = mark
    if now != record:
        _write_record(folder, now)
    return wrong


def remove_leftovers(folder: Path) -> None:
    """Remove what unfinished downloads left in a folder that has all its files now."""
    shutil.rmtree(folder / WHEELS, ignore_errors=True)
    for part in [*folder.rglob("*.part"), *folder.rglob("*.taken")]:
        part.unlink()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; waits while another process or thread fetches into it. A dead holder's lock is free."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as stream:
        flock(stream, LOCK_EX)
        yield


def _mark(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):  # none yet, or half a one: everything is hashed again
        return {}
    return record if isinstance(record, dict) else {}


def _write_record(folder: Path, record: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # weights on a read-only disk are hashed at every start
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=RECORD, delete=False, encoding="utf-8") as stream:
            json.dump(record, stream, indent=1)
        Path(stream.name).replace(folder / RECORD)
