import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from evaluation.spans import load_spans
from tests.fakes_ingest import SHARED

TEXT = "Café leave is 30 days.\r\nPay is monthly."
LEAVE = {"file_path": "cuad/leave.txt", "span": [5, 22], "answer": "leave is 30 days."}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name in ("leave.txt", "a/pay.txt", "b/pay.txt", "scan.pdf"):
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TEXT.encode())
    return tmp_path / "corpus"


def questions(corpus: Path, *tests: Any) -> Path:
    path = corpus / "questions.json"
    path.write_text(json.dumps({"tests": tests}))
    return path


def test_a_snippet_is_its_files_characters(corpus: Path) -> None:
    path = questions(corpus, {"query": "How long?", "snippets": [LEAVE], "query_id": 7}, {"query": "?", "snippets": [LEAVE]})
    dataset = load_spans(corpus, path)
    assert sorted(dataset.files) == ["a/pay.txt", "b/pay.txt", "leave.txt", "scan.pdf"]  # and not the questions
    (first, second) = dataset.queries
    assert (first.query_id, first.text, second.query_id) == ("7", "How long?", "1")
    snippet = first.snippets[0]
    assert (snippet.document, snippet.span, snippet.page, snippet.text) == ("leave.txt", (5, 22), None, "leave is 30 days.")
    assert dataset.name_of(f"{corpus}/a/pay.txt") == "a/pay.txt"
    assert dataset.notes == ()


def test_a_page_may_stand_alone_and_an_answer_is_then_taken_at_its_word(corpus: Path) -> None:
    path = questions(corpus, {"query": "?", "snippets": [{"file_path": "scan.pdf", "page": 3, "answer": "30 days"}]})
    (snippet,) = load_spans(corpus, path).queries[0].snippets
    assert (snippet.span, snippet.page, snippet.text) == (None, 3, "30 days")


def test_answers_that_do_not_stand_at_their_spans_are_noted(corpus: Path) -> None:
    shifted = LEAVE | {"span": [4, 21]}
    path = questions(corpus, {"query": "?", "snippets": [LEAVE, shifted]})
    assert load_spans(corpus, path).notes == ("1 answers differ from what stands at their spans.",)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("no object", r"tests\[1\]: it needs a query"),
        ({"query": " ", "snippets": [LEAVE]}, r"tests\[1\]: it needs a query"),
        ({"query": "?", "snippets": []}, r"tests\[1\]: it has no snippets, so it cannot be measured"),
        ({"query": "?"}, r"tests\[1\]: it has no snippets"),
        ({"query": "?", "snippets": [{"span": [0, 1]}]}, r"tests\[1\]\.snippets\[0\]: it needs a file_path"),
        ({"query": "?", "snippets": [{"file_path": "leave.txt"}]}, "it needs a span"),
        ({"query": "?", "snippets": [{"file_path": "leave.txt", "page": 0}]}, "it needs a span"),
        ({"query": "?", "snippets": [LEAVE | {"page": True}]}, "it needs a span"),
        ({"query": "?", "snippets": [LEAVE, LEAVE | {"file_path": "gone.txt"}]}, r"snippets\[1\]: the corpus has no file gone"),
        ({"query": "?", "snippets": [LEAVE | {"file_path": "pay.txt"}]}, "pay.txt may be any of a/pay.txt, b/pay.txt"),
        ({"query": "?", "snippets": [LEAVE | {"span": [22, 5]}]}, "0 <= start < end"),
        ({"query": "?", "snippets": [LEAVE | {"span": [5, 5]}]}, "0 <= start < end"),
        ({"query": "?", "snippets": [LEAVE | {"span": ["5", "22"]}]}, "0 <= start < end"),
        ({"query": "?", "snippets": [LEAVE | {"span": [5, 40]}]}, "ends at 40, but leave.txt has 39 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(corpus: Path, test: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_spans(corpus, questions(corpus, {"query": "?", "snippets": [LEAVE]}, test))


@pytest.mark.parametrize("text", ["{", "[]", '{"tests": []}', '{"tests": {}}', "null"])
def test_what_is_no_question_file_is_named(corpus: Path, text: str) -> None:
    (corpus / "questions.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"questions\.json (is no JSON|holds no questions)"):
        load_spans(corpus, corpus / "questions.json")


def test_an_empty_corpus_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="There are no files in"):
        load_spans(tmp_path / "empty", questions(tmp_path))
    with pytest.raises(InvalidInput, match="is no folder"):
        load_spans(tmp_path / "absent", questions(tmp_path))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")
def test_real_questions_about_contracts_are_read() -> None:
    folder = SHARED / "contracts_cuad40"
    dataset = load_spans(folder / "txt", folder / "span_queries.json")
    assert (len(dataset.files), len(dataset.queries), dataset.notes) == (40, 370, ())
