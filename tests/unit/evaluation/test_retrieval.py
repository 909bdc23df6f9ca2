from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from evaluation.beir import load_beir
from evaluation.coverage import Passage
from evaluation.gold import Dataset, Query, Snippet
from evaluation.retrieval import Plan, evaluate, measure_names
from evaluation.spans import load_spans
from tests.fakes_eval import LEAVE, PAY, run_of, write_beir, write_spans
from tests.fakes_ui import FakeApi, serve
from ui.client import ApiError, Client


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        yield fake


@pytest.fixture
def client(fake: FakeApi) -> Iterator[Client]:
    with Client(fake.url, fake.key) as client:
        yield client


@pytest.fixture
def beir(tmp_path: Path) -> Dataset:
    (tmp_path / "markdown").mkdir()
    return load_beir(write_beir(tmp_path / "beir"), None, tmp_path / "markdown")


@pytest.fixture
def spans(tmp_path: Path) -> Dataset:
    return load_spans(*write_spans(tmp_path / "spans"))


def test_documents_with_grades(fake: FakeApi, client: Client, beir: Dataset) -> None:
    run = evaluate(client, beir, Plan())
    assert run.measures["ndcg@10"] == run.measures["passage_mrr@1"] == run.measures["hit@1"] == 1.0
    assert list(run.measures) == measure_names(beir.queries, 64)
    assert (run.num_documents, run.num_passages, len(run.outcomes), run.notes) == (2, 2, 2, ())
    assert [p.document for p in run.outcomes[1].passages][:1] == ["pay/1"]
    assert fake.collections == fake.documents == {}  # the scratch collection is gone


def test_spans(client: Client, spans: Dataset) -> None:
    run = evaluate(client, spans, Plan())
    assert run.measures["char_recall@1"] == run.measures["recall@2000c"] == run.measures["right_document@1"] == 1.0
    assert run.measures["char_precision@1"] == pytest.approx((31 / 32 + 26 / 27) / 2)  # a passage is a line with its end
    assert run.measures["char_precision@64"] == pytest.approx((31 + 26) / 2 / len(LEAVE + PAY))
    assert "right_page@1" not in run.measures


def test_the_report_has_what_is_promised(client: Client, spans: Dataset) -> None:
    report = evaluate(client, spans, Plan(k=3, store="pgvector")).report()
    assert {"measures", "latency_ms", "num_documents", "num_passages", "num_queries", "queries"} <= set(report)
    assert set(report["latency_ms"]) == {"p50", "p95"}
    row = report["queries"][0]
    assert (row["query"], row["gold"], row["measures"]["char_recall@1"]) == ("annual leave days", ["leave.txt"], 1.0)
    assert row["hits"][0] == {"source": "leave.txt", "start": 0, "end": 32, "score": 3.0}
    assert len(row["hits"]) == 3
    assert report["notes"] == ["recall@16000c: for 2 queries 3 passages are less than 16,000 characters; ask for more with --k."]


def test_a_kept_collection_is_searched_again_without_ingesting(
    fake: FakeApi, client: Client, beir: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    first = evaluate(client, beir, Plan(collection="mine", keep=True))
    ids = set(fake.documents)
    assert "mine is kept" in capsys.readouterr().err
    again = evaluate(client, beir, Plan(collection="mine"))  # not made by this run, and so not deleted by it
    assert set(fake.documents) == ids
    assert again.measures == first.measures
    assert "searched as it is" in capsys.readouterr().err


def test_documents_ingested_from_another_folder_are_known_again(fake: FakeApi, client: Client, spans: Dataset) -> None:
    for name in ("leave.txt", "pay.txt"):
        fake.add_document("mine", f"/elsewhere/{name}", Path(spans.files[name].source).read_text())
    assert evaluate(client, spans, Plan(collection="mine")).measures["recall@8000c"] == 1.0


def test_a_collection_without_the_gold_is_refused(fake: FakeApi, client: Client, spans: Dataset) -> None:
    fake.add_document("other", "/elsewhere/other.txt", "text")
    with pytest.raises(InvalidInput, match="The collection other holds none of the gold documents"):
        evaluate(client, spans, Plan(collection="other"))
    fake.add_document("part", "/elsewhere/leave.txt", "Annual leave")
    run = evaluate(client, spans, Plan(collection="part"))
    assert run.notes == ("1 gold documents are not in the collection, such as pay.txt.",)
    assert run.measures["right_document@5"] == 0.5


def test_files_that_fail_are_named_and_the_rest_is_measured(
    fake: FakeApi, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, questions = write_spans(tmp_path / "s")
    (corpus / "broken.txt").write_text("x")
    (corpus / "tool.exe").write_text("x")
    run = evaluate(client, load_spans(corpus, questions), Plan())
    assert run.num_documents == 2
    err = capsys.readouterr().err
    assert "2 of 4 files did not go in" in err
    assert "broken.txt: The file is damaged" in err


def test_with_nothing_in_there_is_nothing_to_measure(fake: FakeApi, client: Client, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "broken.txt").write_text("x")
    (tmp_path / "q.json").write_text('{"tests": [{"query": "?", "snippets": [{"file_path": "broken.txt", "span": [0, 1]}]}]}')
    with pytest.raises(InvalidInput, match="None of the 1 files went in"):
        evaluate(client, load_spans(corpus, tmp_path / "q.json"), Plan())
    assert fake.collections == {}


def test_the_scratch_collection_is_deleted_when_a_query_fails(fake: FakeApi, client: Client, beir: Dataset) -> None:
    with pytest.raises(ApiError, match="The query q1 was refused: store: this server has no store named faiss"):
        evaluate(client, beir, Plan(store="faiss"))
    assert fake.collections == {}


def test_a_scratch_collection_that_cannot_be_deleted_hides_no_error(
    fake: FakeApi, client: Client, beir: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise ApiError("Internal error", "something broke", 500)

    monkeypatch.setattr(client, "delete_collection", refuse)
    fake.broken.add("/v1/search")
    with pytest.raises(ApiError, match="went wrong inside"):
        evaluate(client, beir, Plan())
    assert "could not be deleted and is still there: something broke" in capsys.readouterr().err


def test_latencies_and_lengths() -> None:
    passages = [Passage("a", 0, 10), Passage("b", 0, 30)]
    run = run_of(*((Query(str(n), "q", {"a": 1}), passages) for n in range(5)))  # 10, 20, ..., 50 ms
    assert run.latency_ms == {"p50": 30.0, "p95": round(float(np.percentile([10, 20, 30, 40, 50], 95)), 1)}
    assert run.mean_passage_chars == 20.0
    nothing = run_of((Query("1", "q", {"a": 1}), []))
    assert nothing.mean_passage_chars == 0.0


def test_a_measure_is_the_mean_over_the_queries_that_have_it() -> None:
    spanned = Query("1", "q", snippets=(Snippet("a", (0, 10)),))
    paged = Query("2", "q", snippets=(Snippet("a", page=2),))
    found: list[Any] = [Passage("a", 0, 10, 1.0, 1, 1)]
    measures = run_of((spanned, found), (paged, found)).measures
    assert (measures["char_recall@1"], measures["right_document@1"], measures["right_page@1"]) == (1.0, 1.0, 0.0)
