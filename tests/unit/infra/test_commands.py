import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from core.errors import SettingsError
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


def test_an_engine_is_started_here_or_asked_elsewhere_and_not_both(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert commands.with_engine(settings, "vllm").llm.engine == "vllm"
    with pytest.raises(SettingsError, match="MUNIMENT_LLM_URL"):
        commands.with_engine(settings.with_values(llm={"url": "http://gpu.example/v1"}), "vllm")
