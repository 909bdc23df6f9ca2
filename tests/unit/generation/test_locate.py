import time
from dataclasses import replace
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Box, Line, Page, Quote
from generation.locate import MAX_CHARS, Concordance, longest_common, paragraph
from tests.fakes_generation import hit

TEXT = (
    "1. Term\n\nThis agree-\nment runs for “five” years. It is governed by the laws of Texas. Café owners\nmay not assign it.\n\n"
    "The ofﬁce is in Austin."
)
LAW = "It is governed by the laws of Texas."


def found(words: str, text: str = TEXT) -> list[str]:
    return [quote.text for quote in Concordance([hit(text, start=40)]).find(words)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("governed by the laws of Texas", LAW),
        ("IT IS GOVERNED  by\nthe laws", LAW),
        ('This agreement runs for "five" years.', "This agree-\nment runs for “five” years."),
        ("Cafe owners may not assign", "Café owners\nmay not assign it."),
        ("the office is in Austin", "The ofﬁce is in Austin."),
    ],
)
def test_words_are_found_whatever_their_spaces_hyphens_ligatures_quotation_marks_and_accents(words: str, sentence: str) -> None:
    assert found(words) == [sentence]


PRINTED = "The Com-\npany’s oﬃce “pays” non-exclusive\u00a0fees – 5\u00ad0 %.\nSee re-\nsign."


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("The Company's office", "The Com-\npany’s oﬃce"),
        ('"pays" non-exclusive fees', "pays” non-exclusive\u00a0fees"),
        ("fees - 50 %.", "fees – 5\u00ad0"),
        ("  See   re-sign ", "See re-\nsign"),
        ("\ufeffof\u200bfice", "oﬃce"),
    ],
)
def test_what_printing_changes_does_not_count(words: str, written: str) -> None:
    place = Concordance([hit(PRINTED)]).place(words)
    assert place is not None
    assert place.text == written


@pytest.mark.parametrize("words", ["fees - 60 %", "exclusively", "", " \n", "pays fees"])
def test_any_other_difference_is_not_overlooked(words: str) -> None:
    assert Concordance([hit(PRINTED)]).place(words) is None


def test_words_copied_with_a_slip_are_found_by_what_of_them_stands_in_one_piece() -> None:
    assert found("It is governed by the laws of Texas and of Ohio.") == [LAW]
    assert found("It is ruled by the law of Texan courts, wherever they may be held from time to time.") == []


def test_what_stands_around_an_ellipsis_is_found_apart() -> None:
    assert found("runs for five years ... in Austin") == ["This agree-\nment runs for “five” years.", "The ofﬁce is in Austin."]


@pytest.mark.parametrize("words", ["", " ", "?!", "it", "gover", "signed by the laws", "Te xas law"])
def test_parts_of_words_and_what_stands_nowhere_are_not_found(words: str) -> None:
    assert found(words) == []


def test_an_quote_knows_its_place_its_page_and_its_boxes() -> None:
    lines = (Line(40, 60, Box(1, 2, 3, 4)), Line(60, 400, Box(5, 6, 7, 8)))
    passage = replace(hit(TEXT, start=40, page=7), pages=(Page(6, 0, 60), Page(7, 60, 400, 100, 100, lines)))
    (quote,) = Concordance([passage]).find("governed by the laws")
    assert TEXT[quote.start - 40 : quote.end - 40] == LAW
    assert (quote.page, [box.box.x0 for box in quote.boxes]) == (7, [5])


def test_no_quote_can_be_outside_of_its_passage() -> None:
    passage = hit(TEXT, start=40)
    for start, end in ((39, 50), (50, 50), (50, 41 + len(TEXT))):
        with pytest.raises(ValueError, match="not inside"):
            Quote(passage, start, end)


def test_a_paragraph_ends_at_blank_lines_and_is_no_longer_than_an_quote_may_be() -> None:
    passage = hit(TEXT, start=40)
    (quote,) = Concordance([passage]).find("governed by the laws")
    assert paragraph(quote).text == TEXT.split("\n\n")[1]
    long = hit("It is so. " * MAX_CHARS)
    (quote,) = Concordance([long]).find("It is so. It is so.")
    assert paragraph(quote) == quote


def test_a_place_is_just_the_words() -> None:
    place = Concordance([hit(TEXT)]).place("office is")
    assert place is not None
    assert place.text == "ofﬁce is"
    assert Concordance([hit(TEXT)]).place("fice") is None


@given(st.text(alphabet="ab.\n -“é漢ﬁ1", max_size=80), st.text(alphabet="ab.\n -“é漢ﬁ1…", max_size=30))
def test_whatever_is_found_stands_in_the_passage(text: str, words: str) -> None:
    passage = hit(text, start=9)
    for quote in Concordance([passage]).find(words):
        assert text[quote.start - 9 : quote.end - 9] == quote.text != ""


@given(st.text(alphabet="ab", max_size=60), st.text(alphabet="ab", max_size=30), st.integers(1, 30))
def test_the_longest_piece_is_the_one_that_difflib_finds(text: str, letters: str, least: int) -> None:
    match = SequenceMatcher(None, text, letters, autojunk=False).find_longest_match()
    expected = (match.a, match.size) if match.size >= least > len(letters) / 2 else (0, 0)
    assert longest_common(text, letters, least) == expected


@pytest.mark.parametrize("words", ["a" * 299 + "b", "ab" * 1_999 + "b", "ab" * 900 + "c" + "ab" * 100, "ab" * 30_000])
def test_a_hostile_passage_does_not_keep_it_long(words: str) -> None:
    hostile = [hit("a" * 12_000), hit("a. " * 4_000), hit("ab" * 6_000), hit("ab" * 6_000 + "b"), hit("ab " * 4_000)]
    started = time.process_time()
    Concordance(hostile).find(words)
    assert time.process_time() - started < 3
