"""Which API the command line talks to, with which key, and how a failure is told: one line, no traceback.

The address is the setting ``api.url``, else what `muniment up` wrote down, else the preferred host and port; the key
is the setting ``api.key``, else the one `muniment up` made.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from core.errors import Unauthenticated
from core.settings import Settings, load
from ui.client import ApiError, Client


@contextmanager
def connected() -> Iterator[Client]:
    """Open a client for the block; a failure of the API ends the command with exit status 1 and one line that says why."""
    settings = load()
    url = find_url(settings)
    try:
        with Client(url, find_key(settings)) as client:
            yield client
    except ApiError as error:
        typer.echo(explain(error, url), err=True)
        raise typer.Exit(1) from error


def find_url(settings: Settings) -> str:
    """Tell where the API is, or should be."""
    return settings.api.url or _running_url(settings) or f"http://{settings.api.host}:{settings.api.port}"


def find_key(settings: Settings) -> str:
    """Find the API key; raises Unauthenticated if there is none."""
    if settings.api.key is not None:
        return settings.api.key.get_secret_value()
    path = settings.home / "api-key"
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise Unauthenticated(f"No API key in {path}: start Muniment with `muniment up`, or set MUNIMENT_API_KEY.") from error


def explain(error: ApiError, url: str) -> str:
    """Say in one line what went wrong and what to do."""
    if error.status == 0 and error.title == "API not reachable":
        return f"The API at {url} does not answer; start it with `muniment up`."
    if error.status == 401:
        return (
            f"The API at {url} refused the key: {error} Set MUNIMENT_API_KEY to a valid key; the first one is in HOME/api-key,"
            " an administrator makes more with `muniment keys create`."
        )
    return f"{error.title}: {error}"


def _running_url(settings: Settings) -> str | None:
    try:
        state = json.loads((settings.home / "run" / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    url = state.get("api_url") if isinstance(state, dict) else None
    return url if isinstance(url, str) else None
