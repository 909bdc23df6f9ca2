"""``python -m infra.local.vllm``: what it is replaced by, with a stand-in in the place of vLLM's Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT

PYTHON = """#!/bin/sh
printf '%s\\n' "$@" > "$NOTES.arguments"
env > "$NOTES.environment"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a model, an adapter and something that looks like vLLM's environment."""
    package = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "vllm"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    program = tmp_path / "env" / "bin" / "python"
    program.parent.mkdir()
    program.write_text(PYTHON)
    program.chmod(0o755)
    for folder in ("model", "legal"):
        (tmp_path / folder).mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "model.safetensors").touch()
    (tmp_path / "legal" / "adapter_config.json").write_text(json.dumps({"r": 16}))
    return tmp_path


def run(home: Path, **values: str) -> subprocess.CompletedProcess[str]:
    settings = {"HOME": str(home), "LLM_ENGINE": "vllm", "LLM_MODEL": str(home / "model"), "VLLM_ENVIRONMENT": str(home / "env")}
    env = {
        "PATH": "/usr/bin:/bin",
        "NOTES": str(home / "notes"),
        "VLLM_LOGGING_LEVEL": "WARNING",
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    env |= {f"MUNIMENT_{name}": value for name, value in (settings | values).items()}
    command = [sys.executable, "-m", "infra.local.vllm"]
    return subprocess.run(command, cwd=PROJECT_ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def told(home: Path) -> tuple[list[str], dict[str, str]]:
    environment = (home / "notes.environment").read_text().splitlines()
    return (home / "notes.arguments").read_text().splitlines(), dict(line.split("=", 1) for line in environment if "=" in line)


def test_it_becomes_vllms_server_and_tells_it_no_secret_but_its_key(home: Path) -> None:
    result = run(home, LLM_API_KEY="a-key", DATABASE_URL="postgresql://u:geheim@h/d", LLM_PORT="18123")
    assert result.returncode == 0, result.stderr
    arguments, environment = told(home)
    assert arguments[:4] == ["-m", "vllm.entrypoints.openai.api_server", "--model", str(home / "model")]
    assert arguments[arguments.index("--port") + 1] == "18123"
    assert environment["VLLM_API_KEY"] == "a-key"
    assert "a-key" not in arguments and "a-key" not in result.stderr
    assert not [name for name in environment if name.startswith(("MUNIMENT", "PYTHONPATH"))]
    assert "geheim" not in str(environment)


def test_it_cannot_call_out_and_keeps_its_caches_at_home(home: Path) -> None:
    run(home, VLLM_CPU_CACHE_GB="3")
    _, environment = told(home)
    assert {environment[name] for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")} == {
        "1"
    }
    assert environment["VLLM_CPU_KVCACHE_SPACE"] == "3"
    assert environment["VLLM_LOGGING_LEVEL"] == "WARNING"  # what a person has set for vLLM reaches it
    for name in ("VLLM_CACHE_ROOT", "VLLM_CONFIG_ROOT", "TRITON_CACHE_DIR", "HF_HOME"):
        assert Path(environment[name]).is_relative_to(home)


def test_with_a_key_it_may_be_reached_from_elsewhere(home: Path) -> None:
    assert run(home, VLLM_HOST="0.0.0.0", LLM_API_KEY="a-key").returncode == 0
    arguments, _ = told(home)
    assert arguments[arguments.index("--host") + 1] == "0.0.0.0"


def test_adapters_are_read_for_their_rank(home: Path) -> None:
    assert run(home, VLLM_ADAPTERS=f"legal={home / 'legal'}").returncode == 0
    arguments, _ = told(home)
    assert f"legal={home / 'legal'}" in arguments
    assert arguments[arguments.index("--max-lora-rank") + 1] == "16"


def test_an_adapter_under_a_licence_that_is_not_allowed_is_not_loaded(home: Path) -> None:
    (home / "legal" / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    result = run(home, VLLM_ADAPTERS=f"legal={home / 'legal'}", LLM_ENGINE="llamacpp")  # as on a host of vLLM alone
    assert result.returncode == 1 and "models.allowed_licences" in result.stderr
    assert not (home / "notes.arguments").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"VLLM_ENVIRONMENT": "/nowhere"}, "make vllm"),
        ({"LLM_MODEL": "org/model"}, "muniment models pull org/model"),
        ({"VLLM_ADAPTERS": "legal=/nowhere"}, "MUNIMENT_VLLM_ADAPTERS"),
        ({"VLLM_ADAPTERS": "legal"}, "NAME=FOLDER"),
        ({"VLLM_HOST": "0.0.0.0"}, "MUNIMENT_LLM_API_KEY"),
    ],
)
def test_what_is_wrong_ends_it_with_what_to_do(home: Path, values: dict[str, str], said: str) -> None:
    result = run(home, **values)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (home / "notes.arguments").exists()


def test_a_gguf_of_ones_own_is_refused(home: Path) -> None:
    (home / "model" / "config.json").unlink()
    (home / "model" / "model.gguf").touch()
    assert "loads no .gguf" in run(home).stderr
