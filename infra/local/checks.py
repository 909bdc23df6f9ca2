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
    _get(url, key)


def check_model(url: str, model: str, key: str | None = None) -> None:
    """Ask a server of the OpenAI protocol, at a URL that ends in /v1, whether it serves the model."""
    models = f"{url.rstrip('/')}/models"
    response = _get(models, key)
    try:
        names = [str(served["id"]) for served in response.json()["data"]]
    except (ValueError, KeyError, TypeError):
        raise DependencyUnavailable(f"{models} does not answer with a list of models as the OpenAI protocol has it") from None
    if model not in names:
        raise DependencyUnavailable(f"{models} lists {', '.join(names) or 'nothing'}, and not {model}: set MUNIMENT_LLM_MODEL")


def check_database(url: str) -> None:
    """Log in to a PostgreSQL."""
    try:
        psycopg.connect(url, connect_timeout=int(TIMEOUT_S)).close()
    except psycopg.ProgrammingError:  # whose message may hold the password
        raise DependencyUnavailable("the database does not answer: its URL cannot be read") from None
    except psycopg.Error as error:
        raise DependencyUnavailable(f"the database does not answer: {str(error).strip()}") from error


def check_broker(url: str) -> None:
    """Log in to a broker, of whatever kind the worker can use."""
    options = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S} if url.startswith("redis") else {}
    try:
        connection: Any = Connection(url, connect_timeout=TIMEOUT_S, transport_options=options)  # type: ignore[no-untyped-call]
        errors = *connection.connection_errors, *connection.channel_errors, OSError
    except (LookupError, ValueError, NameError, ImportError) as error:  # how kombu says that it cannot use a URL
        raise DependencyUnavailable(f"the broker does not answer: its URL cannot be used ({type(error).__name__})") from error
    with connection:
        try:
            connection.connect()
            connection.default_channel.close()
        except errors as error:
            raise DependencyUnavailable(f"the broker does not answer: {error}") from error


def check_sign_of_life(path: Path) -> None:
    """Look whether a file that its process touches again and again was touched of late; what it holds is why it is unwell."""
    try:
        reason, age_s = path.read_text(encoding="utf-8"), time.time() - path.stat().st_mtime
    except FileNotFoundError:
        raise DependencyUnavailable("it has not given a sign of life yet") from None
    if reason:
        raise DependencyUnavailable(reason)
    if age_s > SIGN_OF_LIFE_S:
        raise DependencyUnavailable(f"its last sign of life was {age_s:.0f} s ago")


def _get(url: str, key: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        response = _client(is_local(url)).get(url, headers=headers, timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise DependencyUnavailable(f"{url} does not answer: {error}") from error
    if not response.is_success:
        raise DependencyUnavailable(f"{url} answers {response.status_code}")
    return response


@cache
def _client(local: bool) -> httpx.Client:
    """Make each client once, since that reads every certificate; a proxy has no say about this machine."""
    return httpx.Client(trust_env=not local, limits=httpx.Limits(max_keepalive_connections=0))


def is_local(url: str) -> bool:
    """Tell whether a URL names this very machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
