"""Hits differ: nothing overlaps, and a short document does not take all places."""

from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from retrieval.diversity import Span, choose

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_spans_overlap_only_within_a_document() -> None:
    assert Span(ONE, 0, 10, 1).overlaps(Span(ONE, 9, 20, 1))
    assert not Span(ONE, 0, 10, 1).overlaps(Span(ONE, 10, 20, 1))
    assert not Span(ONE, 0, 10, 1).overlaps(Span(OTHER, 0, 10, 1))


def test_what_overlaps_a_better_one_is_passed_over_and_the_list_fills_up_from_below() -> None:
    spans = {1: Span(ONE, 0, 10, 90), 2: Span(ONE, 5, 15, 90), 3: Span(ONE, 10, 20, 90), 4: Span(OTHER, 0, 10, 90)}
    ranking = [(1, 4.0), (2, 3.0), (99, 2.5), (3, 2.0), (4, 1.0)]
    assert [num for num, _ in choose(ranking, spans, 2)] == [1, 3]
    assert [num for num, _ in choose(ranking, spans, 9)] == [1, 3, 4]


def test_a_short_document_gives_way_and_a_long_one_does_not() -> None:
    ranking = [(1, 3.0), (2, 2.9), (3, 1.0)]
    for num_passages, order in ((3, [1, 3, 2]), (90, [1, 2, 3])):
        spans = {num: Span(ONE, 10 * num, 10 * num + 9, num_passages) for num in (1, 2)} | {3: Span(OTHER, 0, 9, 1)}
        assert [num for num, _ in choose(ranking, spans, 3)] == order
    assert choose(ranking, spans, 3, cost=0.0) == ranking


@given(
    st.dictionaries(st.integers(1, 40), st.tuples(st.integers(1, 4), st.integers(0, 30), st.integers(1, 9)), max_size=40),
    st.integers(1, 50),
)
def test_no_two_hits_overlap_and_scores_fall(places: dict[int, tuple[int, int, int]], k: int) -> None:
    spans = {num: Span(UUID(int=doc), start, start + length, 5) for num, (doc, start, length) in places.items()}
    chosen = choose([(num, -num / 7) for num in sorted(places)], spans, k)
    assert len(chosen) <= k
    assert not any(spans[a].overlaps(spans[b]) for (a, _), (b, _) in combinations(chosen, 2))
    assert [score for _, score in chosen] == sorted((score for _, score in chosen), reverse=True)
