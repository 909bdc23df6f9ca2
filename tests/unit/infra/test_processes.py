import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from infra.local import processes
from infra.local.processes import MARK

FOREVER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
PARENT = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {FOREVER!r}]); print(p.pid, flush=True); p.wait()"


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", FOREVER]) as process:
        yield process
        process.kill()


def test_recorded_process_is_found(sleeper: "subprocess.Popen[bytes]") -> None:
    found = processes.find(processes.identify(sleeper.pid))
    assert found is not None
    assert found.pid == sleeper.pid


def test_number_that_went_to_a_stranger_is_left_alone(sleeper: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    recorded = processes.identify(sleeper.pid)
    stranger = replace(recorded, create_time=recorded.create_time - 100)
    assert processes.find(stranger) is None
    assert processes.end_leftovers(tmp_path, [stranger, None]) == 0
    assert sleeper.poll() is None


def test_zombie_counts_as_gone(sleeper: "subprocess.Popen[bytes]") -> None:
    recorded = processes.identify(sleeper.pid)
    zombie = psutil.Process(sleeper.pid)
    sleeper.kill()
    assert processes.wait_gone([zombie], 5) == []
    assert zombie.status() == psutil.STATUS_ZOMBIE
    assert processes.find(recorded) is None


def test_marked_orphan_is_ended_and_that_of_another_home_is_not(tmp_path: Path) -> None:
    """The parent dies, its child is reparented, and only its environment tells whose it is."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    orphans = {}
    for home in (mine, other):
        with subprocess.Popen([sys.executable, "-c", PARENT], env={MARK: str(home)}, stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            orphans[home] = psutil.Process(int(parent.stdout.readline()))
            parent.kill()
    assert processes.end_leftovers(mine, []) == 1
    assert not processes.is_alive(orphans[mine])
    assert processes.is_alive(orphans[other])
    assert processes.end_leftovers(other, []) == 1


def test_recorded_process_goes_with_its_children(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert processes.end_leftovers(tmp_path, [processes.identify(parent.pid)]) == 2
        assert not processes.is_alive(child)


def test_deaf_process_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        deaf.stdout.readline()
        assert processes.end([psutil.Process(deaf.pid)], grace_s=0.2) == 1
        assert deaf.wait(5) == -9


def test_signal_to_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as brief:
        process = psutil.Process(brief.pid)
        brief.wait()
    assert processes.send(process, processes.signal.SIGTERM) is False
