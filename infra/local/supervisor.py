"""Keeps a set of components running, each started once what it requires is ready, until told to stop.

In: components and the home whose lock the caller holds. Out: ``run/state.json``, telling the truth while this process
lives and the disk takes it. If a component fails before everything was ready once, all stop and the state says why; after that, a
failed one is tried again for ever and the rest goes on. Stopping goes the other way round: first what nobody requires.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import psutil

from infra.local import state as states
from infra.local.child import Child
from infra.local.component import Component
from infra.local.home import Home
from infra.local.processes import this_process
from infra.local.state import State, Status

log = logging.getLogger(__name__)
TICK_S = 0.1
STOP_S = 20.0  # after this, give up on a process that even SIGKILL does not end


class Supervisor:
    """Runs ``components``; ``on_change`` is called with each new state."""

    def __init__(
        self,
        components: Iterable[Component],
        home: Home,
        *,
        api_url: str | None = None,
        web_url: str | None = None,
        on_change: Callable[[State], None] = lambda state: None,
    ) -> None:
        self._children = {c.name: Child(c, home) for c in components}
        self._home = home
        self._on_change = on_change
        self._state = State("stopped", (), api_url, web_url, this_process())
        self._is_recorded = True
        self._was_ready = False
        self._stopping = False

    def run(self) -> State:
        """Run until SIGTERM, SIGINT or SIGHUP, or a failure to start; returns the last state, ``stopped`` or ``failed``.

        Call in the main thread. Nothing it started is left when it returns.
        """
        failure = "The supervisor itself broke; its log says why."
        with _on_signals(self.stop):
            try:
                failure = self._watch()
            finally:
                self._stop_all("failed" if failure else "stopping")
                self._publish("failed" if failure else "stopped", failure)
        return self._state

    def stop(self) -> None:
        """Make :meth:`run` stop everything and return."""
        self._stopping = True

    def _watch(self) -> str:
        """Keep everything running; returns why it cannot, or nothing when told to stop."""
        failure = ""
        while not self._stopping and not failure:
            self._step()
            failure = self._failure()
            time.sleep(TICK_S)
        return failure

    def _step(self) -> None:
        """Start what can be started, then look after each; checks may take a moment, so nothing waits for them to start."""
        for act in (self._start_if_due, Child.step):
            for child in self._children.values():
                if not self._stopping:
                    act(child, time.monotonic())
                    self._publish(self._status())

    def _start_if_due(self, child: Child, now: float) -> None:
        if child.is_due(now) and self._may_start(child):
            child.start(now)

    def _may_start(self, child: Child) -> bool:
        missing = [name for name in child.component.requires if self._children[name].state != "ready"]
        if missing and child.state == "waiting":
            child.detail = f"for {', '.join(missing)}"
        return not missing

    def _status(self) -> Status:
        if all(child.state == "ready" for child in self._children.values()):
            self._was_ready = True
            return "ready"
        return "degraded" if self._was_ready else "starting"

    def _failure(self) -> str:
        """Say why the start has failed; empty as long as it has not."""
        failed = [child.detail for child in self._children.values() if child.state == "failed"]
        return "" if self._was_ready else "\n\n".join(failed)

    def _stop_all(self, status: Status) -> None:
        deadline = time.monotonic() + STOP_S
        left = list(self._children.values())
        while left and time.monotonic() < deadline:
            required = {name for child in left for name in child.component.requires}
            left = [c for c in left if c.component.name in required or not _stop(c)]
            self._publish(status)
            time.sleep(TICK_S / 2)
        for child in left:
            log.error("component_not_stopped", extra={"component": child.component.name})

    def _publish(self, status: Status, message: str = "") -> None:
        reports = tuple(child.report() for child in self._children.values())
        state = replace(self._state, status=status, message=message, components=reports)
        is_new, self._state = state != self._state, state
        if is_new or not self._is_recorded:
            self._record(state)
        if is_new:
            self._show(state)

    def _record(self, state: State) -> None:
        """Write the state down; a full disk is no reason to let go of the components, so it is tried again later."""
        try:
            states.write(self._home, state)
        except OSError as error:
            if self._is_recorded:
                log.warning("state_not_recorded", extra={"reason": str(error)})
            self._is_recorded = False
        else:
            self._is_recorded = True

    def _show(self, state: State) -> None:
        try:
            self._on_change(state)
        except OSError as error:  # the terminal is gone
            log.warning("state_not_shown", extra={"reason": str(error)})


def _stop(child: Child) -> bool:
    """Stop one child a bit further; tells whether that is over, also because it cannot be done: the others must stop too."""
    try:
        return child.stop(time.monotonic())
    except (OSError, psutil.Error):
        log.exception("component_not_stopped", extra={"component": child.component.name})
        return True


@contextmanager
def _on_signals(stop: Callable[[], None]) -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
