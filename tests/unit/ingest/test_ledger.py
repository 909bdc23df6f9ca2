"""The ledger: a job is claimed by one, finished once, and found again whatever died."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from core.db.pool import Pool, transaction
from ingest import documents, ledger
from ingest.ledger import Claim, LeaseLost
from tests.unit.ingest.conftest import Owner


def claim(pool: Pool, job_id: UUID, lease_s: float = 60, attempt: int = 1) -> Claim | None:
    with transaction(pool) as connection:
        return ledger.claim(connection, job_id, attempt, lease_s=lease_s)


def sweep(pool: Pool) -> list[UUID]:
    with transaction(pool) as connection:
        return [due.job_id for due in ledger.sweep(connection)]


def age(pool: Pool, seconds: int) -> None:
    """Let the ledger's clock run: everything in it happened that much earlier."""
    with transaction(pool) as connection:
        connection.execute(
            "UPDATE jobs SET created_at = created_at - make_interval(secs => %(s)s),"
            " enqueued_at = enqueued_at - make_interval(secs => %(s)s),"
            " lease_expires_at = lease_expires_at - make_interval(secs => %(s)s)",
            {"s": seconds},
        )


def test_of_many_workers_one_gets_the_job(ada: Owner, pool: Pool) -> None:
    job_id = ada.add_job()
    with ThreadPoolExecutor(4) as threads:
        claims = [c for c in threads.map(lambda _: claim(pool, job_id), range(12)) if c]
    assert [c.attempt for c in claims] == [1]
    assert ada.job(job_id).state == "running"


def test_a_finished_job_cannot_be_claimed_or_finished_again(ada: Owner, pool: Pool) -> None:
    taken = claim(pool, ada.add_job())
    assert taken
    with transaction(pool) as connection:
        ledger.finish(connection, taken, "failed", error="why")
    assert claim(pool, taken.job_id) is None
    with pytest.raises(LeaseLost), transaction(pool) as connection:
        ledger.finish(connection, taken, "indexed")
    assert (ada.job(taken.job_id).state, ada.job(taken.job_id).error) == ("failed", "why")


def test_a_worker_that_lost_its_lease_changes_nothing(ada: Owner, pool: Pool) -> None:
    slow = claim(pool, ada.add_job())
    assert slow
    age(pool, 120)
    assert sweep(pool) == [slow.job_id]
    quick = claim(pool, slow.job_id, attempt=2)
    assert quick and quick.attempt == 2
    with transaction(pool) as connection:
        assert ledger.renew(connection, slow, lease_s=60) is False
        assert ledger.renew(connection, quick, lease_s=60) is True
    with pytest.raises(LeaseLost), transaction(pool) as connection:
        ledger.finish(connection, slow, "indexed")
    assert ada.job(slow.job_id).state == "running"


def test_a_living_lease_is_left_alone(ada: Owner, pool: Pool) -> None:
    taken = claim(pool, ada.add_job(), lease_s=200)
    age(pool, 120)
    assert taken and sweep(pool) == []
    assert ada.job(taken.job_id).state == "running"


def die(pool: Pool, job_id: UUID, attempt: int, max_deaths: int = 3) -> None:
    with transaction(pool) as connection:
        ledger.record_death(connection, job_id, attempt, max_deaths=max_deaths)


def test_after_too_many_deaths_a_file_is_quarantined(ada: Owner, pool: Pool) -> None:
    job_id = ada.add_job()
    for attempt in (1, 2):
        assert claim(pool, job_id, attempt=attempt)
        die(pool, job_id, attempt)
        assert ada.job(job_id).state == "queued"
    assert claim(pool, job_id, attempt=3)
    die(pool, job_id, 3)
    job = ada.job(job_id)
    assert job.state == "quarantined"
    assert job.error and "3 worker processes died of this file" in job.error
    die(pool, job_id, 3)
    assert ada.job(job_id).state == "quarantined", "and stays so"


def test_a_death_told_late_does_not_disturb_the_next_attempt(ada: Owner, pool: Pool) -> None:
    job_id = ada.add_job()
    assert claim(pool, job_id)
    age(pool, 120)
    assert sweep(pool) == [job_id]
    second = claim(pool, job_id, attempt=2)
    die(pool, job_id, 1, max_deaths=1)
    assert ada.job(job_id).state == "running"
    assert second
    with transaction(pool) as connection:
        ledger.finish(connection, second, "indexed")


def test_a_message_for_an_attempt_that_was_made_starts_nothing(ada: Owner, pool: Pool) -> None:
    job_id = ada.add_job()
    assert claim(pool, job_id)
    die(pool, job_id, 1)
    assert claim(pool, job_id) is None
    age(pool, 10)
    with transaction(pool) as connection:
        assert ledger.sweep(connection) == [ledger.Due(job_id, 2)]


def test_a_worker_that_is_stopped_again_and_again_is_not_the_files_fault_until_it_is_too_often(ada: Owner, pool: Pool) -> None:
    job_id = ada.add_job()
    for attempt in range(1, ledger.MAX_INTERRUPTIONS):
        assert claim(pool, job_id, attempt=attempt)
        age(pool, 1000)
        assert sweep(pool) == [job_id]
    assert claim(pool, job_id, attempt=ledger.MAX_INTERRUPTIONS)
    age(pool, 1000)
    assert sweep(pool) == []
    assert ada.job(job_id).state == "quarantined"


def test_a_job_given_back_waits_for_the_next_worker(ada: Owner, pool: Pool) -> None:
    taken = claim(pool, ada.add_job())
    assert taken
    with transaction(pool) as connection:
        ledger.give_back(connection, taken)
    age(pool, 10)
    assert sweep(pool) == [taken.job_id]
    assert claim(pool, taken.job_id, attempt=2)


def test_records_of_long_ended_jobs_are_dropped_and_no_others(ada: Owner, pool: Pool) -> None:
    ended, waiting, recent = ada.add_job(error="bad"), ada.add_job(), ada.add_job(error="bad")
    with transaction(pool) as connection:
        connection.execute("UPDATE jobs SET updated_at = now() - interval '91 days' WHERE job_id = ANY(%s)", ([ended, waiting],))
        ledger.forget_old(connection)
        left = documents.find_jobs(connection, "ada", [ended, waiting, recent])
    assert {job.job_id for job in left} == {waiting, recent}


def test_a_message_the_broker_lost_is_sent_again_and_not_before_it_has_expired(ada: Owner, pool: Pool) -> None:
    job_id = ada.add_job()
    assert sweep(pool) == [], "the API is about to enqueue it"
    age(pool, 10)
    assert sweep(pool) == [job_id]
    assert sweep(pool) == [], "its message is under way"
    age(pool, ledger.EXPIRES_S + 1)
    assert sweep(pool) == [job_id]
    with transaction(pool) as connection:
        ledger.unmark(connection, [job_id])
    assert sweep(pool) == [job_id], "the broker was away, so it is due at once"


def test_an_older_upload_knows_that_a_later_one_is_in(ada: Owner, pool: Pool) -> None:
    older, later = claim(pool, ada.add_job("/a", "1")), claim(pool, ada.add_job("/a", "2"))
    other = claim(pool, ada.add_job("/b", "3"))
    assert older and later and other
    with transaction(pool) as connection:
        ledger.finish(connection, later, "indexed")
        assert ledger.is_superseded(connection, older)
        assert not ledger.is_superseded(connection, other)
