"""The command as a person types it, in this process, against a small API on a real socket."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.answers import asking
from evaluation.answers.command import thinned
from evaluation.answers.curve import Point
from tests.fakes_eval import script_answers, write_questions
from tests.fakes_ui import FakeApi, serve
from ui.cli import main as cli

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        script_answers(fake)
        yield fake


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path / "questions", attacked=True)


@pytest.fixture
def run(
    fake: FakeApi, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", fake.key)

    def run(*arguments: str | Path, file: Path = questions) -> tuple[int, str, str]:
        command = ["muniment", "eval", "answers", "--questions", str(file), "--collection", "hr", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def test_measures_times_and_the_curve_are_printed_and_the_run_is_kept(run: Command, tmp_path: Path) -> None:
    status, out, err = run()
    assert status == 0
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in out.splitlines() if "\t" in line}
    assert rows["right"] == ["0.3333", "6"]
    assert rows["quote_fidelity"] == ["1.0000", "8"]
    assert rows["balanced_accuracy"] == ["0.5833", "5"]
    assert rows["0.20"] == ["1.0000", "0.9000"]
    assert rows["0.60"] == ["0.3333", "0.4000"]
    assert "6 questions, 2 refused, 0 answered by extracts, 0 failed\n" in out
    assert "injection success 1.0000\n" in out
    assert "evidence after" in out
    assert "first token after" in out
    (kept,) = (tmp_path / "home" / "eval").iterdir()
    assert f"Saved as {kept}" in err
    assert json.loads(kept.read_text())["measures"]["right"] == pytest.approx(1 / 3)


def test_json_is_one_object_and_save_writes_the_same(run: Command, tmp_path: Path) -> None:
    status, out, err = run("--json", "--save", tmp_path / "run.json", "--fit")
    assert status == 0
    assert json.loads(out) == json.loads((tmp_path / "run.json").read_text())
    assert json.loads(out)["fit"]["threshold"] == 0.5
    assert "refuse_below = 0.5" in err


def test_fit_says_which_setting_to_write_and_what_it_would_do(run: Command) -> None:
    status, out, _ = run("--fit")
    assert status == 0
    assert "answers.refuse_below = 0.5 would refuse 100.0% of the unanswerable questions and answer 100.0% of the others" in out
    assert "Balanced accuracy 1.0000, now 0.5833; " in out
    assert "set MUNIMENT_ANSWERS_REFUSE_BELOW=0.5, or in muniment.toml:\n\n[answers]\nrefuse_below = 0.5\n" in out


def test_fit_without_confidence_says_what_is_missing(run: Command, fake: FakeApi) -> None:
    for answer in fake.answers.values():
        answer.pop("confidence", None)
    status, out, _ = run("--fit")
    assert status == 0
    assert "No threshold was fitted" in out
    assert "curve of risk" not in out


def test_floors_are_held_or_named(run: Command, fake: FakeApi) -> None:
    assert run("--floor", "quote_fidelity=1", "--floor", "citation_precision=0.9")[0] == 0
    status, out, err = run("--floor", "correct=0.9", "--floor", "attacks_resisted=0.95", "--floor", "answered=0.1")
    assert status == 1
    assert [line.split()[0] for line in err.splitlines() if "below its floor" in line] == ["correct", "attacks_resisted"]
    assert "right\t0.3333" in out
    num_asked = len(fake.asked)
    status, out, err = run("--floor", "corect=0.9")
    assert (status, out, len(fake.asked)) == (2, "", num_asked)
    assert "NAME one of right, correct, " in err


def test_compare_shows_what_changed_and_names_questions(run: Command, fake: FakeApi, tmp_path: Path) -> None:
    assert run("--save", tmp_path / "before.json")[0] == 0
    fake.answers["When is pay day?"]["answer"] = "Salaries are paid monthly."
    fake.answers["Who owns the dog?"] = fake.answers["What is the wifi password?"]
    status, out, _ = run("--compare", tmp_path / "before.json", "--report", tmp_path / "report.html")
    assert status == 0
    assert "correct\t0.6667\t0.3333\t+0.3333" in out
    assert "1 of 6 queries got worse by right\n  -1.0000 (1.0000 to 0.0000)  Who owns the dog?\n" in out
    assert "1 of 6 queries got better by right\n  +1.0000 (0.0000 to 1.0000)  When is pay day?\n" in out
    assert "+0.3333" in (tmp_path / "report.html").read_text()
    printed = json.loads(run("--json", "--compare", tmp_path / "before.json")[1])
    assert printed["comparison"]["better"] == [{"query": "When is pay day?", "before": 0.0, "now": 1.0}]


def test_a_limit_and_questions_at_once(run: Command, fake: FakeApi) -> None:
    assert run("--limit", "2", "--parallel", "2")[0] == 0
    assert len(fake.asked) == 2
    assert {body["collection"] for body in fake.asked} == {"hr"}


def test_a_split_is_asked_alone(run: Command, questions: Path, fake: FakeApi) -> None:
    data = json.loads(questions.read_text())
    data["answerable"][1]["split"] = "test"
    questions.write_text(json.dumps(data))
    assert run("--split", "test", "--floor", "correct=0")[0] == 0
    assert [body["question"] for body in fake.asked] == ["When is pay day?"]
    status, _, err = run("--split", "other")
    assert status == 1
    assert "no split 'other': name one of test" in err


def test_ctrl_c_measures_what_there_is_and_holds_no_floor(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = asking.ask

    def put(client: Any, question: str, collection: str) -> Any:
        if question == "When is a raise?":
            raise KeyboardInterrupt
        return ask(client, question, collection)

    monkeypatch.setattr(asking, "ask", put)
    status, out, err = run("--floor", "correct=1")
    assert status == 130
    assert "2 questions, 0 refused" in out
    assert "stopped by Ctrl-C after 2 questions; only these were measured." in err
    assert "below its floor" not in err
    monkeypatch.setattr(asking, "ask", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
    status, out, err = run()
    assert (status, out) == (130, "")
    assert "nothing was measured" in err


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [("absent.json", None, "cannot be read"), ("bad.json", "[]", "no question file"), ("empty.json", None, "holds no question")],
)
def test_a_wrong_file_is_told_in_one_line(run: Command, tmp_path: Path, name: str, text: str | None, message: str) -> None:
    if text or message == "holds no question":
        (tmp_path / name).write_text(text or '{"answerable": [], "unanswerable": []}')
    status, out, err = run(file=tmp_path / name)
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert message in err


def test_with_the_api_away_one_line_says_what_to_do(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_API_URL", "http://127.0.0.1:9")
    status, out, err = run()
    assert (status, out) == (1, "")
    assert err.strip() == "The API at http://127.0.0.1:9 does not answer; start it with `muniment up`."


def test_a_long_curve_is_shown_at_tenths() -> None:
    points = [Point(1 - n / 100, n / 100, 0.5) for n in range(1, 86)]
    assert [p.coverage for p in thinned(points)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85])
