"""Extraction over the whole stack: the real command line, API, database, worker, embedder, search; the model server is a fake."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api.answers import RESUME_S
from api.lifespan import open_services
from core.db.pool import transaction
from core.keys import add_key
from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings
from generation.engines.openai import OpenAICompatible
from tests.fakes_generation import FakeModelServer
from tests.served_api import command, serve
from tests.worker import Platform
from ui.client import Client

CONTRACTS = PROJECT_ROOT / "samples" / "contracts"
SHORT, LONG = CONTRACTS / "bravatek-sibannac-strategic-alliance.pdf", CONTRACTS / "coral-gold-intermark-consulting.pdf"
WRITTEN = {  # by words of the question: what a fair model would write, slips included
    "made": {"quote": "entered into this 30th day of november, 2017", "date": "30th day of November, 2017"},
    "parties": {
        "quote": "by and between Bravatek Solutions, Inc., ... and Sibannac, Inc.",
        "names": ["Bravatek Solutions, Inc."],
    },
    "expire": {"quote": "ending on January 31, 2025", "date": "January 31, 2025"},
    "escrow": {"quotes": []},
    "invented": {"quote": "the fee is nine million dollars a day", "amount": "$9,000,000"},
}
QUESTIONS = [
    {"id": "made", "question": "When was it made?", "type": "date"},
    {"id": "parties", "question": "Who are the parties?", "type": "party"},
    {"id": "escrow", "question": "Source code escrow", "type": "clause"},
    {"id": "invented", "question": "What is the invented fee?", "type": "amount"},
]


def write(messages: list[dict[str, str]]) -> Any:
    """Answer by the last question in the prompt."""
    asked = messages[-1]["content"].rpartition("</passage>")[2]
    return next(written for word, written in WRITTEN.items() if word in asked)


@dataclass
class Stack:
    """A served API with a worker, and the model server behind it."""

    url: str
    key: str
    home: Path
    model: FakeModelServer

    def client(self) -> Client:
        return Client(self.url, self.key, timeout_s=60)

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
        """Run the command line as a process of its own."""
        return command(self.url, self.key, self.home, *arguments)

    def ingest(self, path: Path) -> str:
        done = self.run("ingest", path, "--collection", "c", "--json")
        assert done.returncode == 0, done.stderr.decode()
        return str(json.loads(done.stdout)["documents"][0]["document_id"])


@pytest.fixture
def stack(tmp_path: Path, weights: Path, database_url: str, broker_url: str) -> Iterator[Stack]:
    home = tmp_path / "home"
    catalogue.ensure("all-minilm-l6-v2", Settings(home=home).with_values(models={"folder": weights}))
    settings = Settings(home=home).with_values(database={"url": SecretStr(database_url)}, broker={"url": SecretStr(broker_url)})
    platform = Platform(home, database_url, broker_url)
    with FakeModelServer(json=write) as model, open_services(settings) as services, platform.worker():
        with transaction(services.pool) as connection:
            _, key = add_key(connection, owner_id="ada", name="test")
        generator = OpenAICompatible(url=model.url, model=model.model, api_key=None, timeout_s=30)
        with serve(replace(services, generator=generator)) as url:
            yield Stack(url, key, home, model)
    platform.close()


def test_typed_values_come_with_quotes_that_stand_on_their_page_of_the_document(stack: Stack, tmp_path: Path) -> None:
    document_id = stack.ingest(SHORT)
    listed = tmp_path / "questions.json"
    listed.write_text(json.dumps(QUESTIONS))
    done = stack.run("extract", document_id, "--questions", listed, "--json")
    assert done.returncode == 0, done.stderr.decode()
    values = {value["id"]: value for value in json.loads(done.stdout)["values"]}
    assert [(v["state"], v["value"]) for v in values.values()] == [
        ("found", "2017-11-30"),
        ("found", ["Bravatek Solutions, Inc."]),
        ("not_found", None),
        ("unverified", None),
    ]
    text = stack.run("text", document_id).stdout.decode()
    quotes = [quote for value in values.values() for quote in value["quotes"]]
    assert len(quotes) >= 2
    for quote in quotes:
        assert text[quote["start"] : quote["end"]] == quote["quote"]
        assert quote["page"] == 1
        assert {box["page"] for box in quote["boxes"]} == {1}
    shown = stack.run("extract", document_id, "--question", "date: When was it made?").stdout.decode()
    assert shown.startswith("1. When was it made?\n   2017-11-30\n   p. 1: “")


def test_a_long_document_is_searched_and_no_other(stack: Stack) -> None:
    stack.ingest(SHORT)
    document_id = stack.ingest(LONG)
    with stack.client() as client:
        (value,) = client.extract(document_id, [{"question": "When does it expire?", "type": "date"}])["values"]
    assert (value["state"], value["value"]) == ("found", "2025-01-31")
    prompts = [request["messages"][-1]["content"] for request in stack.model.requests]
    assert all("Sibannac" not in prompt for prompt in prompts)
    schema = stack.model.requests[-1]["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["quote", "date"]


def test_a_reader_who_goes_away_stops_the_questions(stack: Stack) -> None:
    document_id = stack.ingest(SHORT)
    stack.model.json = lambda messages: time.sleep(0.5) or write(messages)
    with stack.client() as client:
        stream = client.extract_stream(document_id, [QUESTIONS[0] | {"id": str(n)} for n in range(50)])
        while next(stream)[0] != "value":
            pass
        stream.close()  # type: ignore[attr-defined]
    time.sleep(RESUME_S + 2)  # he may have lost the connection, and come back
    num_asked = len(stack.model.requests)
    assert num_asked < 60
    time.sleep(2)
    assert len(stack.model.requests) == num_asked


def test_a_model_server_that_is_away_fails_the_questions_and_keeps_them(stack: Stack) -> None:
    document_id = stack.ingest(SHORT)
    stack.model.fail = 503
    with stack.client() as client:
        values = client.extract(document_id, QUESTIONS)["values"]
        assert [(value["id"], value["state"], value["retryable"]) for value in values] == [
            (question["id"], "failed", True) for question in QUESTIONS
        ]
        stack.model.fail = None
        assert client.extract(document_id, QUESTIONS[:1])["values"][0]["state"] == "found"
