"""How to tell whether a component is well: each returns quietly, or raises DependencyUnavailable saying what is wrong."""

import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
from kombu.connection import Connection

from core.errors import DependencyUnavailable

TIMEOUT_S = 2.0
SIGN_OF_LIFE_S = 30.0


def check_http(url: str, key: str | None = None) -> None:
    """Ask for a page, with a bearer token if given; anything but a success is bad news."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        response = _client(is_local(url)).get(url, headers=headers, timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DependencyUnavailable(f"{url} does not answer: {error}") from error
    if not response.is_success:
        raise DependencyUnavailable(f"{url} answers {response.status_code}")


def check_database(url: str) -> None:
    """Log in to a PostgreSQL."""
    try:
        psycopg.connect(url, connect_timeout=int(TIMEOUT_S)).close()
    except psycopg.Error as error:
        raise DependencyUnavailable(f"the database does not answer: {str(error).strip()}") from error


def check_broker(url: str) -> None:
    """Log in to a broker, of whatever kind the worker can use."""
    options = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S} if url.startswith("redis") else {}
    connection: Any = Connection(url, connect_timeout=TIMEOUT_S, transport_options=options)  # type: ignore[no-untyped-call]
    with connection:
        try:
            connection.connect()
            connection.default_channel.close()
        except (*connection.connection_errors, *connection.channel_errors, OSError) as error:
            raise DependencyUnavailable(f"the broker does not answer: {error}") from error


def check_sign_of_life(path: Path) -> None:
    """Look whether a file that its process touches again and again was touched of late."""
    try:
        age_s = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        raise DependencyUnavailable("it has not given a sign of life yet") from None
    if age_s > SIGN_OF_LIFE_S:
        raise DependencyUnavailable(f"its last sign of life was {age_s:.0f} s ago")


@cache
def _client(local: bool) -> httpx.Client:
    """Make each client once, since that reads every certificate; a proxy has no say about this machine."""
    return httpx.Client(trust_env=not local, limits=httpx.Limits(max_keepalive_connections=0))


def address_of(url: str) -> str:
    """Name the host and port of a URL, and not the password in it."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or "localhost"


def is_local(url: str) -> bool:
    """Tell whether a URL names this very machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
