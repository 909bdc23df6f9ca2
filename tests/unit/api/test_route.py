"""Routing over HTTP: labels, rules and why they hold, an answer from outside, and what is told of what left."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.lifespan import Services
from api.routing import Router
from core.db.pool import transaction
from core.routes import Engine, Route
from core.types import Chunk, Context
from retrieval.context import Packer
from tests.fakes_api import FakeGenerator, add_document, hit_of
from tests.fakes_generation import FakeModelServer
from tests.unit.api.conftest import As
from tests.unit.generation.privacy.test_placeholders import ByList

PASSAGE = "Ann Lee has lived in Oslo since May. Leave is counted apart."
CLAIM = "Ann Lee has lived in Oslo since May."
QUESTION = {"question": "Since when has Ann Lee lived in Oslo?", "collection": "news"}
EXPLAIN, EGRESS = "/v1/route/explain", "/v1/route/egress"


@pytest.fixture
def cloud() -> Iterator[FakeModelServer]:
    with FakeModelServer("<PERSON_1> has lived in <PLACE_1> since May.", yes=0.95, model="cloud-model") as cloud:
        yield cloud


@pytest.fixture
def services(services: Services, cloud: FakeModelServer) -> Iterator[Services]:
    """The press may ask an engine outside about what is public; long questions go to a large engine inside."""
    engines = {
        "cloud": Engine(url=cloud.url, model="cloud-model", outside=True, context_tokens=900),
        "large": Engine(url="http://127.0.0.1:9/v1", model="large-model", window_tokens=32_000),
    }
    routes = (
        Route(name="long", engine="large", min_question_chars=300),
        Route(name="press", engine="cloud", sensitivity=("public",), groups=("press",)),
    )
    settings = services.settings.model_copy(update={"engines": engines, "routes": routes})
    services.generator.pieces = ["Nothing is ", "known."]
    router = Router(settings, services.pool, services.generator, ByList)
    yield replace(services, settings=settings, router=router)
    router.close()


@pytest.fixture
def document_id(services: Services, tmp_path: Path, admin: As) -> str:
    """A document of alice, who is of the press, in her public collection."""
    admin("PUT", "/v1/groups/press", json={"members": ["alice"]})
    with transaction(services.pool) as connection:
        document_id = add_document(connection, "alice", "news", "/docs/handbook.txt", tmp_path / "news.txt", PASSAGE)
        connection.execute("UPDATE documents SET language = 'en'")
        connection.execute("UPDATE collections SET sensitivity = 'public'")
    services.search.hits = [hit_of(Chunk("c1", document_id, 0, len(PASSAGE), PASSAGE, 1, 1, ()), rank=1)]  # type: ignore[attr-defined]
    return str(document_id)


def explained(caller: As, **more: Any) -> Any:
    response = caller("POST", EXPLAIN, json={**QUESTION, **more})
    assert response.status_code == 200, response.text
    return response.json()


def test_strangers_and_the_anonymous(api: TestClient, alice: As, bob: As, document_id: str) -> None:
    for method, url in (
        ("POST", EXPLAIN),
        ("GET", EGRESS),
        ("GET", f"{EGRESS}/1/body"),
        ("PUT", "/v1/collections/news/sensitivity"),
    ):
        assert api.request(method, url).status_code == 401
    assert bob("POST", EXPLAIN, json=QUESTION).status_code == 404
    assert bob("PUT", "/v1/collections/news/sensitivity", json={"sensitivity": "public"}).status_code == 404
    for caller in (alice, bob):
        assert caller("GET", EGRESS).status_code == 403
        assert caller("GET", f"{EGRESS}/1/body").status_code == 403
        assert caller("POST", EXPLAIN, json={**QUESTION, "user": "carol"}).status_code == 403


def test_a_collection_is_internal_until_its_owner_says_otherwise(alice: As, bob: As) -> None:
    assert alice("POST", "/v1/collections", json={"name": "c"}).json()["sensitivity"] == "internal"
    url = "/v1/collections/c/sensitivity"
    assert alice("PUT", url, json={"sensitivity": "public"}).json() == {"sensitivity": "public"}
    assert alice("GET", "/v1/collections").json()["collections"][0]["sensitivity"] == "public"
    assert alice("PUT", url, json={"sensitivity": "secret"}).status_code == 422
    alice("PUT", "/v1/collections/c/access", json={"allowed": ["user:bob"]})

    assert bob("PUT", url, json={"sensitivity": "confidential"}).status_code == 403


def test_an_answer_from_outside_names_its_model_and_reads_as_any_other(
    alice: As, cloud: FakeModelServer, services: Services, document_id: str
) -> None:
    answer = alice("POST", "/v1/ask", json=QUESTION).json()
    assert (answer["answer"], answer["refused"], answer["model"]) == (CLAIM, False, "cloud-model")
    assert [citation["quote"] for citation in answer["citations"]] == [CLAIM]
    assert cloud.requests and all("Ann" not in json.dumps(r) and "Oslo" not in json.dumps(r) for r in cloud.requests)
    generator: FakeGenerator = services.generator  # type: ignore[assignment]
    assert generator.num_asked == 0


def test_the_egress_log_tells_an_administrator_all_that_left_to_the_byte(
    alice: As, admin: As, cloud: FakeModelServer, document_id: str
) -> None:
    alice("POST", "/v1/ask", json=QUESTION)
    entries = admin("GET", EGRESS).json()["egress"]
    assert len(entries) == len(cloud.requests) > 0
    assert {(e["owner"], e["rule"], e["engine"], e["collection"], e["status"]) for e in entries} == {
        ("alice", "press", "cloud", "news", 200)
    }
    assert {tuple(e["document_ids"]) for e in entries} == {(document_id,)}
    assert all(e["url"].startswith(cloud.url) and e["response_bytes"] > 0 and e["ended_at"] for e in entries)
    bodies = [admin("GET", f"{EGRESS}/{e['egress_id']}/body").content for e in reversed(entries)]
    assert [json.loads(body) for body in bodies] == cloud.requests
    assert [len(body) for body in bodies] == [e["num_bytes"] for e in reversed(entries)]
    assert admin("GET", EGRESS, params={"limit": 1, "before": entries[0]["egress_id"]}).json()["egress"] == entries[1:2]
    assert admin("GET", f"{EGRESS}/{10**9}/body").status_code == 404


@pytest.mark.parametrize("why", ["label", "all collections", "language", "group", "conversation"])
def test_all_else_is_answered_inside_and_nothing_leaves(
    why: str, alice: As, admin: As, cloud: FakeModelServer, services: Services, document_id: str
) -> None:
    question: dict[str, Any] = dict(QUESTION)
    if why == "label":
        alice("PUT", "/v1/collections/news/sensitivity", json={"sensitivity": "internal"})
    elif why == "all collections":
        alice("POST", "/v1/collections", json={"name": "internal one"})
        del question["collection"]
    elif why == "language":
        with transaction(services.pool) as connection:
            connection.execute("UPDATE documents SET language = 'de'")
    elif why == "group":
        admin("PUT", "/v1/groups/press", json={"members": ["bob"]})
    else:
        question["history"] = [{"question": "Who is the chair?", "answer": "Ann Lee."}]
    answer = alice("POST", "/v1/ask", json=question)
    assert answer.status_code == 200
    assert answer.json()["model"] == "fake-model"
    assert cloud.requests == []
    assert admin("GET", EGRESS).json() == {"egress": []}


def test_an_explanation_says_which_rule_matches_why_the_others_do_not_and_what_would_be_replaced(
    alice: As, admin: As, cloud: FakeModelServer, document_id: str
) -> None:
    told = explained(alice)
    assert (told["user"], told["engine"], told["model"], told["rule"]) == ("alice", "cloud", "cloud-model", "press")
    assert (told["outside"], told["leaves"], told["document_ids"]) == (True, True, [document_id])
    assert told["asked"]["sensitivity"] == "public" and told["asked"]["groups"] == ["press"]
    assert [(rule["rule"], rule["matches"]) for rule in told["rules"]] == [("long", False), ("press", True)]
    assert "37 characters of the question; but wanted: 300 or more" in told["rules"][0]["conditions"][0]["reason"]
    assert {(r["placeholder"], r["text"]) for r in told["replaced"]} == {("<PERSON_1>", "Ann Lee"), ("<PLACE_1>", "Oslo")}
    assert cloud.requests == [] and admin("GET", EGRESS).json() == {"egress": []}


def test_an_explanation_of_what_stays(alice: As, services: Services, document_id: str) -> None:
    long = explained(alice, question="Why? " * 70)
    assert (long["engine"], long["model"], long["rule"], long["outside"]) == ("large", "large-model", "long", False)
    with transaction(services.pool) as connection:
        connection.execute("UPDATE documents SET language = 'de'")
    german = explained(alice)
    assert (german["engine"], german["outside"], german["leaves"]) == ("cloud", True, False)
    alice("PUT", "/v1/collections/news/sensitivity", json={"sensitivity": "confidential"})
    default = explained(alice)
    assert (default["engine"], default["model"], default["rule"]) == ("default", "fake-model", None)
    assert (default["outside"], default["leaves"], default["replaced"], default["document_ids"]) == (False, False, [], [])


def test_an_administrator_learns_another_users_rule_and_no_passage(alice: As, admin: As, document_id: str) -> None:
    told = explained(admin, user="alice", question="Since when?")
    assert (told["user"], told["engine"], told["rule"]) == ("alice", "cloud", "press")
    assert (told["document_ids"], told["replaced"], told["leaves"]) == ([], [], None)
    assert explained(admin, user="alice", question="Why? " * 70)["leaves"] is False, "an engine inside"
    assert admin("POST", EXPLAIN, json=QUESTION).status_code == 404, "his own question is over what he may read"


def test_without_a_passage_or_a_turn_nothing_leaves(alice: As, services: Services, document_id: str) -> None:
    services.search.hits = []  # type: ignore[attr-defined]
    told = explained(alice)
    assert (told["engine"], told["leaves"], told["document_ids"]) == ("cloud", False, [])


def test_passages_are_packed_for_the_engine_that_would_get_them(
    alice: As, services: Services, document_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets: list[int] = []

    def noted(self: Packer, question: str, hits: Any, *, budget_tokens: int, count_tokens: Any) -> Context:
        budgets.append(budget_tokens)
        return Context(question, tuple(hits))

    monkeypatch.setattr(Packer, "__call__", noted)
    assert explained(alice)["document_ids"] == [document_id]
    assert alice("POST", "/v1/ask", json=QUESTION).json()["model"] == "cloud-model"
    assert budgets == [900, 900]


def test_explaining_and_reading_the_log_leave_a_trace_without_a_text(
    alice: As, admin: As, services: Services, document_id: str
) -> None:
    explained(alice)
    alice("POST", "/v1/ask", json=QUESTION)
    entry = admin("GET", EGRESS).json()["egress"][0]
    admin("GET", f"{EGRESS}/{entry['egress_id']}/body")
    with transaction(services.pool) as connection:
        rows = connection.execute("SELECT action, detail::text AS detail FROM audit").fetchall()
    assert {"route.explain", "egress.read"} <= {row["action"] for row in rows}
    assert "Ann" not in " ".join(row["detail"] for row in rows)
    (explaining,) = (json.loads(row["detail"]) for row in rows if row["action"] == "route.explain")
    assert explaining["document_ids"] == [document_id], "its passages' personal data was shown"


def test_the_app_without_rules_asks_nobody_anything(services: Services) -> None:
    plain = services.settings.model_copy(update={"engines": {}, "routes": ()})
    router = Router(plain, services.pool, services.generator, find=_never)
    app = create_app(plain, replace(services, settings=plain, router=router))
    assert app.state.services.router.route(None, None, "q").generator is services.generator


def _never() -> ByList:
    raise AssertionError("nothing leaves, so nothing is to be found")
