"""The life of one component: started, checked, restarted when it dies, stopped with everything it has started.

A component that ends is started again after a pause that doubles each time, and so is one that lives but has not been
well for MAX_UNWELL_S; one to which this happens MAX_DEATHS times in a row, or that is not well in time, has failed, and is
then tried again every MAX_PAUSE_S for as long as the rest goes on. The supervisor calls :meth:`Child.step` a few times a
second; nothing here waits, except for a component that has to be stopped in between.
"""

import contextlib
import logging
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

from core.errors import DependencyUnavailable, MunimentError
from infra.local.component import Component
from infra.local.home import Home
from infra.local.processes import MARK, ProcessId, descendants, identify, send
from infra.local.state import ComponentState, ComponentStatus

log = logging.getLogger(__name__)
MAX_DEATHS = 5
MAX_PAUSE_S = 30.0
FIRST_PAUSE_S = 0.5
SETTLED_S = 60.0  # a component that was well for this long has its earlier deaths forgiven
CHECK_S = 3.0  # between two checks of one that is well
MAX_UNWELL_S = 90.0  # a component that lives, was well and fails every check for this long is ended and started again
NUM_LOG_LINES = 15


class Child:
    """One component's process and what is known of it. ``now`` is always ``time.monotonic()``."""

    def __init__(self, component: Component, home: Home) -> None:
        self.component = component
        self.state: ComponentStatus = "waiting"
        self.detail = ""
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._id: ProcessId | None = None
        self._deaths = 0
        self._since = 0.0  # when it was started, or has become well
        self._next = 0.0  # when to start or to check again
        self._unwell_since = 0.0  # while unhealthy
        self._stop_by: float | None = None

    def report(self) -> ComponentState:
        """Tell how it is."""
        return ComponentState(self.component.name, self.state, self.detail, self._id)

    def is_due(self, now: float) -> bool:
        """Tell whether it should be started now."""
        return self.state in ("waiting", "restarting", "failed") and now >= self._next

    def start(self, now: float) -> None:
        """Start it; a component elsewhere is only looked at from now on."""
        self.state, self.detail, self._since, self._next = "starting", "", now, now
        try:
            self.component.prepare()
            if not self.component.external:
                self._spawn()
        except (MunimentError, OSError) as error:
            self._fail(now, str(error))

    def step(self, now: float) -> None:
        """Look after it: notice its death, and check it when that is due."""
        if self._process is not None and _has_ended(self._process.pid):
            self._restart(now, _ending(self._reap()))
        elif self.state in ("starting", "ready", "unhealthy") and now >= self._next:
            self._check(now)

    def stop(self, now: float) -> bool:
        """Ask it to stop, later make it; call again until it returns True, which is when nothing of it is left."""
        if self._process is None:
            self.state, self.detail = ("failed", self.detail) if self.state == "failed" else ("stopped", "")
            return True
        if self._stop_by is None:
            self._stop_by = now + self.component.stop_s
            self._ask_to_stop(self._process.pid)
        elif _has_ended(self._process.pid):
            self._reap()
            self.state, self.detail = "stopped", ""
        elif now > self._stop_by:
            log.warning("component_killed", extra={"component": self.component.name, "waited_s": self.component.stop_s})
            self._kill()
        return self._process is None

    def _spawn(self) -> None:
        output = self._home.rotate_log(self.component.name)
        environment = {**self.component.env(), MARK: str(self._home.root)}
        with output.open("ab") as file:
            self._process = subprocess.Popen(
                self.component.argv,
                env=environment,
                cwd=self._home.run,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._id = identify(self._process.pid)
        log.info("component_started", extra={"component": self.component.name, "pid": self._process.pid})

    def _check(self, now: float) -> None:
        try:
            self.component.check()
            if self.state == "starting":
                self.component.finish()
        except DependencyUnavailable as error:
            self._not_well(now, str(error))
        except (MunimentError, OSError) as error:
            self._fail(now, str(error))
        else:
            if self.state == "starting":
                self._since = now
                log.info("component_ready", extra={"component": self.component.name})
            elif now - self._since > SETTLED_S:
                self._deaths = 0
            self.state, self._next = "ready", now + CHECK_S
            self.detail = f"external: {self.component.address}" if self.component.external else self.component.address

    def _not_well(self, now: float, reason: str) -> None:
        if self.state == "starting" and now - self._since > self.component.start_s:
            self._fail(now, f"it was not ready after {self.component.start_s:g} s: {reason}")
        elif self.state == "starting":
            self.detail, self._next = reason, now + 0.2
        else:
            if self.state != "unhealthy":
                self._unwell_since = now
            self.state, self.detail, self._next = "unhealthy", reason, now + CHECK_S
            if self._process is not None and now - self._unwell_since > MAX_UNWELL_S:
                self._end()
                self._restart(now, f"was not well for {MAX_UNWELL_S:g} s ({reason})")

    def _restart(self, now: float, how: str) -> None:
        """It has died or was ended: start it again later."""
        self._deaths += 1
        log.warning("component_died", extra={"component": self.component.name, "how": how, "deaths": self._deaths})
        if self._deaths >= MAX_DEATHS:
            self._fail(now, f"it {how}, {self._deaths} times in a row")
        else:
            pause = FIRST_PAUSE_S * 2 ** (self._deaths - 1)
            self.state, self.detail, self._next = "restarting", f"it {how}; starts again in {pause:g} s", now + pause

    def _fail(self, now: float, reason: str) -> None:
        if self._process is not None:
            self._end()
        lines = "" if self.component.external else _last_lines(self._home.log(self.component.name))
        self.state, self._next = "failed", now + MAX_PAUSE_S
        self.detail = f"The {self.component.name} cannot start: {reason.rstrip('.')}.{lines}\nWhat to do: {self.component.advice}"
        log.error("component_failed", extra={"component": self.component.name, "reason": reason})

    def _end(self) -> None:
        """Stop it here and now, politely first; the others wait meanwhile, ``stop_s`` at most."""
        assert self._process is not None
        self._ask_to_stop(self._process.pid)
        deadline = time.monotonic() + self.component.stop_s
        while not _has_ended(self._process.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._kill()
        self._reap()

    def _ask_to_stop(self, pid: int) -> None:
        """Send its stop signal. Popen's own way to would reap it, if it has just died, where nobody takes note of that."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, self.component.stop_signal)

    def _kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(psutil.Error):
            for process in descendants(psutil.Process(self._process.pid)):
                send(process, signal.SIGKILL)
        _kill_group(self._process.pid)

    def _reap(self) -> int:
        """Take note of the end of our process and end the rest of its group; returns the exit status as Popen gives it."""
        assert self._process is not None
        _kill_group(self._process.pid)  # before wait(): until then the number cannot be anybody else's
        status = self._process.wait()
        self._process = self._id = None
        return status


def _has_ended(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # somebody has reaped it
        return True


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _ending(status: int) -> str:
    return f"ended with status {status}" if status >= 0 else f"was killed by {signal.Signals(-status).name}"


def _last_lines(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20_000))
        lines = file.read().decode("utf-8", "replace").splitlines()[-NUM_LOG_LINES:]
    return "\n".join([f"\nLast lines of {path}:", *(f"  {line}" for line in lines)]) if lines else f"\n{path} is empty."
