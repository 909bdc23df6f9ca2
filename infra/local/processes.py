"""Finding and ending processes that are surely ours.

A process is ours if it bears our mark in its environment, if its number and start were recorded, if it descends from
such a one, or if it is a server working in one of our data folders (PostgreSQL and Valkey overwrite their environment).
psutil compares the start again before each signal, so a number that has gone to a stranger is left alone.
"""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "SUPERVISED_BY_MUNIMENT"  # in the environment of every component: the home it belongs to
SERVERS = ("postgres", "valkey-server")


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process beyond doubt: numbers are used again, a number together with its start is not."""

    pid: int
    create_time: float


def this_process() -> ProcessId:
    """Identify the calling process."""
    return identify(os.getpid())


def identify(pid: int) -> ProcessId:
    """Record a process; raises psutil.NoSuchProcess."""
    return ProcessId(pid, psutil.Process(pid).create_time())


def find(recorded: ProcessId | None) -> psutil.Process | None:
    """Find a recorded process if it still lives and is still the same."""
    if recorded is None:
        return None
    try:
        process = psutil.Process(recorded.pid)
        same = abs(process.create_time() - recorded.create_time) < 0.05
    except psutil.Error:
        return None
    return process if same and is_alive(process) else None


def find_servers(folder: Path) -> list[psutil.Process]:
    """List the living PostgreSQL and Valkey processes that work in this folder or below it."""
    real = Path(os.path.realpath(folder))
    return [p for p in psutil.process_iter() if _is_server_in(p, real)]


def find_leftovers(home: Path, recorded: Iterable[ProcessId | None]) -> list[psutil.Process]:
    """List every living process of this home's components, whoever its parent is now."""
    roots = [process for process in map(find, recorded) if process]
    marked = [p for p in psutil.process_iter() if _is_marked(p, home)]
    ours = {process for root in (*roots, *marked, *find_servers(home)) for process in (root, *descendants(root))}
    return [process for process in ours if process.pid != os.getpid()]


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """List a process's children and theirs; none if it is gone."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end(processes: Iterable[psutil.Process], grace_s: float) -> int:
    """Ask each to stop, wait, and kill what is left; returns how many there were.

    PostgreSQL is asked by SIGINT: it then disconnects everybody instead of waiting for them to leave.
    """
    processes = list(processes)
    for process in processes:
        send(process, signal.SIGINT if _name(process) == "postgres" else signal.SIGTERM)
    left = wait_gone(processes, grace_s)
    for process in left:
        send(process, signal.SIGKILL)
    wait_gone(left, 2)
    return len(processes)


def wait_gone(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until all are gone, and return those that are not; a zombie is gone, though nobody may ever reap it."""
    deadline = time.monotonic() + timeout_s
    while (processes := [p for p in processes if is_alive(p)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs, and is still the same."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end_leftovers(home: Path, recorded: Iterable[ProcessId | None]) -> int:
    """End what a killed supervisor left running: first what uses the servers, then the servers; returns how many."""
    leftovers = find_leftovers(home, recorded)
    servers = [process for process in leftovers if _name(process) in SERVERS]
    return end((p for p in leftovers if p not in servers), grace_s=4) + end(servers, grace_s=5)


def send(process: psutil.Process, number: signal.Signals) -> bool:
    """Send a signal unless the process is gone; tells whether it was there."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def _is_marked(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(home)
    except (psutil.Error, OSError):  # another user's, or gone
        return False


def _is_server_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() in SERVERS and is_alive(process) and Path(process.cwd()).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""
