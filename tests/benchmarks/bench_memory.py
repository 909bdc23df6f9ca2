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
    """Print a line for each process, and one for all of them."""
    state = json.loads((muniment.home / "run" / "state.json").read_text())
    components = [("supervisor", state["supervisor"])] + [(c["name"], c["process"]) for c in state["components"]]
    total = 0.0
    print(f"{'component':<12} {'pid':>8} {'peak MB':>8}   process (shared pages counted in each)")
    for component, process in components:
        parent = psutil.Process(process["pid"])
        for one in [parent, *(parent.children(recursive=True) if component != "supervisor" else [])]:
            peak_mb = peak_rss_mb(one.pid)
            total += peak_mb
            print(f"{component:<12} {one.pid:>8} {peak_mb:>8.0f}   {named(one)}")
    print(f"{'all':<12} {'':>8} {total:>8.0f}")


def named(process: psutil.Process) -> str:
    """Say what a process is: its title where it gives itself one, as PostgreSQL's do, or what it runs."""
    words = process.cmdline()
    return " ".join(words[1:3] if words[1:2] == ["-m"] else [Path(words[0]).name, *words[1:2]])[:60] if words else process.name()


if __name__ == "__main__":
    main()
