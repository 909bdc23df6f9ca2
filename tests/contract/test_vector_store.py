"""What every vector store must do."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
import pytest

from core.db.pool import Connection, open_pool, transaction
from core.errors import ModelMismatch
from core.types import Chunk
from retrieval.embedders.base import Vectors
from retrieval.stores import passages
from retrieval.stores.base import VectorStore
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_retrieval import add_collection, add_document, make_chunks, nums, scope_of

MODEL, OTHER = "model@1", "other@2"
DIMENSION = 64


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    pool = open_pool(database_url, max_size=1)
    try:
        with transaction(pool) as connection:
            yield connection
    finally:
        pool.close()


@pytest.fixture(params=["pgvector"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    return PgVectorStore()


def random_vectors(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def delete(connection: Connection, document_id: UUID) -> None:
    connection.execute("DELETE FROM documents WHERE document_id = %s", (document_id,))


def fill(connection: Connection, store: VectorStore, n: int, seed: int = 0) -> tuple[UUID, UUID, list[Chunk], Vectors]:
    """Make a collection of one document with n random chunks."""
    collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
    document_id = add_document(connection, collection_id)
    chunks, vectors = make_chunks(document_id, [f"passage {i}" for i in range(n)]), random_vectors(n, seed)
    passages.add(connection, collection_id, MODEL, chunks, vectors)
    return collection_id, document_id, chunks, vectors


class TestVectorStore:
    def test_the_nearest_are_those_of_brute_force(self, connection: Connection, store: VectorStore) -> None:
        collection_id, _, chunks, vectors = fill(connection, store, 300)
        query = random_vectors(1, seed=1)[0]
        cosines = vectors @ query
        best = np.argsort(-cosines)[:10]
        found = store.search(connection, query, scope=scope_of(connection, collection_id), model_id=MODEL, k=10)
        assert [num for num, _ in found] == nums(connection, [chunks[i] for i in best])
        assert np.allclose([cosine for _, cosine in found], cosines[best], atol=1e-5)

    def test_nothing_outside_the_scope_is_found(self, connection: Connection, store: VectorStore) -> None:
        mine, _, my_chunks, _ = fill(connection, store, 5, seed=1)
        fill(connection, store, 50, seed=2)
        query = random_vectors(50, seed=2)[7]  # exactly a vector of the other collection
        found = store.search(connection, query, scope=scope_of(connection, mine), model_id=MODEL, k=10)
        assert {num for num, _ in found} == set(nums(connection, my_chunks))

    def test_a_scope_of_two_collections_sees_both(self, connection: Connection, store: VectorStore) -> None:
        first, _, first_chunks, _ = fill(connection, store, 3, seed=1)
        second, _, second_chunks, _ = fill(connection, store, 3, seed=2)
        found = store.search(connection, random_vectors(1)[0], scope=scope_of(connection, first, second), model_id=MODEL, k=10)
        assert {num for num, _ in found} == set(nums(connection, [*first_chunks, *second_chunks]))

    def test_an_empty_scope_finds_nothing(self, connection: Connection, store: VectorStore) -> None:
        fill(connection, store, 3)
        assert store.search(connection, random_vectors(1)[0], scope=scope_of(connection), model_id=MODEL, k=10) == []

    def test_what_is_deleted_is_not_found(self, connection: Connection, store: VectorStore) -> None:
        collection_id, document_id, _, vectors = fill(connection, store, 3)
        delete(connection, document_id)
        assert store.search(connection, vectors[0], scope=scope_of(connection, collection_id), model_id=MODEL, k=10) == []
        delete(connection, document_id)  # nothing left to delete is no error

    def test_deleting_a_document_leaves_the_others(self, connection: Connection, store: VectorStore) -> None:
        collection_id, first, _, _ = fill(connection, store, 3)
        kept = make_chunks(add_document(connection, collection_id), ["kept"])
        passages.add(connection, collection_id, MODEL, kept, random_vectors(1))
        delete(connection, first)
        found = store.search(connection, random_vectors(1)[0], scope=scope_of(connection, collection_id), model_id=MODEL, k=10)
        assert [num for num, _ in found] == nums(connection, kept)

    def test_adding_twice_is_adding_once(self, connection: Connection, store: VectorStore) -> None:
        collection_id, _, chunks, vectors = fill(connection, store, 3)
        passages.add(connection, collection_id, MODEL, chunks, vectors)
        found = store.search(connection, vectors[0], scope=scope_of(connection, collection_id), model_id=MODEL, k=10)
        assert len(found) == 3

    def test_adding_nothing_is_no_error(self, connection: Connection, store: VectorStore) -> None:
        collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
        passages.add(connection, collection_id, MODEL, [], random_vectors(0))
        assert (
            store.search(connection, random_vectors(1)[0], scope=scope_of(connection, collection_id), model_id=MODEL, k=10) == []
        )

    def test_another_models_vectors_are_refused(self, connection: Connection, store: VectorStore) -> None:
        collection_id, document_id, _, vectors = fill(connection, store, 3)
        with pytest.raises(ModelMismatch):
            passages.add(connection, collection_id, OTHER, make_chunks(document_id, ["new"]), random_vectors(1))
        with pytest.raises(ModelMismatch):
            store.search(connection, vectors[0], scope=scope_of(connection, collection_id), model_id=OTHER, k=10)

    def test_every_chunk_needs_its_vector(self, connection: Connection, store: VectorStore) -> None:
        collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
        chunks = make_chunks(add_document(connection, collection_id), ["one", "two"])
        with pytest.raises(ValueError):
            passages.add(connection, collection_id, MODEL, chunks, random_vectors(1))

    def test_equal_cosines_come_in_a_fixed_order(self, connection: Connection, store: VectorStore) -> None:
        collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
        chunks = make_chunks(add_document(connection, collection_id), [f"same {i}" for i in range(20)])
        passages.add(connection, collection_id, MODEL, chunks, np.repeat(random_vectors(1), 20, axis=0))
        found = store.search(connection, random_vectors(1)[0], scope=scope_of(connection, collection_id), model_id=MODEL, k=5)
        assert [num for num, _ in found] == sorted(nums(connection, chunks))[:5]
