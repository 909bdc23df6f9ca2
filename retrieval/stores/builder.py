"""Builds a snapshot from PostgreSQL, in a process of its own: ``python -m retrieval.stores.builder`` with a job on its input.

The job is one JSON object (see :class:`Job`): on the input, since it holds the database's password. Exit status: 0 built,
3 another process is building this very index, 1 something failed, and the log says what. It runs at low priority; killed
at any moment it leaves the last snapshot as it was.
"""

import fcntl
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import psycopg

from core import telemetry
from core.db.pool import open_pool, transaction
from core.errors import MunimentError
from core.settings import PROJECT_ROOT
from retrieval.stores import changes, effort, shape, snapshot, vectors
from retrieval.stores.changes import Cursor
from retrieval.stores.vectors import Rows

log = logging.getLogger(__name__)
LOCK = "lock"
BUSY = 3
NICENESS = 10
PROGRESS_EVERY = 200_000


class AlreadyBuilding(MunimentError):
    """Another process holds the lock on this index."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to build and where to; ``kind`` None leaves the choice to the number of vectors."""

    url: str
    folder: str
    model_id: str
    dimension: int
    kind: shape.Kind | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The passages of a model as one transaction saw them, in the order of class and document."""

    rows: Rows
    cursor: Cursor
    database: str
    taken_at: float


def build(job: Job) -> None:
    """Build the snapshot and make it the current one; raises AlreadyBuilding."""
    folder, started = Path(job.folder), time.monotonic()
    with locked(folder), snapshot.writing(folder) as unfinished:
        taken = take(job, unfinished)
        kind = job.kind or shape.kind_for(len(taken.rows))
        log.info("index_building", extra={"model": job.model_id, "kind": kind, "num_passages": len(taken.rows)})
        index = shape.build(kind, taken.rows.vectors, _progress)
        looked = effort.measure(kind, index, taken.rows.vectors)
        snapshot.write(unfinished, index, taken.rows.nums, taken.rows.classes, taken.rows.documents)
        if kind != "ivf":  # the others hold the vectors themselves
            (unfinished / snapshot.VECTORS).unlink(missing_ok=True)
        about = {"model_id": job.model_id, "dimension": job.dimension, "database": taken.database, "kind": kind}
        about |= {
            "effort": looked,
            "num_passages": len(taken.rows),
            "floor": taken.cursor.floor,
            "seen": sorted(taken.cursor.seen),
        }
        build_s = time.monotonic() - started
        snapshot.seal(unfinished, about | {"taken_at": taken.taken_at, "build_s": build_s})
    log.info(
        "index_built",
        extra={"model": job.model_id, "kind": kind, "num_passages": len(taken.rows), "effort": looked, "seconds": build_s},
    )


def take(job: Job, folder: Path) -> Taken:
    """Read the model's passages in one snapshot of the database; vectors go through a file, not through memory."""
    pool = open_pool(job.url, max_size=1)
    try:
        with transaction(pool) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor, taken_at = changes.present(connection), time.time()
            database = changes.database_name(connection)
            num = vectors.count(connection, job.model_id, job.dimension)
            read, parts, start = _matrix(folder / "read.f32", num, job.dimension), [], 0
            for rows in vectors.read(connection, job.model_id, job.dimension):
                read[start : start + len(rows)] = rows.vectors
                start += len(rows)
                parts.append((rows.nums, rows.classes, rows.documents))
    finally:
        pool.close()
    nums, classes, documents = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((nums, documents, classes))
    ordered = _matrix(folder / snapshot.VECTORS, num, job.dimension)
    for at in range(0, num, vectors.BLOCK_ROWS):
        ordered[at : at + vectors.BLOCK_ROWS] = read[order[at : at + vectors.BLOCK_ROWS]]
    (folder / "read.f32").unlink(missing_ok=True)
    return Taken(Rows(nums[order], classes[order], documents[order], ordered), cursor, database, taken_at)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on an index for a block; it is let go when the process ends, however it ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyBuilding(f"Another process is building the index in {folder}.") from error
        yield


def is_locked(folder: Path) -> bool:
    """Tell whether some process is building the index just now."""
    try:
        with (folder / LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def start(job: Job) -> "subprocess.Popen[bytes]":
    """Start a process that does the job."""
    command = [sys.executable, "-m", "retrieval.stores.builder"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT_ROOT)
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as stream:
        stream.write(json.dumps(asdict(job)).encode())
    return process


def main() -> int:
    """Read the job and do it."""
    telemetry.configure("INFO")
    os.nice(NICENESS)
    faiss.omp_set_num_threads(max(1, os.cpu_count() or 1))
    try:
        build(Job(**json.load(sys.stdin)))
    except AlreadyBuilding:
        return BUSY
    except (MunimentError, psycopg.Error, OSError) as error:
        log.error("index_not_built", extra={"error": type(error).__name__, "reason": str(error)})
        return 1
    return 0


def _matrix(path: Path, num: int, dimension: int) -> npt.NDArray[np.float32]:
    """Make an array that lies in a file, so that the system may move it out of memory."""
    return np.memmap(path, np.float32, "w+", shape=(num, dimension)) if num else np.empty((0, dimension), np.float32)


def _progress(num: int) -> None:
    if num % PROGRESS_EVERY == 0:
        log.info("index_growing", extra={"num_passages": num})


if __name__ == "__main__":
    sys.exit(main())
