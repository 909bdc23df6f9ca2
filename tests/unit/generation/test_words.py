import pytest

from generation.words import names, numbers, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("governed", "governing"),
        ("twelve months", "12 months"),
        ("the 30th of November", "30 Nov. "[:-2]),
        ("$1,000.00", "1000"),
        ("Straßen", "STRASSEN"),
    ],
)
def test_what_means_the_same_becomes_the_same_tokens(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


def test_words_that_differ_stay_apart() -> None:
    assert tokens("term") != tokens("terminate")
    assert tokens("1.5") != tokens("15")


def test_scripts_without_spaces_count_by_the_character() -> None:
    assert tokens("年假三天") == list("年假三天")


def test_numbers_are_found_as_digits_and_as_words() -> None:
    assert numbers("Ninety (90) days, or 1.5 % of CDN$750,000") == {"90", "1.5", "750000"}


def test_the_first_word_and_numbers_written_large_are_no_names() -> None:
    assert names("Notice goes to Sunwai Technology within Thirty days") == {"sunwai", "techno"}


def test_a_text_without_words_has_no_tokens() -> None:
    assert tokens("?! ... \n") == tokens("") == []
