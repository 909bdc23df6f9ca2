"""The scripted API that the page is tested against speaks as the real one does: the same paths, the same fields."""

import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api import bodies, extraction, schemas
from api import feedback as feedback_json
from api.routes import ask, collections, documents, extract, feedback, index, jobs, search, uploads
from tests.fakes_ui import FakeApi, make_app, serve

REAL = (ask, collections, documents, extract, feedback, index, jobs, search, uploads)
TEXT = "Annual leave is 13 days."


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        document_id = fake.add_document("handbook", "leave.pdf", TEXT, num_pages=2)
        fake.add_answer("leave?", ("13 days.", document_id, "13 days"), page=2)
        yield fake


@pytest.fixture
def http(fake: FakeApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fake.url, headers={"Authorization": f"Bearer {fake.key}"}, trust_env=False) as http:
        yield http


class Token(BaseModel):
    text: str


def same_fields(model: type[BaseModel], body: Any) -> BaseModel:
    """Check that ``body`` is what the model would send: every field at every depth, and no other."""
    parsed = model.model_validate(body)
    assert _keys(parsed.model_dump(mode="json", exclude_unset=model is schemas.Problem)) == _keys(body)
    return parsed


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _keys(item) for name, item in value.items()}
    return [_keys(item) for item in value] if isinstance(value, list | tuple) else None


def test_lists_have_the_real_fields(http: httpx.Client) -> None:
    assert same_fields(schemas.Collections, http.get("/v1/collections").json()).collections  # type: ignore[attr-defined]
    assert same_fields(schemas.Documents, http.get("/v1/documents").json()).documents  # type: ignore[attr-defined]
    same_fields(schemas.Collection, http.post("/v1/collections", json={"name": "new"}).json())


def test_the_index_has_the_real_fields(http: httpx.Client) -> None:
    same_fields(schemas.Index, http.get("/v1/index", params={"store": "faiss"}).json())
    same_fields(schemas.Index, http.post("/v1/index/rebuild", json={}).json())
    same_fields(schemas.Index, http.put("/v1/index/store", json={"store": "faiss"}).json())


def test_an_upload_and_its_job_have_the_real_fields(http: httpx.Client) -> None:
    response = http.post("/v1/collections/handbook/documents", files={"file": ("a.txt", io.BytesIO(b"a"))})
    job = same_fields(schemas.Job, response.json())
    polled = http.get("/v1/jobs", params={"ids": str(job.job_id)})  # type: ignore[attr-defined]
    assert len(same_fields(schemas.Jobs, polled.json()).jobs) == 1  # type: ignore[attr-defined]


def test_hits_have_the_real_fields(http: httpx.Client) -> None:
    found = same_fields(schemas.Hits, http.post("/v1/search", json={"question": "annual leave", "k": 1}).json())
    assert [hit.text for hit in found.hits] == [TEXT]  # type: ignore[attr-defined]


def events_of(response: httpx.Response) -> list[tuple[str, Any]]:
    """Each event's name and data, once their ids are found to count one answer's events."""
    told = [message.splitlines() for message in response.text.strip().split("\n\n")]
    ids = [event_id.removeprefix("id: ").rpartition(":") for event_id, _, _ in told]
    assert [int(number) for _, _, number in ids] == [*range(1, len(told) + 1)]
    assert len({UUID(answer_id) for answer_id, _, _ in ids}) == 1
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for _, name, data in told]


@pytest.mark.parametrize(("question", "expected"), [("leave?", "citation"), ("else?", "token")])
def test_events_have_the_real_names_order_and_fields(http: httpx.Client, question: str, expected: str) -> None:
    models = {"sources": schemas.Sources, "token": Token, "citation": schemas.Citation, "done": schemas.Answer}
    events = events_of(http.post("/v1/ask", json={"question": question}))
    for name, data in events:
        same_fields(models[name], data)
    names = list(dict.fromkeys(name for name, _ in events))
    assert names[0] == "sources" and names[-1] == "done" and expected in names
    assert "".join(data["text"] for name, data in events if name == "token") == events[-1][1]["answer"]


def test_a_question_after_others_is_told_as_it_was_understood(fake: FakeApi, http: httpx.Client) -> None:
    fake.rewrites["and?"] = "annual leave"
    body = {"question": "and?", "history": [{"question": "q", "answer": "a"}]}
    bodies.Ask.model_validate(body)
    assert same_fields(schemas.Hits, http.post("/v1/search", json=body).json()).standalone_question == "annual leave"  # type: ignore[attr-defined]
    assert http.post("/v1/ask", json=body).text.count('"standalone_question": "annual leave"') == 3


def test_feedback_has_the_real_fields(http: httpx.Client) -> None:
    place = {"document_id": str(uuid4()), "source": "a.pdf", "page": 1, "start": 0, "end": 1}
    answer = {
        "answer": "a",
        "refused": False,
        "citations": [place],
        "model": "m",
        "prompt_version": "1",
        "standalone_question": None,
    }
    body = {"verdict": "down", "question": "q", "answer": answer, "expected": "b"}
    feedback_json.NewFeedback.model_validate(body)
    same_fields(feedback_json.Feedback, http.post("/v1/feedback", json=body).json())
    kept = same_fields(feedback_json.FeedbackList, http.get("/v1/feedback").json())
    assert [item.expected for item in kept.feedback] == ["b"]  # type: ignore[attr-defined]


def test_values_have_the_real_fields_whether_they_come_one_by_one_or_together(fake: FakeApi, http: httpx.Client) -> None:
    document_id = next(iter(fake.documents))
    quote = {"document_id": document_id, "title": "Leave", "page": 2, "quote": "13 days", "start": 16, "end": 23, "boxes": []}
    fake.values["fee?"] = {
        "state": "found",
        "value": {"amount": "13", "currency": None, "unit": None},
        "quotes": [quote],
    }
    asked = [{"question": "fee?", "type": "amount"}, {"question": "when?", "type": "date"}, {"question": "who?", "type": "party"}]
    body = {"document_id": document_id, "questions": asked}
    extraction.ExtractRequest.model_validate(body)
    whole = http.post("/v1/extract", json=body).json()
    same_fields(extraction.Values, whole)
    events = events_of(http.post("/v1/extract", json=body, headers={"Accept": "text/event-stream"}))
    assert [name for name, _ in events] == ["progress", "value"] * 3 + ["done"]
    assert events[-1][1] == whole
    assert [data for name, data in events if name == "value"] == whole["values"]
    same_fields(extraction.ExtractProgress, events[0][1])


@pytest.mark.parametrize(("key", "path", "status"), [("", "/v1/documents", 401), (None, "/v1/documents/x/text", 404)])
def test_problems_have_the_real_fields(fake: FakeApi, http: httpx.Client, key: str | None, path: str, status: int) -> None:
    response = http.get(path, headers={} if key is None else {"Authorization": key})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    same_fields(schemas.Problem, response.json())


def test_every_path_and_status_of_the_fake_is_one_of_the_real_ones(fake: FakeApi) -> None:
    real = [r for module in REAL for r in module.router.routes if isinstance(r, APIRoute)]
    assert routes(r for r in make_app(fake).routes if isinstance(r, APIRoute)) <= routes(real)


def routes(found: Any) -> set[tuple[str, str, int]]:
    return {(method, route.path, route.status_code or 200) for route in found for method in route.methods}
