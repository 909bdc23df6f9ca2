"""The home folder of one machine's stack: where run-time files, logs and secrets lie, and who may run it.

Everything in it is for its owner only. One supervisor at a time holds its lock; the lock dies with the process, however
that ends, so a held lock always means a living supervisor.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingsError

MAX_LOG_BYTES = 10_000_000


class AlreadyRunning(Exception):
    """Another supervisor holds the lock on this home folder."""


@dataclass(frozen=True, slots=True)
class Home:
    """Paths inside ``MUNIMENT_HOME``."""

    root: Path

    @property
    def run(self) -> Path:
        """What describes the running processes: state, ports, lock."""
        return self.root / "run"

    @property
    def state(self) -> Path:
        """What the supervisor says of itself and of each component."""
        return self.run / "state.json"

    @property
    def worker_alive(self) -> Path:
        """What the worker touches after each sweep that went well: empty, or why its processes cannot start."""
        return self.run / "worker.alive"

    @property
    def api_key(self) -> Path:
        """The first API key, which the command line and the page use."""
        return self.root / "api-key"

    def log(self, name: str) -> Path:
        """The log of one component."""
        return self.root / "logs" / f"{name}.log"

    def make(self) -> None:
        """Create what is missing; raises SettingsError if the place does not allow it."""
        try:
            for folder in (self.root, self.run, self.root / "logs", self.root / "secrets"):
                folder.mkdir(mode=0o700, parents=folder == self.root, exist_ok=True)
            (self.run / "lock").touch(mode=0o600)
        except OSError as error:
            raise SettingsError(
                f"MUNIMENT_HOME {self.root} cannot be used: {error.strerror or error}. Free the place, or set MUNIMENT_HOME to a"
                " folder that belongs to you."
            ) from error

    def rotate_log(self, name: str) -> Path:
        """Return a component's log, moved aside first if it has grown large."""
        log = self.log(name)
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def secret(self, name: str) -> str:
        """Return a random password of this home, making it once; the file is readable by its owner only."""
        path = self.root / "secrets" / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text(encoding="ascii").strip()

    @contextmanager
    def locked(self, wait_s: float = 1.0) -> Iterator[None]:
        """Hold the lock for a block; raises AlreadyRunning if another process keeps it longer than ``wait_s``."""
        self.make()
        with (self.run / "lock").open("r+") as file:
            deadline = time.monotonic() + wait_s
            while not _try_lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise AlreadyRunning(f"Muniment already runs in {self.root}; `muniment down` stops it.")
                time.sleep(0.05)
            yield

    def is_supervised(self) -> bool:
        """Tell whether a supervisor lives here."""
        lock = self.run / "lock"
        if not lock.exists():
            return False
        with lock.open("r+") as file:  # shared, so that two who ask at once do not take each other for a supervisor
            return not _try_lock(file.fileno(), fcntl.LOCK_SH)


def write_private(path: Path, text: str) -> None:
    """Put a text in a file of mode 0600, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
