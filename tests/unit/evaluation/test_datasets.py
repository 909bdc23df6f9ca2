"""Question files: read as they are, and refused by name when they are not of the form."""

import json
from pathlib import Path

import pytest

from core.errors import InvalidInput
from evaluation.datasets import Question, load_questions

ITEM = {"question": "How long?", "answer": "two weeks", "document": "a/b.pdf", "page": 2, "quote": "two weeks"}


def written(folder: Path, data: object) -> Path:
    path = folder / "questions.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_answerable_questions_come_first_then_the_others(tmp_path: Path) -> None:
    questions = load_questions(written(tmp_path, {"answerable": [ITEM], "unanswerable": [{"question": "Why?"}]}))
    assert questions == [Question("How long?", "two weeks", "a/b.pdf", 2, "two weeks"), Question("Why?")]
    assert [question.answerable for question in questions] == [True, False]


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a/b.pdf", True), ("/x y/a/b.pdf", True), ("b.pdf", False), ("xa/b.pdf", False), ("a/b.pdf/c", False)],
)
def test_a_document_is_known_by_the_end_of_its_path(source: str, expected: bool) -> None:
    assert Question("How long?", document="a/b.pdf").is_about(source) == expected


def test_an_unanswerable_question_is_about_no_document() -> None:
    assert not Question("Why?").is_about("a/b.pdf")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ([], "question file"),
        ({"answerable": []}, "unanswerable"),
        ({"answerable": [{**ITEM, "hint": ""}], "unanswerable": []}, "must have exactly"),
        ({"answerable": [], "unanswerable": ["Why?"]}, "must have exactly"),
        ({"answerable": ["How long?"], "unanswerable": []}, "must have exactly"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, data: object, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        load_questions(written(tmp_path, data))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_questions(tmp_path / "none.json")
