import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DependencyUnavailable
from infra.local import checks
from tests.embedded import free_port


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers 200 to whoever bears the right key, 401 to all others."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers.get("Authorization") == "Bearer right" else 401)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/v1/models"
        listening.shutdown()


def test_http_needs_a_success(server: str) -> None:
    checks.check_http(server, "right")
    with pytest.raises(DependencyUnavailable, match="answers 401"):
        checks.check_http(server, "wrong")


def test_proxy_of_the_environment_is_not_asked_about_this_machine(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    checks.check_http(server, "right")


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://127.0.0.1:notaport/"])
def test_http_nobody_there(url: str) -> None:
    with pytest.raises(DependencyUnavailable):
        checks.check_http(url.format(port=free_port()))


def test_database(database_url: str) -> None:
    checks.check_database(database_url)
    with pytest.raises(DependencyUnavailable, match="password authentication failed"):
        checks.check_database(database_url.replace("test-password", "wrong"))


def test_database_url_that_is_none() -> None:
    with pytest.raises(DependencyUnavailable, match="the database does not answer"):
        checks.check_database("postgresql://127.0.0.1/x?nonsense=1")


def test_broker(broker_url: str) -> None:
    checks.check_broker(broker_url)
    with pytest.raises(DependencyUnavailable, match="the broker does not answer"):
        checks.check_broker(broker_url.replace("test-password", "wrong"))


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_nobody_there(scheme: str) -> None:
    started = time.monotonic()
    with pytest.raises(DependencyUnavailable, match="the broker does not answer"):
        checks.check_broker(f"{scheme}://127.0.0.1:{free_port()}//")
    assert time.monotonic() - started < 5


def test_sign_of_life(tmp_path: Path) -> None:
    sign = tmp_path / "alive"
    with pytest.raises(DependencyUnavailable, match="not given"):
        checks.check_sign_of_life(sign)
    sign.touch()
    checks.check_sign_of_life(sign)
    os.utime(sign, (time.time() - 100, time.time() - 100))
    with pytest.raises(DependencyUnavailable, match="100 s ago"):
        checks.check_sign_of_life(sign)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://user:pass@db.example:5433/name", "db.example:5433"),
        ("redis://:pass@cache/0", "cache"),
        ("postgresql:///name", "localhost"),
    ],
)
def test_address_tells_no_password(url: str, address: str) -> None:
    assert checks.address_of(url) == address
