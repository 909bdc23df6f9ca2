"""What every vector store must do: PostgreSQL reading whole scopes and by its index, and FAISS in each of its shapes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np
import pytest

from core.access import AccessScope, reading
from core.db.pool import Pool, open_pool, transaction
from core.errors import ModelMismatch
from core.types import Chunk
from retrieval.embedders.base import Vector, Vectors
from retrieval.stores import builder, passages, snapshot
from retrieval.stores.base import Ranking, VectorIndex
from retrieval.stores.builder import Job
from retrieval.stores.census import Census
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import PgVectorStore
from retrieval.stores.shape import Kind
from tests.fakes_retrieval import add_collection, add_document, make_chunks, nums, scope_of
from tests.vectors import clustered, questions
from tests.waiting import wait_until

MODEL, OTHER = "model@1", "other@2"
DIMENSION = 64
KINDS = ["pgvector", "pgvector-hnsw", "faiss-flat", "faiss-hnsw", "faiss-ivf"]
EXACT = {"pgvector", "faiss-flat"}


@dataclass
class Case:
    """A store under test over a database of its own; ``settle`` lets its index take in all that is committed."""

    kind: str
    pool: Pool
    store: VectorIndex
    settle: Callable[[], None]

    def fill(self, vectors: Vectors, collection_id: UUID | None = None) -> tuple[UUID, UUID, list[int]]:
        """Add a document with these vectors, to a new collection unless one is given; tells the passages' numbers."""
        with transaction(self.pool) as connection:
            collection_id = collection_id or add_collection(connection, MODEL, dimension=DIMENSION)
            document_id = add_document(connection, collection_id)
            chunks = make_chunks(document_id, [f"passage {i}" for i in range(len(vectors))])
            passages.add(connection, collection_id, MODEL, chunks, vectors)
            return collection_id, document_id, nums(connection, chunks)

    def run(self, statement: str, *values: object) -> None:
        with transaction(self.pool) as connection:
            connection.execute(statement.encode(), values)

    def scope(self, *collection_ids: UUID) -> AccessScope:
        with transaction(self.pool) as connection:
            return scope_of(connection, *collection_ids)

    def find(
        self, vector: Vector, scope: AccessScope, k: int = 10, documents: Sequence[UUID] | None = None, model_id: str = MODEL
    ) -> Ranking:
        """Search as the door does: inside the asker's rights."""
        only = None if documents is None else frozenset(documents)
        with transaction(self.pool) as connection, reading(connection, scope):
            return self.store.search(connection, vector, scope=scope, model_id=model_id, k=k, documents=only)


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Case]:
    kind: str = request.param
    pool = open_pool(database_url, max_size=5)
    census = Census(pool, graph_from=1)
    store: VectorIndex
    match kind.partition("-"):
        case ("pgvector", _, ""):
            store, settle = PgVectorStore(), _nothing
        case ("pgvector", _, _):
            store, settle = PgVectorStore(census, exact_up_to=0), census.make_graphs
        case (_, _, shape):
            builder.build(Job(database_url, str(tmp_path / MODEL), MODEL, DIMENSION, cast(Kind, shape)))
            faiss = FaissStore(pool, tmp_path, PgVectorStore(), cast(Kind, shape))
            store, settle = faiss, lambda: rebuilt(faiss, database_url, tmp_path, cast(Kind, shape))
            wait_until(lambda: faiss.status(MODEL, DIMENSION).is_ready)
    yield Case(kind, pool, store, settle)
    store.close()
    census.close()
    pool.close()


def _nothing() -> None:
    return None


def rebuilt(store: FaissStore, url: str, folder: Path, kind: Kind) -> None:
    """Build in this process and wait until the store has moved over."""
    builder.build(Job(url, str(folder / MODEL), MODEL, DIMENSION, kind))
    follower = store.follower(MODEL, DIMENSION)

    def moved() -> bool:
        replica = follower.fresh()
        return replica is not None and replica.snapshot.generation == snapshot.current(folder / MODEL)

    wait_until(moved)


def random_vectors(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def numbers(found: Ranking) -> list[int]:
    return [num for num, _ in found]


class TestVectorStore:
    def test_the_nearest_are_those_of_brute_force(self, case: Case) -> None:
        vectors = random_vectors(300)
        collection_id, _, nums = case.fill(vectors)
        case.settle()
        query = random_vectors(1, seed=1)[0]
        cosines = vectors @ query
        best = np.argsort(-cosines)[:10]
        found = case.find(query, case.scope(collection_id))
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        if case.kind in EXACT:
            assert numbers(found) == [nums[i] for i in best]
            assert np.allclose([cosine for _, cosine in found], cosines[best], atol=1e-5)
        else:
            by_num = dict(zip(nums, cosines.tolist(), strict=True))
            assert len(found) == 10
            assert np.allclose([cosine for _, cosine in found], [by_num[num] for num, _ in found], atol=1e-5)

    @pytest.mark.parametrize("k", [10, 100])
    def test_recall_also_under_a_filter_of_one_percent(self, case: Case, k: int) -> None:
        vectors = clustered(4000, DIMENSION)
        narrow = np.arange(0, 4000, 100)
        rest = np.setdiff1d(np.arange(4000), narrow)
        wide_id, _, wide_nums = case.fill(vectors[rest])
        narrow_id, _, narrow_nums = case.fill(vectors[narrow])
        case.settle()
        of = dict(zip([*rest, *narrow], [*wide_nums, *narrow_nums], strict=True))
        for rows, scope in ((np.arange(4000), case.scope(wide_id, narrow_id)), (narrow, case.scope(narrow_id))):
            recalls = []
            for query in questions(vectors, 20):
                best = {of[row] for row in rows[np.argsort(-(vectors[rows] @ query))[:k]]}
                found = set(numbers(case.find(query, scope, k)))
                assert len(found) == len(best)
                recalls.append(len(found & best) / len(best))
            assert np.mean(recalls) >= (0.999 if case.kind in EXACT else 0.97)

    @pytest.mark.parametrize("k", [10, 30])
    def test_recall_in_a_scope_about_something_else(self, case: Case, k: int) -> None:
        vectors = clustered(9000, DIMENSION)  # nine topics, of which the questions are about those outside the scope
        case.fill(vectors[:3000])
        collection_id, _, nums = case.fill(vectors[3000:])
        case.settle()
        recalls, scope = [], case.scope(collection_id)
        for query in questions(vectors[:3000], 20):
            best = {nums[row] for row in np.argsort(-(vectors[3000:] @ query))[:k]}
            found = set(numbers(case.find(query, scope, k)))
            assert len(found) == k
            recalls.append(len(found & best) / k)
        assert np.mean(recalls) >= (0.999 if case.kind in EXACT else 0.97)

    def test_nothing_outside_the_scope_is_found(self, case: Case) -> None:
        mine, _, my_nums = case.fill(random_vectors(5, seed=1))
        case.fill(random_vectors(50, seed=2))
        case.settle()
        query = random_vectors(50, seed=2)[7]  # exactly a vector of the other collection
        assert set(numbers(case.find(query, case.scope(mine)))) == set(my_nums)

    def test_a_scope_of_two_collections_sees_both(self, case: Case) -> None:
        first, _, first_nums = case.fill(random_vectors(3, seed=1))
        second, _, second_nums = case.fill(random_vectors(3, seed=2))
        case.fill(random_vectors(3, seed=3))
        case.settle()
        found = case.find(random_vectors(1)[0], case.scope(first, second))
        assert set(numbers(found)) == {*first_nums, *second_nums}

    def test_an_empty_scope_finds_nothing(self, case: Case) -> None:
        case.fill(random_vectors(3))
        case.settle()
        assert case.find(random_vectors(1)[0], case.scope()) == []

    def test_what_is_added_is_found_at_once(self, case: Case) -> None:
        collection_id, _, old = case.fill(random_vectors(3, seed=1))
        case.settle()
        scope = case.scope(collection_id)
        for seed in (2, 3, 4):
            vectors = random_vectors(2, seed)
            _, _, added = case.fill(vectors, collection_id)
            old += added
            found = case.find(vectors[1], scope, k=20)
            assert found[0][0] == added[1]
            assert set(numbers(found)) == set(old)

    def test_what_is_deleted_is_not_found(self, case: Case) -> None:
        vectors = random_vectors(3)
        collection_id, document_id, _ = case.fill(vectors)
        case.settle()
        case.run("DELETE FROM documents WHERE document_id = %s", document_id)
        assert case.find(vectors[0], case.scope(collection_id)) == []
        case.run("DELETE FROM documents WHERE document_id = %s", document_id)  # nothing left to delete is no error

    def test_deleting_a_document_leaves_the_others(self, case: Case) -> None:
        collection_id, document_id, _ = case.fill(random_vectors(3))
        _, added_later, _ = case.fill(random_vectors(2, seed=5), collection_id)
        case.settle()
        _, fresh, _ = case.fill(random_vectors(2, seed=6), collection_id)
        _, _, kept = case.fill(random_vectors(1), collection_id)
        for gone in (document_id, added_later, fresh):
            case.run("DELETE FROM documents WHERE document_id = %s", gone)
        assert numbers(case.find(random_vectors(1)[0], case.scope(collection_id))) == kept

    def test_a_document_that_changed_class_is_never_in_the_old_scope(self, case: Case) -> None:
        vectors = random_vectors(3)
        collection_id, document_id, nums = case.fill(vectors)
        case.fill(random_vectors(3, seed=2), collection_id)
        case.settle()
        before = case.scope(collection_id)
        case.run("INSERT INTO access_classes (collection_id, allowed) VALUES (%s, '{}')", collection_id)
        move = "UPDATE documents SET class_id = (SELECT max(class_id) FROM access_classes) WHERE document_id = %s"
        case.run(move, document_id)
        found = numbers(case.find(vectors[0], before))
        assert len(found) == 3
        assert not set(found) & set(nums)
        assert case.find(vectors[0], case.scope(collection_id))[0][0] == nums[0]

    def test_adding_twice_is_adding_once(self, case: Case) -> None:
        vectors = random_vectors(3)
        collection_id, document_id, _ = case.fill(vectors)
        chunks = make_chunks(document_id, [f"passage {i}" for i in range(3)])
        case.settle()
        with transaction(case.pool) as connection:
            passages.add(connection, collection_id, MODEL, chunks, vectors)
        assert len(case.find(vectors[0], case.scope(collection_id))) == 3

    def test_a_collection_without_passages_has_none(self, case: Case) -> None:
        with transaction(case.pool) as connection:
            collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
            passages.add(connection, collection_id, MODEL, [], random_vectors(0))
        case.settle()
        assert case.find(random_vectors(1)[0], case.scope(collection_id)) == []

    def test_only_the_documents_asked_for(self, case: Case) -> None:
        collection_id, first, first_nums = case.fill(random_vectors(3, seed=1))
        _, second, second_nums = case.fill(random_vectors(3, seed=2), collection_id)
        _, foreign, _ = case.fill(random_vectors(3, seed=3))
        case.settle()
        _, fresh, fresh_nums = case.fill(random_vectors(3, seed=4), collection_id)
        scope, query = case.scope(collection_id), random_vectors(1)[0]
        assert set(numbers(case.find(query, scope, documents=[first]))) == set(first_nums)
        assert set(numbers(case.find(query, scope, documents=[second, fresh]))) == {*second_nums, *fresh_nums}
        assert case.find(query, scope, documents=[foreign]) == []
        assert case.find(query, scope, documents=[]) == []
        assert numbers(case.find(query, scope, k=2, documents=[first])) == numbers(case.find(query, scope, documents=[first]))[:2]

    def test_another_models_vectors_are_refused(self, case: Case) -> None:
        vectors = random_vectors(3)
        collection_id, document_id, _ = case.fill(vectors)
        case.settle()
        with transaction(case.pool) as connection, pytest.raises(ModelMismatch):
            passages.add(connection, collection_id, OTHER, make_chunks(document_id, ["new"]), random_vectors(1))
        with pytest.raises(ModelMismatch):
            case.find(vectors[0], case.scope(collection_id), model_id=OTHER)

    def test_every_chunk_needs_its_vector(self, case: Case) -> None:
        with transaction(case.pool) as connection:
            collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
            chunks: list[Chunk] = make_chunks(add_document(connection, collection_id), ["one", "two"])
            with pytest.raises(ValueError):
                passages.add(connection, collection_id, MODEL, chunks, random_vectors(1))

    def test_equal_cosines_come_in_a_fixed_order(self, case: Case) -> None:
        same = np.repeat(random_vectors(1), 20, axis=0)
        collection_id, _, nums = case.fill(same)
        case.settle()
        scope = case.scope(collection_id)
        found = numbers(case.find(same[0], scope, k=5))
        assert found == numbers(case.find(same[0], scope, k=5))
        assert found == sorted(found)
        if case.kind in EXACT:
            assert found == sorted(nums)[:5]

    def test_status_tells_what_there_is(self, case: Case) -> None:
        case.fill(random_vectors(30))
        if case.kind == "pgvector":
            assert case.store.status(MODEL, DIMENSION).kind == "exact"
            return
        case.settle()
        status = case.store.status(MODEL, DIMENSION)
        assert status.is_ready
        assert (status.store, status.kind) == tuple(case.kind.split("-"))
        assert status.num_passages == 30
        assert status.num_bytes > 30 * DIMENSION
