"""Words and numbers: the examples, and the ways in which people write one number."""

import doctest

import pytest

from evaluation.answers import words


def test_examples_in_the_docstrings_hold() -> None:
    results = doctest.testmod(words)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two hundred forty hours", {"240"}),
        ("one thousand two hundred and thirty-four", {"1234"}),
        ("three million five hundred thousand dollars", {"3500000"}),
        ("CDN$750,000.00", {"750000"}),
        ("1 000 000 Euro", {"1000000"}),
        ("4:30 PM on October 17, 2025", {"4", "30", "17", "2025"}),
        ("clauses one, two and three", {"1", "2", "3"}),
        ("at 7.50 percent", {"7.5"}),
        ("twenty-one days", {"21"}),
        ("a hundred people", set()),  # as much a manner of speech as a number
        ("no number at all", set()),
    ],
)
def test_numbers_are_read_however_they_are_written(text: str, expected: set[str]) -> None:
    assert words.numbers(text) == expected


def test_denials_are_words_that_say_something() -> None:
    assert {"not", "no", "never"} <= set(words.content_words("It is not, no, never."))


def test_chinese_is_compared_by_character() -> None:
    assert words.squad_words("三十天假期。") == ["三", "十", "天", "假", "期"]
    assert words.f1(words.squad_words("三十天"), words.squad_words("三十天假")) == pytest.approx(6 / 7)


def test_f1_of_nothing() -> None:
    assert words.f1([], []) == 1.0
    assert words.f1(["a"], []) == 0.0
