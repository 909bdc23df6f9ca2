"""Evaluations on disk, and what is asked of one: how it differs from an earlier one, and which floors it falls below.

A saved evaluation is the JSON object that ``muniment eval retrieval --json`` or ``muniment eval answers --json`` prints. Every
measure is the better the larger.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from evaluation.gold import read_text

# the first there is tells of a query whether it went well
MAIN = ("right", "ndcg@10", "recall@8000c", "ndcg@5", "ndcg@1", "right_page@1", "right_document@1")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A query's value of the main measure, then and now."""

    query: str
    before: float
    now: float

    @property
    def difference(self) -> float:
        """How much better it is now."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed: measures as (then, now), and queries by ``main``, those that changed most first."""

    measures: dict[str, tuple[float, float]]
    main: str
    worse: list[Change]
    better: list[Change]
    num_shared: int

    def report(self) -> Json:
        """Give what ``--json`` prints."""
        changes = {
            name: [{"query": c.query, "before": c.before, "now": c.now} for c in changed]
            for name, changed in (("worse", self.worse), ("better", self.better))
        }
        measures = {name: {"before": before, "now": now} for name, (before, now) in self.measures.items()}
        return {"measures": measures, "main_measure": self.main, "num_shared_queries": self.num_shared, **changes}


def save(report: Json, path: Path) -> None:
    """Write an evaluation for its owner's eyes only, since it names documents; raises InvalidInput if that cannot be done."""
    write_private(path, json.dumps(report, indent=2) + "\n")


def save_in_home(report: Json, home: Path, at: datetime) -> Path:
    """Write an evaluation into the home's folder ``eval``, named by the time it began; returns where."""
    path = home / "eval" / f"{at:%Y%m%dT%H%M%S_%f}.json"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{path.parent} cannot be made: {error.strerror}. Set MUNIMENT_HOME to a folder of yours.") from error
    save(report, path)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600; raises InvalidInput if it cannot be written."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}. Name another place.") from error


def load(path: Path) -> Json:
    """Read a saved evaluation; raises InvalidInput if the file is none."""
    try:
        saved = json.loads(read_text(path))
        if saved["measures"] and all({"query", "query_id", "measures"} <= row.keys() for row in saved["queries"]):
            return dict(saved)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise InvalidInput(f"{path} is no saved evaluation: name a file that --save wrote, or one of HOME/eval.")


def main_measure(measures: Mapping[str, float]) -> str:
    """Name the measure by which a query went well or badly.

    >>> main_measure({"recall@10": 0.5, "ndcg@10": 0.4})
    'ndcg@10'
    """
    return next(name for name in MAIN if name in measures)


def compare(before: Json, now: Json) -> Comparison:
    """Set two evaluations side by side; raises InvalidInput if they have no measure or no query in common."""
    measures = {name: (before["measures"][name], value) for name, value in now["measures"].items() if name in before["measures"]}
    earlier = {_identity(row): row for row in before["queries"]}
    shared = [(earlier[_identity(row)], row) for row in now["queries"] if _identity(row) in earlier]
    if not measures or not shared:
        raise InvalidInput("The two evaluations have no measure or no query in common: compare one of the same queries.")
    main = main_measure({name: now for name, (_, now) in measures.items()})
    pairs = ((row["query"], old["measures"].get(main), row["measures"].get(main)) for old, row in shared)
    changes = [Change(query, old, new) for query, old, new in pairs if old is not None and new is not None]
    worse = sorted((c for c in changes if c.difference < 0), key=lambda c: c.difference)
    better = sorted((c for c in changes if c.difference > 0), key=lambda c: -c.difference)
    return Comparison(measures, main, worse, better, len(shared))


def parse_floors(options: Iterable[str], names: Iterable[str]) -> dict[str, float]:
    """Read ``NAME=VALUE``; raises InvalidInput for a name that is no measure of this evaluation or a value that is no number.

    >>> parse_floors(["recall@8000c=0.77"], ["recall@8000c"])
    {'recall@8000c': 0.77}
    """
    floors, known = {}, list(names)
    for option in options:
        name, _, value = option.rpartition("=")
        if name not in known:
            raise InvalidInput(f"--floor {option}: it must be NAME=VALUE, with NAME one of {', '.join(known)}.")
        try:
            floors[name] = float(value)
        except ValueError as error:
            raise InvalidInput(f"--floor {option}: {value!r} is no number.") from error
    return floors


def below(measures: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Say of each measure below its floor by how much it is.

    >>> below({"hit@1": 0.5, "hit@5": 0.9}, {"hit@1": 0.75, "hit@5": 0.9})
    ['hit@1 is 0.5000, below its floor of 0.75']
    """
    return [
        f"{name} is {measures[name]:.4f}, below its floor of {floor:g}"
        for name, floor in floors.items()
        if measures[name] < floor
    ]


def _identity(row: Json) -> tuple[str, str]:
    return row["query_id"], row["query"]
