"""Who gets in: every route of the API, first without a key, then with a stranger's."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.auth import Authentication
from api.errors import MEDIA_TYPE
from core.access import Principal
from core.db.pool import Pool, transaction
from core.feedback import Rating, add_feedback
from core.keys import authenticate, delete_key
from core.sources import put_source
from ingest import documents
from tests.fakes_api import TEXT, add_document

OPEN = {"/livez", "/readyz"}


@pytest.fixture
def secret(pool: Pool, tmp_path: Path) -> dict[str, str]:
    """A document, a job and a rating of alice's, in her collection ``secret``."""
    with transaction(pool) as connection:
        document_id = add_document(connection, "alice", "secret", "/alice/plan.txt", tmp_path / "plan.txt")
        collection = documents.find_collection(connection, "alice", "secret")
        job = documents.add_job(
            connection, "alice", collection.collection_id, source="/alice/plan.txt", content_hash="cd" * 32, num_bytes=7
        )
        put_source(connection, collection.collection_id, "mailbox", allowed=[], max_age_s=None)
        rating = Rating(verdict="up", question="The plan?", collection="alice/secret", answer={"answer": "The plan."})
        kept = add_feedback(connection, Principal("alice", uuid4()), rating)
    ids = {"document_id": str(document_id), "job_id": str(job.job_id), "key_id": str(uuid4()), "answer_id": str(uuid4())}
    return ids | {"feedback_id": str(kept.feedback_id), "name": "secret", "source": "mailbox", "egress_id": "1"}


def _routes(api: TestClient) -> list[tuple[str, str]]:
    paths = api.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_route_but_health_wants_a_key(api: TestClient, secret: dict[str, str]):
    routes = [route for route in _routes(api) if route[1] not in OPEN]
    assert len(routes) >= 15
    for method, path in routes:
        for headers in ({}, {"Authorization": "Bearer mun_wrong"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}):
            response = api.request(method, path.format(**secret), headers=headers)
            assert response.status_code == 401, (method, path, headers)
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == MEDIA_TYPE
            assert "plan" not in response.text


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1//documents"])
def test_what_is_under_v1_is_shut_even_where_there_is_no_route(api: TestClient, path: str):
    assert api.get(path).status_code == 401


def test_health_and_the_description_need_no_key(api: TestClient):
    assert [api.get(path).status_code for path in ("/livez", "/readyz", "/openapi.json")] == [200, 200, 200]


UPLOAD = {"files": {"file": ("a.txt", b"mine now")}}
RATING = {"json": {"verdict": "up", "question": "q", "answer": {"answer": "a", "refused": False}, "collection": "secret"}}
QUESTION = {"json": {"question": "what is the plan?", "collection": "secret"}}
EXTRACT = {"json": {"document_id": "{document_id}", "questions": [{"question": "When?", "type": "date"}]}}
STRANGER: dict[tuple[str, str], tuple[dict[str, Any], int]] = {
    ("POST", "/v1/collections"): ({"json": {"name": "secret"}}, 200),  # his own one of the same name
    ("GET", "/v1/collections"): ({}, 200),
    ("DELETE", "/v1/collections/{name}"): ({}, 404),
    ("POST", "/v1/collections/{name}/documents"): (UPLOAD, 404),
    ("GET", "/v1/jobs"): ({"params": {"ids": "{job_id}"}}, 200),
    ("GET", "/v1/jobs/{job_id}"): ({}, 404),
    ("GET", "/v1/documents"): ({"params": {"collection": "secret"}}, 404),
    ("GET", "/v1/documents/{document_id}"): ({}, 404),
    ("GET", "/v1/documents/{document_id}/text"): ({}, 404),
    ("PUT", "/v1/documents/{document_id}/labels"): ({"json": {"tags": [], "metadata": {}}}, 404),
    ("DELETE", "/v1/documents/{document_id}"): ({}, 404),
    ("POST", "/v1/search"): (QUESTION, 404),
    ("POST", "/v1/ask"): (QUESTION, 404),
    ("GET", "/v1/answers/{answer_id}"): ({}, 404),
    ("DELETE", "/v1/answers/{answer_id}"): ({}, 204),
    ("POST", "/v1/feedback"): (RATING, 404),
    ("GET", "/v1/feedback"): ({}, 200),
    ("DELETE", "/v1/feedback/{feedback_id}"): ({}, 404),
    ("POST", "/v1/extract"): (EXTRACT, 404),
    ("POST", "/v1/route/explain"): (QUESTION, 404),
    ("GET", "/v1/route/egress"): ({}, 403),
    ("GET", "/v1/route/egress/{egress_id}/body"): ({}, 403),
    ("PUT", "/v1/collections/{name}/sensitivity"): ({"json": {"sensitivity": "public"}}, 404),
    ("POST", "/v1/keys"): ({"json": {"owner": "alice", "name": "x"}}, 403),
    ("GET", "/v1/keys"): ({}, 403),
    ("DELETE", "/v1/keys/{key_id}"): ({}, 403),
    ("GET", "/v1/collections/{name}/access"): ({}, 404),
    ("PUT", "/v1/collections/{name}/access"): ({"json": {"allowed": ["user:bob"]}}, 404),
    ("GET", "/v1/collections/{name}/sources"): ({}, 404),
    ("PUT", "/v1/collections/{name}/sources/{source}"): ({"json": {"allowed": ["user:bob"], "max_age_s": None}}, 404),
    ("POST", "/v1/collections/{name}/sources/{source}/synced"): ({}, 404),
    ("DELETE", "/v1/collections/{name}/sources/{source}"): ({}, 404),
    ("GET", "/v1/documents/{document_id}/access"): ({}, 404),
    ("PUT", "/v1/documents/{document_id}/access"): ({"json": {"allowed": ["user:bob"], "source": None}}, 404),
    ("GET", "/v1/access/explain"): ({"params": {"document": "{document_id}"}}, 404),
    ("GET", "/v1/access/list"): ({"params": {"user": "carol"}}, 200),
    ("GET", "/v1/groups"): ({}, 403),
    ("GET", "/v1/groups/{name}"): ({}, 403),
    ("PUT", "/v1/groups/{name}"): ({"json": {"members": ["bob"]}}, 403),
    ("DELETE", "/v1/groups/{name}"): ({}, 403),
    ("GET", "/v1/index"): ({}, 403),
    ("POST", "/v1/index/rebuild"): ({"json": {}}, 403),
    ("PUT", "/v1/index/store"): ({"json": {"store": "pgvector"}}, 403),
}


def test_a_stranger_gets_nothing_from_any_route(api: TestClient, bob, secret: dict[str, str], pool: Pool):
    assert set(STRANGER) == {route for route in _routes(api) if route[1] not in OPEN}, "a route is missing here"
    last = ("POST", "/v1/collections")  # after it the name exists for bob too
    for method, path in [*(route for route in STRANGER if route != last), last]:
        arguments, status = STRANGER[method, path]
        params = {k: v.format(**secret) for k, v in arguments.get("params", {}).items()}
        if "json" in arguments:
            sent = json.dumps(arguments["json"]).replace("{document_id}", secret["document_id"])
            arguments = arguments | {"json": json.loads(sent)}
        response = bob(method, path.format(**secret), **(arguments | {"params": params}))
        assert response.status_code == status, (method, path, response.text)
        assert not any(told in response.text for told in ("plan", "alice", TEXT[:10])), (method, path)
    with transaction(pool) as connection:
        assert documents.find_collection(connection, "alice", "secret").num_documents == 1


def test_not_there_and_not_yours_look_the_same(bob, secret: dict[str, str]):
    absent = str(uuid4())
    for url in ("/v1/documents/{}", "/v1/documents/{}/text", "/v1/jobs/{}"):
        theirs = secret["job_id"] if "jobs" in url else secret["document_id"]
        a, b = bob("GET", url.format(theirs)), bob("GET", url.format(absent))
        assert a.text.replace(theirs, "ID") == b.text.replace(absent, "ID")
    a, b = (bob("GET", "/v1/documents", params={"collection": name}) for name in ("secret", "absent"))
    assert a.text.replace("secret", "N") == b.text.replace("absent", "N")


def test_without_a_collection_a_stranger_searches_his_own_only(bob, secret: dict[str, str], services):
    assert bob("POST", "/v1/search", json={"question": "plan"}).json()["hits"] == []
    (_, scope, _) = services.search.asked[-1]
    assert scope.collection_ids == frozenset()


def test_a_revoked_key_is_refused_at_once(alice, keys: dict[str, str], pool: Pool):
    assert alice("GET", "/v1/collections").status_code == 200
    with transaction(pool) as connection:
        principal: Principal = authenticate(connection, keys["alice"])
        delete_key(connection, principal.key_id)
    assert alice("GET", "/v1/collections").status_code == 401


@pytest.mark.parametrize("header", ["Bearer " + "x" * 5000, "Bearer \xff\xfe", "Bearer a\tb", "bearer", "Bearer", "", " "])
def test_strange_credentials_are_refused_calmly(api: TestClient, header: str):
    assert api.get("/v1/collections", headers={"Authorization": header.encode("latin-1")}).status_code == 401


def test_without_a_key_the_body_is_not_even_read(services):
    sent = []

    async def receive():
        raise AssertionError("the body of an unauthenticated upload was read")

    async def send(message):
        sent.append(message)

    async def app(scope, receive, send):
        raise AssertionError("an unauthenticated request went on")

    scope = {"type": "http", "path": "/v1/collections/c/documents", "method": "POST", "headers": []}
    asyncio.run(Authentication(app, services)(scope, receive, send))
    assert sent[0]["status"] == 401
