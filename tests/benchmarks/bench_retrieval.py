"""What retrieval finds on public corpora, by ``muniment eval retrieval`` on the running platform: fused, and each side alone.

Needs `muniment up` and the folder of data beside the project; without either it says so and measures nothing. The corpora go
into collections that are kept, so that a second run is quick. Name sets to measure those only.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.corpora import DATA, SETS

RANKINGS = ("fused", "dense", "words")
MAIN = {"contracts_cuad40": "recall@8000c", "chroma_chunking": "char_recall@5", "tau2_banking_kb": "passage_recall@20"}
ALSO = {
    "contracts_cuad40": ("recall@4000c", "recall@16000c", "first_hit_precision", "right_document@1"),
    "tau2_banking_kb": ("recall@20",),
}
OF_ONE_PASSAGE = "passage_recall@5"


def evaluate(name: str, folder: Path, ranking: str) -> dict[str, float]:
    """Run the command on a set and give its measures."""
    command = [sys.executable, "-m", "ui.cli.main", "eval", "retrieval", "--corpus", str(folder / "corpus"), "--json"]
    command += ["--collection", f"bench-{name}", "--keep", "--ranking", ranking]
    if (folder / "queries.json").is_file():
        command += ["--queries", str(folder / "queries.json")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(done.stdout)
    return (
        found["measures"] | {f"latency_{q}": ms for q, ms in found["latency_ms"].items()} | {"chars": found["mean_passage_chars"]}
    )


def main(names: list[str]) -> int:
    """Measure every set named, or all."""
    if not DATA.is_dir():
        print(f"not measured: {DATA} is not there")
        return 0
    if subprocess.run([sys.executable, "-m", "ui.cli.main", "status"], capture_output=True, check=False).returncode:
        print("not measured: the platform does not run; type `muniment up` first")
        return 0
    for name in names or SETS:
        with tempfile.TemporaryDirectory() as scratch:
            SETS[name](DATA, Path(scratch))
            found = {ranking: evaluate(name, Path(scratch), ranking) for ranking in RANKINGS}
        shown = (MAIN.get(name, OF_ONE_PASSAGE), *ALSO.get(name, ()))
        for measure in shown:
            print(f"{name:18} {measure:20}" + "".join(f"  {r} {100 * found[r][measure]:5.1f}" for r in RANKINGS), flush=True)
        chars, p50, p95 = (found["fused"][measure] for measure in ("chars", "latency_p50", "latency_p95"))
        print(f"{name:18} passages of {chars:.0f} characters, {p50:.0f} ms p50, {p95:.0f} ms p95")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
