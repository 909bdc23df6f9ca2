"""Which citations are of a gold place, and which claims their citations support, by hand."""

import doctest
from dataclasses import replace

import pytest

from evaluation.answers import citing
from evaluation.answers.citing import cited_by, found, needed, right, supports
from evaluation.answers.reply import Claim, Passage, Quote, Reply
from evaluation.datasets import Gold, Question

TEXT = "Notice is ninety (90) days. It must be in writing. Fees are due monthly."
DAYS, WRITING, FEES = (0, 27), (28, 50), (51, 72)
PLAIN = Question("How much notice?", "90 days", "hr/notice.md", None, "ninety  (90) days")
PAGED = Question("How much notice?", "90 days", "hr/notice.pdf", 2, "ninety (90) days")


def text(document_id: str) -> str | None:
    return TEXT


def quote(span: tuple[int, int], *, page: int | None = None, source: str = "/srv/hr/notice.md", number: int = 1) -> Quote:
    return Quote("d", source, TEXT[slice(*span)], *span, page, number=number)


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(citing).failed == 0


@pytest.mark.parametrize(("span", "expected"), [(DAYS, True), (WRITING, True), (FEES, False)])
def test_a_gold_passage_is_one_that_holds_the_gold_quote(span: tuple[int, int], expected: bool) -> None:
    reply = Reply(passages=(Passage("d", "/srv/hr/notice.md", 0, 50), Passage("d", "/srv/hr/notice.md", 51, 72)))
    assert right(quote(span), PLAIN, reply, text) is expected


@pytest.mark.parametrize(("page", "span", "expected"), [(2, FEES, True), (1, FEES, False), (1, DAYS, True)])
def test_a_gold_page_counts_and_so_does_a_gold_passage(page: int, span: tuple[int, int], expected: bool) -> None:
    assert right(quote(span, page=page, source="/srv/hr/notice.pdf"), PAGED, Reply(), text) is expected


def test_another_document_is_never_right_and_a_further_gold_place_is() -> None:
    other = quote(DAYS, source="/srv/hr/old.md")
    assert not right(other, PLAIN, Reply(), text)
    assert right(other, replace(PLAIN, places=(Gold("old.md", None, "ninety (90) days"),)), Reply(), text)


def test_a_gold_quote_that_the_text_lacks_leaves_the_document_or_the_page_to_judge_by() -> None:
    assert right(quote(FEES), replace(PLAIN, quote="not there"), Reply(), text)
    assert not right(quote(FEES, source="/srv/hr/notice.pdf", page=1), replace(PAGED, quote="not there"), Reply(), text)


def test_found_is_a_passage_of_the_gold_document_and_page() -> None:
    passage = Passage("d", "/srv/hr/notice.pdf", 0, 50, 1, 2)
    assert found(PAGED, Reply(passages=(passage,)))
    assert not found(PAGED, Reply(passages=(replace(passage, page_last=1),)))
    assert not found(PLAIN, Reply(passages=(passage,)))
    assert found(PLAIN, Reply(passages=(Passage("d", "x/hr/notice.md", 0, 50),)))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("Notice is 90 days [1].", True),
        ("Notice is 30 days.", False),
        ("Parking costs 90 dollars.", False),
        ("Notice is ninety days, in writing.", True),
        ("The company's notice is 90 days for everybody.", False),
    ],
)
def test_support_needs_every_number_and_most_of_the_words(claim: str, expected: bool) -> None:
    assert supports(claim, [TEXT[slice(*DAYS)], TEXT[slice(*WRITING)]]) is expected


def test_a_citation_that_adds_nothing_is_not_needed() -> None:
    claim = Claim("Notice is 90 days.", citations=(1, 2))
    reply = Reply(quotes=(quote(DAYS), quote(FEES, number=2), quote(WRITING, number=3)))
    quotes = cited_by(claim, reply)
    assert [q.number for q in quotes] == [1, 2]
    assert needed(claim, quotes) == [True, False]
    assert needed(Claim("Notice is 30 days."), quotes) == [False, False]
    both = Claim("Notice of 90 days must be in writing, and monthly fees are due.")
    assert needed(both, [quote(DAYS), quote((28, 72), number=2)]) == [True, True]
