import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import core.errors
from api.errors import MEDIA_TYPE, PROBLEMS, add_handlers
from api.middleware import Envelope
from core.errors import MunimentError

CLASSES = [c for c in vars(core.errors).values() if isinstance(c, type) and issubclass(c, MunimentError)]


@pytest.mark.parametrize("error", CLASSES)
def test_every_class_of_the_error_tree_has_a_row(error: type[MunimentError]):
    assert error in PROBLEMS
    assert 400 <= PROBLEMS[error].status < 600


@pytest.mark.parametrize("error", CLASSES)
def test_retryable_is_what_503_means_and_internals_stay_inside(error: type[MunimentError]):
    row = PROBLEMS[error]
    if error.retryable:
        assert row.status == 503
    if row.status >= 500:
        assert row.detail, "a server's own failure must not show its message"


def _answer(raised: Exception):
    app = FastAPI()
    add_handlers(app)
    app.add_middleware(Envelope)

    @app.get("/fail")
    def fail() -> None:
        raise raised

    return TestClient(app).get("/fail")


@pytest.mark.parametrize("error", CLASSES)
def test_an_error_becomes_a_problem_document(error: type[MunimentError]):
    response = _answer(error("the reason"))
    body = response.json()
    assert response.status_code == PROBLEMS[error].status == body["status"]
    assert response.headers["content-type"] == MEDIA_TYPE
    assert set(body) == {"type", "title", "status", "detail", "instance"}
    assert body["instance"] == "/fail"
    assert body["detail"] == (PROBLEMS[error].detail or "the reason")


def test_a_bug_tells_the_caller_nothing():
    response = _answer(RuntimeError("password=hunter2"))
    assert response.status_code == 500
    assert response.headers["content-type"] == MEDIA_TYPE
    assert "hunter2" not in response.text


def test_a_hidden_message_is_in_the_log(caplog: pytest.LogCaptureFixture):
    _answer(core.errors.DependencyUnavailable("no route to 10.0.0.7"))
    assert any(getattr(record, "reason", "") == "no route to 10.0.0.7" for record in caplog.records)


def test_headers_that_go_with_a_status():
    assert _answer(core.errors.Unauthenticated("who?")).headers["www-authenticate"] == "Bearer"
    assert int(_answer(core.errors.ModelUnavailable("busy")).headers["retry-after"]) > 0


def test_unknown_paths_and_methods_are_problems_too(api: TestClient):
    for response in (api.get("/nowhere"), api.post("/livez")):
        assert response.headers["content-type"] == MEDIA_TYPE
        assert response.json()["status"] == response.status_code
    assert api.post("/livez").headers["allow"] == "GET"


def test_validation_names_field_and_reason_and_echoes_nothing(alice):
    response = alice("POST", "/v1/search", json={"question": "q", "k": "s3cret-value", "colection": "s3cret-name"})
    body = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == MEDIA_TYPE
    assert {e["field"] for e in body["errors"]} == {"k", "colection"}
    assert "k: " in body["detail"]
    assert "s3cret" not in json.dumps(body)
