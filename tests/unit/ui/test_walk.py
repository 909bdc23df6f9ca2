import os
from pathlib import Path

import pytest

from ui.cli.walk import find_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b/two.txt", "a.txt", "b/deep/one.pdf", ".git/config", "b/.hidden"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def _found(*paths: Path) -> dict[str, str | None]:
    return {source: found.error for source, found in find_files(paths).found.items()}


def test_folders_are_read_recursively_in_order_without_hidden_files(tree: Path):
    walk = find_files([tree])
    assert list(walk.found) == [f"{tree}/{name}" for name in ("a.txt", "b/deep/one.pdf", "b/two.txt")]
    assert walk.num_hidden == 2


def test_a_hidden_file_that_is_named_is_taken(tree: Path):
    assert _found(tree / "b/.hidden", tree / ".git") == {f"{tree}/b/.hidden": None, f"{tree}/.git/config": None}


def test_sources_are_absolute_and_links_are_not_resolved(tree: Path, monkeypatch: pytest.MonkeyPatch):
    (tree / "link.txt").symlink_to(tree / "a.txt")
    monkeypatch.chdir(tree / "b")
    assert _found(Path("../link.txt"), Path("two.txt")) == {f"{tree}/link.txt": None, f"{tree}/b/two.txt": None}


def test_each_file_once_however_often_it_is_named(tree: Path):
    assert list(_found(tree / "a.txt", tree / "a.txt", tree, tree / "b")) == list(_found(tree))


def test_links_that_loop_end_and_folders_keep_their_own_names(tree: Path):
    (tree / "b" / "aaa").symlink_to(tree)
    (tree / "0").symlink_to(tree / "b")
    (tree / "self").symlink_to(tree / "self")
    found = _found(tree)
    assert [source for source, error in found.items() if error is None] == [
        f"{tree}/{name}" for name in ("a.txt", "b/deep/one.pdf", "b/two.txt")
    ]
    assert list(found)[-1] == f"{tree}/self" or found[f"{tree}/self"]


def test_a_linked_folder_elsewhere_is_read(tree: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("other")
    (other / "x.txt").write_text("x")
    (tree / "b" / "other").symlink_to(other)
    assert f"{tree}/b/other/x.txt" in _found(tree)


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tree: Path):
    os.mkfifo(tree / "pipe")
    (tree / "broken").symlink_to(tree / "nowhere")
    found = _found(tree / "absent", tree)
    assert found[f"{tree}/absent"] == found[f"{tree}/broken"] == "There is no such file or folder."
    assert "no regular file" in found[f"{tree}/pipe"]
    assert found[f"{tree}/a.txt"] is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission(tree: Path):
    (tree / "b").chmod(0)
    try:
        found = _found(tree)
    finally:
        (tree / "b").chmod(0o700)
    assert found[f"{tree}/b"] == "There is no permission to read it."
    assert found[f"{tree}/a.txt"] is None


def test_a_folder_without_permission_for_whoever_runs_this(tree: Path, monkeypatch: pytest.MonkeyPatch):
    real = os.scandir

    def scandir(path: str):
        if path.endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert _found(tree) == {f"{tree}/a.txt": None, f"{tree}/b": "There is no permission to read it."}


def test_a_name_that_is_no_text(tree: Path):
    raw = os.fsencode(tree) + b"/\xff.txt"
    Path(os.fsdecode(raw)).write_text("x")
    assert _found(tree)[os.fsdecode(raw)] == "Its name is not valid UTF-8; rename it."


def test_folders_deeper_than_pythons_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    depth = 1200
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("f").write_text("x")
    try:
        assert list(_found(tmp_path)) == [f"{tmp_path}{'/d' * depth}/f"]
    finally:
        Path("f").unlink()
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()


def test_what_an_ignore_file_names_is_left_out_below_it_and_counted(tree: Path):
    for name in ("a.log", "b/keep.txt", "b/c.log", "b/README.md", "drafts/x.txt"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("x")
    (tree / ".munimentignore").write_text("# notes\n*.log\n/README.md\ndrafts/\n")
    walk = find_files([tree])
    assert {f"{tree}/b/keep.txt", f"{tree}/b/README.md"} <= set(walk.found)
    assert not any(source.endswith(".log") or "drafts" in source for source in walk.found)
    assert (walk.num_ignored, walk.num_hidden) == (3, 2), "the ignore file itself is not counted"
    assert list(find_files([tree / "a.log"]).found) == [f"{tree}/a.log"], "what is named outright is taken"
