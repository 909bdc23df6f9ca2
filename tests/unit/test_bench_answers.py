"""The benchmark of answers: CLAP NQ in the form of our question files, and what is called worse."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.datasets import load_questions
from tests.benchmarks import bench_answers, question_sets
from tests.benchmarks.bench_answers import finish, judge, parse, pooled

PASSAGE = {"title": "Tides", "text": "The moon pulls the sea . It rises twice a day .", "sentences": []}


def clapnq_row(number: int, *outputs: tuple[str, list[str]]) -> dict[str, Any]:
    output = [{"answer": answer, "selected_sentences": marked} for answer, marked in outputs]
    return {"id": str(number), "input": f"question {number}", "passages": [PASSAGE], "output": output}


def measured(right: float = 0.8, fidelity: float = 1.0, model: str = "m") -> dict[str, Any]:
    return {
        "measures": {"right": right, "quote_fidelity": fidelity},
        "counted": {"right": 100, "quote_fidelity": 400},
        "num_queries": 100,
        "split": "test",
        "models": [{"model": model, "prompt_version": "1"}],
    }


def test_clapnq_is_written_in_our_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "clapnq" / "annotated_data" / "dev"
    folder.mkdir(parents=True)
    first, second = "The moon pulls the sea .", "It rises twice a day ."
    answered = clapnq_row(1, ("The moon does.", [first]), ("", []), ("It is the moon.", [first, second]))
    rows = {"answerable": [answered, clapnq_row(2, ("Twice.", []))], "unanswerable": [clapnq_row(3, ("", []))]}
    for kind, items in rows.items():
        (folder / f"clapnq_dev_{kind}.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    monkeypatch.setattr(question_sets, "DATA", tmp_path / "data")
    (tmp_path / "out").mkdir()
    made = question_sets.clapnq(tmp_path / "out")
    one, two, none = load_questions(made.questions)
    assert one.right_answers == ("The moon does.", "It is the moon.")
    assert [gold.quote for gold in one.gold] == [first, second]
    assert (one.query_id, none.query_id, none.answerable, two.quote) == ("1", "3", False, "")
    (document,) = made.documents.iterdir()  # three questions about one passage
    assert document.name == one.document == two.document
    assert document.read_text() == f"# Tides\n\n{first} {second}\n"


def test_without_the_data_the_set_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_sets, "DATA", tmp_path)
    (tmp_path / "out").mkdir()
    assert not any(question_sets.clapnq(tmp_path / "out").documents.iterdir())
    assert not question_sets.handbook(tmp_path).is_there
    assert question_sets.samples(tmp_path).is_there


def test_worse_is_what_fell_by_more_than_a_question_and_the_slack_and_any_quote() -> None:
    assert judge("clapnq", measured() | {"measures": {"balanced_accuracy": 0.7, "quote_fidelity": 1.0}}, None) == [
        "clapnq: balanced_accuracy is 0.7000, to be 0.75"
    ]
    assert judge("samples", measured(right=0.77), measured()) == []
    assert judge("samples", measured(right=0.75), measured()) == ["samples: right fell from 0.8000 to 0.7500"]
    assert judge("samples", measured(fidelity=0.9975), measured()) == [
        "samples: quote_fidelity is 0.9975, to be 1.0",
        "samples: quote_fidelity fell from 1.0000 to 0.9975",
    ]


def test_another_model_is_not_judged_by_the_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge("samples", measured(right=0.1, model="other"), measured()) == []
    assert "another model" in capsys.readouterr().out


def test_the_projects_own_sets_are_judged_as_one() -> None:
    parts = [
        {"measures": {"answered": 1.0, "refusal_recall": 1.0}, "counted": {"answered": 10, "refusal_recall": 5}},
        {"measures": {"answered": 0.5, "refusal_recall": 0.0}, "counted": {"answered": 30, "refusal_recall": 5}},
    ]
    found = pooled(parts)
    assert found["measures"] == {"answered": 0.625, "refusal_recall": 0.5, "balanced_accuracy": 0.5625}
    assert found["counted"]["balanced_accuracy"] == 50


def test_a_baseline_is_written_beside_the_sets_that_were_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_answers, "BASELINE", tmp_path / "baselines" / "answers.json")
    assert finish({"samples": measured(right=0.1)}, {"clapnq": measured(), "samples": measured()}, write=False) == 1
    assert "samples: right fell" in capsys.readouterr().err
    assert not (tmp_path / "baselines").exists()
    assert finish({"samples": measured(right=0.1)}, {"clapnq": measured(), "samples": measured()}, write=True) == 0
    written = json.loads((tmp_path / "baselines" / "answers.json").read_text())
    assert written == {"clapnq": measured(), "samples": measured(right=0.1)}


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(SystemExit):
        parse(["nosuch"])
    assert parse(["clapnq", "--full"]).full
