"""The derived index: whole after a kill at any moment, rebuilt when damaged, shared by processes, never behind a commit."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from core.access import AccessScope, reading
from core.db.pool import Pool, open_pool, transaction
from core.errors import DependencyUnavailable
from retrieval.embedders.base import Vector
from retrieval.lexical.index import WordIndex
from retrieval.search import Search
from retrieval.stores import builder, changes, follower, passages, replica, snapshot
from retrieval.stores.base import Ranking
from retrieval.stores.builder import AlreadyBuilding, Job
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import PgVectorStore
from retrieval.stores.snapshot import DamagedSnapshot
from retrieval.stores.tail import Tail
from tests.fakes_retrieval import FakeEmbedder, add_collection, add_document, make_chunks, nums, scope_of
from tests.vectors import clustered
from tests.waiting import wait_until

MODEL, DIMENSION = "model@1", 64


class Refusing(PgVectorStore):
    """A fallback that must not be needed."""

    def search(self, *_: object, **__: object) -> Ranking:
        raise AssertionError("PostgreSQL was asked in the index's place")


def fill(pool: Pool, num: int, seed: int = 0, collection_id: UUID | None = None) -> tuple[UUID, UUID, list[int]]:
    with transaction(pool) as connection:
        collection_id = collection_id or add_collection(connection, MODEL, dimension=DIMENSION)
        document_id = add_document(connection, collection_id)
        chunks = make_chunks(document_id, [f"passage {i}" for i in range(num)])
        passages.add(connection, collection_id, MODEL, chunks, clustered(num, DIMENSION, seed))
        return collection_id, document_id, nums(connection, chunks)


def scope(pool: Pool, *collection_ids: UUID) -> AccessScope:
    with transaction(pool) as connection:
        return scope_of(connection, *collection_ids)


def find(pool: Pool, store: FaissStore, vector: Vector, seen: AccessScope, k: int = 10) -> Ranking:
    with transaction(pool) as connection, reading(connection, seen):
        return store.search(connection, vector, scope=seen, model_id=MODEL, k=k)


def job(url: str, folder: Path) -> Job:
    return Job(url, str(folder / MODEL), MODEL, DIMENSION)


@contextmanager
def opened(pool: Pool, folder: Path, *, strict: bool = True) -> Iterator[FaissStore]:
    """Open a store and wait until it answers itself."""
    store = FaissStore(pool, folder, Refusing() if strict else PgVectorStore())
    try:
        wait_until(lambda: store.status(MODEL, DIMENSION).is_ready)
        yield store
    finally:
        store.close()


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / MODEL).glob("[0-9]*"))


def test_with_no_snapshot_postgresql_answers_and_one_is_built(pool: Pool, tmp_path: Path) -> None:
    collection_id, _, numbers = fill(pool, 30)
    store = FaissStore(pool, tmp_path, PgVectorStore())
    try:
        found = find(pool, store, clustered(1, DIMENSION)[0], scope(pool, collection_id))
        assert found[0][0] == numbers[0]
        wait_until(lambda: store.status(MODEL, DIMENSION).is_ready)
        status = store.status(MODEL, DIMENSION)
        assert (status.kind, status.num_passages, status.num_changes) == ("flat", 30, 0)
        assert status.built_at is not None
        assert find(pool, store, clustered(1, DIMENSION)[0], scope(pool, collection_id))[0][0] == numbers[0]
    finally:
        store.close()


def test_a_builder_killed_at_any_moment_leaves_the_old_snapshot(pool: Pool, database_url: str, tmp_path: Path) -> None:
    _, _, _ = fill(pool, 1500)
    builder.build(job(database_url, tmp_path))
    chosen = random.Random(3)
    started = time.monotonic()
    builder.start(job(database_url, tmp_path)).wait(60)
    whole_s = time.monotonic() - started
    for _ in range(12):
        process = builder.start(job(database_url, tmp_path))
        time.sleep(chosen.uniform(0.3, 1.05) * whole_s)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert not builder.is_locked(tmp_path / MODEL)
        with transaction(pool) as connection:
            database = changes.database_name(connection)
        found = snapshot.open_current(tmp_path / MODEL, model_id=MODEL, dimension=DIMENSION, database=database)
        assert len(found) == 1500
    builder.build(job(database_url, tmp_path))
    assert len(generations(tmp_path)) == 1
    assert not list((tmp_path / MODEL).glob(f"{snapshot.UNFINISHED}*"))


@pytest.mark.parametrize(
    "name", ["index.faiss", "nums.i64", "classes.i32", "documents.s16", "document_runs.i64", "manifest.json"]
)
@pytest.mark.parametrize("harm", ["flipped", "cut", "gone"])
def test_a_damaged_snapshot_is_noticed(pool: Pool, database_url: str, tmp_path: Path, name: str, harm: str) -> None:
    fill(pool, 50)
    builder.build(job(database_url, tmp_path))
    damage(tmp_path / MODEL / generations(tmp_path)[0] / name, harm)
    with transaction(pool) as connection, pytest.raises(DamagedSnapshot):
        snapshot.open_current(tmp_path / MODEL, model_id=MODEL, dimension=DIMENSION, database=changes.database_name(connection))


def damage(path: Path, harm: str) -> None:
    data = bytearray(path.read_bytes())
    match harm:
        case "flipped":
            data[len(data) // 2] ^= 0x41
        case "cut":
            del data[len(data) // 2 :]
    path.unlink()
    if harm != "gone":
        path.write_bytes(data)


def test_a_damaged_snapshot_is_built_anew(
    pool: Pool, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collection_id, _, numbers = fill(pool, 50)
    builder.build(job(database_url, tmp_path))
    damage(tmp_path / MODEL / generations(tmp_path)[0] / "nums.i64", "flipped")
    with opened(pool, tmp_path, strict=False) as store:
        assert find(pool, store, clustered(50, DIMENSION)[7], scope(pool, collection_id))[0][0] == numbers[7]
    assert "index_damaged" in caplog.text
    assert generations(tmp_path) == ["00000002"]


def test_a_snapshot_of_another_database_is_refused(pool: Pool, database_url: str, tmp_path: Path) -> None:
    builder.build(job(database_url, tmp_path))
    for other in ({"database": "1/2"}, {"model_id": "other@1"}, {"dimension": 32}):
        expected = {"model_id": MODEL, "dimension": DIMENSION, "database": "1/2"} | other
        with pytest.raises(DamagedSnapshot, match="another"):
            snapshot.open_current(tmp_path / MODEL, **expected)  # type: ignore[arg-type]


def test_a_database_put_back_to_an_earlier_state_is_noticed(pool: Pool, database_url: str, tmp_path: Path) -> None:
    """As after restoring a backup: rows are missing, and no change says so."""
    _, document_id, _ = fill(pool, 50)
    collection_id, _, numbers = fill(pool, 20, seed=1)
    builder.build(job(database_url, tmp_path))
    with transaction(pool) as connection:
        connection.execute("DELETE FROM documents WHERE document_id = %s", (document_id,))
        connection.execute("DELETE FROM changes")
    with opened(pool, tmp_path, strict=False) as store:
        assert store.status(MODEL, DIMENSION).num_passages == 20
        assert generations(tmp_path) == ["00000002"]
        found = find(pool, store, clustered(1, DIMENSION)[0], scope(pool, collection_id), 99)
        assert sorted(num for num, _ in found) == numbers


def test_one_process_at_a_time_builds(pool: Pool, database_url: str, tmp_path: Path) -> None:
    fill(pool, 10)
    with builder.locked(tmp_path / MODEL):
        assert builder.is_locked(tmp_path / MODEL)
        with pytest.raises(AlreadyBuilding):
            builder.build(job(database_url, tmp_path))
        assert builder.start(job(database_url, tmp_path)).wait(60) == builder.BUSY
    assert generations(tmp_path) == []


def test_a_builder_without_its_database_fails_and_says_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    process = builder.start(Job("postgresql://u:secret@127.0.0.1:9/db", str(tmp_path), MODEL, DIMENSION))
    assert process.wait(60) == 1
    told = capfd.readouterr().err
    assert "index_not_built" in told
    assert "secret" not in told


READER = """
import json, sys
from pathlib import Path
from core.db.pool import open_pool, transaction
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import PgVectorStore
from tests.unit.retrieval.test_faiss import MODEL, DIMENSION, find, opened, scope
from tests.vectors import clustered
from uuid import UUID
url, folder, collection_id, num = sys.argv[1:]
pool = open_pool(url, max_size=4)
with opened(pool, Path(folder)) as store:
    seen = scope(pool, UUID(collection_id))
    rows = [find(pool, store, vector, seen, 1)[0][0] for vector in clustered(int(num), DIMENSION)]
    print(json.dumps({"rows": rows, "generation": store.follower(MODEL, DIMENSION).fresh().snapshot.generation}))
    maps = Path("/proc/self/smaps").read_text().split("index.faiss")[1:]
    assert maps, "the index is mapped"
    assert all("Private_Dirty:         0 kB" in of.partition("VmFlags")[0] for of in maps), "and not a byte of it copied"
pool.close()
"""


def test_two_processes_share_a_snapshot(pool: Pool, database_url: str, tmp_path: Path) -> None:
    collection_id, _, numbers = fill(pool, 60)
    builder.build(job(database_url, tmp_path))
    command = [sys.executable, "-c", READER, database_url, str(tmp_path), str(collection_id), "60"]
    root = Path(__file__).parents[3]
    processes = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        out, _ = process.communicate(timeout=90)
        assert process.returncode == 0
        assert json.loads(out) == {"rows": numbers, "generation": "00000001"}


def test_what_is_committed_is_found_by_the_next_search(pool: Pool, database_url: str, tmp_path: Path) -> None:
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    waits = []
    with opened(pool, tmp_path) as store:
        seen = scope(pool, collection_id)
        for seed in range(1, 20):
            _, _, added = fill(pool, 3, seed, collection_id)
            started = time.monotonic()
            assert find(pool, store, clustered(3, DIMENSION, seed)[0], seen)[0][0] == added[0]
            waits.append(time.monotonic() - started)
    print(f"a search right after a commit: median {1000 * np.median(waits):.1f} ms, slowest {1000 * max(waits):.1f} ms")
    assert max(waits) < 1


def test_a_transaction_left_open_loses_no_change(pool: Pool, database_url: str, tmp_path: Path) -> None:
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store, psycopg.connect(database_url) as slow:
        seen = scope(pool, collection_id)
        late = UUID(int=7)
        slow.execute(
            "INSERT INTO documents (document_id, collection_id, class_id, source, title, media_type, content_hash, num_bytes,"
            " text, num_chunks, num_pages) SELECT %s, collection_id, class_id, 'late', 'Title', 'text/plain', 'hash', 0, '', 0, 0"
            " FROM access_classes WHERE collection_id = %s",
            (late, collection_id),
        )
        builder.build(job(database_url, tmp_path))  # a snapshot taken while it is open must not step over it either
        _, _, early = fill(pool, 3, 1, collection_id)
        assert find(pool, store, clustered(3, DIMENSION, 1)[0], seen)[0][0] == early[0]
        slow.execute(
            "INSERT INTO chunks (chunk_id, document_id, collection_id, class_id, start_char, end_char, heading_path, text,"
            " embedding) SELECT 'late', document_id, collection_id, class_id, 0, 4, '{}', 'late', %s::vector"
            " FROM documents WHERE document_id = %s",
            (str(clustered(1, DIMENSION, 9)[0].tolist()), late),
        )
        wait_until(lambda: store.follower(MODEL, DIMENSION).fresh().snapshot.generation == "00000002")  # type: ignore[union-attr]
        slow.commit()
        num, cosine = find(pool, store, clustered(1, DIMENSION, 9)[0], seen)[0]
        assert cosine > 0.999
        with transaction(pool) as connection:
            assert connection.execute("SELECT chunk_id FROM chunks WHERE num = %s", (num,)).fetchone() == {"chunk_id": "late"}


def test_a_tail_that_has_grown_becomes_a_snapshot(
    pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MIN_TAIL", 10)
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store:
        _, _, added = fill(pool, 30, 1, collection_id)
        wait_until(lambda: store.status(MODEL, DIMENSION).num_passages == 70 and not store.status(MODEL, DIMENSION).num_fresh)
        status = store.status(MODEL, DIMENSION)
        assert (status.num_passages, status.num_stale) == (70, 0)
        assert find(pool, store, clustered(30, DIMENSION, 1)[0], scope(pool, collection_id))[0][0] == added[0]
    assert generations(tmp_path) == ["00000002"]


def test_what_a_search_cannot_wait_for_is_answered_by_postgresql(
    pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "SEARCH_LIMIT", 10)
    monkeypatch.setattr(follower, "POLL_S", 3600.0)
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path, strict=False) as store:
        _, _, added = fill(pool, 30, 1, collection_id)
        assert store.follower(MODEL, DIMENSION).fresh() is None
        assert find(pool, store, clustered(30, DIMENSION, 1)[0], scope(pool, collection_id))[0][0] == added[0]
        assert not store.status(MODEL, DIMENSION).is_ready


def test_a_tail_grown_too_long_in_many_looks_is_answered_by_postgresql(
    pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MAX_TAIL", 25)
    monkeypatch.setattr(follower, "POLL_S", 3600.0)
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path, strict=False) as store:
        following = store.follower(MODEL, DIMENSION)
        for seed in (1, 2):
            fill(pool, 10, seed, collection_id)
            assert following.fresh() is not None
        _, _, added = fill(pool, 10, 3, collection_id)
        assert following.fresh() is None
        assert find(pool, store, clustered(10, DIMENSION, 3)[0], scope(pool, collection_id))[0][0] == added[0]


def test_the_gpu_holds_one_copy_at_a_time(pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one is closed before the new one is made; there may be room for no more."""
    held: list[int] = []

    class Copy:
        def __init__(self) -> None:
            held.append(1)

        def nearest(self, *_: object) -> None:
            return None

        def close(self) -> None:
            held.pop()

    def copy_of(_: object) -> Copy:
        assert not held
        return Copy()

    monkeypatch.setattr(replica.gpu, "copy_of", copy_of)
    fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store:
        builder.build(job(database_url, tmp_path))
        moved = store.follower(MODEL, DIMENSION)
        wait_until(lambda: (found := moved.fresh()) is not None and found.snapshot.generation == "00000002")
        assert held == [1]


def test_rebuilding_on_demand(pool: Pool, database_url: str, tmp_path: Path) -> None:
    collection_id, _, numbers = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store:
        store.rebuild(MODEL, DIMENSION)
        assert store.status(MODEL, DIMENSION).is_building
        wait_until(lambda: generations(tmp_path) == ["00000002"])
        assert find(pool, store, clustered(1, DIMENSION)[0], scope(pool, collection_id))[0][0] == numbers[0]


def test_a_build_that_fails_does_not_lose_the_request(
    pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "RETRY_S", 0.1)
    fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    start, num_started = builder.start, 0

    def failing_at_first(wanted: Job) -> "subprocess.Popen[bytes]":
        nonlocal num_started
        num_started += 1
        if num_started == 1:
            raise OSError("no more processes")
        if num_started == 2:
            return start(replace(wanted, url="postgresql://u:p@127.0.0.1:9/db"))
        return start(wanted)

    monkeypatch.setattr(builder, "start", failing_at_first)
    with opened(pool, tmp_path) as store:
        store.rebuild(MODEL, DIMENSION)
        wait_until(lambda: generations(tmp_path) == ["00000002"])
        wait_until(lambda: not store.status(MODEL, DIMENSION).is_building)
        assert num_started == 3


@pytest.mark.parametrize("error", [ValueError, MemoryError, KeyError])
def test_whatever_fails_the_thread_goes_on_with_a_fresh_replica(
    pool: Pool,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(follower, "RETRY_S", 0.1)
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path, strict=False) as store:
        following = store.follower(MODEL, DIMENSION)
        before, failed, whole = following._replica, threading.Event(), Tail.replace

        def failing_once(*arguments: Any) -> None:
            whole(*arguments)
            if not failed.is_set():
                failed.set()
                raise error("half way")

        monkeypatch.setattr(Tail, "replace", failing_once)
        _, _, added = fill(pool, 3, 1, collection_id)
        wait_until(failed.is_set)
        wait_until(lambda: store.status(MODEL, DIMENSION).is_ready)
        assert following._replica is not before
        assert find(pool, store, clustered(3, DIMENSION, 1)[0], scope(pool, collection_id))[0][0] == added[0]
    assert "index_step_crashed" in caplog.text


def test_a_look_that_failed_is_not_taken_for_one_that_is_done(
    pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A searcher waits while another's look fails, and looks itself."""
    monkeypatch.setattr(follower, "POLL_S", 3600.0)
    monkeypatch.setattr(follower, "WAIT_S", 10.0)
    collection_id, _, _ = fill(pool, 40)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store, ThreadPoolExecutor(2) as threads:
        following, pending = store.follower(MODEL, DIMENSION), changes.pending
        looking, go_on = threading.Event(), threading.Event()
        _, _, added = fill(pool, 3, 1, collection_id)

        def failing(*_: Any) -> int:
            monkeypatch.setattr(changes, "pending", pending)
            looking.set()
            go_on.wait(10)
            raise DependencyUnavailable("away")

        monkeypatch.setattr(changes, "pending", failing)
        first: Future[Any] = threads.submit(following._lock.acquire)  # so that both wait from before the look
        assert first.result()
        searchers = [threads.submit(following.fresh) for _ in range(2)]
        time.sleep(0.2)
        go_on.set()
        following._lock.release()
        found = [searcher.result() for searcher in searchers]
        assert looking.is_set()
        assert sorted(each is None for each in found) == [False, True]
        (one,) = [each for each in found if each is not None]
        assert one.num_passages == 43, f"what was committed before it asked is there: {added}"


def test_a_builder_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "STOP_S", 0.5)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"deaf\n"
        follower._end(process)
        assert process.returncode == -signal.SIGKILL


def test_searches_go_on_while_an_index_is_built(pool: Pool, database_url: str, tmp_path: Path) -> None:
    collection_id, _, numbers = fill(pool, 2000)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store:
        seen, waits = scope(pool, collection_id), []
        process = builder.start(job(database_url, tmp_path))
        while process.poll() is None:
            started = time.monotonic()
            assert find(pool, store, clustered(1, DIMENSION)[0], seen)[0][0] == numbers[0]
            waits.append(time.monotonic() - started)
        assert process.returncode == 0
    assert len(waits) > 20
    assert max(waits) < 1  # a loaded machine's; a few milliseconds on an idle one


def test_files_are_their_owners_alone(pool: Pool, database_url: str, tmp_path: Path) -> None:
    fill(pool, 5)
    builder.build(job(database_url, tmp_path))
    assert (tmp_path / MODEL).stat().st_mode & 0o077 == 0


def test_scores_are_cosines_and_small_and_large_scopes_agree(pool: Pool, database_url: str, tmp_path: Path) -> None:
    collection_id, _, numbers = fill(pool, 300)
    vectors = clustered(300, DIMENSION)
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store:
        found = find(pool, store, vectors[5], scope(pool, collection_id), 20)
    by_num: Sequence[tuple[int, float]] = [
        (numbers[i], float(vectors[i] @ vectors[5])) for i in np.argsort(-(vectors @ vectors[5]))[:20]
    ]
    assert [num for num, _ in found] == [num for num, _ in by_num]
    assert np.allclose([c for _, c in found], [c for _, c in by_num], atol=1e-5)


def test_what_is_gone_or_moved_is_not_found_even_in_an_index_that_lags(
    pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is made to stop reading changes, and goes on naming passages that nobody may see any more."""
    embedder = FakeEmbedder(MODEL, DIMENSION)
    texts = ["annual leave for all", "annual leave secret", "annual leave deleted"]
    with transaction(pool) as connection:
        collection_id = add_collection(connection, MODEL, dimension=DIMENSION)
        ids = []
        for text in texts:
            ids.append(add_document(connection, collection_id))
            passages.add(connection, collection_id, MODEL, make_chunks(ids[-1], [text]), embedder.embed_documents([text]))
    builder.build(job(database_url, tmp_path))
    with opened(pool, tmp_path) as store, closing(WordIndex(pool, tmp_path / "words")) as words:
        search, seen = Search(pool, embedder, store, words), scope(pool, collection_id)
        assert {hit.text for hit in search("annual leave", scope=seen, k=9)} == set(texts)
        monkeypatch.setattr(follower.Follower, "_look", lambda self, limit: None)
        with transaction(pool) as connection:
            connection.execute("DELETE FROM documents WHERE document_id = %s", (ids[2],))
            connection.execute("INSERT INTO access_classes (collection_id, allowed) VALUES (%s, '{}')", (collection_id,))
            move = "UPDATE documents SET class_id = (SELECT max(class_id) FROM access_classes) WHERE document_id = %s"
            connection.execute(move, (ids[1],))
        assert len(find(pool, store, embedder.embed_queries(["annual leave"])[0], seen)) == 3, "the index lags"
        for k in (1, 2, 9):
            assert {hit.text for hit in search("annual leave", scope=seen, k=k)} == {texts[0]}


def test_many_searchers_on_few_connections_all_find_while_documents_come(pool: Pool, database_url: str, tmp_path: Path) -> None:
    """32 searchers share two connections and one look at the changes; none fails, starves or misses what was there before it."""
    collection_id, _, numbers = fill(pool, 200)
    builder.build(job(database_url, tmp_path))
    vectors, counts, ended = clustered(200, DIMENSION), [0] * 32, threading.Event()
    few = open_pool(database_url, max_size=2)
    with opened(pool, tmp_path, strict=False) as store, closing(few):
        seen = scope(pool, collection_id)

        def repeat(thread: int) -> None:
            while not ended.is_set():
                row = (7 * thread + counts[thread]) % 200
                assert find(few, store, vectors[row], seen, 1)[0][0] == numbers[row]
                counts[thread] += 1

        with ThreadPoolExecutor(32) as threads:
            searchers = [threads.submit(repeat, number) for number in range(32)]
            try:
                for seed in range(1, 9):
                    _, _, added = fill(pool, 5, seed, collection_id)
                    assert find(pool, store, clustered(5, DIMENSION, seed)[4], seen, 1)[0][0] == added[4]
                wait_until(lambda: min(counts) >= 5)
            finally:
                ended.set()
            for searcher in searchers:
                searcher.result()
