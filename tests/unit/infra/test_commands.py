import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from core.settings import Settings
from infra.local import commands
from infra.local.home import Home


def test_interrupted_at_once_detached_up_leaves_no_supervisor_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before the daemon holds the lock, by which `down` would find it."""
    daemons: list[subprocess.Popen[bytes]] = []

    def interrupt(settings: Settings, console: Console, daemon: subprocess.Popen[bytes]) -> int:
        daemons.append(daemon)
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_follow", interrupt)
    home = Home(tmp_path)
    home.make()
    assert commands._detached(Settings(home=tmp_path), Console(quiet=True)) == 130
    assert daemons[0].returncode is not None
    assert not home.is_supervised()
