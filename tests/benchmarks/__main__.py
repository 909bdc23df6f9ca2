"""``make bench``: every benchmark, one after the other, each its own process so that none warms or burdens the next."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run all; the exit status is 0 if all ran to their end and ingest was fast enough (other figures are never judged)."""
    failed = False
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n== {path.stem}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"tests.benchmarks.{path.stem}"], check=False).returncode != 0
    return int(failed)


sys.exit(main())
