"""Measures over outcomes made by hand, whose values can be counted on fingers."""

from uuid import UUID

import pytest

from core.types import Answer, Citation, Hit, Page, Quote, Refusal
from evaluation.datasets import Question
from evaluation.measure import Outcome, locate, measure, put

TEXT = "Leave. You may carry over 240 hours. Ask your supervisor first."
OTHER = "Nothing about that."
GOLD = Question("How many hours?", answer="240", document="handbook/leave.md", quote="carry over  240 hours")
PAGED = Question("How many hours?", answer="240", document="handbook/leave.md", page=3, quote="240 hours")
UNANSWERABLE = Question("What colour is the door?")


def text(document_id: UUID) -> str:
    return {1: TEXT, 2: OTHER}[document_id.int]


def hit(start: int, end: int, *, document: int = 1, source: str = "/srv/handbook/leave.md", page: int | None = None) -> Hit:
    pages = () if page is None else (Page(page, start, end),)
    cut = text(UUID(int=document))[start:end]
    return Hit(f"{document}:{start}", UUID(int=document), source, "t", (), page, page, start, end, cut, 1.0, 1, pages)


def answer(*citations: Citation) -> Answer:
    refusal = None if citations else Refusal("not_stated", "It is not there.")
    return Answer("240 hours.", citations, "fake", "0", {}, refusal=refusal)


def citation(of: Hit, start: int, end: int) -> Citation:
    return Citation(1, Quote(of, start, end), 0, 5)


def test_a_perfect_outcome_scores_one_everywhere() -> None:
    start, end = locate("carry over 240 hours", TEXT) or (0, 0)
    found = hit(start, end)
    scores = measure([Outcome(GOLD, (found,), answer(citation(found, start, end)))], text)
    assert set(scores.values()) == {1.0}


def test_span_measures_count_characters_of_all_passages() -> None:
    start, end = locate("carry over 240 hours", TEXT) or (0, 0)
    hits = (hit(start, start + 10), hit(0, 10, document=2, source="other.md"))
    scores = measure([Outcome(GOLD, hits, answer())], text)
    assert scores["search_span_recall"] == pytest.approx(10 / (end - start))
    assert scores["search_span_precision"] == pytest.approx(0.5)


def test_missing_document_scores_zero() -> None:
    scores = measure([Outcome(GOLD, (hit(0, 10, document=2, source="other.md"),), answer())], text)
    assert scores["search_document"] == scores["search_span_recall"] == scores["search_span_precision"] == 0.0
    assert scores["cited_document"] == scores["cited_page"] == 0.0


@pytest.mark.parametrize(("page", "expected"), [(3, True), (2, False), (None, False)])
def test_a_gold_page_must_be_the_cited_page(page: int | None, expected: bool) -> None:
    found = hit(0, 40, page=page)
    outcome = Outcome(PAGED, (found,), answer(citation(found, 26, 35)))
    assert outcome.cited_document
    assert outcome.cited_page == expected


def test_refusals_are_judged_over_all_questions() -> None:
    found = hit(0, 40)
    cited = answer(citation(found, 0, 5))
    outcomes = [Outcome(GOLD, (found,), answer()), Outcome(UNANSWERABLE, (), answer()), Outcome(UNANSWERABLE, (), cited)]
    scores = measure(outcomes, text)
    assert scores["refusal_precision"] == 0.5
    assert scores["refusal_recall"] == 0.5


def test_a_quote_is_checked_against_the_document_not_against_its_passage() -> None:
    found = hit(0, 40)
    outcome = Outcome(GOLD, (found,), answer(citation(found, 0, 5)))
    assert measure([outcome], text)["quote_fidelity"] == 1.0
    assert measure([outcome], lambda _: TEXT.upper())["quote_fidelity"] == 0.0


def test_put_asks_both_doors_the_same_question() -> None:
    asked: list[str] = []

    def search(question: str) -> list[Hit]:
        asked.append(question)
        return [hit(0, 5)]

    def ask(question: str) -> Answer:
        asked.append(question)
        return answer()

    assert put(GOLD, search, ask) == Outcome(GOLD, (hit(0, 5),), answer())
    assert asked == [GOLD.question, GOLD.question]
