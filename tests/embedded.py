"""Real servers for the tests: a PostgreSQL and a Valkey in a temporary folder, gone when the block ends."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from core.errors import DependencyUnavailable
from infra.local.postgres import Postgres
from infra.local.valkey import Valkey

FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


def free_port() -> int:
    """Ask the system for a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_postgres(folder: Path, *options: str) -> Iterator[Postgres]:
    """Run a PostgreSQL that need not survive a power cut; ``options`` are further settings, as ``name=value``."""
    server = Postgres(folder, free_port(), "test-password", (*FORGETFUL, *options))
    server.prepare()
    with running(server.argv(), signal.SIGINT, folder / "server.log", server.check):
        yield server


@contextmanager
def running_valkey(folder: Path) -> Iterator[Valkey]:
    """Run a broker."""
    server = Valkey(folder, free_port(), "test-password")
    server.prepare()

    def check() -> None:
        with redis.Redis.from_url(server.url()) as client:
            try:
                client.ping()
            except redis.ConnectionError as error:
                raise DependencyUnavailable(str(error)) from error

    with running(server.argv(), signal.SIGTERM, folder / "server.log", check):
        yield server


@contextmanager
def running(argv: tuple[str, ...], stop: signal.Signals, log: Path, check: Callable[[], None]) -> Iterator[None]:
    """Run a command until the block ends, entering it once the check passes."""
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while not _passes(check):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{argv} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except DependencyUnavailable:
        return False
    return True
