import hashlib
import io
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from core import blobs
from core.db.pool import transaction
from core.queue import INGEST_TASK
from ingest import documents


@pytest.fixture
def upload(alice):
    alice("POST", "/v1/collections", json={"name": "c"})

    def send(content: bytes, filename: str = "a.txt", **form: str):
        return alice("POST", "/v1/collections/c/documents", files={"file": (filename, io.BytesIO(content))}, data=form)

    return send


def test_an_upload_is_stored_written_down_and_enqueued(upload, services):
    response = upload(b"hello", source="/home/alice/a.txt")
    job = response.json()
    assert response.status_code == 202
    assert (job["state"], job["source"], job["collection"], job["num_bytes"]) == ("queued", "/home/alice/a.txt", "c", 5)
    assert (job["document_id"], job["error"], job["attempts"]) == (None, None, 0)
    assert blobs.path_of(services.settings.blobs_dir, hashlib.sha256(b"hello").hexdigest()).read_bytes() == b"hello"
    assert services.celery.sent == [(INGEST_TASK, [job["job_id"], 1])]
    assert _enqueued_at(services, job["job_id"]) is not None


def _enqueued_at(services, job_id: str) -> datetime | None:
    with transaction(services.pool) as connection:
        return connection.execute("SELECT enqueued_at FROM jobs WHERE job_id = %s", (job_id,)).fetchone()["enqueued_at"]


def test_the_job_is_committed_before_it_is_enqueued(upload, services):
    def look(name: str, args: tuple[str, int], **options: object) -> None:
        with transaction(services.pool) as connection:
            assert documents.find_jobs(connection, "alice", [UUID(args[0])])

    services.celery.send_task = look
    assert upload(b"hello").status_code == 202


def test_with_the_broker_away_the_job_waits_in_the_ledger(upload, services, caplog: pytest.LogCaptureFixture):
    services.celery.is_away = True
    response = upload(b"hello")
    assert (response.status_code, response.json()["state"]) == (202, "queued")
    assert _enqueued_at(services, response.json()["job_id"]) is None
    assert "enqueue_failed" in caplog.messages


def test_an_empty_file_is_in_the_ledger_as_rejected(upload, alice, services):
    job = upload(b"").json()
    assert (job["state"], job["num_bytes"]) == ("rejected", 0)
    assert "empty" in job["error"]
    assert services.celery.sent == []
    assert alice("GET", f"/v1/jobs/{job['job_id']}").json() == job


def test_without_a_source_the_files_name_is_it(upload):
    assert upload(b"x", filename="Bericht März.txt").json()["source"] == "Bericht März.txt"


@pytest.mark.parametrize("num_bytes", [1_000_001, 2_000_000])
def test_too_large_a_file_is_413_and_leaves_nothing(upload, services, num_bytes: int):
    response = upload(b"x" * num_bytes)
    assert response.status_code == 413
    assert "1 MB" in response.json()["detail"]
    assert not [path for path in Path(services.settings.home).rglob("*") if path.is_file()]


def test_the_largest_file_is_taken(upload):
    assert upload(b"x" * 1_000_000).status_code == 202


@pytest.mark.parametrize("source", ["x" * 1001, "a\0b", " "])
def test_a_bad_source_is_422(upload, source: str):
    response = upload(b"x", source=source)
    assert response.status_code == 422
    assert "source" in response.json()["detail"]


def test_labels_are_written_into_the_ledger(upload, services):
    said = {"tags": ["lease, 2020", "signed"], "metadata": '{"office": "Bonn", "floor": 3}'}
    for form, tags, metadata in [
        (said, ["2020", "lease", "signed"], {"office": "Bonn", "floor": 3}),
        ({"tags": "", "metadata": "{}"}, [], {}),
        ({}, [], {}),  # as the upload before, which is still on its way
    ]:
        job_id = upload(b"hello", **form).json()["job_id"]
        with transaction(services.pool) as connection:
            row = connection.execute("SELECT tags, metadata FROM jobs WHERE job_id = %s", (job_id,)).fetchone()
        assert row == {"tags": tags, "metadata": metadata}
    job_id = upload(b"hello", source="/unlabelled").json()["job_id"]
    with transaction(services.pool) as connection:
        row = connection.execute("SELECT tags, metadata FROM jobs WHERE job_id = %s", (job_id,)).fetchone()
    assert row == {"tags": None, "metadata": None}


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({"tags": "x" * 101}, "tags: a tag has 1 to 100"),
        ({"tags": ",".join(map(str, range(51)))}, "tags: a document has at most 50"),
        ({"metadata": "office=Bonn"}, "metadata: write it as a JSON object"),
        ({"metadata": "[1]"}, "metadata: write it as a JSON object"),
        ({"metadata": "[" * 10_000}, "metadata"),
        ({"metadata": '{"office": null}'}, "metadata.office: a value is"),
        ({"metadata": '{"office": "a\\u0000"}'}, "metadata.office: a text has"),
        ({"metadata": '{"a": 1e999}'}, "metadata.a: this number"),
    ],
)
def test_a_bad_label_is_422_and_keeps_no_bytes(upload, services, form, named: str):
    response = upload(b"x", **form)
    assert response.status_code == 422
    assert named in response.json()["detail"]
    assert not services.settings.blobs_dir.exists()


def test_no_such_collection_is_404_and_keeps_no_bytes(alice, services):
    response = alice("POST", "/v1/collections/absent/documents", files={"file": ("a.txt", b"x")})
    assert response.status_code == 404
    assert not services.settings.blobs_dir.exists()


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Starlette leaves a cut part's file to the GC
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (BOUNDARY, b""),
        (BOUNDARY, b"no boundary at all"),
        (BOUNDARY, PART),  # cut short
        (BOUNDARY, PART + PART + b"--b--"),  # two files
        (BOUNDARY, b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--b--'),
        (BOUNDARY, b'--b\r\nContent-Disposition: form-data; name="source"\r\n\r\n' + b"x" * 100_000 + b"\r\n--b--"),
        ({"Content-Type": "multipart/form-data"}, PART + b"--b--"),
        ({"Content-Type": "application/json"}, b"{}"),
        ({}, b"raw"),
    ],
)
def test_a_malformed_upload_is_refused(alice, headers: dict[str, str], body: bytes):
    alice("POST", "/v1/collections", json={"name": "c"})
    response = alice("POST", "/v1/collections/c/documents", content=body, headers=headers)
    assert response.status_code in (400, 422)
    assert response.json()["status"] == response.status_code
