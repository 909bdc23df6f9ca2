"""Keeps a process's replica of one model's vectors up to date, and has a new snapshot built when one is due.

A search asks for the replica; if something was committed that it lacks, that is read first, so that a document is found
by the first search after its commit. What is too much for a search to wait for is left to the thread, which looks every
quarter of a second, moves over to a newer snapshot and starts the builder. Until a replica is ready and current there is
none, and PostgreSQL answers.
"""

import logging
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from core.db.pool import Pool, transaction
from core.errors import MunimentError
from retrieval.stores import builder, changes, snapshot, vectors
from retrieval.stores.base import IndexStatus
from retrieval.stores.builder import Job
from retrieval.stores.changes import KEEP_DAYS
from retrieval.stores.replica import MAX_TAIL, Replica
from retrieval.stores.shape import Kind
from retrieval.stores.snapshot import DamagedSnapshot
from retrieval.stores.watch import Watch

log = logging.getLogger(__name__)
POLL_S = 0.25
WAIT_S = 0.25  # that a search waits for another thread to have read what is new
SEARCH_LIMIT = 2_000  # passages that a search reads by itself, in some 20 ms
PAUSE_S = 5.0  # between two builds
RETRY_S = 30.0  # after a build that failed
STALE_S = (KEEP_DAYS - 1) * 86_400.0  # an older snapshot may lack changes that are pruned by now
STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Followed:
    """Which vectors are followed, and where their snapshots lie; ``kind`` None leaves the shape to their number."""

    folder: Path
    model_id: str
    dimension: int
    kind: Kind | None = None


class Follower:
    """Follows one model's vectors in a thread of its own, from when it is made until it is closed."""

    def __init__(self, pool: Pool, followed: Followed) -> None:
        self._pool, self._followed = pool, followed
        self._watch, self._lock = Watch(pool), threading.Lock()
        self._replica: Replica | None = None
        self._is_behind = False
        self._num_looks = 0  # begun
        self._whole_look = 0  # which of them was the last to be brought to its end, on this replica
        self._refused: str | None = None  # the generation that is no good
        self._num_refused = 0  # one after the other
        self._num_wanted = self._num_served = self._num_serving = 0  # builds that somebody asked for
        self._process: subprocess.Popen[bytes] | None = None
        self._next_build_at = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def fresh(self) -> Replica | None:
        """Give the replica, with all that is committed by now; None where PostgreSQL has to answer."""
        num_looks = self._num_looks
        if self._replica is None or self._is_behind or not self._lock.acquire(timeout=WAIT_S):
            return None
        try:
            if self._whole_look <= num_looks:  # else somebody has begun to look since, and is done
                self._look(SEARCH_LIMIT)
            return None if self._is_behind else self._replica
        except (MunimentError, psycopg.Error):
            return None
        finally:
            self._lock.release()

    def rebuild(self) -> None:
        """Have a snapshot built as soon as no other is being built."""
        self._num_wanted += 1
        self._next_build_at = 0.0

    @property
    def _is_wanted(self) -> bool:
        return self._num_served < self._num_wanted

    def status(self) -> IndexStatus:
        """Tell how the index stands."""
        replica = self._replica
        is_building = self._is_wanted or builder.is_locked(self._followed.folder)
        if replica is None:
            return IndexStatus("faiss", "none", is_ready=False, is_building=is_building, num_passages=0, num_bytes=0)
        with transaction(self._pool) as connection:
            num_changes = changes.pending(connection, replica.cursor)
        manifest, view = replica.snapshot.manifest, replica.view
        return IndexStatus(
            store="faiss",
            kind=manifest.kind,
            is_ready=not self._is_behind,
            is_building=is_building,
            num_passages=replica.num_passages,
            num_bytes=manifest.num_bytes,
            num_fresh=len(view),
            num_stale=view.num_stale,
            num_changes=num_changes,
            built_at=datetime.fromtimestamp(manifest.taken_at, UTC),
            build_s=manifest.build_s,
        )

    def close(self) -> None:
        """End the thread, the builder and the connection."""
        self._ended.set()
        self._thread.join(STOP_S)
        if self._process is not None:
            _end(self._process)
        with self._lock:
            self._watch.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._step()
            except (MunimentError, psycopg.Error, OSError, RuntimeError) as error:  # the thread outlives what may pass
                log.warning("index_not_followed", extra={"error": type(error).__name__, "reason": str(error)})
                self._ended.wait(RETRY_S / 10)
            except Exception:  # whatever it was, the next step may go well
                log.exception("index_step_crashed")
                self._ended.wait(RETRY_S / 10)
            self._ended.wait(POLL_S)

    def _step(self) -> None:
        self._reap()
        self._adopt()
        with self._lock:
            self._look(SEARCH_LIMIT)
        if self._is_behind:  # said already, so that no search waits while this takes its time
            with self._lock:
                self._look(MAX_TAIL)
        if self._is_due() and self._process is None and not builder.is_locked(self._followed.folder):
            self._num_serving = self._num_wanted
            assert isinstance(self._pool.conninfo, str)
            self._process = builder.start(Job(self._pool.conninfo, str(self._followed.folder), *self._what()))

    def _what(self) -> tuple[str, int, Kind | None]:
        return self._followed.model_id, self._followed.dimension, self._followed.kind

    def _look(self, limit: int) -> None:
        """Read what is new, if there is anything and it is no more than ``limit`` passages. The lock is held."""
        if self._replica is None:
            return
        self._num_looks += 1
        try:
            with self._watch.connection() as connection:
                if changes.pending(connection, self._replica.cursor):
                    self._is_behind = not self._replica.advance(connection, limit)
        except (MunimentError, psycopg.Error):  # nothing was taken in that will not be read again
            raise
        except Exception:  # it may have taken in a part: it is opened anew, and PostgreSQL answers meanwhile
            log.exception("index_step_crashed")
            self._replica = None
            return
        self._whole_look = self._num_looks

    def _adopt(self) -> None:
        """Move over to the current generation, if it is another and good; say so if it is not."""
        name = snapshot.current(self._followed.folder)
        if name is None or name == self._refused or (self._replica is not None and name == self._replica.snapshot.generation):
            return
        try:
            replica, is_current = self._opened()
        except DamagedSnapshot as error:
            log.warning("index_damaged", extra={"reason": str(error), "what": "it is built anew from PostgreSQL"})
            self._refused, self._num_refused = name, self._num_refused + 1
            self._next_build_at = time.monotonic() + (0 if self._num_refused == 1 else RETRY_S)
            return
        self._num_refused = 0
        if self._replica is not None:
            self._replica.leave_gpu()  # which may have room for one of them only
        replica.move_to_gpu()
        with self._lock:
            self._replica, self._is_behind, self._whole_look = replica, not is_current, 0
        log.info("index_opened", extra={"generation": name, "kind": replica.snapshot.manifest.kind, "num": len(replica.snapshot)})

    def _opened(self) -> tuple[Replica, bool]:
        """Open the current generation, bring it up to date, and count whether it holds as much as PostgreSQL."""
        model_id, dimension, _ = self._what()
        with transaction(self._pool) as connection:
            database = changes.database_name(connection)
        opened = snapshot.open_current(self._followed.folder, model_id=model_id, dimension=dimension, database=database)
        if time.time() - opened.manifest.taken_at > STALE_S:
            raise DamagedSnapshot("The snapshot is so old that changes since may have been pruned.")
        replica = Replica(opened)
        with transaction(self._pool) as connection:
            for _ in range(3):
                if not replica.advance(connection, MAX_TAIL):
                    return replica, False
                num = vectors.count(connection, model_id, dimension)
                if changes.pending(connection, replica.cursor) == 0:
                    if num != replica.num_passages:
                        raise DamagedSnapshot(f"The index holds {replica.num_passages} passages, PostgreSQL {num}.")
                    break
        return replica, True

    def _is_due(self) -> bool:
        if time.monotonic() < self._next_build_at:
            return False
        replica = self._replica
        if self._is_wanted or replica is None or self._is_behind or replica.is_outgrown:
            return True
        return time.time() - replica.snapshot.manifest.taken_at > STALE_S - 86_400

    def _reap(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            failed = self._process.returncode not in (0, builder.BUSY)
            if self._process.returncode == 0:  # another process's build may have begun before it was asked for
                self._num_served = self._num_serving
            if failed:
                log.error("index_not_built", extra={"status": self._process.returncode, "retry_s": RETRY_S})
            self._next_build_at = time.monotonic() + (RETRY_S if failed else PAUSE_S)
            self._process = None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a builder: one that does not heed it is killed, and left to the system where even that takes long."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
