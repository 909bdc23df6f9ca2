"""The hooks before a commit: valid, and of what is installed already, so that they need no network."""

import subprocess
import sys
from pathlib import Path

import yaml

from core.settings import PROJECT_ROOT

CONFIG = PROJECT_ROOT / ".pre-commit-config.yaml"


def test_hooks_are_valid_and_need_nothing_from_elsewhere() -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(CONFIG)], check=True, timeout=60)
    (repository,) = yaml.safe_load(CONFIG.read_text("utf-8"))["repos"]
    assert repository["repo"] == "local"
    programs = [hook["entry"].split()[0] for hook in repository["hooks"]]
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert [
        p for p in programs if not (Path(sys.executable).parent / Path(p).name).exists() or not p.startswith(".venv/bin/")
    ] == []
