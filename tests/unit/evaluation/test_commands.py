"""The command as a person types it, in this process, against a small API on a real socket."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes_eval import write_beir, write_spans
from tests.fakes_ui import FakeApi, serve
from ui.cli import main as cli
from ui.client import Client

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        yield fake


@pytest.fixture
def run(fake: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", fake.key)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["muniment", "eval", "retrieval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


@pytest.fixture
def spans(tmp_path: Path) -> list[str]:
    corpus, questions = write_spans(tmp_path / "spans")
    return ["--corpus", str(corpus), "--queries", str(questions)]


def test_measures_are_printed_and_the_run_is_kept(run: Command, spans: list[str], tmp_path: Path) -> None:
    status, out, err = run(*spans)
    assert status == 0
    rows = dict(line.split("\t") for line in out.splitlines() if "\t" in line)
    assert rows["recall@8000c"] == rows["right_document@1"] == "1.0000"
    assert "2 queries, 2 documents, 2 passages; those found have 29 characters on average" in out
    assert "ms (p50)" in out
    (kept,) = (tmp_path / "home" / "eval").iterdir()
    assert f"Saved as {kept}" in err
    assert json.loads(kept.read_text())["measures"]["recall@8000c"] == 1.0


def test_json_is_one_object_and_save_writes_the_same(run: Command, tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "beir")
    status, out, _ = run("--corpus", folder, "--json", "--save", tmp_path / "run.json")
    assert status == 0
    printed = json.loads(out)
    assert printed == json.loads((tmp_path / "run.json").read_text())
    assert printed["measures"]["ndcg@10"] == 1.0
    assert printed["queries"][1]["hits"][0]["source"] == "pay/1"
    assert run("--corpus", folder, "--queries", folder / "queries.jsonl")[0] == 0


def test_a_floor_held_is_status_0_and_one_missed_is_1_and_named(run: Command, spans: list[str]) -> None:
    status, _, err = run(*spans, "--floor", "recall@8000c=1", "--floor", "char_precision@1=0.9")
    assert (status, "below its floor" in err) == (0, False)
    status, out, err = run(
        *spans, "--floor", "char_precision@1=0.99", "--floor", "recall@8000c=0.5", "--floor", "char_precision@2=1"
    )
    assert status == 1
    assert [line.split()[0] for line in err.splitlines() if "below its floor" in line] == ["char_precision@1", "char_precision@2"]
    assert "recall@8000c\t1.0000" in out


def test_an_unknown_floor_is_status_2_before_anything_is_sent(run: Command, spans: list[str], fake: FakeApi) -> None:
    status, out, err = run(*spans, "--floor", "ndcg@10=0.5")
    assert (status, out, fake.jobs) == (2, "", {})
    assert "--floor ndcg@10=0.5: it must be NAME=VALUE, with NAME one of char_precision@1" in err


def test_compare_shows_what_changed_and_names_queries(run: Command, spans: list[str], tmp_path: Path) -> None:
    assert run(*spans, "--save", tmp_path / "before.json")[0] == 0
    before = json.loads((tmp_path / "before.json").read_text())
    before["measures"]["recall@8000c"] = 0.25
    before["queries"][1]["measures"]["recall@8000c"] = 0.25
    (tmp_path / "before.json").write_text(json.dumps(before))
    status, out, _ = run(*spans, "--compare", tmp_path / "before.json")
    assert status == 0
    assert "recall@8000c\t1.0000\t0.2500\t+0.7500" in out
    assert "0 of 2 queries got worse by recall@8000c" in out
    assert "1 of 2 queries got better by recall@8000c\n  +0.7500 (0.2500 to 1.0000)  salaries monthly\n" in out
    compared = json.loads(run(*spans, "--json", "--compare", tmp_path / "before.json")[1])["comparison"]
    assert compared["better"] == [{"query": "salaries monthly", "before": 0.25, "now": 1.0}]


def test_a_report_is_drawn(run: Command, spans: list[str], tmp_path: Path) -> None:
    assert run(*spans, "--report", tmp_path / "report.html")[0] == 0
    html = (tmp_path / "report.html").read_text()
    assert "Retrieval over corpus" in html
    assert "<svg" in html


def test_a_named_collection_is_filled_kept_and_used_again(run: Command, spans: list[str], fake: FakeApi) -> None:
    assert run(*spans, "--collection", "mine", "--keep")[0] == 0
    num_jobs = len(fake.jobs)
    assert run(*spans, "--collection", "mine")[0] == 0
    assert (len(fake.jobs), list(fake.collections)) == (num_jobs, ["mine"])
    assert run(*spans, "--collection", "brief")[0] == 0
    assert list(fake.collections) == ["mine"]


def test_a_store_that_is_not_served_is_told_in_one_line(run: Command, spans: list[str], fake: FakeApi) -> None:
    status, out, err = run(*spans, "--store", "faiss")
    assert (status, out, fake.collections) == (1, "", {})
    assert "this server has no store named faiss" in err.splitlines()[-1]
    assert run(*spans, "--store", "pgvector")[0] == 0
    assert run(*spans, "--store", "other")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpus", "absent"], "--queries must name a file"),
        (["--corpus", "absent", "--queries", "q.json"], "absent is no folder"),
        (["--corpus", "spans/corpus", "--queries", "absent.json"], "absent.json: There is no such file"),
        (
            ["--corpus", "spans/corpus", "--queries", "spans/questions.json", "--compare", "absent.json"],
            "absent.json: There is no",
        ),
    ],
)
def test_what_is_missing_is_told_in_one_line(
    run: Command, spans: list[str], arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*arguments)
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert message in err


def test_with_the_api_away_one_line_says_what_to_do(run: Command, spans: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_API_URL", "http://127.0.0.1:9")
    status, out, err = run(*spans)
    assert (status, out) == (1, "")
    assert err.strip() == "The API at http://127.0.0.1:9 does not answer; start it with `muniment up`."


def test_ctrl_c_deletes_the_scratch_collection(
    run: Command, spans: list[str], fake: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Client, *arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "search", interrupt)
    status, out, err = run(*spans)
    assert (status, out, fake.collections) == (130, "", {})
    assert "nothing was measured" in err
    assert len(fake.documents) == 0


@pytest.mark.parametrize("arguments", [[], ["--corpus", "x", "--k", "101"], ["--corpus", "x", "--k", "0"]])
def test_wrong_options_are_status_2(run: Command, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2
