"""The real worker process on a real database and broker, killed at the worst moments."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from core.access import Principal, scope_for
from core.db.pool import transaction
from core.errors import DependencyUnavailable
from core.models import catalogue
from core.settings import Settings
from infra.local import checks
from infra.local.home import Home
from ingest import documents
from tests.bad_files import bad_files
from tests.worker import Platform

TOPICS = ["leave", "travel", "security", "payroll", "equipment", "training", "telework", "hiring", "records", "ethics"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A HOME of the tests' own, with the embedder's verified weights in it."""
    home = tmp_path_factory.mktemp("home with spaces")
    catalogue.ensure("all-minilm-l6-v2", Settings(home=home).with_values(models={"folder": weights}))
    return home


@pytest.fixture
def platform(home: Path, database_url: str, broker_url: str) -> Iterator[Platform]:
    platform = Platform(home, database_url, broker_url)
    yield platform
    platform.close()


def a_file(number: int) -> bytes:
    topic = TOPICS[number % len(TOPICS)]
    paragraphs = [
        f"Paragraph {p} of policy {number} on {topic}: employees file form {number * 7 + p} within {p + 2} days."
        for p in range(40)
    ]
    return f"# Policy {number}: {topic}\n\n".encode() + "\n\n".join(paragraphs).encode()


def test_killed_again_and_again_every_file_is_indexed_exactly_once_and_none_is_stuck(platform: Platform) -> None:
    job_ids = [platform.upload(f"/policies/{n}.md", a_file(n)) for n in range(100)]
    for ended in (1, 15, 40, 70):
        with platform.worker():
            platform.wait(job_ids, 120, until_ended=ended)  # and then killed in the middle of the next
    with platform.worker():
        jobs = platform.wait(job_ids, 240)
    assert Counter(j.state for j in jobs) == {"indexed": 100}
    with transaction(platform.pool) as connection:
        scope = scope_for(connection, Principal("ada", UUID(int=0)))
        records = documents.list_documents(connection, scope, limit=1000)
        assert sorted(r.source for r in records) == sorted(f"/policies/{n}.md" for n in range(100))
        counted = connection.execute(
            "SELECT document_id, count(*) AS n, count(DISTINCT start_char) AS d FROM chunks GROUP BY 1"
        ).fetchall()
        texts = {r.source: documents.document_text(connection, scope, r.document_id) for r in records}
    assert {row["document_id"]: (row["n"], row["d"]) for row in counted} == {r.document_id: (r.num_chunks,) * 2 for r in records}
    for number in (0, 37, 99):
        assert f"policy {number} on" in texts[f"/policies/{number}.md"]


def sign_of_life(platform: Platform) -> str:
    """What `muniment status` would say of the worker; empty while it is well."""
    try:
        checks.check_sign_of_life(Home(platform.home).worker_alive)
    except DependencyUnavailable as error:
        return str(error)
    return ""


def test_a_worker_is_well_once_its_processes_can_work_and_not_while_they_cannot(platform: Platform, tmp_path: Path) -> None:
    Home(platform.home).worker_alive.unlink(missing_ok=True)
    with platform.worker():
        platform.wait_until(lambda: sign_of_life(platform) == "", 60)
    (tmp_path / "no model").mkdir()
    platform.environment["MUNIMENT_EMBEDDING_MODEL"] = str(tmp_path / "no model")
    with platform.worker():
        platform.wait_until(lambda: "its processes cannot start" in sign_of_life(platform), 60)


def test_what_the_broker_lost_is_enqueued_again(platform: Platform) -> None:
    job_ids = [platform.upload(f"/lost/{n}.txt", a_file(n), enqueue=False) for n in range(3)]
    with platform.worker():
        assert {j.state for j in platform.wait(job_ids, 60)} == {"indexed"}


def test_the_same_again_is_unchanged_and_a_change_replaces(platform: Platform) -> None:
    with platform.worker():
        first = platform.wait([platform.upload("/a.txt", b"The canteen opens at nine.")], 60)[0]
        again = platform.wait([platform.upload("/a.txt", b"The canteen opens at nine.")], 60)[0]
        changed = platform.wait([platform.upload("/a.txt", b"The canteen opens at ten.")], 60)[0]
    assert (first.state, again.state, changed.state) == ("indexed", "unchanged", "indexed")
    assert first.document_id == again.document_id == changed.document_id
    with transaction(platform.pool) as connection:
        rows = connection.execute("SELECT text FROM chunks WHERE document_id = %s", (first.document_id,)).fetchall()
    assert [row["text"] for row in rows] == ["The canteen opens at ten."]


def test_bad_files_end_with_a_reason_and_nothing_else_suffers(platform: Platform, tmp_path: Path) -> None:
    bad = bad_files(tmp_path)
    with platform.worker():
        job_ids = {platform.upload(str(b.path), b.path.read_bytes()): b for b in bad}
        good = platform.upload("/good.txt", b"The good file is found all the same.")
        ended = platform.wait([*job_ids, good], 240)
    by_id = {j.job_id: j for j in ended}
    assert by_id[good].state == "indexed"
    for job_id, expected in job_ids.items():
        job = by_id[job_id]
        assert job.state == expected.status, (job.source, job.state, job.error)
        assert job.error and expected.word.lower() in job.error.lower(), (job.source, job.error)


def test_a_file_that_kills_its_process_is_set_aside_and_the_rest_goes_on(platform: Platform) -> None:
    with platform.worker() as worker:
        deadly = platform.upload("/deadly.txt", b"\n\n".join(a_file(n) for n in range(200)))
        others = [platform.upload(f"/innocent/{n}.md", a_file(n)) for n in range(6)]
        deadline = time.monotonic() + 120
        while platform.jobs([deadly])[0].state in ("queued", "running"):
            assert time.monotonic() < deadline, (platform.home / "worker.log").read_text()[-3000:]
            if platform.jobs([deadly])[0].state == "running" and all(j.state == "indexed" for j in platform.jobs(others)):
                for child in psutil.Process(worker.pid).children():
                    child.kill()
            time.sleep(1)
        job = platform.jobs([deadly])[0]
        assert (job.state, job.attempts) == ("quarantined", 3)
        assert job.error and "3 worker processes died" in job.error
        assert {j.state for j in platform.jobs(others)} == {"indexed"}
        assert platform.wait([platform.upload("/after.txt", b"Life goes on after that.")], 60)[0].state == "indexed"


def test_two_uploads_of_one_source_end_with_the_later_one(platform: Platform) -> None:
    versions = [f"Version {n} of the text, which stays.".encode() for n in range(6)]
    with platform.worker():
        job_ids = [platform.upload("/same.txt", v) for v in versions]
        platform.wait(job_ids, 60)
    with transaction(platform.pool) as connection:
        row = connection.execute("SELECT content_hash FROM documents WHERE source = '/same.txt'").fetchone()
    assert row == {"content_hash": hashlib.sha256(versions[-1]).hexdigest()}
