import itertools
import json
import re
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from ui.cli import output, progress


def test_what_a_document_says_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]):
    hostile = "a\x1b]0;title\x07b\x1b[2J\x9bc\r\x08d\u202ee\ud800 [red]f[/red]"
    output.write(hostile)
    output.write_table(("x",), [(hostile,)])
    out = capsys.readouterr().out
    assert not set(out) & set("\x1b\x07\x9b\r\x08\u202e")
    assert out.count("[red]f[/red]") == 2


def test_line_ends_tabs_and_every_script_stay():
    text = "a\n\té 漢字 😀 e\u0301"
    assert output.clean(text) == text


def test_joiners_and_soft_hyphens_stay():
    text = "co\u00adop \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0915\u094d\u200d \U0001f469\u200d\U0001f52c"
    assert output.clean(text) == text


@pytest.mark.parametrize("char", [*"\0\b\r\x1b\x7f\x85\x9b", *"\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u206f\ufff9", "\udcff"])
def test_what_steers_is_replaced(char: str):
    assert output.clean(f"a{char}b") == "a\ufffdb"


ID = "0b9ad1f5-3a5e-4f4c-9f0e-7c1b2a3d4e5f"
ROW = (ID, "handbook", 12, 345, "A title of many words that does not fit", "/srv/files/a/long/folder/and-a-long-name.pdf")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_on_a_terminal_ids_stay_whole_and_nothing_is_cut(
    width, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.write_table(("document", "collection", "pages", "chunks", "title", "source"), [ROW])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert any(line.startswith(f"{ID} ") for line in lines)
    assert all(len(line) <= width for line in lines)
    assert "…" not in "".join(lines)
    columns = [re.findall(r"\S+", line) for line in lines]
    assert "".join(words[-1] for words in columns).endswith("name.pdf")


def test_elsewhere_a_row_is_a_line_of_cells_apart_by_tabs(capsys: pytest.CaptureFixture[str]):
    output.write_table(("document", "title", "pages"), [(ID, "two\nlines\tand a tab" + "x" * 200, None), (ID, "b", 3)])
    assert capsys.readouterr().out == f"{ID}\ttwo lines and a tab{'x' * 200}\t\n{ID}\tb\t3\n"


def test_json_is_ascii_and_keeps_everything(capsys: pytest.CaptureFixture[str]):
    value = {"source": "/tmp/\udcff é \x1b[0m"}
    output.write_json(value)
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == value


def test_progress_without_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    with progress.shown(4) as show:
        show(Counter(indexed=1, queued=3))
        show(Counter(indexed=1, queued=3))
        show(Counter(indexed=3, failed=1))
    out, err = capsys.readouterr()
    assert out == ""
    first, last = err.splitlines()
    assert first.startswith("1/4: 1 indexed, 3 queued, ")
    assert last.startswith("4/4: 3 indexed, 1 failed, ")
    assert last.endswith("0:00 left")


def test_progress_of_other_things_names_them(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    with progress.counted(2, "queries") as tell:
        tell(1, "searching")
        tell(1, "searching")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("1/2: searching, ")
    assert " queries/s, " in line


def test_progress_on_a_terminal_is_one_line_that_is_drawn_anew(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for name, value in {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "TERM": "xterm", "COLUMNS": "120"}.items():
        monkeypatch.setenv(name, value)
    clock = itertools.count(0, 10)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with progress.shown(120) as show:
        show(Counter(indexed=10, queued=110))
        show(Counter(indexed=117, unchanged=2, failed=1))
    out, err = capsys.readouterr()
    assert out == ""
    shown = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).lstrip(" ━╸╺") for line in re.split(r"[\r\n]+", err)]
    assert list(dict.fromkeys(filter(None, shown)))[-1] == "120/120 117 indexed, 2 unchanged, 1 failed, 6.0 files/s, 0:00 left"
