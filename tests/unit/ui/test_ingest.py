"""The table at the end of an ingest: what went in, what was unchanged, what failed and why."""

from pathlib import Path

import pytest

from ui.cli import ingest
from ui.cli.uploads import Row


def test_the_table_names_what_went_in_what_was_unchanged_and_what_failed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        Row(f"{tmp_path}/b.pdf", "failed", "It is encrypted."),
        Row(f"{tmp_path}/a.txt", "unchanged"),
        Row("/elsewhere/c.md", "indexed"),
        Row(f"{tmp_path}/d.exe", "rejected", "files ending in .exe are not supported."),
    ]
    ingest._print_table(rows)
    assert capsys.readouterr().out == (
        "indexed\t/elsewhere/c.md\n"
        "unchanged\ta.txt\n"
        "failed\tb.pdf\n"
        "rejected\td.exe\n"
        f"failed: {tmp_path}/b.pdf: It is encrypted.\n"
        f"rejected: {tmp_path}/d.exe: files ending in .exe are not supported.\n"
        "1 indexed, 1 unchanged, 1 failed, 1 rejected\n"
    )


def test_a_long_table_counts_the_good_beyond_the_first_and_names_every_bad_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "SHOWN", 2)
    numbers = {"indexed": 5, "unchanged": 3, "failed": 4, "queued": 2}
    ingest._print_table(
        [Row(f"/{s}/{n}", s, "why" if s == "failed" else None) for s, n_all in numbers.items() for n in range(n_all)]
    )
    out = capsys.readouterr().out
    assert out.splitlines()[-7:-5] == ["... and 3 more indexed", "... and 1 more unchanged"]
    assert out.splitlines()[-5:-1] == [f"failed: /failed/{n}: why" for n in range(4)]
    assert out.endswith("\n5 indexed, 3 unchanged, 4 failed, 2 queued\n")
    assert [out.count(f"\n{status}\t") + out.startswith(f"{status}\t") for status in numbers] == [2, 2, 4, 2]


def test_nothing_under_the_paths_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    ingest._print_table([])
    assert capsys.readouterr() == ("", "There are no files under these paths.\n")
