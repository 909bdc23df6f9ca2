"""Peak resident memory of each process of the whole platform, after ingesting samples/ and answering a question.

``python -m tests.benchmarks.bench_memory``
"""

import json
import tempfile
from pathlib import Path

import psutil

from core.settings import PROJECT_ROOT, Settings
from tests.acceptance.conftest import Muniment, installation
from tests.benchmarks.bench_ingest import peak_rss_mb


def main() -> None:
    """Start a platform of its own, use it once, and print what each process took at most."""
    with tempfile.TemporaryDirectory() as name:
        muniment = installation(Path(name) / "home", Settings().models_dir)
        try:
            up = muniment.run("up", "--detach", timeout_s=900)
            if up.returncode:
                raise SystemExit(up.stdout + up.stderr)
            muniment.json("ingest", "samples", "--collection", "samples", timeout_s=900)
            question = json.loads((PROJECT_ROOT / "samples" / "questions.json").read_text())["answerable"][0]["question"]
            muniment.json("ask", question, "--collection", "samples")
            report(muniment)
        finally:
            muniment.run("down")


def report(muniment: Muniment) -> None:
    """Print a line for each component: the sum of its processes' peaks, and how many they are."""
    state = json.loads((muniment.home / "run" / "state.json").read_text())
    rows = [("supervisor", state["supervisor"])] + [(c["name"], c["process"]) for c in state["components"]]
    total = 0.0
    print(f"{'process':<12} {'peak MB':>8}   processes (shared pages counted in each)")
    for name, process in rows:
        parent = psutil.Process(process["pid"])
        peaks = [peak_rss_mb(p.pid) for p in [parent, *(parent.children(recursive=True) if name != "supervisor" else [])]]
        total += sum(peaks)
        print(f"{name:<12} {sum(peaks):>8.0f}   {len(peaks)}")
    print(f"{'all':<12} {total:>8.0f}")


if __name__ == "__main__":
    main()
