"""Character measures against values worked out by hand and against sets of single characters."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import coverage
from evaluation.coverage import Passage, measure, within
from evaluation.gold import Query, Snippet

QUERY = Query("q", "?", snippets=(Snippet("a", (100, 200)), Snippet("a", (150, 250)), Snippet("b", (0, 50), page=2)))
PASSAGES = [Passage("c", 0, 100), Passage("a", 0, 150), Passage("a", 150, 250), Passage("b", 40, 140)]


def test_hand_computed() -> None:
    values = measure(QUERY, PASSAGES, 64)  # 200 gold characters: a 100:250 and b 0:50
    assert [values[f"char_recall@{k}"] for k in (1, 2, 4)] == [0.0, 50 / 200, (50 + 100 + 10) / 200]
    assert [values[f"char_precision@{k}"] for k in (1, 2, 4)] == [0.0, 50 / 250, 160 / 450]
    assert values["first_hit_precision"] == values["right_document@1"] == 0.0
    assert values["right_document@5"] == 1.0
    assert values["recall@2000c"] == values["recall@16000c"] == values["char_recall@64"] == 160 / 200


def test_a_budget_cuts_the_passage_that_fills_it_and_counts_overlaps_once() -> None:
    passages = [Passage("a", 0, 1500), Passage("a", 1000, 2000), Passage("b", 0, 10), Passage("c", 0, 5000)]
    taken = within(passages, 2005)
    assert [(p.document, p.start, p.end) for p in taken] == [("a", 0, 1500), ("a", 1500, 2000), ("b", 0, 5)]
    assert within(passages, 1500) == within(passages[:1], 9999) == [Passage("a", 0, 1500)]
    query = Query("q", "?", snippets=(Snippet("c", (0, 5000)),))
    assert measure(query, passages, 64)["recall@4000c"] == (4000 - 2010) / 5000


places = st.tuples(st.sampled_from("ab"), st.integers(0, 40), st.integers(1, 20))


def chars(found: Sequence[tuple[str, int, int]]) -> list[tuple[str, int]]:
    """Spell places out as single characters, in order, each once."""
    return list(dict.fromkeys((document, offset) for document, start, num in found for offset in range(start, start + num)))


@given(st.lists(places, max_size=10), st.lists(places, min_size=1, max_size=4), st.integers(1, 150))
def test_measures_agree_with_sets_of_characters(
    found: list[tuple[str, int, int]], gold: list[tuple[str, int, int]], budget: int
) -> None:
    passages = [Passage(document, start, start + num) for document, start, num in found]
    query = Query("q", "?", snippets=tuple(Snippet(document, (start, start + num)) for document, start, num in gold))
    wanted = set(chars(gold))
    values = measure(query, passages, 64)
    for k in coverage.CUTOFFS:
        got = set(chars(found[:k]))
        assert values[f"char_recall@{k}"] == len(got & wanted) / len(wanted)
        assert values[f"char_precision@{k}"] == (len(got & wanted) / len(got) if got else 0.0)
    bought = set(chars(found)[:budget])
    assert coverage.curve(query, passages, [budget]) == [len(bought & wanted) / len(wanted)]


@pytest.mark.parametrize(
    ("pages", "expected"), [((1, 3), 1.0), ((2, 2), 1.0), ((2, None), 1.0), ((3, 4), 0.0), ((None, None), 0.0)]
)
def test_a_hit_is_on_the_right_page_if_its_range_holds_it(pages: tuple[int | None, int | None], expected: float) -> None:
    values = measure(QUERY, [Passage("b", 0, 9, 0.5, *pages)], 64)
    assert values["right_page@1"] == values["right_page@5"] == expected
    elsewhere = measure(QUERY, [Passage("a", 0, 9, 0.5, *pages)], 64)
    assert elsewhere["right_page@1"] == 0.0


def test_gold_with_pages_alone_is_measured_by_pages_alone() -> None:
    query = Query("q", "?", snippets=(Snippet("b", page=2),))
    assert list(measure(query, [], 64)) == ["right_document@1", "right_page@1", "right_document@5", "right_page@5"]
    assert coverage.names([query], 64) == ["right_document@1", "right_document@5", "right_page@1", "right_page@5"]
    assert coverage.curve(query, [], [100]) == []


def test_every_measure_that_is_named_is_computed() -> None:
    for k in (1, 4, 64):
        assert set(coverage.names([QUERY], k)) == set(measure(QUERY, PASSAGES, k))
    assert coverage.names([Query("q", "?", {"a": 1})], 64) == []
    assert measure(Query("q", "?", {"a": 1}), PASSAGES, 64) == {}


def test_nothing_found_is_zero() -> None:
    assert set(measure(QUERY, [], 64).values()) == {0.0}
