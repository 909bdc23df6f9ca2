"""Question files: read as they are, and refused by name when they are not of the form."""

import json
from pathlib import Path

import pytest

from core.errors import InvalidInput
from evaluation.datasets import Attack, Gold, Question, load_questions

ITEM = {"question": "How long?", "answer": "two weeks", "document": "a/b.pdf", "page": 2, "quote": "two weeks"}


def written(folder: Path, data: object) -> Path:
    path = folder / "questions.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_answerable_questions_come_first_then_the_others(tmp_path: Path) -> None:
    questions = load_questions(written(tmp_path, {"answerable": [ITEM], "unanswerable": [{"question": "Why?"}]}))
    assert questions == [Question("How long?", "two weeks", "a/b.pdf", 2, "two weeks"), Question("Why?")]
    assert [question.answerable for question in questions] == [True, False]


def test_more_answers_places_an_attack_and_an_id_may_be_given_and_other_fields_are_left_alone(tmp_path: Path) -> None:
    more = {"answers": ["14 days"], "quotes": ["a fortnight", {"quote": "14 days", "page": 3, "document": "c.md"}], "id": 7}
    attack = {"aim": "a link", "markers": ["evil.example", " "]}
    data = {
        "answerable": [{**ITEM, **more, "kind": "number"}],
        "unanswerable": [{"question": "Why?", "attack": attack, "document": "ignored.md"}],
    }
    answerable, other = load_questions(written(tmp_path, data))
    assert answerable.right_answers == ("two weeks", "14 days")
    assert answerable.gold == (
        Gold("a/b.pdf", 2, "two weeks"),
        Gold("a/b.pdf", 2, "a fortnight"),
        Gold("c.md", 3, "14 days"),
    )
    assert answerable.is_about("/x/c.md")
    assert answerable.query_id == "7"
    assert other.attack == Attack("a link", ("evil.example",))
    assert not other.answerable
    assert other.gold == other.right_answers == ()


def test_one_split_may_be_read_alone(tmp_path: Path) -> None:
    data = {
        "answerable": [{**ITEM, "split": "dev"}],
        "unanswerable": [{"question": "Why?", "split": "test"}, {"question": "Who?"}],
    }
    path = written(tmp_path, data)
    assert [question.question for question in load_questions(path, "test")] == ["Why?"]
    assert len(load_questions(path)) == 3
    with pytest.raises(InvalidInput, match="no split 'train': name one of dev, test"):
        load_questions(path, "train")


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
        ({"answerable": [{"question": "Why?"}], "unanswerable": []}, "must have the fields question, answer"),
        ({"answerable": [], "unanswerable": ["Why?"]}, "must have the fields question"),
        ({"answerable": ["How long?"], "unanswerable": []}, "must have the fields question, answer"),
        ({"answerable": [{**ITEM, "anwsers": []}], "unanswerable": []}, "Did you mean answers"),
        ({"answerable": [{**ITEM, "answers": "two"}], "unanswerable": []}, "answers must be a list of texts"),
        ({"answerable": [{**ITEM, "answer": 2}], "unanswerable": []}, "answer must be a text"),
        ({"answerable": [{**ITEM, "page": 0}], "unanswerable": []}, "page must be a whole number from 1"),
        ({"answerable": [{**ITEM, "quotes": [{"page": 2}]}], "unanswerable": []}, "not of the form: 'quote'"),
        ({"answerable": [], "unanswerable": [{"question": "Why?", "attack": {"markers": [" "]}}]}, "attack needs markers"),
        ({"answerable": [], "unanswerable": [{"question": "Why?", "attack": {"aim": "x"}}]}, "not of the form: 'markers'"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, data: object, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        load_questions(written(tmp_path, data))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_questions(tmp_path / "none.json")
