"""Extracting from one document, with a scripted model behind the real room and a real database."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from core.db.pool import Pool, transaction
from core.errors import ContextTooLong, ModelUnavailable
from core.types import Chunk, Hits
from ingest import documents
from retrieval.stores import passages
from tests.fakes_api import add_document, hit_of

TEXT = "This agreement is made by Ado Ltd on 30 November 2017. Neither party may assign it without consent."
MADE = "This agreement is made by Ado Ltd on 30 November 2017."
WRITTEN = {"quote": "by Ado Ltd on 30 November 2017", "date": "30 November 2017", "answer": "no"}
QUESTIONS = [
    {"id": "made", "question": "When was it made?", "type": "date"},
    {"question": "May it be assigned without consent?", "type": "yes_no"},
]


@pytest.fixture
def document_id(pool: Pool, tmp_path: Path) -> str:
    """A document of alice's, of one passage."""
    with transaction(pool) as connection:
        document_id = add_document(connection, "alice", "c", "/docs/lease.txt", tmp_path / "lease.txt", TEXT)
        collection = documents.find_collection(connection, "alice", "c")
        chunk = Chunk("c1", document_id, 0, len(TEXT), TEXT, 1, 1, ())
        passages.add(connection, collection.collection_id, "fake-embedder", [chunk], np.eye(3, dtype=np.float32)[:1])
    return str(document_id)


@pytest.fixture(autouse=True)
def model(services: Any) -> None:
    services.generator.written = WRITTEN


def ask(caller: Any, document_id: str, questions: Any = QUESTIONS, **arguments: Any) -> Any:
    return caller("POST", "/v1/extract", json={"document_id": document_id, "questions": questions}, **arguments)


def events(caller: Any, document_id: str, questions: Any = QUESTIONS) -> list[tuple[str, Any]]:
    response = ask(caller, document_id, questions, headers={"Accept": "text/event-stream"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    return read(response.text)


def read(text: str) -> list[tuple[str, Any]]:
    messages = [message.split("\n") for message in text.removesuffix("\n\n").split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for _, name, data in messages]


def test_without_a_key_nothing_is_told(api: Any, document_id: str):
    response = api.post("/v1/extract", json={"document_id": document_id, "questions": QUESTIONS})
    assert response.status_code == 401
    assert "agreement" not in response.text


def test_to_a_stranger_the_document_is_not_there_and_the_model_is_not_asked(bob, services, document_id: str):
    theirs, absent = ask(bob, document_id), ask(bob, str(UUID(int=9)))
    assert (theirs.status_code, absent.status_code) == (404, 404)
    assert theirs.text.replace(document_id, "ID") == absent.text.replace(str(UUID(int=9)), "ID")
    assert ask(bob, document_id, headers={"Accept": "text/event-stream"}).status_code == 404
    assert services.generator.num_asked == 0


def test_the_shape_of_the_values(alice, document_id: str):
    body = ask(alice, document_id).json()
    assert set(body.pop("timings_ms")) == {"total"}
    assert len(body.pop("prompt_version")) == 12
    quote = {"document_id": document_id, "title": "Handbook", "page": 1, "quote": MADE, "start": 0, "end": len(MADE)}
    made, assign = body.pop("values")
    assert [{name: value for name, value in q.items() if name != "boxes"} for q in made.pop("quotes")] == [quote]
    assert made == {
        "id": "made",
        "question": "When was it made?",
        "type": "date",
        "state": "found",
        "value": "2017-11-30",
        "reason": "The date stands in these words.",
        "alternatives": [],
        "retryable": False,
    }
    assert (assign["id"], assign["state"], assign["value"]) == ("2", "unverified", None)
    assert "alternatives" not in assign
    assert body == {"document_id": document_id, "model": "fake-model"}


def test_the_quote_has_the_boxes_of_its_printed_lines(alice, document_id: str):
    (quote,) = ask(alice, document_id).json()["values"][0]["quotes"]
    assert quote["boxes"] == [{"page": 1, "x0": 10.0, "y0": 20.0, "x1": 110.0, "y1": 32.0}]


def test_events_are_the_same_values_one_by_one(alice, document_id: str):
    told = events(alice, document_id)
    steps = [(name, data.get("step")) for name, data in told]
    asked = [("progress", "search"), ("progress", "check"), ("progress", "write"), ("value", None)]
    assert steps == [*asked, *asked, ("done", None)]
    done = told[-1][1]
    assert [data for name, data in told if name == "value"] == done["values"]
    assert {**done, "timings_ms": 0} == {**ask(alice, document_id).json(), "timings_ms": 0}


def test_a_stream_that_broke_is_taken_up_again_where_it_was(alice, bob, services, document_id: str):
    headers = {"Accept": "text/event-stream"}
    whole = ask(alice, document_id, headers=headers).text
    third = whole.split("\n\n")[2].partition("\n")[0].removeprefix("id: ")
    num_asked = services.generator.num_asked
    rest = ask(alice, document_id, headers=headers | {"Last-Event-ID": third})
    assert read(rest.text) == read(whole)[3:]
    assert services.generator.num_asked == num_asked
    assert ask(bob, document_id, headers=headers | {"Last-Event-ID": third}).status_code == 404


def test_each_type_has_the_shape_of_its_value(alice, services, document_id: str):
    quote = {
        "quote": MADE,
        "quotes": ["Neither party may assign it"],
        "names": ["Ado Ltd"],
        "amount": "30",
        "answer": "Agreement",
    }
    services.generator.written = quote
    asked = [
        {"question": "assign", "type": "clause"},
        {"question": "Who?", "type": "party"},
        {"question": "How many?", "type": "amount"},
        {"question": "What is made?", "type": "text"},
    ]
    clause, party, amount, text = ask(alice, document_id, asked).json()["values"]
    assert clause["value"] == [TEXT]
    assert party["value"] == ["Ado Ltd"]
    assert amount["value"] == {"amount": "30", "currency": None, "unit": None}
    assert text["value"] == "Agreement"


def test_what_the_document_does_not_hold_is_told_so(alice, services, document_id: str):
    services.generator.answerable = 0.1
    values = ask(alice, document_id).json()["values"]
    assert [(value["state"], value["value"], value["quotes"]) for value in values] == [("not_found", None, [])] * 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_fails_in_the_middle_costs_its_question_alone(alice, services, document_id: str, stream: bool):
    def fail(number: int) -> None:
        if number == 0:
            services.generator.num_asked += 1
            raise ModelUnavailable("10.0.0.7 is away")

    services.generator.before_piece = fail
    done = events(alice, document_id)[-1][1] if stream else ask(alice, document_id).json()
    assert [(value["state"], value["retryable"]) for value in done["values"]] == [("failed", True), ("unverified", False)]
    assert "10.0.0.7" not in json.dumps(done)


def test_what_does_not_fit_the_model_is_a_failure_that_stays(alice, services, document_id: str):
    def fail(number: int) -> None:
        raise ContextTooLong("too long")

    services.generator.before_piece = fail
    values = ask(alice, document_id, QUESTIONS[:1]).json()["values"]
    assert [(value["state"], value["retryable"], value["reason"]) for value in values] == [("failed", False, "too long")]


def test_of_a_long_document_only_its_own_passages_are_searched(alice, services, document_id: str):
    object.__setattr__(services, "settings", services.settings.with_values(search={"context_tokens": 1}))
    services.search.hits = [hit_of(Chunk("c1", UUID(document_id), 0, len(TEXT), TEXT, 1, 1, ()), rank=1)]
    values = ask(alice, document_id).json()["values"]
    assert [value["state"] for value in values] == ["found", "unverified"]
    (_, scope, k), _ = services.search.asked
    assert (scope.owner_id, k) == ("alice", 10)
    assert {filters.documents for filters in services.search.filters} == {frozenset({UUID(document_id)})}


def test_a_document_that_is_deleted_meanwhile_is_not_taken_for_one_that_holds_nothing(alice, services, document_id: str):
    object.__setattr__(services, "settings", services.settings.with_values(search={"context_tokens": 1}))

    def delete(*_: Any, **__: Any) -> Hits:
        alice("DELETE", f"/v1/documents/{document_id}")
        return Hits()

    object.__setattr__(services, "search", delete)
    assert ask(alice, document_id).status_code == 404


def test_that_the_document_is_read_is_written_down_without_a_question(alice, pool: Pool, document_id: str):
    ask(alice, document_id)
    with transaction(pool) as connection:
        (row,) = connection.execute("SELECT owner_id, detail FROM audit WHERE action = 'extract'").fetchall()
    assert (row["owner_id"], row["detail"]) == ("alice", {"document_id": document_id, "num_questions": 2})


def test_no_database_connection_is_held_while_the_model_writes(alice, services, document_id: str):
    lent: list[int] = []

    def look(number: int) -> None:
        stats = services.pool.get_stats()
        lent.append(stats["pool_size"] - stats["pool_available"])

    services.generator.before_piece = look
    ask(alice, document_id)
    events(alice, document_id)
    assert lent == [0] * 4


DATE = {"question": "When?", "type": "date"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"questions": [DATE]}, "document_id"),
        ({"document_id": "7", "questions": [DATE]}, "document_id"),
        ({"document_id": str(uuid4()), "questions": []}, "questions"),
        ({"document_id": str(uuid4()), "questions": [DATE] * 51}, "questions"),
        ({"document_id": str(uuid4()), "questions": [{"question": "When?"}]}, "questions.0.type"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"type": "number"}]}, "questions.0.type"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"colour": 1}]}, "questions.0.colour"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"question": " "}]}, "questions.0.question"),
        ({"document_id": str(uuid4()), "questions": [DATE, DATE | {"question": "a" * 501}]}, "questions.1.question"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"question": "\ud800"}]}, "questions.0.question"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"id": "a"}, DATE | {"id": "a"}]}, "id 'a'"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"id": "2"}, DATE]}, "id '2'"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"id": "a\n"}]}, "questions.0.id"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"options": ["a", "b"]}]}, "options"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"type": "text", "options": ["a"]}]}, "options"),
        ({"document_id": str(uuid4()), "questions": [DATE | {"type": "text", "options": ["a", "\0"]}]}, "questions.0.options"),
        ({"document_id": str(uuid4()), "questions": [DATE], "k": 3}, "k"),
    ],
)
def test_what_cannot_be_asked_is_named(alice, services, body: Any, named: str):
    response = alice("POST", "/v1/extract", json=body)
    assert response.status_code == 422
    assert named in response.json()["detail"]
    assert services.generator.num_asked == 0
