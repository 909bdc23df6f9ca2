from uuid import uuid4

import pytest

from core import feedback
from core.db.pool import transaction
from tests.fakes_api import add_document

ANSWER = {"answer": "30 days.", "refused": False, "citations": [], "model": "fake-model"}
UP = {"verdict": "up", "question": "How much leave?", "answer": ANSWER}


@pytest.fixture
def cited(pool, tmp_path):
    """An answer over a document of alice's, as the API gave it."""
    with transaction(pool) as connection:
        document_id = add_document(connection, "alice", "handbook", "/docs/leave.txt", tmp_path / "leave.txt")
    citation = {"document_id": str(document_id), "source": "/docs/leave.txt", "page": 1, "start": 9, "end": 16}
    rest = {"number": 1, "title": "Handbook", "quote": "30 days", "answer_start": 0, "answer_end": 8, "boxes": []}
    timed = {"timings_ms": {"total": 1.0}, "unavailable_sources": [], "note": None, "standalone_question": None}
    return ANSWER | timed | {"citations": [citation | rest]}


def listed(caller):
    return caller("GET", "/v1/feedback").json()["feedback"]


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("GET", ""), ("DELETE", f"/{uuid4()}")])
def test_without_a_key_nothing(api, method, path):
    response = api.request(method, f"/v1/feedback{path}", json=UP if method == "POST" else None)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


def test_a_stranger_sees_and_deletes_none_and_learns_nothing_by_trying(alice, bob, cited):
    kept = alice("POST", "/v1/feedback", json=UP | {"answer": cited, "collection": "handbook"}).json()
    assert listed(bob) == []
    ids = [kept["feedback_id"], str(uuid4())]
    hers, none = (bob("DELETE", f"/v1/feedback/{i}") for i in ids)
    assert hers.status_code == none.status_code == 404
    assert hers.json()["detail"].replace(*ids) == none.json()["detail"]
    hers, none = (bob("POST", "/v1/feedback", json=UP | {"collection": name}) for name in ("alice/handbook", "alice/nosuch"))
    assert hers.status_code == none.status_code == 404
    assert hers.json()["detail"].replace("handbook", "nosuch") == none.json()["detail"]
    bob("POST", "/v1/feedback", json=UP | {"replaces": kept["feedback_id"]})
    assert [item["feedback_id"] for item in listed(alice)] == [kept["feedback_id"]]


def test_what_is_said_is_kept_listed_and_deleted(alice, cited):
    said = {"expected": "It is 30 days.", "quote": "30 days a year", "document": "leave.txt", "comment": " thanks "}
    body = {"verdict": "down", "question": " How much? ", "answer": cited, "collection": "handbook"} | said
    response = alice("POST", "/v1/feedback", json=body)
    assert response.status_code == 201
    kept = response.json()
    assert kept["question"] == "How much?" and kept["owner"] == "alice" and kept["collection"] == "alice/handbook"
    assert {name: kept[name] for name in said} == said | {"comment": "thanks"}
    assert listed(alice) == [kept]
    assert alice("DELETE", f"/v1/feedback/{kept['feedback_id']}").status_code == 204
    assert listed(alice) == []
    assert alice("DELETE", f"/v1/feedback/{kept['feedback_id']}").status_code == 404


def test_of_what_was_cited_the_places_are_kept_and_not_the_words(alice, cited, pool):
    kept = alice("POST", "/v1/feedback", json=UP | {"answer": cited}).json()
    (place,) = kept["answer"]["citations"]
    assert place == {name: cited["citations"][0][name] for name in ("document_id", "source", "page", "start", "end")}
    assert set(kept["answer"]) == {"answer", "refused", "citations", "model", "prompt_version", "standalone_question"}
    with transaction(pool) as connection:
        assert "quote" not in connection.execute("SELECT answer::text AS kept FROM feedback").fetchone()["kept"]


def test_an_administrator_sees_and_deletes_everybodys_and_leaves_a_trace(alice, bob, admin, pool):
    kept = [caller("POST", "/v1/feedback", json=UP).json()["feedback_id"] for caller in (alice, bob)]
    assert [item["feedback_id"] for item in listed(admin)] == kept[::-1]
    assert [item["owner"] for item in listed(alice)] == ["alice"]
    assert admin("DELETE", f"/v1/feedback/{kept[0]}").status_code == 204
    with transaction(pool) as connection:
        rows = connection.execute("SELECT owner_id, action, detail FROM audit ORDER BY audit_id").fetchall()
    assert [(row["owner_id"], row["action"]) for row in rows] == [
        ("alice", "feedback.add"),
        ("bob", "feedback.add"),
        ("admin", "feedback.list"),
        ("admin", "feedback.delete"),
    ]
    assert rows[2]["detail"] == {"of_others": sorted(kept)}
    assert "leave" not in str(rows)


def test_a_later_rating_takes_the_place_of_an_earlier_one(alice):
    first = alice("POST", "/v1/feedback", json=UP).json()["feedback_id"]
    second = alice("POST", "/v1/feedback", json=UP | {"verdict": "down", "replaces": first}).json()
    assert listed(alice) == [second]
    third = alice("POST", "/v1/feedback", json=UP | {"replaces": first})  # gone already
    assert third.status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "sideways"},
        {"question": "  "},
        {"question": "x" * 501},
        {"question": "a\0b"},
        {"answer": {}},
        {"answer": ANSWER | {"answer": "x" * 20_001}},
        {"answer": ANSWER | {"answer": "\ud800"}},
        {"answer": ANSWER | {"citations": [{}]}},
        {"answer": ANSWER | {"citations": [{"document_id": str(uuid4()), "source": "a", "start": 0, "end": 1}] * 101}},
        {"expected": "x" * 4001},
        {"quote": "\0"},
        {"replaces": "nothing"},
        {"expcted": "a misspelt field"},
    ],
)
def test_what_is_out_of_bounds_is_422_and_not_kept(alice, change):
    response = alice("POST", "/v1/feedback", json=UP | change)
    assert response.status_code == 422, response.text
    assert listed(alice) == []


def test_only_so_many_are_kept(alice, bob, monkeypatch):
    monkeypatch.setattr(feedback, "MAX_KEPT", 2)
    kept = [alice("POST", "/v1/feedback", json=UP).json() for _ in range(2)]
    refused = alice("POST", "/v1/feedback", json=UP)
    assert refused.status_code == 422 and "delete some" in refused.json()["detail"]
    assert alice("POST", "/v1/feedback", json=UP | {"replaces": kept[0]["feedback_id"]}).status_code == 201
    assert bob("POST", "/v1/feedback", json=UP).status_code == 201


def test_the_list_comes_a_page_at_a_time_newest_first(alice):
    kept = [alice("POST", "/v1/feedback", json=UP).json()["feedback_id"] for _ in range(3)]
    pages = [alice("GET", f"/v1/feedback?limit=2&offset={offset}").json()["feedback"] for offset in (0, 2, 4)]
    assert [[item["feedback_id"] for item in page] for page in pages] == [[kept[2], kept[1]], [kept[0]], []]
    assert alice("GET", "/v1/feedback?limit=0").status_code == 422
