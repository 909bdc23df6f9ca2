"""What a question asks for beside its words, and that nothing else is taken for it."""

import time

import pytest

from retrieval.lexical.query import MAX_PHRASES, parse


@pytest.mark.parametrize(
    "text",
    ['the "notice period"', "die „notice period“", "“notice period”", "«notice period»", "»Notice Period«", "„notice period”"],
)
def test_quoted_phrases(text: str) -> None:
    assert parse(text).phrases == (("notice", "period"),)


@pytest.mark.parametrize("text", ['a 5" pipe', "'notice period'", '""', '"?!"', "o'neill's", '"'])
def test_what_is_no_phrase(text: str) -> None:
    assert parse(text).phrases == ()


def test_beginnings_of_words() -> None:
    assert parse("Hertz*").prefixes == ("hertz",)
    assert parse("parts AB-12*, x* and **bold**").prefixes == ("ab-12", "bold")
    assert parse("2 * 3 = 6").prefixes == ()


def test_references() -> None:
    assert parse("Section 12.3 and § 4 Abs. 2").marks == ("12.3", "4(2)")


def test_however_much_is_quoted_the_work_is_bounded() -> None:
    question = parse(" ".join(f'"phrase {i}" section {i} word{i}*' for i in range(500)))
    assert len(question.phrases) == len(question.marks) == len(question.prefixes) == MAX_PHRASES


def test_a_long_question_takes_no_longer_than_its_length_warrants() -> None:
    started = time.process_time()
    for text in ("税", "a", "a.b-", "(a)", '"', "„", "“", "«", "a*", "* ", "「", 'a "', "section 1 ", "a-"):
        parse(text * (100_000 // len(text)))
    assert time.process_time() - started < 5
