"""One part of the stack, as the supervisor sees it: what to run, what must be ready before, how to tell it is well.

A component without a command is a real one elsewhere: never started, only checked.
"""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _nothing() -> None:
    """Do nothing, for a component that needs no preparation."""


@dataclass(frozen=True, slots=True)
class Component:
    """``check`` returns when the component is well and raises DependencyUnavailable when it is not (yet).

    ``prepare`` runs before each start and ``finish`` each time it has become well, both in the supervisor; what they
    raise, and a DependencyUnavailable apart, ends the start. ``env`` is asked for at each start, so it may hold what an
    earlier component's ``finish`` has made. ``address`` and ``advice`` are for the person at the terminal.
    """

    name: str
    check: Callable[[], None]
    address: str
    advice: str
    argv: tuple[str, ...] = ()
    env: Callable[[], Mapping[str, str]] = dict
    requires: tuple[str, ...] = ()
    prepare: Callable[[], None] = _nothing
    finish: Callable[[], None] = _nothing
    stop_signal: signal.Signals = signal.SIGTERM
    start_s: float = 90.0
    stop_s: float = 3.0

    @property
    def external(self) -> bool:
        """Whether it is somebody else's to start and stop."""
        return not self.argv
