"""Asks each dependency for a sign of life, never longer than TIMEOUT_S, never twice at the same time.

A probe that hangs keeps its one thread and counts as down until it returns; later checks do not pile up behind it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from core.errors import MunimentError

log = logging.getLogger(__name__)
TIMEOUT_S = 2.0
Probe = Callable[[], None]


class Probes:
    """Named probes: each returns if all is well and raises a MunimentError if not."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)
        self._executor = ThreadPoolExecutor(max(1, len(self._probes)), thread_name_prefix="probe")
        self._running: dict[str, Future[str]] = {}

    async def check(self) -> dict[str, str]:
        """Run all probes at once; maps each name to what is wrong with it, '' where nothing is."""
        futures = {name: self._start(name) for name in self._probes}
        await asyncio.wait([asyncio.wrap_future(future) for future in futures.values()], timeout=TIMEOUT_S)
        return {name: f.result() if f.done() else f"no answer within {TIMEOUT_S:g} s" for name, f in futures.items()}

    def close(self) -> None:
        """Let go of the threads."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _start(self, name: str) -> Future[str]:
        future = self._running.get(name)
        if future is None or future.done():
            future = self._running[name] = self._executor.submit(_reason, name, self._probes[name])
        return future


def _reason(name: str, probe: Probe) -> str:
    try:
        probe()
    except MunimentError as error:  # its message may name hosts and users, and anyone may ask for readiness
        log.warning("dependency_down", extra={"dependency": name, "reason": str(error)})
        return "does not answer; the API's log says why"
    return ""
