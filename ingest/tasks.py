"""The worker: Celery's side of ingest, thin. An id comes in, the ledger says what it is, the pipeline does the work.

Wired here, once per process: ``serve`` in the parent, ``wire`` in each child after the fork (neither a connection nor
an inference session survives one). The parent sweeps the ledger, so that what the broker or a dead worker lost is
enqueued again. The sign of life is ``HOME/run/worker.alive``: a child makes it, empty once it can work, or with the reason
why it cannot in it; the parent touches it after each sweep that went well.
"""

import itertools
import logging
import os
import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any
from uuid import UUID

from billiard.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery import Celery
from celery.signals import task_failure, worker_process_init, worker_ready

from core import queue
from core.db.pool import Pool, open_pool, transaction
from core.errors import DependencyUnavailable
from core.models import catalogue
from core.permissions import forget_unused_classes
from core.settings import Settings
from ingest import ledger
from ingest.cleanup import remove_unneeded
from ingest.ledger import Claim, LeaseLost
from ingest.pipeline import Pipeline, fail, ingest
from retrieval.embed import make_embedder, runs_on_gpu
from retrieval.stores import changes

log = logging.getLogger(__name__)
SWEEP_EVERY_S = 5.0
SWEEPS_PER_CLEANUP = 60
RENEWALS_PER_LEASE = 4


def serve(settings: Settings) -> None:
    """Run the worker until it is told to stop; needs ``database.url`` and ``broker.url``."""
    assert settings.broker.url is not None
    app = queue.make_app(settings.broker.url.get_secret_value())
    worker = _Worker(settings, app)
    worker.alive.parent.mkdir(parents=True, exist_ok=True)
    worker.alive.unlink(missing_ok=True)
    app.task(name=queue.INGEST_TASK, soft_time_limit=settings.ingest.time_limit_s, time_limit=settings.ingest.time_limit_s + 30)(
        worker.ingest_document
    )
    worker_process_init.connect(worker.wire, weak=False)
    task_failure.connect(worker.record_death, weak=False)
    worker_ready.connect(worker.start_sweeping, weak=False)
    app.worker_main(
        ["worker", f"--concurrency={settings.ingest.processes}", f"--loglevel={settings.log_level}", "--without-gossip",
         "--without-mingle", "--without-heartbeat", f"--max-memory-per-child={settings.ingest.memory_mb * 500}"]
    )  # fmt: skip


class _Worker:
    """What one process of the worker holds: settings, the Celery app and, in a child, its pipeline."""

    def __init__(self, settings: Settings, app: Celery) -> None:
        self.settings, self.app = settings, app
        self.pipeline: Pipeline | None = None
        self.alive = settings.home / "run" / "worker.alive"

    def wire(self, **_: Any) -> None:
        """Build this child's pipeline; a child that cannot must not take jobs, so it ends, and Celery starts the next."""
        try:
            self.pipeline = self._build_pipeline()
            self.alive.write_text("", encoding="utf-8")
        except Exception as error:
            log.exception("worker_process_unusable")
            with suppress(OSError):
                self.alive.write_text(f"its processes cannot start: {error or type(error).__name__}", encoding="utf-8")
            os._exit(1)

    def _build_pipeline(self) -> Pipeline:
        bound_memory(self.settings)
        folder = catalogue.folder(self.settings.embedding.model, self.settings)
        embedder = make_embedder(self.settings, threads=self.settings.embedding.threads or 1, folder=folder)
        return Pipeline(self._open_pool(), embedder, self.settings.blobs_dir)

    def ingest_document(self, job_id: str, attempt: int) -> None:
        """Claim the job and bring it to its end; whatever goes wrong, the job is not stuck and the worker not dead."""
        assert self.pipeline is not None
        pool = self.pipeline.pool
        with transaction(pool) as connection:
            claim = ledger.claim(connection, UUID(job_id), attempt, lease_s=self.settings.ingest.lease_s)
        if claim is None:
            return
        try:
            with self._renewing(pool, claim):
                state = ingest(self.pipeline, claim)
            log.info("job_ended", extra={"job_id": job_id, "state": state})
        except LeaseLost:
            log.warning("lease_lost", extra={"job_id": job_id})
        except DependencyUnavailable as error:
            log.warning("job_interrupted", extra={"job_id": job_id, "reason": str(error)})
            with suppress(DependencyUnavailable), transaction(pool) as connection:  # else its lease will run out
                ledger.give_back(connection, claim)
        except SoftTimeLimitExceeded:
            fail(pool, claim, f"Reading the file took longer than {self.settings.ingest.time_limit_s} s (ingest.time_limit_s).")
        except MemoryError:
            fail(
                pool, claim, f"Reading the file took more than {self.settings.ingest.memory_mb} MB of memory (ingest.memory_mb)."
            )
        except Exception as error:
            log.exception("job_crashed", extra={"job_id": job_id})
            fail(pool, claim, f"The file could not be read ({type(error).__name__}); the worker's log has the details.")

    def record_death(self, exception: BaseException, args: Sequence[Any], **_: Any) -> None:
        """In the parent, when a child was killed, by itself or by the hard time limit, while it worked on a job."""
        if not isinstance(exception, WorkerLostError | TimeLimitExceeded):
            return
        job_id, attempt = args
        log.warning("worker_process_died", extra={"job_id": job_id, "attempt": attempt})
        try:
            with transaction(self._parent_pool) as connection:
                ledger.record_death(connection, UUID(job_id), attempt, max_deaths=self.settings.ingest.max_attempts)
        except DependencyUnavailable as error:  # the lease runs out and the sweep enqueues it again
            log.warning("death_not_recorded", extra={"job_id": job_id, "reason": str(error)})

    def start_sweeping(self, **_: Any) -> None:
        """Start the parent's sweep, which lives as long as the worker takes work."""
        threading.Thread(target=self._sweep_forever, name="sweep", daemon=True).start()

    def _sweep_forever(self) -> None:
        pool = self._parent_pool
        pause = threading.Event()
        for number in itertools.count():
            try:
                sweep(pool, self.app)
                with suppress(FileNotFoundError):  # no child can work yet
                    os.utime(self.alive)
                if number % SWEEPS_PER_CLEANUP == 0:
                    remove_unneeded(pool, self.settings.blobs_dir)
                    with transaction(pool) as connection:
                        ledger.forget_old(connection)
                        changes.prune(connection)
                        forget_unused_classes(connection)
            except DependencyUnavailable as error:
                log.warning("sweep_failed", extra={"reason": str(error)})
            except Exception:  # whatever it was, the next sweep may go well, and without one jobs would be stuck
                log.exception("sweep_crashed")
            pause.wait(SWEEP_EVERY_S)

    @cached_property
    def _parent_pool(self) -> Pool:
        return self._open_pool()

    def _open_pool(self) -> Pool:
        assert self.settings.database.url is not None
        return open_pool(self.settings.database.url.get_secret_value(), max_size=2)

    @contextmanager
    def _renewing(self, pool: Pool, claim: Claim) -> Iterator[None]:
        """Renew the lease from a thread of its own while the block works."""
        lease_s, done = self.settings.ingest.lease_s, threading.Event()

        def renew() -> None:
            while not done.wait(lease_s / RENEWALS_PER_LEASE):
                try:
                    with transaction(pool) as connection:
                        ledger.renew(connection, claim, lease_s=lease_s)
                except DependencyUnavailable as error:
                    log.warning("renewal_failed", extra={"job_id": str(claim.job_id), "reason": str(error)})

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def bound_memory(settings: Settings) -> None:
    """Bound this process's memory: a document that needs more fails, the machine lives.

    Not with an embedder on a GPU: CUDA reserves address space by the size of the machine, which the bound would count.
    """
    if not runs_on_gpu(settings):
        limit = settings.ingest.memory_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def sweep(pool: Pool, app: Celery) -> int:
    """Enqueue what the ledger says is waiting without a message; returns how many jobs that were."""
    with transaction(pool) as connection:
        due = ledger.sweep(connection)
    for position, job in enumerate(due):
        try:
            queue.enqueue_ingest(app, job.job_id, job.attempt)
        except DependencyUnavailable:
            with transaction(pool) as connection:
                ledger.unmark(connection, [left.job_id for left in due[position:]])
            raise
    return len(due)
