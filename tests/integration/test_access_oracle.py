"""Thousands of searches while permissions and documents change: what each user finds is what the documented rule says.

The oracle (tests/world.py) is plain Python over a model of the world. The main thread changes permissions and asks right
after each change; a second thread ingests, deletes, rewrites and moves documents all the while, of which it is known who
must never see them. Add a store to STORES to hold it to the same.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.access import Principal, reading
from core.db.pool import Pool, transaction
from core.errors import NotFound
from core.explain import explain, list_readable
from core.types import Hit
from ingest import documents
from retrieval.filters import Filters
from retrieval.lexical.index import WordIndex
from retrieval.search import Search
from retrieval.stores import follower, replica
from retrieval.stores.base import VectorStore
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_retrieval import FakeEmbedder
from tests.world import KEY, Collection, Doc, World


@contextmanager
def pgvector(pool: Pool, folder: Path) -> Iterator[VectorStore]:
    yield PgVectorStore()


@contextmanager
def faiss(pool: Pool, folder: Path) -> Iterator[VectorStore]:
    """Followed and built anew all the while, and never answered for by PostgreSQL once it is there."""
    store = FaissStore(pool, folder, PgVectorStore())
    try:
        deadline = time.monotonic() + 60
        while not store.status(FakeEmbedder().model_id, FakeEmbedder().dimension).is_ready:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield store
        assert store.status(FakeEmbedder().model_id, FakeEmbedder().dimension).is_ready
    finally:
        store.close()


STORES: dict[str, Callable[[Pool, Path], AbstractContextManager[VectorStore]]] = {"pgvector": pgvector, "faiss": faiss}

USERS = ("ann", "bob", "cem", "dan", "eve")
GROUPS = ("hr", "law", "board")
SOURCES = ("share", "mailbox")
NAMES = tuple(f"paper-{n}" for n in range(10))
ROUNDS, BUDGET_S, LEAST_SEARCHES = 500, 60.0, 1000
RANKINGS = 10  # of each user a round: a search of the store alone takes a tenth of a whole one
K = 400  # more than there ever are: an exact search finds all of the scope
SECRET, OPEN = "The flip policy is secret.", "The flip policy is open."


class Churn(threading.Thread):
    """Ingests and deletes documents that only their owner may read, in everybody's collections; and in ann's 'churn' one
    document that is open or secret by turns, and one that is moved between dan's and eve's class."""

    def __init__(self, world: World, churn: Collection, seed: int) -> None:
        super().__init__(name="churn")
        self.world, self.churn, self.random = world, churn, random.Random(seed)
        self.lock, self.stop, self.error = threading.Lock(), threading.Event(), None
        self.alive: dict[UUID, Collection] = {}
        self.owners: dict[UUID, str] = {}
        self.num_changes = 0
        self.flip = world.born(churn, "flip", frozenset(), text=SECRET)
        self.mover = world.born(churn, "mover", frozenset({"user:dan"}))
        world.set_access(self.mover, frozenset({"user:eve"}), None)  # now both classes are there

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.change()
                self.num_changes += 1
        except Exception as error:  # noqa: BLE001 - raised again where the thread is joined
            self.error = error

    def change(self) -> None:
        match self.random.randrange(5):
            case 0 | 1 if len(self.alive) < 30:
                collection = self.random.choice(self.world.collections)
                name = f"churn-{self.num_changes}"
                self.owners[documents.document_id_of(collection.collection_id, name)] = collection.owner
                doc = self.world.born(collection, name, frozenset())
                with self.lock:
                    self.alive[doc.document_id] = collection
            case 2 if self.alive:
                with self.lock:
                    document_id, collection = self.alive.popitem()
                with transaction(self.world.pool) as connection:
                    documents.delete_document(connection, self.world.scope(connection, collection.owner), document_id)
            case 3:
                is_secret = self.random.random() < 0.5
                allowed, text = (frozenset(), SECRET) if is_secret else (frozenset({"everyone"}), OPEN)
                self.world.born(self.churn, "flip", allowed, text=text)
            case _:
                self.world.set_access(self.mover, frozenset({self.random.choice(("user:dan", "user:eve"))}), None)

    def of(self, owner: str) -> set[UUID]:
        """The documents of the owner that are surely there now."""
        with self.lock:
            return {document_id for document_id, collection in self.alive.items() if collection.owner == owner}


class Trial:
    """Changes one thing at a time and asks everybody what he sees."""

    def __init__(self, world: World, churn: Churn, search: Search, seed: int) -> None:
        self.world, self.churn, self.search, self.random = world, churn, search, random.Random(seed)
        self.num_searches = 0

    # changing

    def principals(self) -> frozenset[str]:
        names = [*(f"user:{user}" for user in USERS), *(f"group:{group}" for group in GROUPS)]
        chosen = frozenset(self.random.sample(names, self.random.randrange(4)))
        return chosen | {"everyone"} if self.random.random() < 0.1 else chosen

    def own_list(self) -> frozenset[str] | None:
        return self.principals() if self.random.random() < 0.4 else None

    def a_source(self, collection: Collection) -> str | None:
        return self.random.choice([None, *collection.sources])

    def change(self) -> None:
        world, collection = self.world, self.random.choice(self.world.collections)
        docs = list(world.documents.values())
        match self.random.randrange(12):
            case 0:
                world.set_group(self.random.choice(GROUPS), frozenset(self.random.sample(USERS, self.random.randrange(4))))
            case 1 | 2:
                world.share(collection, self.principals())
            case 3:
                world.put_source(collection, self.random.choice(SOURCES), self.own_list())
            case 4 | 5 if collection.sources:
                name = self.random.choice(list(collection.sources))
                self.random.choice([world.age, world.sync, world.sync, world.delete_source])(collection, name)
            case 6 | 7 | 8 if docs:
                doc = self.random.choice(docs)
                world.set_access(doc, self.own_list(), self.a_source(doc.collection))
            case 9 if docs:
                world.delete(self.random.choice(docs))
            case _:
                world.ingest(collection, self.random.choice(NAMES), self.own_list(), self.a_source(collection))

    # asking

    def ask(self, user: str, collection: str | None = None) -> tuple[list[Hit], set[UUID]]:
        """Search as a request does; also tells which of the churn's documents were there from beginning to end."""
        self.num_searches += 1
        before = self.churn.of(user)
        with transaction(self.world.pool) as connection:
            scope = self.world.scope(connection, user, collection)
        hits = self.search("leave policy", scope=scope, k=K)
        return hits, before & self.churn.of(user)

    def check_search(self, user: str) -> None:
        hits, there = self.ask(user)
        found = {hit.document_id for hit in hits}
        assert len(found) == len(hits)
        assert self.settled(found) == self.world.readable(user)
        self.check_churn(user, found)
        assert there <= found, "the owner finds what was there all along"
        for hit in hits:
            assert hit.text != SECRET or user == "ann"
            doc = self.world.documents.get(hit.document_id)
            assert doc is None or (hit.title, hit.source) == (f"Title of {doc.name}", doc.name)

    def check_filtered(self, user: str) -> None:
        """A search that is narrowed by filters finds what meets them of what the user may read, and nothing else."""
        world, readable = self.world, self.world.readable(user)
        docs = list(world.documents.values())
        some = frozenset(doc.document_id for doc in self.random.sample(docs, self.random.randrange(len(docs) + 1)))
        name, title = self.random.choice(NAMES), self.random.choice(world.collections).name
        for filters, meets in (
            (Filters(documents=some | {uuid4()}), lambda doc: doc.document_id in some),
            (Filters(source=name), lambda doc: doc.name == name),
            (Filters(collections=frozenset({title}), documents=some | {uuid4()}),
             lambda doc: doc.document_id in some and doc.collection.name == title),
        ):  # fmt: skip
            with transaction(world.pool) as connection:
                scope = world.scope(connection, user)
            self.num_searches += 1
            found = {hit.document_id for hit in self.search("leave policy", scope=scope, k=K, filters=filters)}
            assert self.settled(found) == {doc.document_id for doc in docs if meets(doc)} & readable
            assert all(self.churn.owners[document_id] == user for document_id in found & set(self.churn.owners))

    def check_ranking(self, user: str) -> None:
        """The store gives the very nearest of the documents it is told, by cosines reckoned here one by one."""
        world, k = self.world, self.random.randrange(1, 8)
        docs = self.random.sample(list(world.documents.values()), self.random.randrange(1, len(world.documents) + 1))
        vector = world.embedder.embed_queries([f"leave {self.random.choice(NAMES)}"])[0]
        mine = {doc.document_id: float(world.vector(doc) @ vector) for doc in docs if world.may_read(user, doc)}
        self.num_searches += 1
        with transaction(world.pool) as connection:
            scope = world.scope(connection, user)
            with reading(connection, scope):
                found = self.search.store.search(
                    connection, vector, scope=scope, model_id=world.embedder.model_id, k=k,
                    documents=frozenset(doc.document_id for doc in docs),
                )  # fmt: skip
            query = "SELECT num, document_id FROM chunks WHERE num = ANY(%s)"
            of = {row["num"]: row["document_id"] for row in connection.execute(query, ([num for num, _ in found],))}
        assert [cosine for _, cosine in found] == pytest.approx(sorted(mine.values(), reverse=True)[:k], abs=1e-5)
        assert len({of[num] for num, _ in found}) == len(found)
        assert all(mine[of[num]] == pytest.approx(cosine, abs=1e-5) for num, cosine in found)

    def settled(self, found: set[UUID]) -> set[UUID]:
        """Leave out what the second thread keeps changing."""
        return found - set(self.churn.owners) - {self.churn.flip.document_id, self.churn.mover.document_id}

    def check_churn(self, user: str, found: set[UUID]) -> None:
        assert all(self.churn.owners[document_id] == user for document_id in found & set(self.churn.owners))
        mover = self.churn.mover.document_id
        if user == "ann":
            assert mover in found, "its owner finds a document also while it is moved"
        elif user not in ("dan", "eve"):
            assert mover not in found

    def check_collection(self, user: str, collection: Collection) -> None:
        """A named collection is searched, or not there; by its plain name one's own comes first."""
        world, name = self.world, f"{collection.owner}/{collection.name}"
        mine = {d.document_id for d in world.documents.values() if d.collection is collection} & world.readable(user)
        stale = [s for s in collection.sources.values() if not s.is_fresh]
        for source in stale:
            source.is_fresh = True
        known = world.sees(user, collection)
        for source in stale:
            source.is_fresh = False
        if known:
            assert self.settled({hit.document_id for hit in self.ask(user, name)[0]}) == mine
            return
        with pytest.raises(NotFound) as hidden:
            self.ask(user, name)
        with pytest.raises(NotFound) as absent:
            self.ask(user, "nobody/nothing")
        assert str(hidden.value).replace(name, "X") == str(absent.value).replace("nobody/nothing", "X")

    def check_lists(self, user: str) -> None:
        world = self.world
        with transaction(world.pool) as connection:
            scope = world.scope(connection, user)
            assert set(scope.unavailable) == world.unavailable(user)
            listed = documents.list_documents(connection, scope, limit=K)
            collections = documents.list_collections(connection, scope)
            told, _ = list_readable(connection, Principal("root", KEY, is_admin=True), user, limit=K, offset=0)
        for found in ({record.document_id for record in listed}, {readable.document_id for readable in told}):
            assert self.settled(found) == world.readable(user)
            self.check_churn(user, found)
        seen = {c.collection_id: c for c in collections if c.collection_id != self.churn.churn.collection_id}
        assert set(seen) == {c.collection_id for c in world.collections if world.sees(user, c)}
        for collection in world.collections:
            if collection.collection_id in seen and collection.owner != user:  # the owner's count has the churn's, too
                mine = {d.document_id for d in world.documents.values() if d.collection is collection} & world.readable(user)
                counted = seen[collection.collection_id]
                assert (counted.num_documents, counted.num_chunks) == (len(mine), len(mine))

    def check_one(self, user: str, doc: Doc) -> None:
        """One document, by its id: read, looked at and explained, or to the letter as if it were not there."""
        may, nobody = self.world.may_read(user, doc), uuid4()
        owner = Principal(doc.collection.owner, KEY)
        with transaction(self.world.pool) as connection:
            told = explain(connection, owner, user, doc.document_id)
            assert told.may_read is may
            assert set(told.matched) == self.world.principals(user) & set(told.allowed or ())
            scope, asker = self.world.scope(connection, user), Principal(user, KEY)
            for call in (
                lambda id_: documents.find_document(connection, scope, id_),
                lambda id_: documents.document_text(connection, scope, id_),
                lambda id_: explain(connection, asker, user, id_),
            ):
                if may or (call.__code__.co_names[0] == "explain" and user == doc.collection.owner):
                    call(doc.document_id)
                    continue
                with pytest.raises(NotFound) as hidden:
                    call(doc.document_id)
                with pytest.raises(NotFound) as absent:
                    call(nobody)
                assert str(hidden.value).replace(str(doc.document_id), "ID") == str(absent.value).replace(str(nobody), "ID")


@pytest.mark.parametrize("name", STORES)
def test_nobody_sees_more_or_less_than_the_rule_says_whatever_changes(
    name: str, pool: Pool, words: WordIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MIN_TAIL", 20)  # so that snapshots change, too
    monkeypatch.setattr(follower, "PAUSE_S", 1.0)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    world = World(pool, tmp_path)
    for owner, title in (("ann", "papers"), ("bob", "papers"), ("cem", "notes")):
        world.add_collection(owner, title)
    churn = Churn(world, aside(world), seed)
    for collection in world.collections:
        for paper in NAMES[:5]:
            world.ingest(collection, paper)
    with STORES[name](pool, tmp_path / "vectors") as store:
        trial = Trial(world, churn, Search(pool, world.embedder, store, words, candidates=K), seed)
        run(trial)
    print(f"{trial.num_searches} searches, {churn.num_changes} changes by the second thread")
    assert trial.num_searches >= LEAST_SEARCHES
    assert churn.num_changes >= LEAST_SEARCHES / 10


def run(trial: Trial) -> None:
    """Change and ask until the time is up and there were searches enough, with the churn beside."""
    churn, world = trial.churn, trial.world
    churn.start()
    deadline = time.monotonic() + BUDGET_S
    try:
        for _ in range(ROUNDS):
            trial.change()
            for user in USERS:
                trial.check_search(user)
            user = trial.random.choice(USERS)
            trial.check_filtered(user)
            for asker in USERS * RANKINGS:
                trial.check_ranking(asker)
            trial.check_collection(user, trial.random.choice(world.collections))
            trial.check_lists(user)
            trial.check_one(user, trial.random.choice(list(world.documents.values())))
            if time.monotonic() > deadline and trial.num_searches >= LEAST_SEARCHES:
                break
    finally:
        churn.stop.set()
        churn.join(60)
    if churn.error:
        raise churn.error


def aside(world: World) -> Collection:
    """Ann's collection for the churn, shared with all, of which the trial's own changes keep away."""
    churn = world.add_collection("ann", "churn")
    world.share(churn, frozenset({"everyone"}))
    return world.collections.pop()
