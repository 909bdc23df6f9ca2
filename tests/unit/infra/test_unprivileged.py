import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SettingsError
from infra.local import unprivileged
from infra.local.unprivileged import Disguise, disguise
from tests.embedded import running_postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a disguise")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    disguise.cache_clear()
    yield
    disguise.cache_clear()


def test_plain_user_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert disguise() == Disguise()


@as_root
def test_root_runs_commands_as_somebody_else() -> None:
    told = subprocess.run([*disguise().prefix, "id", "-u"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() != "0"


@as_root
def test_account_serves_where_namespaces_are_forbidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home only root may enter, as it is in a container: the server comes up in it all the same."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    monkeypatch.setattr(unprivileged, "NAMESPACE", ("false",))
    home = tmp_path / "root's own"
    home.mkdir(mode=0o700)
    with running_postgres(home / "postgres") as server:
        assert server.data.stat().st_uid != 0
        server.check()
    assert home.stat().st_uid == 0
    assert home.stat().st_mode & 0o077 == 0


@as_root
def test_no_way_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unprivileged, "NAMESPACE", ("false",))
    monkeypatch.setattr(unprivileged, "ACCOUNTS", ())
    with pytest.raises(SettingsError, match=r"plain user.*MUNIMENT_DATABASE_URL"):
        disguise()
