"""What a question writes of as a document, and that a search tells which of it the scope does not hold: measured on real ones."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from core.access import AccessScope
from core.db.pool import Pool, transaction
from core.types import ParsedDocument
from ingest.describe import describe
from retrieval import names
from retrieval.lexical.index import WordIndex
from retrieval.mentions import MAX_MENTIONS, mentioned
from retrieval.question import MAX_CHARS
from tests.fakes_ingest import SHARED
from tests.fakes_words import collection, document, scope

CHARS, STEP = 1000, 900


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Consider the SERVICES AGREEMENT between Idan Maimon and Solutions Inc.; Who pays?", ["Idan Maimon", "Solutions Inc."]),
        ("the LICENSE between MUSEUM, INC. d/b/a Hall of Fame and HOF, LLC", ["MUSEUM, INC.", "Hall of Fame", "HOF, LLC"]),
        ("Wer zahlt nach dem Mietvertrag zwischen Hertz GmbH und Realty AG?", ["Hertz GmbH", "Realty AG"]),
        ("¿Quién paga según el contrato entre Hertz S.L. y Realty?", ["Hertz S.L.", "Realty"]),
        ("What does iMine Corporation owe to Bosch GmbH?", ["iMine Corporation", "Bosch GmbH"]),
        ("Does Acme Widgets, Inc. pay?", ["Acme Widgets, Inc."]),
        ("What does the Initech contract say?", ["Initech contract"]),
        ("Does the Paris Agreement bind us?", ["Paris Agreement"]),
        ("When does our agreement with Initech end?", ["Initech"]),
        ("Which days does the document titled “Leave abroad” name?", ["Leave abroad"]),
        ("What is the difference between Java and Python?", []),
        ("Who won the war between France and England in 1870?", []),
        ("what does the contract say about termination?", []),
        ("Is there a \"notice period\" in the handbook?", []),
        ("How many people work for the company in New York?", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_is_written_of_as_a_document(question: str, found: list[str]) -> None:
    assert list(mentioned(question)) == found


@pytest.mark.parametrize(
    "unit", ["the A ", "The A Inc ", "A/", "the lease between A and ", "lease ", 'policy "', "A d/b/a ", "x"]
)
def test_no_question_takes_long(unit: str) -> None:
    started = time.process_time()
    assert len(mentioned((unit * MAX_CHARS)[:MAX_CHARS])) <= MAX_MENTIONS
    assert time.process_time() - started < 3  # a third of a second where nothing else runs; unbounded it was twelve


CONTRACTS = SHARED / "contracts_cuad40"
on_the_shared_sets = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the shared data sets are not here")


def take_in(pool: Pool, collection_id: UUID, title: str, text: str) -> None:
    """Index a document as ingest does, but for its vectors."""
    pieces = [text[start : start + CHARS] for start in range(0, max(1, len(text) - CHARS + STEP), STEP)]
    document_id, _ = document(pool, collection_id, pieces, language="en")
    described = describe(ParsedDocument(title, "text/plain", text, (), ()))
    with transaction(pool) as connection:
        connection.execute(
            "UPDATE documents SET names = %s, kind = %s WHERE document_id = %s",
            (list(described.names), described.kind, document_id),
        )
        connection.execute(
            "INSERT INTO document_names (token, document_id) SELECT unnest(%s::text[]), %s",
            (sorted(described.words), document_id),
        )


def unknown(pool: Pool, words: WordIndex, question: str, seen: AccessScope) -> list[str]:
    """Tell what a search would tell."""
    with transaction(pool) as connection:
        named = names.find(connection, question, seen)
    return [name for name in named.unknown if not words.holders(" ".join(names.mentioned_words(name)), scope=seen)]


@on_the_shared_sets
def test_a_contract_that_is_there_is_never_said_to_be_missing_and_one_that_is_not_is(pool: Pool, words: WordIndex) -> None:
    tests = json.loads((CONTRACTS / "span_queries.json").read_text(encoding="utf-8"))["tests"]
    asked = {(test["query"].split(";")[0], Path(test["snippets"][0]["file_path"]).name) for test in tests}
    collections = {}
    for path in sorted((CONTRACTS / "txt").glob("*.txt")):
        collections[path.name] = collection(pool)
        take_in(pool, collections[path.name], path.stem, path.read_text(encoding="utf-8", errors="replace"))
    seen = scope(pool, *collections.values())
    false = [question for question, _ in asked if unknown(pool, words, question, seen)]
    missing = [
        question
        for question, file in sorted(asked)
        if unknown(pool, words, question, scope(pool, *(other for name, other in collections.items() if name != file)))
    ]
    print(f"{len(asked)} contracts named: {len(false)} said to be missing that are there, {len(missing)} of those taken away")
    assert false == []
    assert len(missing) >= 0.9 * len(asked)


def chroma() -> Iterator[tuple[str, list[str], list[str]]]:
    folder = SHARED / "chroma_chunking"
    with (folder / "questions_df.csv").open(encoding="utf-8") as file:
        questions = [row["question"] for row in csv.DictReader(file)]
    yield "chroma_chunking", [p.read_text(encoding="utf-8") for p in sorted((folder / "corpora").iterdir())], questions


def xquad() -> Iterator[tuple[str, list[str], list[str]]]:
    articles = json.loads((SHARED / "xquad" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    questions = [question["question"] for paragraph in paragraphs for question in paragraph["qas"]]
    yield "xquad en", [paragraph["context"] for paragraph in paragraphs], questions


def clapnq() -> Iterator[tuple[str, list[str], list[str]]]:
    rows = [
        json.loads(line)
        for path in sorted((SHARED / "clapnq" / "annotated_data" / "dev").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts = {f"{passage['title']} {passage['text']}" for row in rows for passage in row["passages"]}
    yield "clapnq", sorted(texts), [row["input"] for row in rows]


@on_the_shared_sets
def test_of_questions_that_name_no_document_hardly_one_is_said_to_name_a_missing_one(pool: Pool, words: WordIndex) -> None:
    for name, texts, questions in (*chroma(), *xquad(), *clapnq()):
        mine = collection(pool)
        for text in texts:
            take_in(pool, mine, "", text)
        seen = scope(pool, mine)
        false = [question for question in questions if unknown(pool, words, question, seen)]
        print(f"{name}: {len(questions)} questions, {len(false)} said to name a missing document")
        assert len(false) <= 0.01 * len(questions)
