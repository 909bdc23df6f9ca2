"""``python -m api`` as a process: what it says when it cannot start."""

import os
import subprocess
import sys
from pathlib import Path

from core.settings import PROJECT_ROOT

SOMEWHERE = {"MUNIMENT_DATABASE_URL": "postgresql://u:p4ssw0rd@127.0.0.1:9/x", "MUNIMENT_BROKER_URL": "redis://127.0.0.1:9/0"}


def _run(home: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
    environment |= {"MUNIMENT_HOME": str(home), **settings}
    command = [sys.executable, "-m", "api"]
    return subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_wrong_setting_is_named(tmp_path: Path):
    result = _run(tmp_path, MUNIMENT_API_PORT="many")
    assert result.returncode == 2
    assert "MUNIMENT_API_PORT" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_database_it_says_what_to_set(tmp_path: Path):
    result = _run(tmp_path)
    assert result.returncode == 2
    assert "MUNIMENT_DATABASE_URL" in result.stderr
    assert "muniment up" in result.stderr


def test_without_the_embedders_weights_it_says_what_to_type(tmp_path: Path):
    result = _run(tmp_path, **SOMEWHERE)
    assert result.returncode == 1
    assert "muniment models pull" in result.stderr
    assert "Traceback" not in result.stderr
    assert "p4ssw0rd" not in result.stderr


def test_a_model_whose_licence_the_policy_does_not_allow_keeps_it_from_starting(tmp_path: Path):
    away = {"MUNIMENT_LLM_URL": "http://127.0.0.1:9/v1", "MUNIMENT_LLM_MODEL": "served-name"}
    result = _run(tmp_path, **SOMEWHERE, **away, MUNIMENT_MODELS_ALLOWED_LICENCES="open-source")
    assert result.returncode == 1
    assert "model served-name" in result.stderr and "models.allowed_licences allows open-source only" in result.stderr
    assert "Traceback" not in result.stderr
