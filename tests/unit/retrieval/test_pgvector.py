"""PostgreSQL as the vector store: the HNSW index is made once, is really used under row-level security, and loses little."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import numpy as np
import pytest

from core.access import AccessScope, reading
from core.db.pool import Connection, Pool, open_pool, session, transaction
from retrieval.embedders.base import Vectors
from retrieval.embedders.onnx import OnnxEmbedder
from retrieval.stores import graph, passages
from retrieval.stores.census import Census
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_retrieval import (
    MINILM,
    OWNER,
    add_collection,
    add_document,
    make_chunks,
    minilm_folder,
    nums,
    real_texts,
    scope_of,
)
from tests.vectors import clustered, questions

MODEL, DIMENSION = "model@1", 64
READER = f"user:{OWNER}"


def fill(connection: Connection, vectors: Vectors, model_id: str = MODEL) -> tuple[UUID, list[int]]:
    collection_id = add_collection(connection, model_id, dimension=vectors.shape[1])
    chunks = make_chunks(add_document(connection, collection_id), [f"passage {i}" for i in range(len(vectors))])
    passages.add(connection, collection_id, model_id, chunks, vectors)
    return collection_id, nums(connection, chunks)


def as_owner(connection: Connection, *collection_ids: UUID) -> AccessScope:
    scope = scope_of(connection, *collection_ids)
    assert READER in scope.principals
    return scope


@pytest.fixture
def filled(pool: Pool) -> tuple[AccessScope, AccessScope]:
    """A scope of 2,000 passages and another, within it, of 30; with vectors of another dimension beside them."""
    with transaction(pool) as connection:
        wide, _ = fill(connection, clustered(2000, DIMENSION))
        narrow, _ = fill(connection, clustered(30, DIMENSION, seed=1))
        fill(connection, clustered(50, 32), "other@2")
    Census(pool, graph_from=1000).make_graphs()
    with transaction(pool) as connection:
        return as_owner(connection, wide, narrow), as_owner(connection, narrow)


def plan(connection: Connection, scope: AccessScope) -> str:
    values = {"vector": clustered(1, DIMENSION)[0], "class_ids": list(scope.class_ids), "k": 10, "candidates": 22}
    connection.execute(graph.ENTER, ("relaxed_order", "100"))
    rows = connection.execute(f"EXPLAIN {graph.NEAREST.format(dimension=DIMENSION)}".encode(), values).fetchall()
    return "\n".join(row["QUERY PLAN"] for row in rows)


def test_the_index_is_used_under_row_level_security(pool: Pool, filled: tuple[AccessScope, AccessScope]) -> None:
    for scope in filled:
        with transaction(pool) as connection, reading(connection, scope):
            shown = plan(connection, scope)
            assert f"Index Scan using chunks_hnsw_{DIMENSION} on chunks" in shown
            assert "Filter: ((class_id = ANY" in shown
            assert "InitPlan" in shown, "the policy's classes are looked up once a query"


def test_a_narrow_filter_still_fills_k(pool: Pool, filled: tuple[AccessScope, AccessScope]) -> None:
    _, narrow = filled
    vector = clustered(2000, DIMENSION)[7]  # of the other collection: nothing of the narrow one is near
    with transaction(pool) as connection, reading(connection, narrow):
        values = {"vector": vector, "class_ids": list(narrow.class_ids), "k": 20}
        assert len(graph.nearest(connection, values, DIMENSION)) == 20
        assert connection.execute("SHOW enable_sort").fetchone() == {"enable_sort": "on"}


def test_the_index_is_found_by_the_next_count_and_then_used(pool: Pool, filled: tuple[AccessScope, AccessScope]) -> None:
    wide, narrow = filled
    census = Census(pool, graph_from=1000)
    store = PgVectorStore(census, exact_up_to=100)
    try:
        assert store.status(MODEL, DIMENSION).kind == "hnsw"
        assert store._in_graph(wide, DIMENSION, 2) == (2030, 2030)
        assert store._in_graph(narrow, DIMENSION, 2) is None
        assert store._in_graph(wide, 32, 2) is None
    finally:
        store.close()


def test_after_the_last_passage_is_deleted_nothing_is_found(pool: Pool, filled: tuple[AccessScope, AccessScope]) -> None:
    """The index of their dimension is still there, and is counted."""
    wide, _ = filled
    census = Census(pool, graph_from=1000)
    store = PgVectorStore(census, exact_up_to=0)
    try:
        with transaction(pool) as connection:
            connection.execute("DELETE FROM documents")
        assert DIMENSION in census.count().graphs
        vector = clustered(1, DIMENSION)[0]
        with transaction(pool) as connection, reading(connection, wide):
            assert store.search(connection, vector, scope=wide, model_id=MODEL, k=5) == []
    finally:
        store.close()


def test_two_processes_make_an_index_once(database_url: str, pool: Pool) -> None:
    with transaction(pool) as connection:
        fill(connection, clustered(300, DIMENSION))
    other = open_pool(database_url, max_size=2)
    try:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda p: Census(p, graph_from=100).make_graphs(), [pool, other]))
        with transaction(pool) as connection:
            assert set(graph.sizes(connection)) == {DIMENSION}
    finally:
        other.close()


def test_an_index_left_half_made_is_made_again(pool: Pool) -> None:
    with transaction(pool) as connection:
        fill(connection, clustered(300, DIMENSION))
    with session(pool) as connection:
        graph.make(connection, DIMENSION, 300)
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chunks_hnsw_64'::regclass")
        assert graph.sizes(connection) == {}
        assert graph.make(connection, DIMENSION, 300)
        assert set(graph.sizes(connection)) == {DIMENSION}


def test_rebuilding_makes_the_index_anew(pool: Pool, filled: tuple[AccessScope, AccessScope]) -> None:
    census = Census(pool, graph_from=1000)
    store = PgVectorStore(census)
    store.rebuild(MODEL, DIMENSION)
    assert store.status(MODEL, DIMENSION).kind == "exact"
    census.make_graphs()
    status = store.status(MODEL, DIMENSION)
    assert (status.kind, status.num_passages) == ("hnsw", 2030)
    assert status.num_bytes > 0
    store.close()


def test_half_precision_loses_nothing_on_real_texts(pool: Pool) -> None:
    """Recall at 10 against plain numpy; on 600 paragraphs and their own openings as questions."""
    embedder = OnnxEmbedder(MINILM, minilm_folder(), threads=0)
    texts = [text[:400] for text in real_texts()][:600]
    vectors = embedder.embed_documents(texts)
    asked = np.array([embedder.embed_queries([text[:60]])[0] for text in texts[::12]])
    with transaction(pool) as connection:
        collection_id, numbers = fill(connection, vectors, MINILM)
        scope = as_owner(connection, collection_id)
    Census(pool, graph_from=100).make_graphs()
    recalls = []
    with transaction(pool) as connection, reading(connection, scope):
        for vector in asked:
            best = {numbers[i] for i in np.argsort(-(vectors @ vector), kind="stable")[:10]}
            values = {"vector": vector, "class_ids": list(scope.class_ids), "k": 10}
            recalls.append(len({row["num"] for row in graph.nearest(connection, values, vectors.shape[1])} & best) / 10)
    assert np.mean(recalls) >= 0.99


def test_recall_on_clustered_vectors(pool: Pool) -> None:
    vectors = clustered(3000, DIMENSION)
    with transaction(pool) as connection:
        collection_id, numbers = fill(connection, vectors)
        scope = as_owner(connection, collection_id)
    Census(pool, graph_from=100).make_graphs()
    recalls = []
    with transaction(pool) as connection, reading(connection, scope):
        for vector in questions(vectors, 50):
            best = {numbers[i] for i in np.argsort(-(vectors @ vector))[:10]}
            values = {"vector": vector, "class_ids": list(scope.class_ids), "k": 10}
            recalls.append(len({row["num"] for row in graph.nearest(connection, values, DIMENSION)} & best) / 10)
    assert np.mean(recalls) >= 0.97
