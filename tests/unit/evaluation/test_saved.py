import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import InvalidInput
from evaluation import saved
from evaluation.coverage import Passage
from evaluation.gold import Query
from tests.fakes_eval import run_of

GOOD = [Passage("a", 0, 10, 0.9), Passage("b", 0, 10, 0.1)]
QUERIES = [Query(str(n), f"question {n}", {"a": 1}) for n in range(4)]
NOW = run_of((QUERIES[0], GOOD), (QUERIES[1], GOOD[::-1]), (QUERIES[2], []), (QUERIES[3], GOOD)).report()
BEFORE = run_of((QUERIES[0], GOOD), (QUERIES[1], GOOD), (QUERIES[2], GOOD), (QUERIES[3], [])).report()


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    saved.save(NOW, tmp_path / "run.json")
    assert saved.load(tmp_path / "run.json") == json.loads(json.dumps(NOW))
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600


def test_every_run_is_kept_in_the_home_for_its_owner_only(tmp_path: Path) -> None:
    path = saved.save_in_home(NOW, tmp_path / "home", datetime(2026, 1, 2, 3, 4, 5, 678, UTC))
    assert path == tmp_path / "home" / "eval" / "20260102T030405_000678.json"
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert saved.load(path)["num_queries"] == 4


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"absent/run\.json cannot be written"):
        saved.save(NOW, tmp_path / "absent" / "run.json")
    (tmp_path / "home").write_text("a file")
    with pytest.raises(InvalidInput, match="Set MUNIMENT_HOME"):
        saved.save_in_home(NOW, tmp_path / "home", datetime.now(UTC))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"measures": {}, "queries": []}', '{"measures": {"a": 1}, "queries": [{}]}', "null"]
)
def test_what_is_no_saved_run_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"run\.json is no saved evaluation"):
        saved.load(tmp_path / "run.json")


def test_queries_that_got_worse_and_better_are_named_most_first() -> None:
    comparison = saved.compare(BEFORE, NOW)
    assert comparison.main == "ndcg@10"
    assert [(c.query, c.before, round(c.now, 3)) for c in comparison.worse] == [
        ("question 2", 1.0, 0.0),
        ("question 1", 1.0, 0.631),
    ]
    assert [(c.query, c.difference) for c in comparison.better] == [("question 3", 1.0)]
    assert comparison.measures["hit@1"] == (0.75, 0.5)
    assert comparison.num_shared == 4
    report = comparison.report()
    assert report["measures"]["hit@1"] == {"before": 0.75, "now": 0.5}
    assert [c["query"] for c in report["worse"]] == ["question 2", "question 1"]


def test_only_shared_queries_and_measures_are_compared() -> None:
    before = copy.deepcopy(BEFORE)
    before["queries"] = before["queries"][2:]
    del before["measures"]["mrr@1"]
    comparison = saved.compare(before, NOW)
    assert (comparison.num_shared, [c.query for c in comparison.worse]) == (2, ["question 2"])
    assert "mrr@1" not in comparison.measures


def test_runs_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no query in common"):
        saved.compare(BEFORE | {"queries": []}, NOW)
    with pytest.raises(InvalidInput, match="no measure"):
        saved.compare(BEFORE | {"measures": {"x": 1.0}}, NOW)


@pytest.mark.parametrize("option", ["hit", "hit@2=0.5", "=0.5", "", "recall=0.7"])
def test_an_unknown_floor_is_named_with_those_there_are(option: str) -> None:
    with pytest.raises(InvalidInput, match=r"--floor .*NAME one of hit@1, recall@8000c"):
        saved.parse_floors([option], ["hit@1", "recall@8000c"])


def test_a_floor_that_is_no_number_is_named() -> None:
    with pytest.raises(InvalidInput, match="'high' is no number"):
        saved.parse_floors(["hit@1=high"], ["hit@1"])


def test_a_measure_at_its_floor_is_not_below() -> None:
    assert saved.below({"hit@1": 0.5, "hit@5": 0.7}, {"hit@1": 0.5, "hit@5": 0.71}) == [
        "hit@5 is 0.7000, below its floor of 0.71"
    ]
