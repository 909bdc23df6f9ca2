import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.quotes import find_quote

PASSAGE = "The Com-\npany’s oﬃce “pays” non-exclusive\u00a0fees – 5\u00ad0 %.\nSee re-\nsign."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("The Company's office", "The Com-\npany’s oﬃce"),
        ('"pays" non-exclusive fees', "“pays” non-exclusive\u00a0fees"),
        ("fees - 50 %.", "fees – 5\u00ad0 %."),
        ("  See   re-sign ", "See re-\nsign"),
    ],
)
def test_only_what_printing_changes_may_differ(quote: str, found: str) -> None:
    place = find_quote(quote, PASSAGE)
    assert place is not None
    assert PASSAGE[slice(*place)] == found


@pytest.mark.parametrize("quote", ["the company's office", "fees - 60 %", "exclusively", "", " \n", "pays fees"])
def test_any_other_difference_is_no_quote(quote: str) -> None:
    assert find_quote(quote, PASSAGE) is None


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_every_part_of_a_passage_that_can_be_seen_is_found(text: str, start: int, end: int) -> None:
    place = find_quote(text[start:end], text)
    if place is not None:
        assert 0 <= place[0] < place[1] <= len(text)
