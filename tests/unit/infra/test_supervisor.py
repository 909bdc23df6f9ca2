"""The supervisor over tiny scripts: order, health gate, restart, failure, stopping, with nothing left behind."""

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.errors import DependencyUnavailable, SettingsError
from infra.local import child, processes
from infra.local import state as states
from infra.local.component import Component
from infra.local.home import Home
from infra.local.state import State
from infra.local.supervisor import Supervisor

LIVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); {LIVE}"
DIE = "import sys; print('the reason is written here', flush=True); sys.exit(3)"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "a home")
    home.make()
    return home


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(child, "CHECK_S", 0.1)


@pytest.fixture(autouse=True)
def _nothing_is_left(home: Home) -> Iterator[None]:
    yield
    assert processes.find_leftovers(home.root, []) == []


def component(home: Home, name: str, program: str = LIVE, **more: object) -> Component:
    """Make a component that is well once it has touched a file; the file is gone when it starts anew."""
    sign = home.run / f"{name}.sign"

    def check() -> None:
        if not sign.exists():
            raise DependencyUnavailable(f"{name} has not touched its file")

    argv = (sys.executable, "-c", program, str(sign))
    made = Component(name, check, "here", "ask somebody.", argv, prepare=lambda: sign.unlink(missing_ok=True))
    return replace(made, **more)  # type: ignore[arg-type]


def run(home: Home, components: list[Component], until: Callable[[State, Supervisor], bool]) -> list[State]:
    """Run until a state satisfies ``until``; returns every state there was."""
    seen: list[State] = []

    def watch(state: State) -> None:
        seen.append(state)
        if until(state, supervisor):
            supervisor.stop()

    supervisor = Supervisor(components, home, api_url="http://a", web_url="http://w", on_change=watch)
    alarm = threading.Timer(30, supervisor.stop)
    alarm.start()
    last = supervisor.run()
    alarm.cancel()
    assert last == seen[-1] == states.read(home)
    return seen


def is_ready(state: State, _: Supervisor) -> bool:
    return state.ready


def moments(seen: list[State], name: str, wanted: str) -> list[int]:
    return [i for i, state in enumerate(seen) for c in state.components if (c.name, c.state) == (name, wanted)]


def test_starts_in_order_once_ready_and_stops_in_reverse(home: Home) -> None:
    slow = f"import time; time.sleep(0.5); {LIVE}"
    components = [component(home, "api", requires=("database",)), component(home, "database", slow)]
    seen = run(home, components, is_ready)
    assert moments(seen, "api", "starting")[0] >= moments(seen, "database", "ready")[0]
    assert moments(seen, "api", "stopped")[0] <= moments(seen, "database", "stopped")[0]
    assert seen[-1].status == "stopped"
    waiting = seen[0].components[0]
    assert (waiting.state, waiting.detail) == ("waiting", "for database")


def test_dead_component_is_restarted_and_the_rest_goes_on(home: Home) -> None:
    pids: dict[str, set[int]] = {"one": set(), "two": set()}

    def twice(state: State, _: Supervisor) -> bool:
        for c in state.components:
            if c.state == "ready" and c.process:
                pids[c.name].add(c.process.pid)
        if state.ready and len(pids["one"]) == 1:
            os.kill(next(iter(pids["one"])), signal.SIGKILL)
        return state.ready and len(pids["one"]) == 2

    seen = run(home, [component(home, "one", PARENT), component(home, "two")], twice)
    assert len(pids["two"]) == 1
    restarting = [c.detail for state in seen for c in state.components if c.state == "restarting"]
    assert "was killed by SIGKILL" in restarting[0]
    assert "degraded" in {state.status for state in seen}


def test_component_that_cannot_start_ends_the_start_with_its_last_words(home: Home) -> None:
    last = run(home, [component(home, "well"), component(home, "broken", DIE)], is_ready)[-1]
    assert last.status == "failed"
    assert "The broken cannot start: it ended with status 3, 5 times in a row." in last.message
    assert "the reason is written here" in last.message
    assert "What to do: ask somebody." in last.message
    assert {c.name: c.state for c in last.components} == {"well": "stopped", "broken": "failed"}


def test_only_the_last_fifteen_lines_are_shown(home: Home) -> None:
    chatty = "import sys\nfor n in range(40): print(f'line {n}.')\nsys.exit(1)"
    message = run(home, [component(home, "broken", chatty)], is_ready)[-1].message
    assert [line.strip() for line in message.splitlines() if line.startswith("  ")] == [f"line {n}." for n in range(25, 40)]


def test_component_that_is_never_well_fails_in_time(home: Home) -> None:
    mute = component(home, "mute", "import time; time.sleep(600)", start_s=0.3)
    last = run(home, [mute], is_ready)[-1]
    assert last.status == "failed"
    assert "not ready after 0.3 s: mute has not touched its file" in last.message


@pytest.mark.parametrize("hook", ["prepare", "finish"])
def test_wrong_settings_end_the_start_at_once(home: Home, hook: str) -> None:
    def refuse() -> None:
        raise SettingsError("the data folder is of another version")

    last = run(home, [component(home, "database", **{hook: refuse})], is_ready)[-1]
    assert last.status == "failed"
    assert "the data folder is of another version" in last.message


def test_disk_that_is_full_at_the_end_of_the_start_is_told(home: Home) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    chatty = f"print('listening', flush=True); {LIVE}"
    last = run(home, [component(home, "database", chatty, finish=refuse)], is_ready)[-1]
    assert last.status == "failed"
    assert "The database cannot start: [Errno 28] No space left on device." in last.message
    assert "  listening" in last.message
    assert last.message.endswith("What to do: ask somebody.")


def test_finish_that_is_not_possible_yet_is_tried_again(home: Home) -> None:
    calls = []

    def finish() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise DependencyUnavailable("still recovering")

    assert run(home, [component(home, "database", finish=finish)], is_ready)[-1].status == "stopped"
    assert len(calls) == 3


def test_failure_after_the_start_leaves_the_rest_running(home: Home) -> None:
    """A component that was well and then only dies is 'failed' after its fifth death; the other never notices."""
    flag = home.run / "break"
    brittle = f"import pathlib, sys\nif pathlib.Path({str(flag)!r}).exists(): sys.exit(4)\n{LIVE}"

    def broken(state: State, _: Supervisor) -> bool:
        first = state.components[0]
        if state.ready and first.process:
            flag.touch()
            os.kill(first.process.pid, signal.SIGKILL)
        return first.state == "failed"

    seen = run(home, [component(home, "brittle", brittle), component(home, "steady")], broken)
    at_failure = next(state for state in seen if state.components[0].state == "failed")
    assert at_failure.status == "degraded"
    assert at_failure.components[1].state == "ready"
    assert "ended with status 4" in at_failure.components[0].detail


def test_unwell_component_is_told_and_recovers(home: Home) -> None:
    sick = component(home, "sick")
    seen_unwell = []

    def recover(state: State, _: Supervisor) -> bool:
        if state.ready and not seen_unwell:
            (home.run / "sick.sign").unlink()
        elif state.components[0].state == "unhealthy":
            seen_unwell.append(state)
            (home.run / "sick.sign").touch()
        return state.ready and bool(seen_unwell)

    run(home, [sick], recover)
    assert seen_unwell[0].status == "degraded"
    assert not seen_unwell[0].ready
    assert "has not touched" in seen_unwell[0].components[0].detail


def test_component_that_lives_but_stays_unwell_is_started_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MAX_UNWELL_S", 0.3)
    pids: list[int] = []

    def twice(state: State, _: Supervisor) -> bool:
        process = state.components[0].process
        if state.ready and process and process.pid not in pids:
            pids.append(process.pid)
            if len(pids) == 1:
                (home.run / "stuck.sign").unlink()
        return len(pids) == 2

    seen = run(home, [component(home, "stuck", PARENT)], twice)
    details = [c.detail for state in seen for c in state.components if c.state == "restarting"]
    assert details[0].startswith("it was not well for 0.3 s (stuck has not touched its file); starts again in")
    assert not psutil.pid_exists(pids[0])


def test_external_component_is_checked_and_never_started(home: Home) -> None:
    checked: list[int] = []
    outside = Component("database", lambda: checked.append(1), "db.example:5432", "start it.")
    seen = run(home, [outside], is_ready)
    ready = next(state for state in seen if state.ready).components[0]
    assert (ready.detail, ready.process) == ("external: db.example:5432", None)
    assert checked


def test_external_component_that_does_not_answer_says_so(home: Home) -> None:
    def refuse() -> None:
        raise DependencyUnavailable("connection refused")

    last = run(home, [Component("broker", refuse, "b:1", "start the broker.", start_s=0.2)], is_ready)[-1]
    assert last.status == "failed"
    assert "connection refused" in last.message
    assert last.message.endswith("What to do: start the broker.")


def test_deaf_component_is_killed_with_its_children(home: Home) -> None:
    started = time.monotonic()
    deaf = component(home, "deaf", f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {PARENT}", stop_s=0.3)
    assert run(home, [deaf], is_ready)[-1].status == "stopped"
    assert time.monotonic() - started < 10


def test_component_that_dies_just_before_it_is_told_to_stop_is_stopped(home: Home) -> None:
    brief = child.Child(component(home, "brief", "pass"), home)
    brief.start(0)
    wait_ended(brief)
    assert not brief.stop(1)
    assert brief.stop(2)
    assert brief.state == "stopped"


def test_component_that_somebody_else_has_reaped_is_stopped(home: Home) -> None:
    brief = child.Child(component(home, "brief", "pass"), home)
    brief.start(0)
    wait_ended(brief)
    os.waitpid(process_of(brief).pid, 0)
    assert not brief.stop(1)
    assert brief.stop(2)


def test_component_that_dies_while_it_is_given_up_fails_all_the_same(home: Home) -> None:
    def refuse() -> None:
        wait_ended(brief)
        raise SettingsError("the data folder is of another version")

    brief = child.Child(component(home, "brief", "pass", check=refuse), home)
    brief.start(0)
    brief._check(1)
    assert (brief.state, brief.report().process) == ("failed", None)


def process_of(brief: child.Child) -> processes.ProcessId:
    process = brief.report().process
    assert process is not None
    return process


def wait_ended(brief: child.Child) -> None:
    """Wait until a child has ended, without reaping it."""
    os.waitid(os.P_PID, process_of(brief).pid, os.WEXITED | os.WNOWAIT)


def test_one_that_cannot_be_stopped_does_not_keep_the_others_running(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = child.Child.stop

    def stop_or_break(self: child.Child, now: float) -> bool:
        while self.component.name == "odd":
            if stop(self, time.monotonic()):
                raise PermissionError("no such right")
        return stop(self, now)

    monkeypatch.setattr(child.Child, "stop", stop_or_break)
    last = run(home, [component(home, "database"), component(home, "odd", requires=("database",))], is_ready)[-1]
    assert last.status == "stopped"
    assert last.components[0].state == "stopped"


@pytest.mark.parametrize("broken", ["disk", "terminal"])
def test_state_that_cannot_be_told_ends_nothing(home: Home, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """The disk is full, or the terminal gone, while everything runs; both come back, and the newest state is written."""
    write, failures = states.write, []

    def refuse_a_while(*_: object) -> None:
        if len(failures) < 3:
            failures.append(1)
            raise OSError(errno.ENOSPC, "No space left on device")

    def write_or_fail(home: Home, state: State) -> None:
        if broken == "disk":
            refuse_a_while()
        write(home, state)

    def watch(state: State) -> None:
        if state.ready:
            supervisor.stop()
        if broken == "terminal":
            refuse_a_while()

    monkeypatch.setattr(states, "write", write_or_fail)
    supervisor = Supervisor([component(home, "one")], home, on_change=watch)
    last = supervisor.run()
    assert last.status == "stopped"
    assert len(failures) == 3
    assert states.read(home) == last


def test_signal_stops_everything(home: Home) -> None:
    def interrupt(state: State, _: Supervisor) -> bool:
        if state.ready:
            os.kill(os.getpid(), signal.SIGINT)
        return False

    before = signal.getsignal(signal.SIGINT)
    assert run(home, [component(home, "one"), component(home, "two")], interrupt)[-1].status == "stopped"
    assert signal.getsignal(signal.SIGINT) is before


def test_bug_in_a_check_still_stops_everything(home: Home) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    components = [component(home, "one"), component(home, "two", check=bug)]
    with pytest.raises(ZeroDivisionError):
        Supervisor(components, home).run()
    assert states.read(home).status == "failed"


def test_each_process_has_a_session_of_its_own_and_our_mark(home: Home) -> None:
    found: list[psutil.Process] = []

    def look(state: State, _: Supervisor) -> bool:
        if state.ready and not found:
            found.extend(processes.find_leftovers(home.root, []))
            assert [os.getsid(p.pid) for p in found] == [p.pid for p in found]
        return state.ready

    run(home, [component(home, "one"), component(home, "two")], look)
    assert len(found) == 2
