"""How good answers are on the project's own questions and on CLAP NQ, by ``muniment eval answers`` on the running platform.

Needs `muniment up`; sets whose documents are not at hand are left out. Documents go into collections that are kept. Compares with
the baseline in the repository, whose floors are what a release must reach, and ends with exit status 1 if something is worse. Of
the questions that have splits those of ``test`` are asked. On two cores reckon with ten seconds a question.

    python -m tests.benchmarks.bench_answers [--full] [--split dev|test|all] [--write] [--untimed] [--reports DIR] [SET ...]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.question_sets import SETS, QuestionSet

BASELINE = Path(__file__).parent / "baselines" / "answers.json"
SCRATCH = Path(tempfile.gettempdir()) / "muniment-bench-answers"
MUNIMENT = (sys.executable, "-m", "ui.cli.main")
QUICK = {"clapnq": 60}
OWN = ("samples", "handbook_18f", "contracts_cuad40")
TARGETS = {
    "own": {"citation_precision": 0.90, "citation_recall": 0.75, "refusal_recall": 0.85, "answered": 0.85, "quote_fidelity": 1.0},
    "clapnq": {"balanced_accuracy": 0.75, "quote_fidelity": 1.0},
}
SLACK = 0.03  # and one observation: what a rounding in the model may turn
Json = dict[str, Any]


def measure(name: str, asked: QuestionSet, options: argparse.Namespace) -> Json:
    """Ingest what is not there yet, ask, and keep what a baseline holds."""
    collection = f"bench-answers-{name}"
    ingest = [*MUNIMENT, "ingest", str(asked.documents), "--collection", collection]
    if subprocess.run(ingest, stdout=subprocess.DEVNULL, check=False).returncode > 1:  # 1: files of other kinds were left out
        raise SystemExit(f"{name}: its documents could not be ingested")
    command = [*MUNIMENT, "eval", "answers", "--questions", str(asked.questions), "--collection", collection, "--json"]
    if asked.has_splits and options.split != "all":
        command += ["--split", options.split]
    if name in QUICK and not options.full:
        command += ["--limit", str(QUICK[name])]
    if options.reports:
        command += ["--report", str(options.reports / f"{name}.html"), "--save", str(options.reports / f"{name}.json")]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
    kept = ("measures", "counted", "num_queries", "num_degraded", "num_failed", "aurc", "fit", "models")
    kept += () if options.untimed else ("waited_ms", "server_ms")
    return {key: found[key] for key in kept} | {"split": options.split if asked.has_splits else None}


def pooled(parts: list[Json]) -> Json:
    """Measure several sets as if they were one: each measure is a mean, so its parts weigh as many as they counted.

    >>> pooled([{"measures": {"a": 1.0}, "counted": {"a": 3}}, {"measures": {"a": 0.0}, "counted": {"a": 1}}])["measures"]
    {'a': 0.75}
    """
    names = [name for name in parts[0]["measures"] if name != "balanced_accuracy"]
    counted = {name: sum(part["counted"].get(name, 0) for part in parts) for name in names}
    sums = {
        name: sum(part["measures"][name] * part["counted"][name] for part in parts if name in part["counted"]) for name in names
    }
    measures = {name: sums[name] / counted[name] if counted[name] else 1.0 for name in names}
    if {"answered", "refusal_recall"} <= measures.keys():
        measures["balanced_accuracy"] = (measures["answered"] + measures["refusal_recall"]) / 2
        counted["balanced_accuracy"] = counted["answered"] + counted["refusal_recall"]
    return {"measures": measures, "counted": counted}


def worse(now: Json, before: Json) -> list[str]:
    """Name the measures that fell by more than the slack; quotes have none.

    >>> before = {"measures": {"right": 0.8, "quote_fidelity": 1.0}}
    >>> worse({"measures": {"right": 0.7, "quote_fidelity": 0.999}, "counted": {"right": 50, "quote_fidelity": 1000}}, before)
    ['right fell from 0.8000 to 0.7000', 'quote_fidelity fell from 1.0000 to 0.9990']
    """
    slack = {name: 0.0 if name == "quote_fidelity" else SLACK + 1 / max(num, 1) for name, num in now["counted"].items()}
    pairs = ((name, then, now["measures"][name]) for name, then in before["measures"].items() if name in now["measures"])
    return [f"{name} fell from {then:.4f} to {value:.4f}" for name, then, value in pairs if value < then - slack[name]]


def comparable(now: Json, before: Json) -> bool:
    """Tell whether two measurements are of the same questions and the same model."""
    models = [{model["model"] for model in found["models"]} for found in (now, before)]
    return models[0] == models[1] and all(now[key] == before[key] for key in ("num_queries", "split"))


def show(name: str, found: Json, before: Json | None) -> None:
    """Print a set's measures beside the baseline's."""
    for measure_name, value in found["measures"].items():
        then = (before or {}).get("measures", {}).get(measure_name)
        change = "" if then is None else f"  {then:.4f}  {value - then:+.4f}"
        print(f"{name:18} {measure_name:22} {value:.4f} of {found['counted'][measure_name]:4}{change}", flush=True)
    for what, waited in found.get("waited_ms", {}).items():
        print(f"{name:18} {what:22} {waited['p50']:,.0f} ms p50, {waited['p95']:,.0f} ms p95", flush=True)


def judge(name: str, found: Json, before: Json | None) -> list[str]:
    """Say what is wrong: targets that are missed, and what is worse than the baseline where the two can be compared."""
    wanted = TARGETS.get(name, {"quote_fidelity": 1.0})
    missed = [f"{m} is {found['measures'][m]:.4f}, to be {v}" for m, v in wanted.items() if found["measures"][m] < v]
    if before and "models" in found and not comparable(found, before):
        print(f"{name:18} was measured with another model, other questions or another split; not judged by the baseline")
        before = None
    return [f"{name}: {fault}" for fault in missed + (worse(found, before) if before else [])]


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_answers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all if none is named")
    parser.add_argument("--full", action="store_true", help="ask every question of CLAP NQ, not 60")
    parser.add_argument("--split", choices=("dev", "test", "all"), default="test")
    parser.add_argument("--write", action="store_true", help="make this the baseline of the sets measured")
    parser.add_argument("--untimed", action="store_true", help="leave times out, which mean nothing where a recording answers")
    parser.add_argument(
        "--scratch", type=Path, default=SCRATCH, metavar="DIR", help="where documents are written that are no files"
    )
    parser.add_argument("--reports", type=Path, metavar="DIR", help="keep an HTML page and the whole JSON of each set there")
    options = parser.parse_args(arguments)
    if unknown := set(options.sets) - set(SETS):
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    return options


def main(arguments: list[str]) -> int:
    """Measure every set named, or all that are at hand."""
    options = parse(arguments)
    if subprocess.run([*MUNIMENT, "status"], capture_output=True, check=False).returncode:
        print("not measured: the platform does not run; type `muniment up` first")
        return 0
    baseline: Json = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    found: Json = {}
    for name in options.sets or SETS:
        asked = SETS[name](options.scratch / name)  # a document is known by its path, so that is the same every time
        if not asked.is_there or not any(asked.documents.iterdir()):
            print(f"{name:18} not measured: {asked.documents} or {asked.questions} is not there")
            continue
        found[name] = measure(name, asked, options)
        show(name, found[name], baseline.get(name))
    return finish(found, baseline, write=options.write)


def finish(found: Json, baseline: Json, *, write: bool) -> int:
    """Judge, and write the baseline if that is wanted; gives the exit status."""
    faults = [fault for name, one in found.items() for fault in judge(name, one, baseline.get(name))]
    if set(OWN) <= found.keys():
        own = pooled([found[name] for name in OWN])
        show("own", own, None)
        faults += judge("own", own, None)
    if write:
        BASELINE.parent.mkdir(exist_ok=True)
        BASELINE.write_text(json.dumps(baseline | found, indent=1) + "\n", encoding="utf-8")
        print(f"written: {BASELINE}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return int(bool(faults) and not write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
