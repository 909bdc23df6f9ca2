"""A worker process of the real kind on a given database and broker, for tests and benchmarks."""

import io
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from core import blobs, queue
from core.db.pool import Pool, open_pool, transaction
from core.settings import PROJECT_ROOT, Settings
from ingest import documents
from retrieval.embed import make_embedder


class Platform:
    """A database, a broker and as many workers as a test starts."""

    def __init__(self, home: Path, database_url: str, broker_url: str) -> None:
        self.home, self.app = home, queue.make_app(broker_url)
        self.environment = os.environ | {
            "MUNIMENT_HOME": str(home),
            "MUNIMENT_DATABASE_URL": database_url,
            "MUNIMENT_BROKER_URL": broker_url,
            "MUNIMENT_INGEST_LEASE_S": "3",
            "MUNIMENT_INGEST_MAX_ATTEMPTS": "3",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.pool: Pool = open_pool(database_url, max_size=2)
        with transaction(self.pool) as connection:
            self.model_id = _model_id(home)
            self.collection = documents.add_collection(connection, "ada", "papers", model_id=self.model_id, dimension=384)

    def close(self) -> None:
        self.app.control.purge()
        self.app.close()
        self.pool.close()

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.home / "worker.log").open("ab") as log:
            process = self.process = subprocess.Popen(
                [sys.executable, "-m", "ingest"],
                env=self.environment,
                cwd=PROJECT_ROOT,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            self.process = None
            kill_group(process)

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def upload(self, source: str, content: bytes, *, enqueue: bool = True) -> UUID:
        sha256, num_bytes = blobs.store(io.BytesIO(content), self.home / "blobs", 10**9)
        with transaction(self.pool) as connection:
            job = documents.add_job(
                connection, "ada", self.collection.collection_id, source=source, content_hash=sha256, num_bytes=num_bytes
            )
            if enqueue:
                documents.mark_enqueued(connection, job.job_id)
        if enqueue:
            queue.enqueue_ingest(self.app, job.job_id, 1)
        return job.job_id

    def jobs(self, job_ids: list[UUID]) -> list[documents.Job]:
        with transaction(self.pool) as connection:
            return documents.find_jobs(connection, "ada", job_ids)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, (self.home / "worker.log").read_text()[-3000:]
            time.sleep(0.2)

    def wait(self, job_ids: list[UUID], seconds: float, *, until_ended: int | None = None) -> list[documents.Job]:
        deadline = time.monotonic() + seconds
        while True:
            jobs = self.jobs(job_ids)
            if sum(j.state not in ("queued", "running") for j in jobs) >= (until_ended or len(job_ids)):
                return jobs
            if time.monotonic() > deadline or self.has_died():
                log = (self.home / "worker.log").read_text()[-3000:]
                raise AssertionError(f"not ended in {seconds} s: {Counter(j.state for j in jobs)}\n{log}")
            time.sleep(0.2)


def _model_id(home: Path) -> str:
    return make_embedder(Settings(home=home), threads=1, folder=home / "models" / "all-minilm-l6-v2").model_id


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a worker as a power cut would: parent and children at once, no good-byes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
