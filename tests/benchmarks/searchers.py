"""Many searchers at once: how many searches they get done in a second, and how many the cores would allow.

The cores allow as many as there is time on them, divided by the time that one search takes on them, here and in the server,
when nothing else is asked. What other programs take of the cores meanwhile is not counted as there.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from core.db.pool import Pool, transaction


@dataclass(frozen=True, slots=True)
class Spell:
    """Some seconds of searching: how many were done, and the processor's seconds taken by us and by others."""

    num: int
    wall_s: float
    ours_s: float
    others_s: float


def share_of_cores(pool: Pool, search: Callable[[int], object], *, threads: int, seconds: float) -> tuple[float, float]:
    """Search with one thread and with many; gives the searches a second of the many, and their share of what is allowed."""
    server = _server(pool)
    one, many = (spell(search, server, threads=num, seconds=seconds) for num in (1, threads))
    free_s = many.wall_s * (os.cpu_count() or 1) - many.others_s
    return many.num / many.wall_s, many.num / (free_s * one.num / one.ours_s)


def spell(search: Callable[[int], object], server: psutil.Process, *, threads: int, seconds: float) -> Spell:
    """Search for some seconds; ``search`` is told how many searches its thread has done before."""
    found, until = [0] * threads, time.perf_counter() + seconds

    def repeat(thread: int) -> None:
        while time.perf_counter() < until:
            search(31 * thread + found[thread])
            found[thread] += 1

    ours, busy, begun = _ours(server), _busy(), time.perf_counter()
    searchers = [threading.Thread(target=repeat, args=(number,)) for number in range(threads)]
    for searcher in searchers:
        searcher.start()
    for searcher in searchers:
        searcher.join()
    wall_s, ours_s = time.perf_counter() - begun, _ours(server) - ours
    return Spell(sum(found), wall_s, ours_s, max(0.0, _busy() - busy - ours_s))


def _server(pool: Pool) -> psutil.Process:
    with transaction(pool) as connection:
        return psutil.Process(connection.info.backend_pid).parent()


def _ours(server: psutil.Process) -> float:
    """Sum the processor's seconds of this process and of the server with all its children."""
    times = [process.cpu_times() for process in (server, *server.children())]
    gone = server.cpu_times()
    return time.process_time() + sum(t.user + t.system for t in times) + gone.children_user + gone.children_system


def _busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - getattr(times, "guest", 0) - getattr(times, "guest_nice", 0))
