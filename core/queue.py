"""The Celery app and what may be put on its queue. No task bodies here, so the API never imports a parser.

A message is only a nudge: PostgreSQL's ``jobs`` table is the ledger, and the worker's sweep enqueues again what the
broker lost. A message that has waited longer than EXPIRES_S is dropped, since by then the sweep has sent another. It names
the attempt it is for, so that one that comes late starts nothing and a death is laid to the attempt that died.
"""

from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError

from core.errors import DependencyUnavailable

EXPIRES_S = 120
INGEST_TASK = "ingest.document"
VISIBILITY_TIMEOUT_S = 600


def make_app(broker_url: str) -> Celery:
    """Build the Celery app for a broker; results are not kept, since the ledger holds them."""
    app = Celery("muniment", broker=broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # a killed child's job is found by its lease, not by redelivery
        worker_prefetch_multiplier=1,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
            "max_retries": 2,
            "interval_start": 0,  # kombu would sleep 2 and 4 s, and an upload with it, while the broker is away
            "interval_step": 0.1,
        },
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
    )
    return app


def enqueue_ingest(app: Celery, job_id: UUID, attempt: int) -> None:
    """Nudge a worker to make this attempt at the job (the first is 1); call after the job's transaction has committed.

    Raises DependencyUnavailable when the broker is away; the job is safe in the ledger all the same.
    """
    try:
        app.send_task(INGEST_TASK, args=[str(job_id), attempt], expires=EXPIRES_S, retry=False)
    except OperationalError as error:
        raise DependencyUnavailable(f"The broker does not answer: {error}") from error


def ping(app: Celery) -> None:
    """Ask the broker for a sign of life; raises DependencyUnavailable."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, reraise_as_library_errors=True)
    except OperationalError as error:
        raise DependencyUnavailable(f"The broker does not answer: {error}") from error
