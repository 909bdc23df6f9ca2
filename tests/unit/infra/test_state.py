import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import state as states
from infra.local.home import Home
from infra.local.processes import ProcessId, this_process
from infra.local.state import ComponentState, State

RUNNING = State(
    "ready",
    (ComponentState("api", "ready", "http://x", ProcessId(7, 1.5)), ComponentState("broker", "ready", "external: b", None)),
    "http://x",
    "http://y",
    ProcessId(3, 2.25),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.make()
    return home


def test_written_state_is_read_back(home: Home) -> None:
    states.write(home, RUNNING)
    assert states.read(home) == RUNNING
    assert json.loads(home.state.read_text())["ready"] is True
    assert home.state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"ready": true}', '{"ready": 1, "components": [{}], "supervisor": null}'])
def test_damaged_file_says_nothing_runs(home: Home, content: str) -> None:
    home.state.write_text(content)
    assert states.read(home) == State("stopped")


def test_nothing_recorded_means_stopped(tmp_path: Path) -> None:
    assert states.current(Home(tmp_path / "nowhere")) == State("stopped")


def test_state_is_believed_while_its_supervisor_lives(home: Home) -> None:
    with home.locked():
        states.write(home, RUNNING)
        assert states.current(home) == State("starting")  # the lock is held by another than the one who wrote this
        states.write(home, replace(RUNNING, supervisor=this_process()))
        assert states.current(home).ready
    after = states.current(home)
    assert not after.ready
    assert {c.state for c in after.components} == {"stopped"}
    assert after.components[0].detail == "its supervisor was killed"


def test_failure_is_still_told_after_the_end(home: Home) -> None:
    failed = State("failed", (ComponentState("api", "failed", "why"), ComponentState("web", "waiting", "")), message="why")
    states.write(home, failed)
    now = states.current(home)
    assert [(c.state, c.detail) for c in now.components] == [("failed", "why"), ("stopped", "")]
    assert (now.status, now.message) == ("failed", "why")


def test_report_has_what_the_issue_asks_for() -> None:
    assert RUNNING.report() == {
        "ready": True,
        "api_url": "http://x",
        "web_url": "http://y",
        "components": [
            {"name": "api", "state": "ready", "detail": "http://x"},
            {"name": "broker", "state": "ready", "detail": "external: b"},
        ],
    }
