from datetime import date
from uuid import UUID

import pytest

from api.lifespan import REWRITES
from core.db.pool import transaction
from core.errors import DependencyUnavailable
from core.types import Chunk
from retrieval.filters import Filters
from tests.fakes_api import hit_of

DOCUMENT = UUID(int=7)
CHUNK = Chunk("c1", DOCUMENT, 5, 22, "Leave is 30 days.", 3, 4, ("Leave", "Holidays"))


@pytest.fixture
def hits(alice, services):
    alice("POST", "/v1/collections", json={"name": "c"})
    services.search.hits = [hit_of(CHUNK, rank=1, score=0.9), hit_of(CHUNK, rank=2)]


def test_the_shape_of_a_hit(alice, hits):
    response = alice("POST", "/v1/search", json={"question": " leave? ", "collection": "c", "k": 1})
    assert response.json() == {
        "hits": [
            {
                "document_id": str(DOCUMENT),
                "source": "/docs/handbook.txt",
                "title": "Handbook",
                "heading_path": ["Leave", "Holidays"],
                "page_first": 3,
                "page_last": 4,
                "start": 5,
                "end": 22,
                "text": "Leave is 30 days.",
                "score": 0.9,
                "rank": 1,
                "dated": None,
                "stages": [],
            }
        ],
        "unavailable_sources": [],
        "standalone_question": None,
        "note": None,
    }


def test_a_name_that_no_document_bears_is_told(alice, services, hits):
    services.search.unknown_names = ["Acme Inc."]
    note = "None of the documents searched is named “Acme Inc.”."
    for route in ("/v1/search", "/v1/ask"):
        assert alice("POST", route, json={"question": "q"}).json()["note"] == note
    events = alice("POST", "/v1/ask", json={"question": "q"}, headers={"Accept": "text/event-stream"}).text
    assert events.count('"note": "None of the documents searched is named') == 3


def test_filters_are_handed_on_typed(alice, services, hits):
    wanted = {"types": ["pdf"], "documents": [str(DOCUMENT)], "source": "/docs", "dated_from": "2020-01-31"}
    wanted |= {"languages": ["de", "en"], "tags": ["lease"], "metadata": {"office": "Bonn", "floor": 3, "open": True}}
    typed = Filters(
        types=frozenset(["pdf"]),
        documents=frozenset([DOCUMENT]),
        source="/docs",
        dated_from=date(2020, 1, 31),
        languages=frozenset(["de", "en"]),
        tags=frozenset(["lease"]),
        metadata={"office": "Bonn", "floor": 3, "open": True},
    )
    for route in ("/v1/search", "/v1/ask"):
        assert alice("POST", route, json={"question": "q", "filters": wanted, "explain": True}).status_code == 200
        assert services.search.filters.pop() == typed


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"types": ["pfd"]}, "pfd"),
        ({"colour": "red"}, "colour"),
        ({"languages": ["English"]}, "English"),
        ({"tags": ["a,b"]}, "filters.tags"),
        ({"tags": "lease"}, "tags"),
        ({"metadata": {"office": None}}, "filters.metadata.office"),
        ({"metadata": {"office": ["Bonn"]}}, "filters.metadata.office"),
        ({"metadata": "office=Bonn"}, "metadata"),
        ({"dated_from": "yesterday"}, "dated_from"),
        ({"dated_from": "2021-01-01", "dated_to": "2020-01-01"}, "dated_from"),
    ],
)
@pytest.mark.parametrize("route", ["/v1/search", "/v1/ask"])
def test_a_filter_that_cannot_be_is_422_and_named(alice, services, hits, route: str, filters, named: str):
    response = alice("POST", route, json={"question": "q", "filters": filters})
    assert response.status_code == 422
    assert named in response.json()["detail"]
    assert services.search.asked == []


def test_the_scope_and_the_default_k(alice, services, hits):
    alice("POST", "/v1/search", json={"question": "leave?"})
    (question, scope, k) = services.search.asked[-1]
    assert (question, scope.owner_id, len(scope.class_ids), k) == ("leave?", "alice", 1, services.settings.search.k)


@pytest.mark.parametrize("question", ["", "   \n\t", "a\0b", "\ud800", "x" * 20_001, None, 5])
@pytest.mark.parametrize("route", ["/v1/search", "/v1/ask"])
def test_a_bad_question_is_422_and_says_why(alice, services, question, route: str):
    response = alice("POST", route, json={"question": question})
    assert response.status_code == 422
    assert "question" in response.json()["detail"]
    assert services.search.asked == []


@pytest.mark.parametrize(("route", "limit"), [("/v1/search", "20,000"), ("/v1/ask", "500")])
def test_a_question_of_100_000_characters_is_told_the_limit(alice, route: str, limit: str):
    response = alice("POST", route, json={"question": "x" * 100_000})
    assert response.status_code == 422
    assert "100,000" in response.json()["detail"]
    assert limit in response.json()["detail"]


def test_what_is_too_long_for_the_model_may_be_searched_for(alice, services, hits):
    assert alice("POST", "/v1/search", json={"question": "x" * 501}).status_code == 200
    assert alice("POST", "/v1/ask", json={"question": "x" * 501}).status_code == 422


@pytest.mark.parametrize("k", [0, -1, 101, "many", 1.5])
def test_a_bad_k_is_422(alice, k):
    assert alice("POST", "/v1/search", json={"question": "q", "k": k}).status_code == 422


@pytest.mark.parametrize("store", ["pgvector", "faiss"])
def test_a_store_may_be_named(alice, services, hits, store: str):
    services.stores.get(store)  # as one that an administrator has had made
    body = {"question": "leave?", "collection": "c"}
    assert alice("POST", "/v1/search", json=body | {"store": store}).json() == alice("POST", "/v1/search", json=body).json()
    assert services.search.stores == [services.stores.get(store)]


def test_a_store_that_nobody_has_made_is_422_and_named(alice, services, hits):
    response = alice("POST", "/v1/search", json={"question": "leave?", "store": "faiss"})
    assert response.status_code == 422
    assert "keeps no index for faiss" in response.json()["detail"]
    assert "muniment index rebuild --store faiss" in response.json()["detail"]
    assert services.search.asked == []


@pytest.mark.parametrize("ranking", ["fused", "dense", "words"])
def test_one_side_may_be_left_out(alice, services, hits, ranking: str):
    assert alice("POST", "/v1/search", json={"question": "leave?", "ranking": ranking}).status_code == 200
    assert services.search.rankings == [ranking]
    assert alice("POST", "/v1/search", json={"question": "leave?", "ranking": "rrf"}).status_code == 422


def test_a_store_that_is_none_is_422(alice, services, hits):
    assert alice("POST", "/v1/search", json={"question": "leave?", "store": "chroma"}).status_code == 422
    assert services.search.asked == []


FOLLOW_UP = {"question": "And sick leave?", "history": [{"question": "How many days of leave?", "answer": "30 days."}]}
REWRITTEN = "How many days of sick leave?"


def test_after_other_questions_it_is_searched_as_rewritten(alice, services, hits):
    services.generator.rewritten = REWRITTEN
    assert alice("POST", "/v1/search", json=FOLLOW_UP).json()["standalone_question"] == REWRITTEN
    assert services.search.asked[-1][0] == REWRITTEN


def test_with_too_many_being_rewritten_it_is_searched_as_it_was_typed(alice, services, hits):
    services.generator.rewritten = REWRITTEN
    for _ in range(REWRITES):
        assert services.rewriting.acquire(blocking=False)
    assert alice("POST", "/v1/search", json=FOLLOW_UP).json()["standalone_question"] is None
    services.rewriting.release()
    assert alice("POST", "/v1/search", json=FOLLOW_UP).json()["standalone_question"] == REWRITTEN
    assert [question for question, *_ in services.search.asked] == ["And sick leave?", REWRITTEN]
    assert services.rewriting.acquire(blocking=False), "its place was given back"


TURN = {"question": "q", "answer": ""}


@pytest.mark.parametrize(
    ("history", "named"),
    [
        ([TURN] * 11, "history"),
        ([TURN | {"question": " "}], "history.0.question: it is empty"),
        ([TURN, TURN | {"question": "x" * 501}], "history.1.question: it has 501 characters; at most 500"),
        ([TURN | {"answer": "x" * 20_001}], "history.0.answer: it has 20,001 characters"),
        ([TURN | {"answer": "a\0b"}], "history.0.answer: it is no valid text"),
        ([TURN | {"role": "user"}], "history.0.role"),
        ([{"question": "q"}], "history.0.answer"),
        ("q", "history"),
    ],
)
@pytest.mark.parametrize("route", ["/v1/search", "/v1/ask"])
def test_a_bad_conversation_is_422_and_says_why(alice, services, route: str, history, named: str):
    response = alice("POST", route, json={"question": "q", "history": history})
    assert response.status_code == 422
    assert named in response.json()["detail"]
    assert services.search.asked == []


def test_ten_turns_are_taken(alice, hits):
    assert alice("POST", "/v1/search", json={"question": "q", "history": [TURN] * 10}).status_code == 200


def test_an_unknown_collection_is_404(alice):
    assert alice("POST", "/v1/search", json={"question": "q", "collection": "absent"}).status_code == 404


def test_a_search_is_written_down_without_the_question(alice, pool, hits):
    alice("POST", "/v1/search", json={"question": "s3cret question", "collection": "c"})
    with transaction(pool) as connection:
        row = connection.execute("SELECT * FROM audit WHERE action = 'search'").fetchone()
    assert row["owner_id"] == "alice"
    assert row["key_id"] is not None
    assert row["detail"] == {"collection": "c", "document_ids": [str(DOCUMENT)]}


def test_with_the_database_away_it_is_503(alice, services):
    services.search.error = DependencyUnavailable("connection refused by 10.0.0.7")
    response = alice("POST", "/v1/search", json={"question": "q"})
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assert "10.0.0.7" not in response.text
