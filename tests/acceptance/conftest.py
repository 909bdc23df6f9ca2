"""The whole platform as processes, started once for all acceptance tests by the command a person types."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings, setting_names

MUNIMENT = Path(sys.executable).parent / "muniment"


@dataclass(frozen=True)
class Muniment:
    """An installation: its HOME, the environment its commands run in, and what stands before each of them."""

    home: Path
    environment: dict[str, str]
    prefix: tuple[str, ...] = ()

    def run(self, *arguments: str, timeout_s: float = 300) -> "subprocess.CompletedProcess[str]":
        """Type a command and wait for its end."""
        command = [*self.prefix, str(MUNIMENT), *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=PROJECT_ROOT, capture_output=True, timeout=timeout_s, check=False
        )
        # decoded here, since text=True would translate newlines and move every offset after them
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *arguments: str, timeout_s: float = 300) -> Any:
        """Type a command with ``--json``; it must succeed."""
        done = self.run(*arguments, "--json", timeout_s=timeout_s)
        assert done.returncode == 0, f"{arguments}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return json.loads(done.stdout)

    def processes(self) -> list[psutil.Process]:
        """Find every process that belongs to this HOME, by its command line, environment or working folder."""
        found = []
        for process in psutil.process_iter():
            try:
                # PostgreSQL and Valkey overwrite their environment, so the working folder counts too
                told = " ".join([*process.cmdline(), process.cwd(), process.environ().get("MUNIMENT_HOME", "")])
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            if str(self.home) in told and process.pid != os.getpid():
                found.append(process)
        return found


@pytest.fixture(scope="session")
def all_weights() -> Path:
    """The folder with both default models, shared with `make run`."""
    settings = Settings()
    for name in catalogue.required(settings):
        catalogue.ensure(name, settings)
    return settings.models_dir


def installation(home: Path, weights: Path) -> Muniment:
    """Describe an installation with a HOME of its own and the weights that are here already."""
    environment = {k: v for k, v in os.environ.items() if k not in setting_names()}
    return Muniment(home, environment | {"MUNIMENT_HOME": str(home), "MUNIMENT_MODELS_FOLDER": str(weights)})


@pytest.fixture(scope="session")
def muniment(tmp_path_factory: pytest.TempPathFactory, all_weights: Path) -> Iterator[Muniment]:
    """A running platform with samples/ ingested; at the end nothing of it is left."""
    muniment = installation(tmp_path_factory.mktemp("acceptance") / "home with spaces", all_weights)
    up = muniment.run("up", "--detach")
    assert up.returncode == 0, up.stdout + up.stderr
    yield muniment
    down = muniment.run("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert muniment.processes() == [], "an orphan is left"


@pytest.fixture(scope="session")
def samples(muniment: Muniment) -> dict[str, Any]:
    """The outcome of ingesting samples/ into the collection of that name."""
    return dict(muniment.json("ingest", "samples", "--collection", "samples", timeout_s=600))
