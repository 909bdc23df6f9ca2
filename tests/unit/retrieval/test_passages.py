"""Hits read back: what a reader sees, with the printed lines a passage covers and no others."""

from uuid import UUID

import numpy as np

from core.db.pool import Connection
from core.types import Box, Chunk, Line, chunk_id
from retrieval.diversity import Span
from retrieval.stores import passages
from tests.fakes_retrieval import add_collection, add_document, make_chunks, nums, scope_of

TEXT = "first line\nsecond line\nthird line\nfourth line\n"


def add_page(connection: Connection, document_id: UUID, number: int, lines: list[Line]) -> None:
    boxes = [float(c) for line in lines for c in (line.box.x0, line.box.y0, line.box.x1, line.box.y1)]
    connection.execute(
        "INSERT INTO pages VALUES (%s, %s, 0, 1, 600, 800, %s, %s, %s)",
        (document_id, number, [line.start for line in lines], [line.end for line in lines], boxes),
    )


def line(start: int, end: int, y: float) -> Line:
    return Line(start, end, Box(72, y, 300.5, y + 12))


def add(connection: Connection, collection_id: UUID, chunks: list[Chunk]) -> None:
    vectors = np.eye(64, dtype=np.float32)[: len(chunks)]
    passages.add(connection, collection_id, "m", chunks, vectors)


def test_a_hit_tells_all_about_its_passage(connection: Connection) -> None:
    collection_id = add_collection(connection, "m")
    document_id = add_document(connection, collection_id, TEXT, source="lease.pdf")
    first, second = [line(0, 10, 10), line(11, 22, 24)], [line(23, 33, 10), line(34, 45, 24)]
    add_page(connection, document_id, 1, first)
    add_page(connection, document_id, 2, second)
    add_page(connection, document_id, 3, [line(23, 33, 10)])  # not a page of the passage
    chunk = Chunk(chunk_id(document_id, "h", 11, 33), document_id, 11, 33, TEXT[11:33], 1, 2, ("ARTICLE 5", "5.2"))
    add(connection, collection_id, [chunk])
    (hit,) = passages.load(connection, [(nums(connection, [chunk])[0], 1.25)], scope_of(connection, collection_id))
    assert (hit.source, hit.title, hit.heading_path) == ("lease.pdf", "Title", ("ARTICLE 5", "5.2"))
    assert (hit.page_first, hit.page_last, hit.start, hit.end, hit.text) == (1, 2, 11, 33, "second line\nthird line")
    assert (hit.score, hit.rank, hit.document_id) == (1.25, 1, document_id)
    assert [(page.number, page.lines) for page in hit.pages] == [(1, (first[1],)), (2, (second[0],))]


def test_hits_keep_the_rankings_order(connection: Connection) -> None:
    collection_id = add_collection(connection, "m")
    chunks = make_chunks(add_document(connection, collection_id), ["one", "two", "three"])
    add(connection, collection_id, chunks)
    numbers = nums(connection, chunks)
    ranking = [(numbers[i], score) for i, score in ((2, 3.0), (0, 2.0), (1, -1.0))]
    hits = passages.load(connection, ranking, scope_of(connection, collection_id))
    assert [(hit.text, hit.score, hit.rank) for hit in hits] == [("three", 3.0, 1), ("one", 2.0, 2), ("two", -1.0, 3)]
    assert all(hit.pages == () and hit.page_first is None for hit in hits)


def test_a_number_is_no_permission(connection: Connection) -> None:
    theirs, mine = add_collection(connection, "m"), add_collection(connection, "m")
    chunks = make_chunks(add_document(connection, theirs), ["secret"])
    add(connection, theirs, chunks)
    (num,) = nums(connection, chunks)
    assert passages.load(connection, [(num, 1.0)], scope_of(connection, mine)) == []
    assert passages.load(connection, [(num, 1.0), (num + 1, 0.5)], scope_of(connection)) == []
    assert passages.spans(connection, [num], scope_of(connection, mine)) == {}


def test_spans_tell_where_chunks_stand(connection: Connection) -> None:
    collection_id = add_collection(connection, "m")
    document_id = add_document(connection, collection_id)
    chunks = make_chunks(document_id, ["one", "two"])
    add(connection, collection_id, chunks)
    _, second = nums(connection, chunks)
    found = passages.spans(connection, [second, second + 1], scope_of(connection, collection_id))
    assert found == {second: Span(document_id, 4, 7, 0)}


def test_the_opening_of_a_document_is_its_first_passages_in_their_order_within_the_scope(connection: Connection) -> None:
    collection_id, other_id = add_collection(connection, "m"), add_collection(connection, "m")
    document_id = add_document(connection, collection_id)
    chunks = make_chunks(document_id, ["one", "two", "three"])
    add(connection, collection_id, chunks[::-1])
    add(connection, collection_id, make_chunks(add_document(connection, collection_id), ["another document's"]))
    scope = scope_of(connection, collection_id)
    found = passages.load(connection, passages.opening(connection, document_id, 2, scope), scope)
    assert [(hit.text, hit.rank) for hit in found] == [("one", 1), ("two", 2)]
    assert len(passages.opening(connection, document_id, 9, scope)) == 3
    assert passages.opening(connection, document_id, 9, scope_of(connection, other_id)) == []
