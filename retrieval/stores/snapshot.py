"""A snapshot of a model's vectors on disk: a FAISS index and what its rows are, in files that processes map and share.

``FOLDER/GENERATION/`` holds the files and ``FOLDER/CURRENT`` names the generation that counts. A generation is written
beside, put on disk for good and renamed into place before CURRENT names it, so that a kill at any moment leaves the old
one. Removing files that another process has mapped takes nothing from it. Rows are in the order of class and document:
a small scope is a few runs of rows.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import faiss
import numpy as np
import numpy.typing as npt

from core.errors import MunimentError
from retrieval.embedders.base import Vectors
from retrieval.stores import shape
from retrieval.stores.changes import Cursor
from retrieval.stores.vectors import DOCUMENT

CURRENT, MANIFEST, INDEX, VECTORS = "CURRENT", "manifest.json", "index.faiss", "vectors.f32"
UNFINISHED = ".building-"
FORMAT = 2
Run = tuple[int, int]  # rows, from and up to


class DamagedSnapshot(MunimentError):
    """A snapshot that is not what its builder wrote, or not of this database: build it anew."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is of, and what its files must be: for each name its bytes and sha256."""

    format: int
    model_id: str
    dimension: int
    database: str
    kind: str
    effort: int
    num_passages: int
    floor: int
    seen: tuple[int, ...]
    taken_at: float
    build_s: float
    files: dict[str, tuple[int, str]]

    @property
    def cursor(self) -> Cursor:
        """How far into the changes it was taken."""
        return Cursor(self.floor, frozenset(self.seen))

    @property
    def num_bytes(self) -> int:
        """Its size on disk."""
        return sum(size for size, _ in self.files.values())


class Snapshot:
    """A generation opened for searching: nothing is read that is not needed, and nothing ever changes."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.generation, self.manifest = folder.name, manifest
        self.index = faiss.read_index(str(folder / INDEX), faiss.IO_FLAG_MMAP_IFC)
        self.nums = _mapped(folder / "nums.i64", np.dtype(np.int64))
        self.classes = _mapped(folder / "classes.i32", np.dtype(np.int32))
        self._documents = _mapped(folder / "documents.s16", DOCUMENT)
        self._document_ends = _mapped(folder / "document_runs.i64", np.dtype(np.int64)).reshape(-1, 2)
        self.vectors = _vectors(folder, self.index, manifest.dimension)
        if not self.index.ntotal == len(self.nums) == len(self.classes) == len(self.vectors) == manifest.num_passages:
            raise DamagedSnapshot(f"The files of {folder} do not belong together.")
        starts = np.flatnonzero(np.diff(self.classes, prepend=-1))
        ends = np.append(starts, len(self.classes))[1:]
        self._class_runs = {int(self.classes[a]): (int(a), int(b)) for a, b in zip(starts, ends, strict=True)}

    def __len__(self) -> int:
        return len(self.nums)

    def class_runs(self, class_ids: Iterable[int]) -> list[Run]:
        """Tell where the passages of some classes are, in the order of rows, neighbours joined."""
        return _joined(sorted(self._class_runs[class_id] for class_id in class_ids if class_id in self._class_runs))

    def document_runs(self, documents: Iterable[UUID]) -> list[Run]:
        """Tell where the passages of some documents are, in the order of rows."""
        wanted = np.array([document.bytes for document in documents], dtype=DOCUMENT)
        if not len(wanted) or not len(self._documents):
            return []
        places = np.minimum(np.searchsorted(self._documents, wanted), len(self._documents) - 1)
        found = np.unique(places[self._documents[places] == wanted])
        return sorted((int(a), int(b)) for a, b in self._document_ends[found])


def current(folder: Path) -> str | None:
    """Name the generation that counts; None where nothing was built yet."""
    try:
        return (folder / CURRENT).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def open_current(folder: Path, *, model_id: str, dimension: int, database: str) -> Snapshot:
    """Check every byte of the current generation and open it; raises DamagedSnapshot, saying what is wrong.

    Reading the bytes takes about a second a gigabyte.
    """
    for _ in range(3):  # a builder may just be replacing it
        name = current(folder)
        if name is None:
            break
        try:
            return _opened(folder / name, (FORMAT, model_id, dimension, database))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise DamagedSnapshot(f"The snapshot {folder / name} cannot be read: {error}") from error
    raise DamagedSnapshot(f"There is no whole snapshot in {folder}.")


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """Give a folder to write a generation into, which becomes the current one when the block ends; one writer at a time.

    Whatever an earlier writer left unfinished is removed, and so are the generations before the new one.
    """
    for left in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    unfinished = folder / f"{UNFINISHED}{os.getpid()}"
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        generation = f"{1 + max((int(p.name) for p in folder.glob('[0-9]*')), default=0):08}"
        for path in (*unfinished.iterdir(), unfinished):
            _sync(path)
        unfinished.rename(folder / generation)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    pointer = folder / f".{CURRENT}"
    pointer.write_text(generation, encoding="ascii")
    _sync(pointer)
    pointer.replace(folder / CURRENT)
    _sync(folder)
    for old in folder.glob("[0-9]*"):
        if old.name != generation:
            shutil.rmtree(old, ignore_errors=True)


def write(folder: Path, index: Any, nums: npt.NDArray[np.int64], classes: npt.NDArray[np.int32], documents: Any) -> None:
    """Write the files of a generation; rows are in the order of class and document."""
    faiss.write_index(index, str(folder / INDEX))
    nums.astype(np.int64).tofile(folder / "nums.i64")
    classes.astype(np.int32).tofile(folder / "classes.i32")
    starts = np.flatnonzero(documents[1:] != documents[:-1]) + 1
    runs = np.stack([np.insert(starts, 0, 0), np.append(starts, len(documents))], axis=1) if len(documents) else np.empty((0, 2))
    names = documents[runs[:, 0].astype(np.int64)]
    order = np.argsort(names, kind="stable")
    names[order].tofile(folder / "documents.s16")
    runs[order].astype(np.int64).tofile(folder / "document_runs.i64")


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write down what the files are; ``manifest`` gives everything but the files."""
    files = {path.name: (path.stat().st_size, sha256(path)) for path in sorted(folder.iterdir())}
    sealed = Manifest(format=FORMAT, files=files, **manifest)
    (folder / MANIFEST).write_text(json.dumps(asdict(sealed)), encoding="utf-8")


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(folder: Path, expected: tuple[int, str, int, str]) -> Snapshot:
    raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest = Manifest(**raw | {"seen": tuple(raw["seen"])})
    if (manifest.format, manifest.model_id, manifest.dimension, manifest.database) != expected:
        raise DamagedSnapshot(f"The snapshot {folder} is of another model or another database.")
    for name, (size, digest) in manifest.files.items():
        if (folder / name).stat().st_size != size or sha256(folder / name) != digest:
            raise DamagedSnapshot(f"The file {folder / name} is not what was written.")
    return Snapshot(folder, manifest)


def _vectors(folder: Path, index: Any, dimension: int) -> Vectors:
    """Map the vectors in the order of rows: those in the index, or those beside it."""
    held = shape.vectors_of(index)
    if held is not None:
        return held
    beside = folder / VECTORS
    return (
        _mapped(beside, np.dtype(np.float32)).reshape(-1, dimension) if beside.exists() else np.empty((0, dimension), np.float32)
    )


def _mapped(path: Path, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.memmap(path, dtype, mode="r").view(np.ndarray) if path.stat().st_size else np.empty(0, dtype)


def _joined(runs: list[Run]) -> list[Run]:
    joined: list[Run] = []
    for start, end in runs:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
