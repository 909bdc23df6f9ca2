"""`muniment label`, and what `muniment ingest` says of tags and metadata."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes_ui import FakeApi, serve
from ui.cli import main as cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        yield fake


@pytest.fixture
def run(fake: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", fake.key)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["muniment", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return (caught.value.code, *capsys.readouterr())

    return run


def test_labels_are_added_taken_away_and_printed(run: Run, fake: FakeApi) -> None:
    document_id = fake.add_document("c", "/a.txt", "text")
    run("label", document_id, "--tag", "lease", "--tag", "old", "--metadata", "office=Bonn", "--metadata", 'year="2020"')
    assert fake.documents[document_id]["metadata"] == {"office": "Bonn", "year": "2020"}
    code, out, _ = run("label", document_id, "--untag", "old", "--unset", "office", "--metadata", "floor=3")
    assert (code, out) == (0, 'tag\tlease\nyear\t"2020"\nfloor\t3\n')
    assert run("label", document_id)[1] == out
    assert (fake.documents[document_id]["tags"], fake.documents[document_id]["metadata"]) == (
        ["lease"],
        {"year": "2020", "floor": 3},
    )


def test_what_is_no_pair_is_a_wrong_option(run: Run, fake: FakeApi) -> None:
    code, _, err = run("label", fake.add_document("c", "/a.txt", "text"), "--metadata", "office")
    assert code == 2
    assert "'office' is no KEY=VALUE" in err


def test_ingest_labels_its_files(run: Run, fake: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    options = ["--tag", "lease", "--tag", "signed", "--metadata", "office=Bonn", "--metadata", "floor=3"]
    assert run("ingest", str(tmp_path / "a.txt"), "-c", "c", *options)[0] == 0
    (document,) = fake.documents.values()
    assert (document["tags"], document["metadata"]) == (["lease", "signed"], {"office": "Bonn", "floor": 3})
    assert run("documents")[1].endswith("\tlease, signed\n")
