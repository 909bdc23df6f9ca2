from uuid import uuid4

import pytest


@pytest.fixture
def jobs(alice) -> list[dict]:
    alice("POST", "/v1/collections", json={"name": "c"})
    return [alice("POST", "/v1/collections/c/documents", files={"file": (f"{n}.txt", b"x")}).json() for n in range(3)]


def test_several_at_once_by_age(alice, jobs):
    ids = [job["job_id"] for job in jobs]
    assert alice("GET", "/v1/jobs", params={"ids": ",".join(reversed(ids))}).json() == {"jobs": jobs}


def test_unknown_ones_are_left_out(alice, jobs):
    response = alice("GET", "/v1/jobs", params={"ids": f"{uuid4()}, {jobs[0]['job_id']},"})
    assert response.json() == {"jobs": jobs[:1]}


def test_one(alice, jobs):
    assert alice("GET", f"/v1/jobs/{jobs[1]['job_id']}").json() == jobs[1]
    assert alice("GET", f"/v1/jobs/{uuid4()}").status_code == 404


@pytest.mark.parametrize("ids", ["x", "1,2", "\0", ",".join(str(uuid4()) for _ in range(501))])
def test_bad_ids_are_422(alice, ids: str):
    assert alice("GET", "/v1/jobs", params={"ids": ids}).status_code == 422


def test_as_many_as_the_limit_are_taken(alice):
    assert alice("GET", "/v1/jobs", params={"ids": ",".join(str(uuid4()) for _ in range(500))}).json() == {"jobs": []}
