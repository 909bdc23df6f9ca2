import json
from pathlib import Path

import pytest

from core.errors import InvalidInput
from evaluation.beir import file_name, load_beir
from evaluation.gold import Dataset

DOCUMENTS = [
    {"_id": "d1", "title": "Leave", "text": "Leave is 30 days."},
    {"_id": "doc/2", "title": "", "text": "Pay is monthly."},
    {"_id": "3", "title": "Of two\nlines", "text": ""},
]
QUERIES = [{"_id": "q1", "text": "How much leave?"}, {"_id": "q2", "text": "When is pay day?"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\t3\t0\nq2\tdoc/2\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "markdown").mkdir()
    write(tmp_path / "corpus.jsonl", DOCUMENTS)
    write(tmp_path / "queries.jsonl", QUERIES)
    (tmp_path / "qrels" / "dev.tsv").write_text(QRELS)
    return tmp_path


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def load(folder: Path, queries: Path | None = None) -> Dataset:
    return load_beir(folder, queries, folder / "markdown")


def test_documents_become_markdown_files_and_names_are_ids(folder: Path) -> None:
    dataset = load(folder)
    texts = {name: Path(found.source).read_text() for name, found in dataset.files.items()}
    assert texts == {"d1": "# Leave\n\nLeave is 30 days.\n", "doc/2": "Pay is monthly.\n", "3": "# Of two lines\n\n\n"}
    assert [dataset.name_of(found.source) for found in dataset.files.values()] == ["d1", "doc/2", "3"]
    assert dataset.name_of(f"/another/folder/{file_name('doc/2')}") == "doc/2"
    assert dataset.name_of("/another/folder/d9.md") == "/another/folder/d9.md"


def test_queries_have_their_grades_and_a_grade_of_0_is_none(folder: Path) -> None:
    dataset = load(folder)
    assert [(q.query_id, q.text, dict(q.relevance)) for q in dataset.queries] == [
        ("q1", "How much leave?", {"d1": 2}),
        ("q2", "When is pay day?", {"doc/2": 1}),
    ]
    assert dataset.notes == ()


def test_test_tsv_counts_alone_and_queries_of_other_splits_are_left_out(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\r\nq2\t3\t1\r\n")
    assert [(q.query_id, dict(q.relevance)) for q in load(folder).queries] == [("q2", {"3": 1})]


def test_another_file_of_queries_may_be_named(folder: Path) -> None:
    write(folder / "few.jsonl", QUERIES[1:])
    assert [q.query_id for q in load(folder, folder / "few.jsonl").queries] == ["q2"]


def test_gold_that_the_corpus_lacks_is_noted(folder: Path) -> None:
    (folder / "qrels" / "dev.tsv").write_text(QRELS + "q2\tgone\t1\n")
    assert load(folder).notes == ("1 gold documents are not in corpus.jsonl and cannot be found, such as gone.",)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("corpus.jsonl", "{no\n", r"corpus\.jsonl, line 1: this is no JSON"),
        ("corpus.jsonl", "\n", "holds no documents"),
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n', r"line 2: the _id 'a' stands there twice"),
        ("corpus.jsonl", '{"text": "x"}\n', "line 1: the field _id must be"),
        ("queries.jsonl", '{"_id": "q1", "text": " "}\n', "line 1: the field text must be"),
        ("queries.jsonl", '{"_id": "q7", "text": "x"}\n', "line 1: no document is judged relevant to the query 'q7'"),
        ("queries.jsonl", "", "None of the queries"),
        ("qrels/dev.tsv", "q1\td1\t1\n", r"dev\.tsv, line 1: this is no judgement.*query-id corpus-id score"),
        ("qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1 d1 1\n", r"dev\.tsv, line 2: this is no judgement"),
        ("qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tgood\n", r"dev\.tsv, line 2"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(InvalidInput, match=message):
        load(folder)


@pytest.mark.parametrize("file", ["queries.jsonl", "qrels/dev.tsv"])
def test_missing_files_are_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(InvalidInput, match=str(folder / file.split("/", maxsplit=1)[0])):
        load(folder)


@pytest.mark.parametrize(
    "document_id", ["../../etc/passwd", ".hidden", "a/b", "a\\b", "é", "", "..", "x" * 200, "a b", "a\0", "\n", "-"]
)
def test_file_names_are_safe_and_different(document_id: str) -> None:
    name = file_name(document_id)
    assert name.endswith(".md")
    assert len(name) <= 103
    assert name.isascii()
    assert not set(name) & set("/\\\0\n ")
    assert not name.startswith((".", "-"))
    assert file_name(document_id) != file_name(document_id + "?")
