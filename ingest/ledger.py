"""The worker's side of the jobs table: claim, renew, finish, sweep.

A claimed job carries a lease, which its worker renews while it lives, and an attempt number, which fences off a worker
that lost its lease: what it writes then changes nothing. So a job is finished exactly once, whatever dies when.
"""

from dataclasses import dataclass
from uuid import UUID

from core.db.pool import Connection
from core.labels import UNLABELLED, Labels, labels_of
from core.permissions import DocumentAccess
from core.queue import EXPIRES_S
from ingest.documents import JobState

SWEEP_LIMIT = 500
MAX_INTERRUPTIONS = 20  # a file that takes down whole workers must end somewhere, too
KEEP_DAYS = 90


class LeaseLost(Exception):
    """Another worker has the job now, or its document was deleted: drop the work, change nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job this worker may work on, for as long as ``attempt`` is its newest."""

    job_id: UUID
    attempt: int
    collection_id: UUID
    source: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Due:
    """A job that waits for a worker without a message, and the attempt that its next message is for."""

    job_id: UUID
    attempt: int


def claim(connection: Connection, job_id: UUID, attempt: int, *, lease_s: float) -> Claim | None:
    """Take the job if it waits for this attempt; None if it is finished, taken, gone, or has had it."""
    row = connection.execute(
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, updated_at = now(),"
        " lease_expires_at = now() + make_interval(secs => %(lease)s)"
        " WHERE job_id = %(job)s AND state = 'queued' AND attempts = %(attempt)s - 1"
        " RETURNING job_id, attempts AS attempt, collection_id, source, content_hash",
        {"job": job_id, "attempt": attempt, "lease": lease_s},
    ).fetchone()
    return Claim(**row) if row else None


def renew(connection: Connection, claim: Claim, *, lease_s: float) -> bool:
    """Extend the lease; False when it was lost."""
    query = """UPDATE jobs SET lease_expires_at = now() + make_interval(secs => %s)
                WHERE job_id = %s AND attempts = %s AND state = 'running'"""
    return connection.execute(query, (lease_s, claim.job_id, claim.attempt)).rowcount == 1


def finish(
    connection: Connection, claim: Claim, state: JobState, *, document_id: UUID | None = None, error: str | None = None
) -> None:
    """Write the job's end in the caller's transaction; raises LeaseLost, which must roll that back."""
    query = """UPDATE jobs SET state = %s, document_id = %s, error = %s, lease_expires_at = NULL, updated_at = now()
                WHERE job_id = %s AND attempts = %s AND state = 'running'"""
    if connection.execute(query, (state, document_id, error, claim.job_id, claim.attempt)).rowcount == 0:
        raise LeaseLost(str(claim.job_id))


def said_access(connection: Connection, claim: Claim) -> DocumentAccess | None:
    """Tell who may read the document, as its upload said and nobody has changed since; None where nothing was said.

    To be read in the transaction that writes the document, under its lock.
    """
    query = """SELECT allowed, access_source AS source FROM jobs
                WHERE job_id = %s AND (allowed IS NOT NULL OR access_source IS NOT NULL)"""
    row = connection.execute(query, (claim.job_id,)).fetchone()
    return DocumentAccess(**row) if row else None


def said_labels(connection: Connection, claim: Claim) -> Labels:
    """Tell the labels that the document's upload gave it and nobody has changed since; to be read as :func:`said_access` is."""
    row = connection.execute("SELECT tags, metadata FROM jobs WHERE job_id = %s", (claim.job_id,)).fetchone()
    return labels_of(row) if row else UNLABELLED


def is_superseded(connection: Connection, claim: Claim) -> bool:
    """Tell whether a file uploaded later from the same source is already in: then this older one must not replace it."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM jobs later JOIN jobs mine ON mine.job_id = %s"
        " WHERE later.collection_id = mine.collection_id AND later.source = mine.source"
        " AND later.created_at > mine.created_at AND later.state IN ('indexed', 'unchanged')) AS superseded",
        (claim.job_id,),
    ).fetchone()
    return row is not None and bool(row["superseded"])


def give_back(connection: Connection, claim: Claim) -> None:
    """Let go of a job that could not be done for no fault of its file; the sweep enqueues it again."""
    connection.execute(
        "UPDATE jobs SET state = 'queued', enqueued_at = NULL, lease_expires_at = NULL, updated_at = now()"
        " WHERE job_id = %s AND attempts = %s AND state = 'running'",
        (claim.job_id, claim.attempt),
    )


def record_death(connection: Connection, job_id: UUID, attempt: int, *, max_deaths: int) -> None:
    """Note that the process died that made this attempt: the job is queued again, or set aside after ``max_deaths``.

    A death told so late that the lease ran out, and another attempt is under way, changes nothing.
    """
    connection.execute(
        "UPDATE jobs SET deaths = deaths + 1, lease_expires_at = NULL, enqueued_at = NULL, updated_at = now(),"
        " state = CASE WHEN deaths + 1 < %(max)s THEN 'queued' ELSE 'quarantined' END,"
        " error = CASE WHEN deaths + 1 < %(max)s THEN NULL ELSE"
        " format('%%s worker processes died of this file (memory, crash or time limit); it is set aside.', deaths + 1) END"
        " WHERE job_id = %(job)s AND attempts = %(attempt)s AND state = 'running'",
        {"job": job_id, "attempt": attempt, "max": max_deaths},
    )


def sweep(connection: Connection) -> list[Due]:
    """Put right what died: returns the jobs to enqueue (again), marked as enqueued now.

    A running job whose lease ran out is queued again (its worker was stopped or killed as a whole), but not for ever; a
    queued one whose message was never sent, or has expired by now, is due for another.
    """
    connection.execute(
        "UPDATE jobs SET state = 'quarantined', lease_expires_at = NULL, updated_at = now(),"
        " error = format('Its worker was stopped or killed %%s times while it read this file; it is set aside.', attempts)"
        " WHERE state = 'running' AND lease_expires_at < now() AND attempts >= %s",
        (MAX_INTERRUPTIONS,),
    )
    connection.execute(
        "UPDATE jobs SET state = 'queued', enqueued_at = NULL, lease_expires_at = NULL, updated_at = now()"
        " WHERE state = 'running' AND lease_expires_at < now()"
    )
    rows = connection.execute(
        "UPDATE jobs SET enqueued_at = now() WHERE job_id IN (SELECT job_id FROM jobs WHERE state = 'queued'"
        " AND (enqueued_at IS NULL OR enqueued_at < now() - make_interval(secs => %s))"
        " AND created_at < now() - interval '5 seconds'"  # younger ones are the API's to enqueue
        " ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING job_id, attempts + 1 AS attempt",
        (EXPIRES_S, SWEEP_LIMIT),
    ).fetchall()
    return [Due(**row) for row in rows]


def unmark(connection: Connection, job_ids: list[UUID]) -> None:
    """Take back that these were enqueued, since the broker was away."""
    connection.execute("UPDATE jobs SET enqueued_at = NULL WHERE job_id = ANY(%s) AND state = 'queued'", (job_ids,))


def forget_old(connection: Connection) -> None:
    """Drop the records of jobs that ended long ago; their documents stay."""
    connection.execute(
        "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND updated_at < now() - make_interval(days => %s)",
        (KEEP_DAYS,),
    )
