import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.errors import WeightsError
from core.models.entries import ModelEntry
from core.models.weights import RECORD, check, locked, remove_leftovers, sha256_of, unverified
from tests.fakes_models import entry_of

CONTENTS = {"a.bin": b"a" * 1000, "sub/b.json": b"{}"}


@pytest.fixture
def entry() -> ModelEntry:
    return entry_of("tiny", CONTENTS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in CONTENTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_hash_of_nothing_is_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256_of(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_right_files_are_recorded_and_not_read_again(folder: Path, entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unverified(folder, entry.files, rehash=False) == []
    monkeypatch.setattr("core.models.weights.sha256_of", lambda path: pytest.fail(f"{path} was read again"))
    assert unverified(folder, entry.files, rehash=False) == []


def test_a_changed_file_is_found_though_its_size_is_the_same(folder: Path, entry: ModelEntry) -> None:
    assert unverified(folder, entry.files, rehash=False) == []
    (folder / "a.bin").write_bytes(b"b" * 1000)
    assert [file.name for file, _ in unverified(folder, entry.files, rehash=False)] == ["a.bin"]


def test_only_a_rehash_sees_a_change_with_the_time_put_back(folder: Path, entry: ModelEntry) -> None:
    path = folder / "a.bin"
    assert unverified(folder, entry.files, rehash=False) == []
    status = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"b")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert unverified(folder, entry.files, rehash=False) == []
    assert [file.name for file, _ in unverified(folder, entry.files, rehash=True)] == ["a.bin"]
    assert [file.name for file, _ in unverified(folder, entry.files, rehash=False)] == ["a.bin"], "once seen, it is not forgotten"


def test_says_what_is_wrong_with_each_file(folder: Path, entry: ModelEntry) -> None:
    (folder / "a.bin").write_bytes(b"short")
    (folder / "sub/b.json").unlink()
    assert [said for _, said in unverified(folder, entry.files, rehash=False)] == ["has 5 bytes instead of 1000", "is missing"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a.bin": "?"}'])
def test_a_record_that_is_no_record_only_costs_the_hashing(folder: Path, entry: ModelEntry, text: str) -> None:
    (folder / RECORD).write_text(text)
    assert unverified(folder, entry.files, rehash=False) == []


def test_another_catalogue_does_not_believe_the_old_record(folder: Path, entry: ModelEntry) -> None:
    assert unverified(folder, entry.files, rehash=False) == []
    newer = entry_of("tiny", CONTENTS | {"a.bin": b"A" * 1000})
    assert [file.name for file, _ in unverified(folder, newer.files, rehash=False)] == ["a.bin"]


def test_a_wrong_file_is_removed(folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"a\.bin of somewhere has sha256"):
        check(folder / "a.bin", "0" * 64, "a.bin of somewhere")
    assert not (folder / "a.bin").exists()


def test_leftovers_go_and_files_stay(folder: Path, entry: ModelEntry) -> None:
    for leftover in ("a.bin.part", "sub/b.json.part", "a.bin.taken", ".wheels/x.whl"):
        (folder / leftover).parent.mkdir(exist_ok=True)
        (folder / leftover).touch()
    remove_leftovers(folder)
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == ["a.bin", "sub/b.json"]


def test_another_process_holds_the_lock_until_it_dies(tmp_path: Path) -> None:
    script = "import sys, time, pathlib\nfrom core.models.weights import locked\n"
    script += "with locked(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    entered = threading.Event()

    def enter() -> None:
        with locked(tmp_path):
            entered.set()

    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.3)
        holder.kill()
        assert entered.wait(10)
        waiting.join()
