from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import Settings
from infra.local import run as running
from infra.local import state as states
from infra.local.home import Home
from infra.local.stack import Stack
from infra.local.state import State


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SettingsError("MUNIMENT_X is wrong"), "MUNIMENT_X is wrong"),
        (RuntimeError("a bug"), "The supervisor broke: RuntimeError: a bug"),
    ],
)
def test_whatever_keeps_it_from_starting_is_in_the_state(tmp_path: Path, error: Exception, told: str) -> None:
    def build(settings: Settings, home: Home) -> Stack:
        raise error

    def ignore(state: State) -> None: ...

    with pytest.raises(type(error)):
        running.supervise(Settings(home=tmp_path), ignore, build)
    state = states.current(Home(tmp_path))
    assert (state.status, state.message) == ("failed", told)


def test_as_a_process_it_logs_what_it_did_not_expect(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def breaks(*_: object, **__: object) -> State:
        raise RuntimeError("a bug")

    monkeypatch.setattr(running, "supervise", breaks)
    monkeypatch.setattr(running.telemetry, "configure", lambda level: None)
    assert running.main() == 1
    assert ("supervisor_broke", "a bug") in [(r.message, str(r.exc_info[1])) for r in caplog.records if r.exc_info]
