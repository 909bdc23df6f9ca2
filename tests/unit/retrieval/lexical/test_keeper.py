"""The index follows the database: at once, from several processes, through kills, damage and upgrades."""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.db.pool import Pool, open_pool, transaction
from retrieval.lexical import keeper as keeper_module
from retrieval.lexical.folder import VERSION, Folder
from retrieval.lexical.index import WordIndex
from retrieval.stores.changes import Cursor
from tests.fakes_words import collection, document, rank, scope

PROCESS = """
import sys
from pathlib import Path
from core.db.pool import open_pool
from retrieval.lexical.index import WordIndex
from tests.fakes_words import document, rank, scope
from uuid import UUID
url, folder, mine, act = sys.argv[1:]
pool = open_pool(url, max_size=4)
words = WordIndex(pool, Path(folder), memory_mb=20)
seen = scope(pool, UUID(mine))
rank(words, "needle", scope=seen, k=1)
print("ready", flush=True)
number = 0
while act == "write" or sys.stdin.readline():
    if act == "write":
        document(pool, UUID(mine), [f"needle {number}-{i}" for i in range(20)], language="en")
        number += 1
    print(len(rank(words, "needle", scope=seen, k=100_000)), flush=True)
words.close()
pool.close()
"""


@contextmanager
def process(url: str, folder: Path, mine: object, act: str) -> Iterator[subprocess.Popen[str]]:
    """Run another process that has the index open."""
    arguments = [sys.executable, "-c", PROCESS, url, str(folder), str(mine), act]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            yield child
        finally:
            child.kill()


def ask(child: subprocess.Popen[str]) -> int:
    """Have the other process search; returns how many passages it found."""
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    return int(child.stdout.readline())


def found(words: WordIndex, pool: Pool, mine: object) -> set[int]:
    return {num for num, _ in rank(words, "needle", scope=scope(pool, mine), k=100_000)}  # type: ignore[arg-type]


def there(pool: Pool) -> set[int]:
    with transaction(pool) as connection:
        return {row["num"] for row in connection.execute("SELECT num FROM chunks").fetchall()}


@contextmanager
def opened(pool: Pool, folder: Path) -> Iterator[WordIndex]:
    words = WordIndex(pool, folder, memory_mb=20)
    try:
        yield words
    finally:
        words.close()


def until(condition: "object", seconds: float) -> bool:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_what_is_committed_is_found_by_the_next_search_and_what_is_deleted_is_not(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    for _ in range(5):
        gone, nums = document(pool, mine, ["a needle"])
        assert found(words, pool, mine) == set(nums)
        with transaction(pool) as connection:
            connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
        assert found(words, pool, mine) == set()


def test_a_document_that_changes_class_is_found_by_its_new_readers_alone(pool: Pool, words: WordIndex) -> None:
    mine, theirs = collection(pool), collection(pool)
    moved, nums = document(pool, mine, ["a needle"])
    assert found(words, pool, mine) == set(nums)
    with transaction(pool) as connection:
        query = "UPDATE documents SET class_id = (SELECT class_id FROM access_classes WHERE collection_id = %s)"
        connection.execute(query + " WHERE document_id = %s", (theirs, moved))
    assert found(words, pool, mine) == set()
    assert found(words, pool, theirs) == set(nums)


def test_what_commits_late_is_found(pool: Pool, words: WordIndex, database_url: str) -> None:
    mine = collection(pool)
    slow = open_pool(database_url, max_size=1)
    with transaction(slow) as connection:
        connection.execute("INSERT INTO changes (document_id) VALUES (gen_random_uuid())")  # holds the oldest transaction open
        first = document(pool, mine, ["a needle"])[1]
        assert found(words, pool, mine) == set(first)
        second = document(pool, mine, ["a needle"])[1]
        assert found(words, pool, mine) == {*first, *second}
    slow.close()
    third = document(pool, mine, ["a needle"])[1]
    assert found(words, pool, mine) == {*first, *second, *third}


def test_nobody_need_search_for_the_index_to_follow(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    found(words, pool, mine)
    document(pool, mine, ["a needle"])

    def is_there() -> bool:
        snapshot = words._keeper.snapshot
        return snapshot is not None and snapshot.count(snapshot.term("surface", "needle")) > 0

    assert until(is_there, 5)


def test_an_index_that_is_there_is_gone_on_with(pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mine = collection(pool)
    with opened(pool, tmp_path) as words:
        before = document(pool, mine, ["a needle"])[1]
        assert found(words, pool, mine) == set(before)
    after = document(pool, mine, ["a needle"])[1]
    with caplog.at_level(logging.DEBUG, "retrieval"), opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == {*before, *after}
    assert [r.num_documents for r in caplog.records if r.message == "words_indexed"] == [1]  # type: ignore[attr-defined]
    assert "word_index_begun" not in caplog.messages


@pytest.mark.parametrize("seed", range(4))
def test_a_writer_killed_at_any_moment_leaves_a_consistent_index(
    pool: Pool, database_url: str, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    mine = collection(pool)
    document(pool, mine, ["a needle"] * 50, language="en")
    with process(database_url, tmp_path, mine, "write") as child:
        time.sleep(random.Random(seed).uniform(0.0, 1.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
    with caplog.at_level(logging.INFO, "retrieval"), opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == there(pool)
    assert caplog.messages == []  # neither damaged nor begun anew


def test_two_processes_find_what_either_commits(pool: Pool, words: WordIndex, database_url: str, tmp_path: Path) -> None:
    mine = collection(pool)
    _, nums = document(pool, mine, ["a needle"])
    assert found(words, pool, mine) == set(nums)  # this process writes
    with process(database_url, tmp_path / "words", mine, "read") as child:
        assert ask(child) == 1
        for number in range(2, 5):
            document(pool, mine, ["a needle"])
            assert until(lambda wanted=number: ask(child) == wanted, 5)
        words.close()
        document(pool, mine, ["a needle"])
        assert until(lambda: ask(child) == 5, 5)  # the other writes now


def test_many_threads_search_while_documents_come_and_go(pool: Pool, words: WordIndex) -> None:
    mine, wrong = collection(pool), []
    _, kept = document(pool, mine, ["a needle that stays"] * 3)
    seen = scope(pool, mine)
    rank(words, "needle", scope=seen, k=5)
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            ranking = rank(words, "stays needle", scope=seen, k=100)
            if {num for num, _ in ranking[:3]} != set(kept):
                wrong.append(ranking)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        gone, _ = document(pool, mine, ["a needle"] * 5)
        with transaction(pool) as connection:
            connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def spoil_meta(folder: Path) -> None:
    (folder / "meta.json").write_text("{")


def empty_meta(folder: Path) -> None:
    (folder / "meta.json").write_text("")


def remove_segments(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name not in ("meta.json", ".managed.json"):
            path.unlink()


def cut_segments(folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix in (".store", ".idx", ".term", ".fast", ".fieldnorm", ".pos"):
            os.truncate(path, path.stat().st_size // 2)


def remove_meta(folder: Path) -> None:
    (folder / "meta.json").unlink()


@pytest.mark.parametrize("damage", [spoil_meta, empty_meta, remove_segments, cut_segments, remove_meta])
def test_a_damaged_folder_is_built_anew(pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: "object") -> None:
    mine = collection(pool)
    _, nums = document(pool, mine, ["a needle"] * 3)
    with opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == set(nums)
    damage(tmp_path / VERSION)  # type: ignore[operator]
    with caplog.at_level(logging.INFO, "retrieval"), opened(pool, tmp_path) as words:
        assert until(lambda: found(words, pool, mine) == set(nums), 10)
    assert "word_index_begun" in caplog.messages
    if damage is not remove_meta:
        assert "word_index_unusable" in caplog.messages


def test_a_folder_removed_under_a_running_process_comes_back(pool: Pool, words: WordIndex, tmp_path: Path) -> None:
    mine = collection(pool)
    _, nums = document(pool, mine, ["a needle"])
    assert found(words, pool, mine) == set(nums)
    remove_segments(tmp_path / "words" / VERSION)
    spoil_meta(tmp_path / "words" / VERSION)
    more = document(pool, mine, ["a needle"])[1]
    assert until(lambda: found(words, pool, mine) == {*nums, *more}, 10)


def test_an_older_versions_folder_is_removed(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "0.0-old").mkdir()
    mine = collection(pool)
    _, nums = document(pool, mine, ["a needle"])
    with opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == set(nums)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [VERSION]


def test_an_index_not_kept_for_longer_than_the_change_log_is_built_anew(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine = collection(pool)
    gone, _ = document(pool, mine, ["a needle"])
    with opened(pool, tmp_path) as words:
        assert len(found(words, pool, mine)) == 1
    with transaction(pool) as connection:
        connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
        connection.execute("DELETE FROM changes")
    monkeypatch.setattr(keeper_module.changes, "KEEP_DAYS", 0)
    with caplog.at_level(logging.INFO, "retrieval"), opened(pool, tmp_path) as words:
        assert until(lambda: found(words, pool, mine) == set(), 5)
    assert "word_index_begun" in caplog.messages


def test_searches_answer_while_many_documents_are_read(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = collection(pool)
    slowly = {"MANY_DOCUMENTS": 5, "DOCUMENTS_AT_ONCE": 1, "PASSAGES_PER_COMMIT": 1, "OTHERS_PATIENCE_S": 0.0}
    for name, value in slowly.items():
        monkeypatch.setattr(keeper_module, name, value)
    nums = {num for _ in range(20) for num in document(pool, mine, ["a needle"])[1]}
    seen_counts = set()
    with opened(pool, tmp_path) as words:
        assert until(lambda: seen_counts.add(len(found(words, pool, mine))) or found(words, pool, mine) == nums, 20)  # type: ignore[func-returns-value]
        assert 0 <= min(seen_counts) < len(nums)  # not all or nothing


def test_a_search_ends_and_is_fresh_while_changes_never_cease(pool: Pool, words: WordIndex) -> None:
    mine, noise = collection(pool), collection(pool)
    stop = threading.Event()

    def change_on() -> None:
        while not stop.is_set():
            document(pool, noise, ["hay"])

    thread = threading.Thread(target=change_on)
    thread.start()
    try:
        for number in range(1, 6):
            document(pool, mine, ["a needle"])
            started = time.monotonic()
            assert len(found(words, pool, mine)) == number
            assert time.monotonic() - started < keeper_module.OWN_PATIENCE_S
    finally:
        stop.set()
        thread.join()


def test_a_database_that_was_away_is_followed_again(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    assert found(words, pool, mine) == set()
    with transaction(pool) as connection:  # what a restart of the server does to connections
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    _, nums = document(pool, mine, ["a needle"])
    assert until(lambda: found(words, pool, mine) == set(nums), 10)


def test_one_process_locks(tmp_path: Path) -> None:
    first, second = Folder(tmp_path), Folder(tmp_path)
    assert first.lock() and not second.lock()
    assert first.lock(), "who has it may ask again"
    first.unlock()
    assert second.lock()
    second.unlock()


def test_what_cannot_be_written_is_tried_again_and_nothing_is_thrown_away(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper_module, "BACK_OFF_S", 0.5)
    mine = collection(pool)
    with opened(pool, tmp_path) as words, caplog.at_level(logging.INFO, "retrieval"):
        _, nums = document(pool, mine, ["a needle"])
        assert found(words, pool, mine) == set(nums)
        caplog.clear()

        def full(*_: object) -> None:
            raise ValueError("Internal error: 'No space left on device (os error 28)'")

        with monkeypatch.context() as broken:
            broken.setattr(keeper_module.schema, "passage_entry", full)
            _, more = document(pool, mine, ["a needle"])
            started = time.monotonic()
            assert until(lambda: "words_not_written" in caplog.messages, 5)
            assert found(words, pool, mine) == set(nums), "what is there is still found"
            assert time.monotonic() - started < keeper_module.OWN_PATIENCE_S
        assert until(lambda: found(words, pool, mine) == {*nums, *more}, 10)
    assert "word_index_begun" not in caplog.messages


def test_a_folder_that_cannot_be_begun_is_begun_later(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "BACK_OFF_S", 0.2)
    replace, failures = Folder.replace, iter([OSError("read-only"), OSError("read-only")])

    def failing(self: Folder) -> object:
        if error := next(failures, None):
            raise error
        return replace(self)

    monkeypatch.setattr(Folder, "replace", failing)
    mine = collection(pool)
    _, nums = document(pool, mine, ["a needle"])
    with opened(pool, tmp_path) as words:
        assert until(lambda: found(words, pool, mine) == set(nums), 10)


def test_an_index_of_another_database_is_built_anew(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine = collection(pool)
    gone, nums = document(pool, mine, ["a needle"])
    with opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == set(nums)
    with transaction(pool) as connection:  # what the other database never had, and never tells of
        connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
        connection.execute("DELETE FROM changes")
    monkeypatch.setattr(keeper_module.changes, "database_name", lambda _: "another/1")
    with caplog.at_level(logging.INFO, "retrieval"), opened(pool, tmp_path) as words:
        assert until(lambda: "word_index_begun" in caplog.messages, 5)
        assert found(words, pool, mine) == set()


def test_an_index_that_knows_a_later_state_is_built_anew(pool: Pool, tmp_path: Path) -> None:
    mine = collection(pool)
    gone, nums = document(pool, mine, ["a needle"])
    with opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == set(nums)
        with transaction(pool) as connection:
            connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
            connection.execute("DELETE FROM changes")
        words._keeper._cursor = Cursor(2**40)
        assert until(lambda: found(words, pool, mine) == set(), 10)


def test_a_part_of_a_new_index_takes_the_place_of_no_whole_one(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = collection(pool)
    nums = {num for _ in range(20) for num in document(pool, mine, ["a needle"])[1]}
    with opened(pool, tmp_path) as words:
        assert found(words, pool, mine) == nums
        for name, value in {
            "DOCUMENTS_AT_ONCE": 1,
            "PASSAGES_PER_COMMIT": 1,
            "MANY_DOCUMENTS": 5,
            "OTHERS_PATIENCE_S": 0.0,
        }.items():
            monkeypatch.setattr(keeper_module, name, value)
        words._keeper._remembered_at, words._keeper._writer = 0.0, None  # as if it had not been kept for long
        monkeypatch.setattr(keeper_module.Keeper, "_see", lambda self: None)
        counts = [len(found(words, pool, mine)) for _ in range(100)]
    assert set(counts) == {20}
