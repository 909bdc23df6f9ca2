import time
from uuid import uuid4

import pytest

from core import queue
from core.errors import DependencyUnavailable
from tests.embedded import free_port


def test_a_broker_that_is_away_is_told_soon() -> None:
    app = queue.make_app(f"redis://127.0.0.1:{free_port()}/0")
    for call in (lambda: queue.enqueue_ingest(app, uuid4(), 1), lambda: queue.ping(app)):
        started = time.monotonic()
        with pytest.raises(DependencyUnavailable, match="broker does not answer"):
            call()
        assert time.monotonic() - started < 3


def test_a_message_reaches_the_broker(broker_url: str) -> None:
    app = queue.make_app(broker_url)
    app.conf.task_default_queue = f"test-{uuid4().hex}"
    queue.ping(app)
    job_id = uuid4()
    queue.enqueue_ingest(app, job_id, 2)
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue(app.conf.task_default_queue).get(timeout=5)
    assert message.headers["task"] == queue.INGEST_TASK
    assert message.payload[0] == [str(job_id), 2]
    assert message.headers["expires"]
