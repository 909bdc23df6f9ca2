"""Packing: the best passages that fit, whole."""

from uuid import uuid4

from core.types import Hit
from retrieval.context import pack


def hit(rank: int, num_words: int) -> Hit:
    text = "word " * num_words
    return Hit(str(rank), uuid4(), "s", "t", (), None, None, 0, len(text), text, 1 / rank, rank)


def packed(*lengths: int, budget: int) -> list[int]:
    hits = [hit(rank, length) for rank, length in enumerate(lengths, start=1)]
    context = pack("why?", hits, budget_tokens=budget, count_tokens=lambda text: len(text.split()))
    assert context.question == "why?"
    assert all(kept is hits[kept.rank - 1] for kept in context.hits)
    return [kept.rank for kept in context.hits]


def test_passages_are_kept_in_order_up_to_the_budget() -> None:
    assert packed(40, 30, 30, 1, budget=100) == [1, 2, 3]
    assert packed(40, 30, 30, 1, budget=101) == [1, 2, 3, 4]


def test_one_too_long_is_skipped_and_shorter_ones_follow() -> None:
    assert packed(40, 90, 30, 50, 30, budget=100) == [1, 3, 5]


def test_the_best_passage_is_kept_even_if_it_is_too_long() -> None:
    assert packed(200, 30, budget=100) == [1]


def test_no_hits_make_an_empty_context() -> None:
    assert packed(budget=100) == []
