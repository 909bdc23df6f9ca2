"""`muniment eval` as a process, against the real API over HTTP with a real PostgreSQL, parser, chunker and search.

Only the embedder and the model are fakes, and jobs are done where the broker would get them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core.db.pool import Pool, transaction
from core.keys import add_key
from core.settings import PROJECT_ROOT, Settings
from ingest import ledger
from ingest.pipeline import Pipeline, ingest
from retrieval.lexical.index import WordIndex
from retrieval.search import Search
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_api import FakeGenerator, make_services
from tests.fakes_eval import write_beir, write_questions, write_spans
from tests.fakes_retrieval import FakeEmbedder
from tests.served_api import serve
from ui.client import Client


@dataclass(frozen=True)
class InlineWorker:
    """Stands where the broker does: a job that is sent is done before the sender goes on."""

    pipeline: Pipeline

    def send_task(self, name: str, args: list[Any], **options: Any) -> None:
        with transaction(self.pipeline.pool) as connection:
            claim = ledger.claim(connection, UUID(args[0]), args[1], lease_s=60)
        assert claim is not None
        ingest(self.pipeline, claim)


@dataclass(frozen=True)
class Served:
    url: str
    key: str
    home: Path
    generator: FakeGenerator

    def run(self, *arguments: str | Path, what: str = "retrieval") -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
        environment |= {"MUNIMENT_HOME": str(self.home), "MUNIMENT_API_URL": self.url, "MUNIMENT_API_KEY": self.key}
        command = [sys.executable, "-W", "error", "-m", "ui.cli.main", "eval", what, *map(str, arguments)]
        return subprocess.run(
            command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180
        )


@pytest.fixture
def served(pool: Pool, words: WordIndex, tmp_path: Path) -> Iterator[Served]:
    settings, embedder = Settings(home=tmp_path / "home"), FakeEmbedder()
    pipeline = Pipeline(pool, embedder, settings.blobs_dir)
    generator = FakeGenerator()
    services = replace(
        make_services(settings, pool, generator),
        embedder=embedder,
        search=Search(pool, embedder, PgVectorStore(), words),
        celery=InlineWorker(pipeline),  # type: ignore[arg-type]
    )
    with transaction(pool) as connection:
        _, key = add_key(connection, owner_id="ada", name="test")
    with serve(services) as url:
        yield Served(url, key, settings.home, generator)
    services.probes.close()


def test_documents_with_grades_are_ingested_searched_measured_and_deleted(served: Served, tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "beir")
    done = served.run("--corpus", folder, "--json", "--report", tmp_path / "report.html", "--floor", "ndcg@10=0.99")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["measures"]["mrr@1"] == printed["measures"]["passage_recall@5"] == 1.0
    assert (printed["num_documents"], printed["num_queries"]) == (2, 2)
    assert printed["num_passages"] >= 2
    assert [row["hits"][0]["source"] for row in printed["queries"]] == ["leave", "pay/1"]
    assert 0 < printed["latency_ms"]["p50"] <= printed["latency_ms"]["p95"]
    assert "<svg" in (tmp_path / "report.html").read_text()
    with Client(served.url, served.key) as client:
        assert client.collections() == client.documents() == []


def test_spans_are_characters_of_the_documents_text(served: Served, tmp_path: Path) -> None:
    """Line ends and characters beyond the BMP count as they do in the file, or precision would tell."""
    corpus, _ = write_spans(tmp_path / "spans")
    sentence = "The zebra allowance is nine euros. 😀"
    text = "😀 Café.\r\n\r\n" + sentence + "\r\n\r\n" + "Nothing of interest stands here. " * 40
    (corpus / "allowance.txt").write_bytes(text.encode())
    start = text.index(sentence)
    snippet = {"file_path": "x/allowance.txt", "span": [start, start + len(sentence)], "answer": sentence}
    (tmp_path / "q.json").write_text(json.dumps({"tests": [{"query": "zebra allowance", "snippets": [snippet]}]}))
    arguments = ("--corpus", corpus, "--queries", tmp_path / "q.json", "--collection", "c")

    first = served.run(*arguments, "--keep", "--save", tmp_path / "first.json")
    assert first.returncode == 0, first.stderr
    assert "note" not in first.stdout
    saved = json.loads((tmp_path / "first.json").read_text())
    assert saved["measures"]["recall@2000c"] == saved["measures"]["right_document@1"] == 1.0
    hit = saved["queries"][0]["hits"][0]
    with Client(served.url, served.key) as client:
        (document_id,) = [d["document_id"] for d in client.documents("c") if d["source"].endswith("allowance.txt")]
        assert sentence in client.document_text(document_id)[hit["start"] : hit["end"]]
    assert saved["measures"]["first_hit_precision"] == len(sentence) / (hit["end"] - hit["start"])

    again = served.run(*arguments, "--compare", tmp_path / "first.json", "--floor", "char_precision@1=0.999")
    assert "0 of 1 queries got worse" in again.stdout
    assert again.returncode == 1
    assert "char_precision@1 is" in again.stderr


def test_a_store_that_is_not_served_leaves_nothing_behind(served: Served, tmp_path: Path) -> None:
    done = served.run("--corpus", write_beir(tmp_path / "beir"), "--store", "faiss")
    assert (done.returncode, done.stdout) == (1, "")
    assert "this server keeps no index for faiss" in done.stderr
    with Client(served.url, served.key) as client:
        assert client.collections() == []


def test_answers_are_asked_for_and_every_quote_is_looked_up(served: Served, tmp_path: Path) -> None:
    corpus, _ = write_spans(tmp_path / "spans")
    questions = write_questions(tmp_path)
    served.generator.pieces = ["Annual leave is", " 30 days a year."]
    with Client(served.url, served.key) as client:
        client.add_collection("hr")
        for name in ("leave", "pay"):
            client.upload("hr", corpus / f"{name}.txt", f"/srv/hr/{name}.txt")
    report = tmp_path / "report.html"
    asked = ("--questions", questions, "--collection", "hr")
    done = served.run(*asked, "--json", "--report", report, "--floor", "quote_fidelity=1", what="answers")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["num_queries"], printed["num_failed"], printed["notes"]) == (5, 0, [])
    first = printed["queries"][0]
    assert (first["answer"], first["refused"]) == ("Annual leave is 30 days a year.", False)
    assert [(quote["quote"], quote["fault"]) for quote in first["quotes"] if quote["shown_as"] == "cited"] == [
        ("Annual leave is 30 days a year.", "")
    ]
    assert [(claim["verdict"], claim["citations"]) for claim in first["claims"]] == [("supported", [1])]
    assert first["measures"]["right"] == first["measures"]["citation_precision"] == first["measures"]["support_recall"] == 1.0
    assert 0 <= first["confidence"] <= 1
    assert printed["waited_ms"]["evidence"]["p50"] <= printed["waited_ms"]["total"]["p50"]
    assert printed["counted"]["quote_fidelity"] >= 5
    assert "Annual leave is 30 days a year." in report.read_text()

    served.generator.answerable = 0.0
    refused = served.run(*asked, "--floor", "answered=0.5", what="answers")
    assert refused.returncode == 1
    assert "answered is 0.0000, below its floor of 0.5" in refused.stderr
    assert "refusal_recall\t1.0000\t2" in refused.stdout
