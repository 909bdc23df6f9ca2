"""infra/install.sh: what pip is set up with reaches uv. Python, pip and uv are stand-ins that answer and take notes."""

import subprocess
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "infra" / "install.sh"
PIP_SET_UP = {"global.cert": "/pip.pem", "global.index-url": "https://mirror/simple", "install.no-index": "true"}
PYTHON = """#!/bin/sh
case "$*" in
  *" venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/pip"; cp "$(dirname "$0")/uv" "$3/bin/uv" ;;
  *libgomp*) [ -z "${NO_OPENMP:-}" ] ;;
  *"config get "*) for last; do :; done; sed -n "s|^$last=||p" "$PIP_SET_UP" | grep . ;;
esac
"""
UV = """#!/bin/sh
echo "args=$*"
env
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    folder = tmp_path / "my programs"
    folder.mkdir()
    for name, text in {"python": PYTHON, "uv": UV}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder / "python"


def run(python: Path, set_up: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Install one lock."""
    configured = python.with_name("pip.conf")
    configured.write_text("".join(f"{key}={value}\n" for key, value in set_up.items()))
    environ = {"PATH": "/usr/bin:/bin", "PYTHON": str(python), "PIP_SET_UP": str(configured)} | variables
    command = ["sh", str(SCRIPT), "env", "lock.txt"]
    return subprocess.run(command, cwd=python.parent, env=environ, capture_output=True, text=True, check=True)


def install(python: Path, set_up: dict[str, str], **variables: str) -> dict[str, str]:
    """Install one lock; returns what uv was told then: its arguments as ``args``, and its environment."""
    first = run(python, set_up, **variables).stdout.split("\nargs=")[0]
    return dict(line.split("=", 1) for line in first.splitlines() if "=" in line)


def test_pip_set_up_in_its_file_is_followed_by_uv(python: Path) -> None:
    told = install(python, PIP_SET_UP)
    assert told["UV_DEFAULT_INDEX"] == "https://mirror/simple"
    assert told["SSL_CERT_FILE"] == "/pip.pem"
    assert told["UV_SYSTEM_CERTS"] == "true"
    assert "--no-index" in told["args"]
    assert told["args"].endswith("--require-hashes -r lock.txt")


def test_variables_win_over_the_file(python: Path) -> None:
    told = install(python, PIP_SET_UP, PIP_CERT="/mine.pem", PIP_NO_INDEX="0", UV_SYSTEM_CERTS="false")
    assert (told["SSL_CERT_FILE"], told["UV_SYSTEM_CERTS"]) == ("/mine.pem", "false")
    assert "--no-index" not in told["args"]
    assert install(python, {}, PIP_CERT="/mine.pem", SSL_CERT_FILE="/all.pem")["SSL_CERT_FILE"] == "/all.pem"


def test_nothing_set_up_leaves_uv_its_defaults(python: Path) -> None:
    told = install(python, {})
    assert not told.keys() & {"UV_DEFAULT_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE"}
    assert "--no-index" not in told["args"]


def test_a_system_without_openmp_is_told_of_at_the_end(python: Path) -> None:
    assert "apt install libgomp1" in run(python, {}, NO_OPENMP="yes").stderr.splitlines()[-1]
    assert "libgomp" not in run(python, {}).stderr
