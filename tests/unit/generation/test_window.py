from hypothesis import given
from hypothesis import strategies as st

from generation.window import portions
from tests.fakes_generation import hit

SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=12)


@given(SIZES, st.integers(1, 20))
def test_portions_hold_every_passage_once_in_order_and_are_as_large_as_may_be(sizes: list[int], budget: int) -> None:
    hits = [hit("word " * size, rank=rank) for rank, size in enumerate(sizes, 1)]
    found = portions(hits, lambda text: len(text.split()), budget)
    assert [number for portion in found for number in portion] == list(range(len(sizes)))
    weights = [sum(sizes[number] for number in portion) for portion in found]
    assert all(weight <= budget or len(portion) == 1 for weight, portion in zip(weights, found, strict=True))
    for weight, following in zip(weights, found[1:], strict=False):
        assert weight + sizes[following[0]] > budget


@given(SIZES)
def test_without_a_limit_there_is_one_portion(sizes: list[int]) -> None:
    hits = [hit("word " * size, rank=rank) for rank, size in enumerate(sizes, 1)]
    assert portions(hits, lambda text: 1000, None) == [range(len(sizes))]
