"""Asking, with a scripted model behind the real answer room."""

import json
from typing import Any
from uuid import UUID

import pytest

from core.db.pool import transaction
from core.errors import ContextTooLong, DependencyUnavailable, ModelUnavailable
from core.types import Box, Chunk, Line, Page
from generation.answer import REFUSAL
from tests.fakes_api import hit_of

DOCUMENT = UUID(int=7)
PASSAGE = "Annual leave is 30 days a year. Sick leave is counted apart."
CHUNK = Chunk("c1", DOCUMENT, 100, 100 + len(PASSAGE), PASSAGE, 3, 3, ("Leave",))
CLAIM = "Annual leave is 30 days a year."
QUESTION = {"question": "How many days of annual leave are there?", "collection": "c"}


@pytest.fixture(autouse=True)
def found(alice, services):
    """A collection in which every question finds one passage, and a model that answers from it."""
    alice("POST", "/v1/collections", json={"name": "c"})
    services.search.hits = [hit_of(CHUNK, rank=1, pages=[Page(3, 90, 400, 612, 792, (Line(100, 131, Box(72, 90, 300, 102)),))])]
    services.generator.pieces = ["Annual ", "leave is ", "30 days", " a year."]


def _stream(caller) -> list[tuple[str, Any]]:
    response = caller("POST", "/v1/ask", json=QUESTION, headers={"Accept": "text/event-stream"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-store", "no")
    assert response.text.isascii()
    messages = [message.split("\n") for message in response.text.removesuffix("\n\n").split("\n\n")]
    assert all(len(message) == 3 for message in messages)
    ids = [number.removeprefix("id: ").rpartition(":") for number, _, _ in messages]
    assert ([int(number) for _, _, number in ids], len({answer_id for answer_id, _, _ in ids})) == ([*range(1, len(ids) + 1)], 1)
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for _, name, data in messages]


def test_the_shape_of_an_answer(alice):
    answer = alice("POST", "/v1/ask", json=QUESTION).json()
    assert set(answer.pop("timings_ms")) >= {"evidence", "retrieval", "first_token", "total"}
    assert 0.5 < answer.pop("confidence") < 1
    assert len(answer.pop("prompt_version")) == 12
    quote = {"document_id": str(DOCUMENT), "title": "Handbook", "page": 3, "quote": CLAIM, "start": 100, "end": 131}
    (source,) = answer.pop("hits")
    assert (source["text"], source["decisive"], source["flags"], source["dated"]) == (PASSAGE, quote, [], None)
    assert answer == {
        "answer": CLAIM,
        "refused": False,
        "refusal": None,
        "degraded": None,
        "claims": [{"start": 0, "end": len(CLAIM), "verdict": "supported", "reason": ""}],
        "left_out": [],
        "conflicts": [],
        "usage": {"prompt_tokens": 100, "completion_tokens": 4},
        "model": "fake-model",
        "unavailable_sources": [],
        "standalone_question": None,
        "note": None,
        "citations": [
            {
                "number": 1,
                "document_id": str(DOCUMENT),
                "source": "/docs/handbook.txt",
                "title": "Handbook",
                "page": 3,
                "quote": CLAIM,
                "start": 100,
                "end": 131,
                "answer_start": 0,
                "answer_end": len(CLAIM),
                "mended": False,
                "boxes": [{"page": 3, "x0": 72.0, "y0": 90.0, "x1": 300.0, "y1": 102.0}],
            }
        ],
    }


def test_events_are_the_same_answer_growing(alice):
    events = _stream(alice)
    names = [name for name, _ in events]
    assert names[0] == "sources"
    assert names[-1] == "done"
    told = [data for name, data in events if name == "sources"]
    assert [(data["given"], [hit["text"] for hit in data["hits"]]) for data in told] == [(False, [PASSAGE]), (True, [PASSAGE])]
    done = events[-1][1]
    assert "".join(data["text"] for name, data in events if name == "token") == done["answer"]
    assert [data for name, data in events if name == "citation"] == done["citations"]
    assert done["hits"] == told[-1]["hits"]
    whole = alice("POST", "/v1/ask", json=QUESTION).json()
    assert {**done, "timings_ms": 0} == {**whole, "timings_ms": 0}


@pytest.mark.parametrize(("before", "answer"), [("Annual leave is 30 days a year. ", CLAIM), ("", REFUSAL)])
def test_why_a_sentence_was_left_out_is_told(alice, services, before: str, answer: str):
    services.generator.pieces = [before, "Dogs bark ", "at night."]
    whole = alice("POST", "/v1/ask", json=QUESTION).json()
    assert (whole["answer"], whole["left_out"]) == (answer, ["no passage says this"])
    assert _stream(alice)[-1][1]["left_out"] == whole["left_out"]


def test_what_the_documents_do_not_hold_is_refused_without_citations(alice, services):
    services.generator.answerable = 0.01
    answer = alice("POST", "/v1/ask", json=QUESTION).json()
    assert (answer["refused"], answer["citations"]) == (True, [])
    assert services.generator.num_asked == 0


def test_where_nothing_is_found_the_model_is_not_asked(alice, services):
    services.search.hits = []
    assert alice("POST", "/v1/ask", json=QUESTION).json()["refused"] is True
    assert services.generator.num_asked == 0


def test_a_bug_is_a_problem_or_an_error_event(alice, services):
    def fail(number: int) -> None:
        if number == 2:
            raise KeyError("10.0.0.7")

    services.generator.before_piece = fail
    response = alice("POST", "/v1/ask", json=QUESTION)
    assert response.status_code == 500
    events = _stream(alice)
    assert [name for name, _ in events][-2:] == ["token", "error"]
    assert events[-1][1] == response.json()
    assert "10.0.0.7" not in response.text + str(events)


@pytest.mark.parametrize("error", [ModelUnavailable("10.0.0.7 is away"), ContextTooLong("too long")])
def test_a_model_that_fails_leaves_the_passages_words_and_says_so(alice, services, error: Exception):
    def fail(number: int) -> None:
        if number == 2:
            raise error

    services.generator.before_piece = fail
    answer = alice("POST", "/v1/ask", json=QUESTION).json()
    assert answer["answer"] == f"“{CLAIM}”"
    assert "does not answer" in answer["degraded"]
    assert [citation["quote"] for citation in answer["citations"]] == [CLAIM]
    events = _stream(alice)
    assert events[-1][0] == "done"
    assert {**events[-1][1], "timings_ms": 0} == {**answer, "timings_ms": 0}
    assert "10.0.0.7" not in str(answer) + str(events)
    services.generator.before_piece = lambda number: None
    assert alice("POST", "/v1/ask", json=QUESTION).json()["degraded"] is None


def test_what_fails_before_the_first_event_has_a_status_also_when_streaming(alice, services):
    services.search.error = DependencyUnavailable("the database is away")
    response = alice("POST", "/v1/ask", json=QUESTION, headers={"Accept": "text/event-stream"})
    assert response.status_code == 503
    assert response.json()["status"] == 503


def test_no_database_connection_is_held_while_the_model_writes(alice, services):
    lent: list[int] = []

    def look(number: int) -> None:
        stats = services.pool.get_stats()
        lent.append(stats["pool_size"] - stats["pool_available"])

    services.generator.before_piece = look
    alice("POST", "/v1/ask", json=QUESTION)
    _stream(alice)
    assert lent == [0] * 8


def test_what_the_model_is_given_is_written_down_before_it_writes(alice, services, pool):
    rows: list[Any] = []

    def look(number: int) -> None:
        if not rows:
            with transaction(pool) as connection:
                rows.extend(connection.execute("SELECT * FROM audit WHERE action = 'ask'").fetchall())

    services.generator.before_piece = look
    alice("POST", "/v1/ask", json=QUESTION)
    (row,) = rows
    assert (row["owner_id"], row["detail"]) == ("alice", {"collection": "c", "document_ids": [str(DOCUMENT)]})


def test_after_other_questions_it_is_answered_as_rewritten_and_says_so(alice, services, pool):
    services.generator.rewritten = "How many days of annual leave are there a year?"
    history = [{"question": "How many days of sick leave are there a year?", "answer": "Sick leave is counted apart."}]
    body = {"question": "And annual leave?", "collection": "c", "history": history}
    answer = alice("POST", "/v1/ask", json=body).json()
    assert (answer["answer"], answer["standalone_question"]) == (CLAIM, services.generator.rewritten)
    assert services.search.asked[-1][0] == services.generator.rewritten
    assert "rewrite" in answer["timings_ms"]
    response = alice("POST", "/v1/ask", json=body, headers={"Accept": "text/event-stream"})
    told_of = [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n") if '"standalone_question"' in line]
    assert [told["standalone_question"] for told in told_of] == [None, *[services.generator.rewritten] * 3]
    with transaction(pool) as connection:
        assert "annual" not in str(connection.execute("SELECT detail FROM audit").fetchall())


def test_the_scope_is_the_callers(alice, bob, services):
    bob("POST", "/v1/collections", json={"name": "his"})
    bob("POST", "/v1/ask", json={"question": "leave?"})
    alice("POST", "/v1/ask", json={"question": "leave?"})
    (_, his, _), (_, hers, _) = services.search.asked
    assert (his.owner_id, hers.owner_id) == ("bob", "alice")
    assert len(his.collection_ids) == len(hers.collection_ids) == 1
    assert not his.collection_ids & hers.collection_ids
