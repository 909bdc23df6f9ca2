"""The local stack as processes: a real PostgreSQL and Valkey, and tiny programs in place of the platform's own.

What is asked of `up`, `down` and `status`: nothing is ever left behind, nothing is lost, and what dies comes back.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
import typer
from typer.testing import CliRunner

from core import settings as core_settings
from core.errors import ModelUnavailable
from core.settings import PROJECT_ROOT
from infra.local import checks, commands, processes
from infra.local import run as running
from infra.local import state as states
from infra.local.home import Home
from infra.local.state import State
from infra.local.supervisor import Supervisor
from tests import fakes_infra
from tests.embedded import free_port

PORTS = ("DATABASE", "BROKER", "LLM", "API", "WEB")
EMBEDDED = {"database", "broker", "model", "api", "worker", "web"}
CAN_RUN = "import subprocess, sys; import redis, infra.local.run; subprocess.run([sys.executable, '-c', ''], check=True)"
app = typer.Typer()
commands.register(app)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home with a space in its path, whose ports are free; whatever still runs in it at the end is a failure."""
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "a home"))
    for name in PORTS:
        monkeypatch.setenv(f"MUNIMENT_{name}_PORT", str(free_port()))
    home = Home(tmp_path / "a home")
    yield home
    left = processes.find_leftovers(home.root, [])
    processes.end(left, grace_s=1)
    assert left == []


@contextmanager
def up(home: Home, *prefix: str, timeout_s: float = 60) -> Iterator["subprocess.Popen[str]"]:
    """Run the platform until the block ends, entering it once all is ready; a Ctrl-C ends it."""
    command = [*prefix, sys.executable, "-m", "tests.fakes_infra"]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as supervisor:
        try:
            wait_for(home, lambda state: state.ready or supervisor.poll() is not None, timeout_s)
            if supervisor.poll() is not None:
                raise RuntimeError(supervisor.stdout.read() if supervisor.stdout else "")
            yield supervisor
        finally:
            supervisor.send_signal(signal.SIGINT)
            supervisor.communicate(timeout=20)


def wait_for(home: Home, condition: Callable[[State], bool], timeout_s: float = 30) -> State:
    deadline = time.monotonic() + timeout_s
    while not condition(state := states.current(home)):
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
    return state


def pids(state: State) -> dict[str, int]:
    return {c.name: c.process.pid for c in state.components if c.process}


def muniment(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return result.exit_code, result.output


def database_url(home: Home) -> str:
    port = json.loads((home.run / "ports.json").read_text())["database"]["port"]
    return f"postgresql://muniment:{home.secret('database')}@127.0.0.1:{port}/muniment"


def test_ctrl_c_leaves_nothing_and_a_second_up_finds_everything_again(home: Home) -> None:
    with up(home) as supervisor:
        state = states.current(home)
        assert set(pids(state)) == EMBEDDED
        key = home.api_key.read_text()
        exit_code, output = muniment("status", "--json")
        assert exit_code == 0
        report = json.loads(output)
        assert report["ready"] is True
        assert {c["name"]: c["state"] for c in report["components"]} == dict.fromkeys(EMBEDDED, "ready")
        with psycopg.connect(database_url(home)) as connection:
            connection.execute(
                "INSERT INTO collections (owner_id, name, embedding_model, dimension) VALUES ('a', 'kept', 'm', 3)"
            )
        started = time.monotonic()
    assert time.monotonic() - started < 15
    assert supervisor.returncode == 0
    assert processes.find_leftovers(home.root, []) == []
    exit_code, output = muniment("status", "--json")
    assert (exit_code, json.loads(output)["ready"]) == (1, False)
    started = time.monotonic()
    with up(home):
        assert time.monotonic() - started < 20
        again = states.current(home)
        assert (again.api_url, again.web_url) == (state.api_url, state.web_url)
        assert home.api_key.read_text() == key
        with psycopg.connect(database_url(home)) as connection:
            assert connection.execute("SELECT name FROM collections").fetchall() == [("kept",)]


def test_secrets_are_on_no_command_line_and_files_are_private(home: Home) -> None:
    with up(home):
        secrets = [path.read_text().strip() for path in (home.root / "secrets").iterdir()] + [home.api_key.read_text().strip()]
        ours = processes.find_leftovers(home.root, [c.process for c in states.current(home).components])
        words = " ".join(word for process in ours for word in process.cmdline())
        assert len(secrets) == 4
        assert len(ours) > len(EMBEDDED)
        assert not any(secret in words for secret in secrets)
        open_to_others = [p for p in home.root.rglob("*") if "data" not in p.parts and p.lstat().st_mode & 0o077]
        assert open_to_others == []


def test_ports_move_aside(home: Home) -> None:
    taken = int(os.environ["MUNIMENT_API_PORT"])
    with socket.create_server(("127.0.0.1", taken)), up(home):
        assert states.current(home).api_url != f"http://127.0.0.1:{taken}"


def test_down_ends_what_a_killed_supervisor_left(home: Home) -> None:
    with up(home) as supervisor:
        supervisor.kill()
        supervisor.wait()
        left = processes.find_leftovers(home.root, [])
        assert len(left) > len(EMBEDDED)
        exit_code, output = muniment("status", "--json")
        assert (exit_code, json.loads(output)["ready"]) == (1, False)
        started = time.monotonic()
        assert muniment("down") == (0, "Muniment is stopped.\n")
        assert time.monotonic() - started < 15
        assert not any(processes.is_alive(process) for process in left)


def test_up_takes_over_from_a_killed_supervisor_on_the_same_ports(home: Home) -> None:
    with up(home) as supervisor:
        before = states.current(home)
        supervisor.kill()
        supervisor.wait()
        with up(home):
            after = states.current(home)
            assert (after.api_url, after.web_url) == (before.api_url, before.web_url)
            assert not set(pids(after).values()) & set(pids(before).values())


def test_killed_components_come_back_and_the_rest_goes_on(home: Home) -> None:
    with up(home):
        before = pids(states.current(home))
        killed = {"database", "broker", "worker", "web"}
        orphan = psutil.Process(before["worker"]).children()[0]
        for name in killed:
            os.kill(before[name], signal.SIGKILL)
        wait_for(home, lambda state: not state.ready)
        after = pids(wait_for(home, lambda state: state.ready))
        assert {name for name in before if before[name] != after[name]} == killed
        assert not processes.is_alive(orphan)
        with psycopg.connect(database_url(home)) as connection:
            assert connection.execute("SELECT count(*) FROM api_keys").fetchone() == (1,)


def test_down_stops_a_living_supervisor(home: Home) -> None:
    with up(home) as supervisor:
        assert muniment("down") == (0, "Muniment is stopped.\n")
        assert supervisor.wait(5) == 0
        assert processes.find_leftovers(home.root, []) == []
    assert muniment("down") == (0, "Muniment was not running.\n")


def test_second_up_says_it_runs_and_where(home: Home) -> None:
    with up(home):
        before = pids(states.current(home))
        exit_code, output = muniment("up", "--detach")
        assert exit_code == 0
        assert "already runs" in output
        assert (states.current(home).api_url or "-") in output
        assert pids(states.current(home)) == before


def test_two_supervisors_cannot_run_in_one_home(home: Home) -> None:
    with up(home):
        rival = [sys.executable, "-m", "infra.local.run"]
        done = subprocess.run(rival, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0
        assert "already_running" in done.stderr
        assert states.current(home).ready


@pytest.fixture
def no_weights_needed(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A model server elsewhere and an embedder in a folder, so that `up` has nothing to fetch; gives the server's URL."""
    embedder = home.root.with_name("embedder")
    embedder.mkdir()
    monkeypatch.setenv("MUNIMENT_EMBEDDING_MODEL", str(embedder))
    port = free_port()
    serve = [sys.executable, "-c", fakes_infra.SERVER, "PORT"]
    with subprocess.Popen(serve, env={"PORT": str(port)}, stderr=subprocess.DEVNULL) as server:
        monkeypatch.setenv("MUNIMENT_LLM_URL", f"http://127.0.0.1:{port}/v1")
        yield f"http://127.0.0.1:{port}/v1"
        server.kill()


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # that is what it is for
@pytest.mark.usefixtures("no_weights_needed")
def test_detached_up_is_ready_when_it_returns_and_outlives_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SUPERVISOR", "tests.fakes_infra")
    exit_code, output = muniment("up", "--detach")
    assert exit_code == 0, output
    assert home.api_key.read_text().strip() in output
    assert not (home.root / "models").exists()
    assert states.current(home).ready
    assert muniment("down")[0] == 0


@pytest.mark.usefixtures("no_weights_needed")
@pytest.mark.parametrize("detached", [["--detach"], []])
def test_up_that_fails_says_what_why_and_what_to_do(home: Home, detached: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "supervise", partial(running.supervise, build=fakes_infra.build))
    monkeypatch.setattr(commands, "SUPERVISOR", "tests.fakes_infra")
    monkeypatch.setenv("API_DIES", "yes")
    exit_code, output = muniment("up", *detached)
    assert exit_code == 1
    assert "The api cannot start: it ended with status 1, 5 times in a row." in output
    assert "the reason is written here" in output
    assert "What to do: " in output
    report = json.loads(muniment("status", "--json")[1])
    assert {c["name"]: c["state"] for c in report["components"]}["api"] == "failed"
    assert report["ready"] is False
    assert processes.find_leftovers(home.root, []) == []


def test_settings_that_cannot_run_are_refused_before_anything_is_fetched(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_LLM_ENGINE", "vllm")
    monkeypatch.setenv("MUNIMENT_VLLM_ENVIRONMENT", str(home.root / "nowhere"))
    with pytest.raises(ModelUnavailable, match="make vllm"):
        muniment("up", "--detach")
    assert not (home.root / "models").exists()


def test_parts_that_are_elsewhere_are_used_and_not_started(
    home: Home, database_url: str, broker_url: str, no_weights_needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", database_url)
    monkeypatch.setenv("MUNIMENT_BROKER_URL", broker_url)
    with up(home):
        state = states.current(home)
        assert set(pids(state)) == EMBEDDED - {"database", "broker", "model"}
        details = {c.name: c.detail for c in state.components}
        assert all(details[name].startswith("external: 127.0.0.1:") for name in ("database", "broker", "model"))
        assert details["model"].rsplit(":", 1)[1] in no_weights_needed
        assert "test-password" not in json.dumps(state.report())
        assert not (home.root / "postgres").exists()
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT count(*) FROM api_keys").fetchone() == (1,)


def test_database_elsewhere_that_is_away_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", f"postgresql://u:geheim@127.0.0.1:{free_port()}/x")
    monkeypatch.setattr(checks, "TIMEOUT_S", 0.5)
    home.make()
    plan = fakes_infra.build(core_settings.load(), home)
    away = replace(plan.components[0], start_s=0.5)
    last = Supervisor([away], home).run()
    assert last.status == "failed"
    assert "MUNIMENT_DATABASE_URL" in last.message
    assert "geheim" not in last.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_plain_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs as `nobody`, from a program folder that user may only read."""
    prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with tempfile.TemporaryDirectory(prefix="plain user ") as folder:
        shutil.chown(folder, 65534, 65534)
        _skip_unless_it_works([*prefix, sys.executable, "-c", CAN_RUN])
        monkeypatch.setenv("MUNIMENT_HOME", f"{folder}/home")
        monkeypatch.setenv("HOME", folder)
        for name in PORTS:
            monkeypatch.setenv(f"MUNIMENT_{name}_PORT", str(free_port()))
        home = Home(Path(folder) / "home")
        with up(home, *prefix):
            owners = {psutil.Process(pid).uids().real for pid in pids(states.current(home)).values()}
            assert owners == {65534}
            assert home.root.stat().st_uid == 65534
        assert processes.find_leftovers(home.root, []) == []


def test_network_cut(home: Home) -> None:
    """Nothing but loopback is there, and nothing but loopback is needed."""
    lone = ("unshare", "-n") if os.geteuid() == 0 else ("unshare", "-rn")
    prefix = (*lone, "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    _skip_unless_it_works([*prefix, "true"])
    with up(home, *prefix):
        assert states.current(home).ready


def _skip_unless_it_works(command: Sequence[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"not possible here: {done.stderr.strip()[-300:]}")
