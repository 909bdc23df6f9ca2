"""Types: what cannot be constructed, and the two pure functions."""

from dataclasses import replace
from uuid import UUID

import pytest

from core.types import Answer, Box, Citation, Hit, Line, Page, Quote, Refusal, chunk_id, pages_of

DOCUMENT = UUID(int=1)
HIT = Hit("c", DOCUMENT, "a.pdf", "A", (), 3, 4, 100, 120, "The term is 2 years.", 1.0, 1)


def test_a_quote_is_cut_from_its_passage() -> None:
    assert Quote(HIT, 104, 108).text == "term"


@pytest.mark.parametrize(("start", "end"), [(99, 105), (110, 121), (110, 110), (112, 110)])
def test_a_quote_outside_its_passage_cannot_be_a_citation(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not inside passage"):
        Quote(HIT, start, end)


def test_a_claim_must_be_a_range_of_the_answer() -> None:
    with pytest.raises(ValueError, match="not a range of the answer"):
        Citation(1, Quote(HIT, 100, 110), 5, 5)


def test_a_citation_stands_on_the_page_of_its_first_line_and_has_the_boxes_it_touches() -> None:
    first, second = Line(100, 108, Box(1, 2, 3, 4)), Line(108, 120, Box(1, 5, 3, 7))
    hit = replace(HIT, pages=(Page(3, 90, 108, lines=(first,)), Page(4, 108, 200, lines=(second,))))
    assert Quote(hit, 110, 115).page == 4
    assert [b.page for b in Quote(hit, 104, 112).boxes] == [3, 4]
    assert Quote(HIT, 110, 115).page == 3, "without pages the passage's first page"


def test_a_quote_on_a_slide_without_line_boxes_has_its_own_slides_number() -> None:
    hit = replace(HIT, pages=(Page(3, 100, 106), Page(4, 106, 120)))
    assert [Quote(hit, start, start + 3).page for start in (100, 105, 106, 115)] == [3, 3, 4, 4]
    assert Quote(hit, 106, 110).boxes == ()


def test_an_answer_is_cited_or_refused_and_never_both() -> None:
    cited, refusal = (Citation(1, Quote(HIT, 100, 110), 0, 1),), Refusal("not_stated", "It is not there.")
    with pytest.raises(ValueError, match="cites nothing"):
        Answer("no", cited, "m", "p", {}, refusal=refusal)
    with pytest.raises(ValueError, match="cites nothing"):
        Answer("yes", (), "m", "p", {})
    assert not Answer("yes", cited, "m", "p", {}).refused
    assert Answer("no", (), "m", "p", {}, refusal=refusal).refused


def test_pages_of_touches_and_does_not_touch() -> None:
    pages = [Page(1, 0, 10), Page(2, 10, 20), Page(3, 20, 30)]
    assert pages_of(0, 10, pages) == (1, 1)
    assert pages_of(9, 21, pages) == (1, 3)
    assert pages_of(3, 4, []) == (None, None)


def test_a_chunk_is_named_by_all_that_it_is() -> None:
    base = chunk_id(DOCUMENT, "aa", 0, 10)
    others = [
        chunk_id(UUID(int=2), "aa", 0, 10),
        chunk_id(DOCUMENT, "ab", 0, 10),
        chunk_id(DOCUMENT, "aa", 1, 10),
        chunk_id(DOCUMENT, "aa", 0, 11),
    ]
    assert len({base, *others}) == 5
    assert base == chunk_id(DOCUMENT, "aa", 0, 10)
