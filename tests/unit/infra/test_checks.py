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
    """Lists two models to whoever bears the right key, answers 401 to all others; of what is no list, it has one, too."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers.get("Authorization") == "Bearer right" else 401)
        self.end_headers()
        self.wfile.write(b"<html>" if self.path.startswith("/page") else b'{"data": [{"id": "small"}, {"id": "large"}]}')

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


def test_model_must_be_served_by_its_name(server: str) -> None:
    base = server.removesuffix("/models")
    checks.check_model(base, "large", "right")
    checks.check_model(f"{base}/", "small", "right")
    with pytest.raises(DependencyUnavailable, match="lists small, large, and not huge: set MUNIMENT_LLM_MODEL"):
        checks.check_model(base, "huge", "right")
    with pytest.raises(DependencyUnavailable, match="answers 401"):
        checks.check_model(base, "large", "wrong")
    with pytest.raises(DependencyUnavailable, match="OpenAI protocol"):
        checks.check_model(base.replace("/v1", "/page"), "large", "right")


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://127.0.0.1:notaport/", "http://[::1/models"])
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
    with pytest.raises(DependencyUnavailable) as caught:
        checks.check_database("postgresql://u:geheim@[::1/x")
    assert "geheim" not in str(caught.value)


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


@pytest.mark.parametrize("url", ["http://x", "kafka://x", "redis://:geheim@127.0.0.1:notaport/0", "redis://:ge#heim@h/0"])
def test_broker_url_that_is_none(url: str) -> None:
    with pytest.raises(DependencyUnavailable, match="its URL cannot be used") as caught:
        checks.check_broker(url)
    assert "heim" not in str(caught.value)


def test_sign_of_life(tmp_path: Path) -> None:
    sign = tmp_path / "alive"
    with pytest.raises(DependencyUnavailable, match="not given"):
        checks.check_sign_of_life(sign)
    sign.touch()
    checks.check_sign_of_life(sign)
    sign.write_text("its processes cannot start: why")
    with pytest.raises(DependencyUnavailable, match="its processes cannot start: why"):
        checks.check_sign_of_life(sign)
    sign.write_text("")
    os.utime(sign, (time.time() - 100, time.time() - 100))
    with pytest.raises(DependencyUnavailable, match="100 s ago"):
        checks.check_sign_of_life(sign)
