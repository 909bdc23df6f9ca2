"""Sends files to the API, a few at a time, and follows their jobs until each has ended.

Goes in: what was found. Comes out: a Row a file, in the same order, and on the way a Count to show. The API may be
away for a moment (it is restarted when it dies): a call is tried again for about half a minute before a file fails.
Whatever ends it, what is known of each file is reported.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

from ui.cli.walk import Found, reason
from ui.client import ApiError, Client

UPLOADS_AT_ONCE = 4
POLL_S = 0.3
POLLED_AT_ONCE = 200
RETRY_DELAYS_S = (1, 2, 4, 8, 15)
UNFINISHED = {"sending", "queued", "running"}
GOOD = {"indexed", "unchanged"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """A file and what became of it: ``status`` is its job's state, or ``sending`` before it has one."""

    source: str
    status: str = "sending"
    error: str | None = None
    document_id: str | None = None
    job_id: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status not in UNFINISHED

    def report(self) -> dict[str, Any]:
        """Give what ``muniment ingest --json`` prints."""
        return {"source": self.source, "document_id": self.document_id, "status": self.status, "error": self.error}


Show = Callable[[Counter[str]], None]
Upload = Callable[[Path, str], dict[str, Any]]


class Interrupted(Exception):
    """Somebody pressed Ctrl-C; ``rows`` is what was known by then."""

    def __init__(self, rows: list[Row]) -> None:
        super().__init__("interrupted")
        self.rows = rows


def send_files(client: Client, upload: Upload, found: Iterable[Found], *, wait: bool, show: Show) -> list[Row]:
    """``upload`` the files by path and source and, with ``wait``, follow them to their end.

    ``show`` gets the number of files in each state.

    Raises Interrupted for a KeyboardInterrupt. An API that stays away fails what is not finished.
    """
    rows = {f.source: Row(f.source, "rejected", f.error) if f.error else Row(f.source) for f in found}
    stop = Event()
    sources = [source for source, row in rows.items() if not row.is_finished]
    uploads = _start(sources, lambda source: _upload(upload, source, stop), stop)
    try:
        while uploads or (wait and not all(row.is_finished for row in rows.values())):
            uploads = _collect(uploads, rows)
            if wait:
                _poll(client, rows, stop)
            show(Counter(row.status for row in rows.values()))
            stop.wait(POLL_S)
    except ApiError as error:
        _give_up(rows, error)
    except KeyboardInterrupt:
        raise Interrupted(list(rows.values())) from None
    finally:
        stop.set()
    return list(rows.values())


def _start(sources: Iterable[str], upload: Callable[[str], Row], stop: Event) -> list[Future[Row]]:
    """Upload in daemon threads: an executor's would hold up the end of the program until the API has answered each."""
    futures, waiting = [], SimpleQueue[tuple[str, Future[Row]]]()
    for source in sources:
        futures.append(Future[Row]())
        waiting.put((source, futures[-1]))

    def work() -> None:
        while not stop.is_set():
            try:
                source, future = waiting.get_nowait()
            except Empty:
                return
            try:
                future.set_result(upload(source))
            except Exception as error:  # noqa: BLE001 - the thread's top: raised again where the result is taken
                future.set_exception(error)

    for number in range(min(UPLOADS_AT_ONCE, len(futures))):
        Thread(target=work, name=f"upload-{number}", daemon=True).start()
    return futures


def _collect(uploads: list[Future[Row]], rows: dict[str, Row]) -> list[Future[Row]]:
    """Take over the uploads that are done; returns those that are not."""
    waiting = []
    for upload in uploads:
        if upload.done():
            rows[upload.result().source] = upload.result()
        else:
            waiting.append(upload)
    return waiting


def _upload(upload: Upload, source: str, stop: Event) -> Row:
    try:
        job = _patiently(lambda: upload(Path(source), source), stop)
    except OSError as error:
        return Row(source, "rejected", reason(error))
    except ApiError as error:
        refused = 400 <= error.status < 500
        return Row(source, "rejected" if refused else "failed", str(error))
    return _followed(Row(source, job_id=job["job_id"]), job)


def _poll(client: Client, rows: dict[str, Row], stop: Event) -> None:
    """Ask about the jobs that have waited longest; workers take them in that order."""
    waiting = [row for row in rows.values() if row.job_id and not row.is_finished][:POLLED_AT_ONCE]
    if not waiting:
        return
    ids = [row.job_id for row in waiting if row.job_id]
    jobs = {job["job_id"]: job for job in _patiently(lambda: client.jobs(ids), stop)}
    for row in waiting:
        rows[row.source] = _followed(row, jobs.get(row.job_id or ""))


def _give_up(rows: dict[str, Row], error: ApiError) -> None:
    """Fail whatever is not finished, since the API no longer tells how it goes."""
    sent = f"It was sent, but its job cannot be followed: {error} `muniment documents` shows whether it was indexed."
    for row in rows.values():
        if not row.is_finished:
            rows[row.source] = replace(row, status="failed", error=sent if row.job_id else f"It was not sent: {error}")


def _followed(row: Row, job: dict[str, Any] | None) -> Row:
    if job is None:
        return replace(row, status="failed", error="Its job is gone: the collection was deleted meanwhile.")
    return replace(row, status=job["state"], error=job["error"], document_id=job["document_id"])


def _patiently(call: Callable[[], T], stop: Event) -> T:
    """Try a call again while the API is away, but no longer than until ``stop``."""
    for delay_s in RETRY_DELAYS_S:
        try:
            return call()
        except ApiError as error:
            if error.status not in (0, 502, 503, 504) or stop.wait(delay_s):
                raise
    return call()
