"""``make gpu``: faiss-cpu goes only once faiss-gpu is at hand, and before it is installed. The environment is a stand-in."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "infra" / "gpu.sh"
PYTHON = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in *" wheel "*) exit "$FETCHED" ;; esac
"""


@pytest.mark.parametrize(("fetched", "steps"), [(0, ["wheel", "uninstall", "install"]), (1, ["wheel"])])
def test_one_package_goes_before_the_other_comes(tmp_path: Path, fetched: int, steps: list[str]) -> None:
    python, log = tmp_path / "bin" / "python", tmp_path / "log"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    environment = os.environ | {"LOG": str(log), "FETCHED": str(fetched)}
    status = subprocess.run([SCRIPT, tmp_path], env=environment, capture_output=True, check=False).returncode
    assert status == fetched
    called = [line.split() for line in log.read_text().splitlines() if line.startswith("-m pip")]
    assert [words[4] for words in called] == steps
    if not fetched:
        assert "faiss-cpu" in called[1]
        assert called[2][-1].startswith("faiss-gpu")
