"""Packing: the best passages that fit, whole, and neighbours joined with what stands between them."""

from uuid import UUID, uuid4

from core.access import AccessScope
from core.db.pool import Connection, Pool, transaction
from core.types import Box, Chunk, Context, Hit, Line, Page, chunk_id
from retrieval.context import Packer, affordable, fitting, join, neighbours
from retrieval.stores import passages
from tests.fakes_retrieval import FakeEmbedder, add_collection, add_document, nums, scope_of

EMBEDDER = FakeEmbedder()
TEXT = "Either party may end this.\n\nUnless a fee is due.\n- 2 -\nThe fee is $5.\n" + "Much else. " * 30 + "The end."
PARTS = ["Either party may end this.", "Unless a fee is due.", "The fee is $5.", "The end."]


def hit(rank: int, num_words: int) -> Hit:
    text = "word " * num_words
    return Hit(str(rank), uuid4(), "s", "t", (), None, None, 0, len(text), text, 1 / rank, rank, num=rank)


def kept(*lengths: int, budget: int) -> list[int]:
    hits = [hit(rank, length) for rank, length in enumerate(lengths, start=1)]
    found = fitting(hits, budget, lambda text: len(text.split()))
    assert all(one is hits[one.rank - 1] for one in found)
    return [one.rank for one in found]


def test_passages_are_kept_in_order_up_to_the_budget() -> None:
    assert kept(40, 30, 30, 1, budget=100) == [1, 2, 3]
    assert kept(40, 30, 30, 1, budget=101) == [1, 2, 3, 4]


def test_one_too_long_is_skipped_and_shorter_ones_follow() -> None:
    assert kept(40, 90, 30, 50, 30, budget=100) == [1, 3, 5]


def test_the_best_passage_is_kept_even_if_it_is_too_long() -> None:
    assert kept(200, 30, budget=100) == [1]


def test_no_hits_make_an_empty_context() -> None:
    assert kept(budget=100) == []


def fill(connection: Connection, headings: tuple[str, ...] = ()) -> tuple[UUID, list[Hit], AccessScope]:
    """Index the parts of TEXT, and give them as hits, worst first in the text's order."""
    collection_id = add_collection(connection, EMBEDDER.model_id)
    document_id = add_document(connection, collection_id, TEXT)
    chunks = [
        Chunk(chunk_id(document_id, "h", at, at + len(part)), document_id, at, at + len(part), part, None, None, headings)
        for part, at in ((part, TEXT.index(part)) for part in PARTS)
    ]
    passages.add(connection, collection_id, EMBEDDER.model_id, chunks, EMBEDDER.embed_documents(PARTS))
    scope = scope_of(connection, collection_id)
    ranking = [(num, float(score)) for score, num in enumerate(nums(connection, chunks))]
    return document_id, passages.load(connection, ranking[::-1], scope), scope


def packed(pool: Pool, hits: list[Hit], scope: AccessScope) -> Context:
    return Packer(pool, scope)("why?", hits, budget_tokens=10_000, count_tokens=len)


def test_neighbours_become_one_passage_of_the_documents_own_characters(pool: Pool) -> None:
    with transaction(pool) as connection:
        _, hits, scope = fill(connection)
    context = packed(pool, hits, scope)
    assert (context.question, [h.text for h in context.hits]) == ("why?", ["The end.", TEXT[: TEXT.index("\nMuch")]])
    joined = context.hits[1]
    assert TEXT[joined.start : joined.end] == joined.text
    assert (joined.rank, joined.chunk_id, joined.score) == (hits[1].rank, hits[1].chunk_id, hits[1].score)


def test_what_is_far_apart_or_under_another_heading_stays_apart(pool: Pool) -> None:
    with transaction(pool) as connection:
        _, hits, scope = fill(connection)
    apart = [hits[0], hits[3]]
    assert packed(pool, apart, scope).hits == tuple(apart)
    with transaction(pool) as connection:
        connection.execute("UPDATE chunks SET heading_path = ARRAY[start_char::text]")
        again = passages.load(connection, [(h.num, h.score) for h in hits], scope)
    assert packed(pool, again, scope).hits == tuple(again)


def test_nothing_is_read_between_passages_that_are_gone_or_out_of_reach(pool: Pool) -> None:
    with transaction(pool) as connection:
        document_id, hits, scope = fill(connection)
        _, _, other = fill(connection)
    assert packed(pool, hits, other).hits == tuple(hits)
    with transaction(pool) as connection:
        connection.execute("DELETE FROM documents WHERE document_id = %s", (document_id,))
    assert packed(pool, hits, scope).hits == tuple(hits)


def test_pages_and_their_lines_are_joined_too() -> None:
    lines = [Line(10 * i, 10 * i + 9, Box(0, 20 * i, 100, 20 * i + 10)) for i in range(4)]
    document_id = uuid4()

    def part(rank: int, first: int, last: int, pages: tuple[Page, ...]) -> Hit:
        start, end = 10 * first, 10 * last + 9
        numbers = [page.number for page in pages]
        return Hit(
            str(rank), document_id, "s", "t", (), numbers[0], numbers[-1], start, end, "x" * (end - start), 1.0, rank, pages, rank
        )

    early = part(2, 0, 1, (Page(1, 0, 20, 600, 800, tuple(lines[:2])),))
    late = part(1, 2, 3, (Page(1, 0, 20, 600, 800, (lines[2],)), Page(2, 20, 40, 600, 800, (lines[3],))))
    assert neighbours([late, early]) == [(2, 1)]
    (joined,) = join([late, early], {(2, 1): " "})
    assert (joined.rank, joined.start, joined.end, joined.page_first, joined.page_last) == (1, 0, 39, 1, 2)
    assert [(page.number, page.lines) for page in joined.pages] == [(1, tuple(lines[:3])), (2, (lines[3],))]
    assert join([late, early], {(2, 1): "changed since"}) == [late, early]


def test_what_stands_between_neighbours_counts_too() -> None:
    between = {(1, 2): "\n- 2 -\n", (2, 3): "\n\n", (3, 4): "a heading", (4, 5): "x"}
    assert affordable(between, 0, len) == {(2, 3): "\n\n"}
    assert affordable(between, 9, len) == {(1, 2): "\n- 2 -\n", (2, 3): "\n\n", (4, 5): "x"}


def test_a_joined_context_keeps_to_its_budget(pool: Pool) -> None:
    with transaction(pool) as connection:
        _, hits, scope = fill(connection)
    budget = sum(len(h.text) for h in hits)
    context = Packer(pool, scope)("why?", hits, budget_tokens=budget, count_tokens=lambda text: len(text.strip()))
    assert sum(len(h.text.strip()) for h in context.hits) <= budget + len("\n\n")  # blanks are no tokens
    assert len(context.hits) == 3
