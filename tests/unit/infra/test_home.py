import fcntl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SettingsError
from infra.local.home import MAX_LOG_BYTES, AlreadyRunning, Home, write_private

HOLD = """
import sys
from pathlib import Path
from infra.local.home import Home
with Home(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_made_is_the_owners_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "a home")
    home.make()
    assert all(mode(path) & 0o077 == 0 for path in [home.root, *home.root.rglob("*")])


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    first = home.secret("database")
    assert len(first) >= 32
    assert home.secret("database") == first != home.secret("broker")
    assert mode(home.root / "secrets" / "database") == 0o600


def test_private_file_stays_private_when_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode(path), list(tmp_path.iterdir())) == ("new", 0o600, [path])


def test_place_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"MUNIMENT_HOME .*file"):
        Home(tmp_path / "file").make()


def test_lock_keeps_a_second_supervisor_out_and_dies_with_its_holder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert not home.is_supervised()
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert home.is_supervised()
        with pytest.raises(AlreadyRunning, match="muniment down"), home.locked(wait_s=0.1):
            raise AssertionError("entered a locked home")
        holder.kill()
    assert not home.is_supervised()
    with home.locked(wait_s=0):
        assert home.is_supervised()


def test_one_who_looks_is_no_supervisor_to_another_who_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, flock, seen = Home(tmp_path), fcntl.flock, []
    home.make()

    def look_again(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        monkeypatch.setattr(fcntl, "flock", flock)
        seen.append(home.is_supervised())

    monkeypatch.setattr(fcntl, "flock", look_again)
    assert not home.is_supervised()
    assert seen == [False]


def test_large_log_is_moved_aside(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    home.log("api").write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    home.log("web").write_bytes(b"x")
    home.rotate_log("api")
    home.rotate_log("web")
    assert not home.log("api").exists()
    assert (tmp_path / "logs" / "api.log.1").stat().st_size == MAX_LOG_BYTES + 1
    assert home.log("web").exists()
