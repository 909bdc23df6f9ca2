"""The evaluation command: what it prints, and how it fails. The doors themselves are tested where they stand."""

import io
import json
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from core.errors import SettingsError, Unauthenticated
from core.settings import Settings
from core.types import Answer, Citation, Hit, Quote, Refusal
from evaluation import run
from evaluation.datasets import Question
from evaluation.measure import Outcome

TEXT = "You may carry over 240 hours."
HIT = Hit("c", UUID(int=1), "/srv/leave.md", "Leave", (), None, None, 0, len(TEXT), TEXT, 1.0, 1)
CITED = Answer("At most 240 hours [1].", (Citation(1, Quote(HIT, 19, 28), 0, 17),), "fake", "0", {"total": 5.0})
REFUSED = Answer("They do not say.", (), "fake", "0", {"total": 5.0}, refusal=Refusal("not_stated", "It is not there."))
OUTCOMES = [
    Outcome(Question("How many hours?", "240", "leave.md", None, "240 hours"), (HIT,), CITED),
    Outcome(Question("Who owns the dog?"), (HIT,), REFUSED),
]


def test_report_is_json_with_measures_and_a_row_a_question() -> None:
    reported = json.loads(json.dumps(run.report(OUTCOMES, lambda _: TEXT)))
    measures = reported["measures"]
    assert measures["cited_page"] == measures["refusal_recall"] == measures["quote_fidelity"] == 1.0
    assert [row["refused"] for row in reported["questions"]] == [False, True]
    assert reported["questions"][0]["expected"] == "240"


def test_table_shows_answers_with_their_brackets_and_no_marks_where_nothing_was_expected() -> None:
    console = Console(file=io.StringIO(), width=200, markup=False)
    run._show(run.report(OUTCOMES, lambda _: TEXT), console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    answered = next(line for line in lines if "How many hours?" in line)
    unanswerable = next(line for line in lines if "Who owns the dog?" in line)
    assert "240 hours [1]" in answered
    assert [cell.strip() for cell in answered.split("│")[2:6]] == ["yes", "yes", "yes", "no"]
    assert [cell.strip() for cell in unanswerable.split("│")[2:6]] == ["", "", "", "yes"]


def test_missing_urls_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MUNIMENT_DATABASE_URL"), run.open_doors(Settings(home=tmp_path), "samples", 10):
        pytest.fail("doors opened without a database")


def test_key_comes_from_the_setting_else_from_the_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(Unauthenticated, match="MUNIMENT_API_KEY"):
        run.find_key(settings)
    (tmp_path / "api-key").write_text("mun_home\n", encoding="ascii")
    assert run.find_key(settings) == "mun_home"


def test_a_wrong_setting_ends_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_API_PROT", "1")
    assert run.main(["--questions", str(tmp_path / "none.json"), "--collection", "samples"]) == 2
    assert "MUNIMENT_API_PROT" in capsys.readouterr().err


def test_a_wrong_question_file_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--questions", str(tmp_path / "none.json"), "--collection", "samples"]) == 1
    assert "cannot be read" in capsys.readouterr().err
