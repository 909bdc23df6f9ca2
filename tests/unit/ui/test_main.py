import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes_ui import FakeApi, serve
from ui.cli import main as cli

ROOT = Path(__file__).parents[3]


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        yield fake


def ingesting(fake: FakeApi, folder: Path) -> "subprocess.Popen[str]":
    """Start an ingest of two files, as a process of its own."""
    (folder / "files").mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / "files" / name).write_text(name)
    settings = {"MUNIMENT_HOME": str(folder), "MUNIMENT_API_URL": fake.url, "MUNIMENT_API_KEY": fake.key}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")} | settings
    command = [sys.executable, "-m", "ui.cli.main", "ingest", str(folder / "files"), "--collection", "c", "--json"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_ends_an_ingest_at_once_with_its_report(fake: FakeApi, tmp_path: Path):
    fake.index_delay_s = 600
    with ingesting(fake, tmp_path) as process:
        wait_until(lambda: len(fake.jobs) == 2)
        time.sleep(1)  # until it polls
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert time.monotonic() - started < 10  # a loaded machine's; the fake would take ten minutes
    assert json.loads(out)["documents"] == [], "none is finished"


def test_an_ingest_that_can_no_longer_poll_prints_its_report(fake: FakeApi, tmp_path: Path):
    fake.index_delay_s = 600
    with ingesting(fake, tmp_path) as process:
        wait_until(lambda: len(fake.jobs) == 2)
        fake.broken.add("/v1/jobs")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert {row["status"] for row in json.loads(out)["documents"]} == {"failed"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process, in a home where nothing runs."""
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_API_KEY", "mun_x")
    monkeypatch.setenv("MUNIMENT_API_URL", "http://127.0.0.1:9")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["muniment", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def test_every_command_listed_loads_and_says_what_it_does(run):
    for name in cli.COMMANDS:
        status, out, _ = run(name, "--help")
        assert status == 0
        assert f"muniment {name}" in out


def test_help_is_quick_and_imports_nothing_heavy():
    code = "import sys, ui.cli.main; print([m for m in ('httpx', 'pydantic', 'psycopg', 'rich.table') if m in sys.modules])"
    started = time.monotonic()
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
    assert time.monotonic() - started < 5  # a loaded machine's; 0.15 s on an idle one


COMMANDS = [
    ("ingest", "tests", "--collection", "c"),
    ("search", "q"),
    ("ask", "q"),
    ("ask", "q", "--json"),
    ("extract", "x", "--question", "date: When?"),
    ("documents",),
    ("collections", "--json"),
    ("text", "x"),
    ("delete", "x"),
    ("access", "explain", "--document", "x"),
    ("access", "list", "--user", "u"),
    ("access", "share", "c", "--allow", "user:u"),
    ("access", "document", "x", "--inherit"),
    ("access", "source", "synced", "c", "s"),
    ("groups", "set", "g", "--member", "u"),
    ("groups", "list"),
    ("keys", "list"),
    ("keys", "create", "--owner", "o"),
    ("keys", "revoke", "x"),
    ("index", "status"),
    ("index", "rebuild", "--store", "faiss", "--wait"),
    ("index", "switch", "faiss"),
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_with_the_api_away_one_line_says_what_to_do(run, arguments):
    status, out, err = run(*arguments)
    assert status == 1
    assert err.strip() == "The API at http://127.0.0.1:9 does not answer; start it with `muniment up`."
    assert out == ""


def test_without_a_key_one_line_says_what_to_do(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MUNIMENT_API_KEY")
    status, _, err = run("documents")
    assert status == 1
    assert len(err.splitlines()) == 1
    assert "muniment up" in err


def test_a_wrong_setting_is_named_with_status_2(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MUNIMENT_API_PORT", "many")
    status, _, err = run("documents")
    assert status == 2
    assert "MUNIMENT_API_PORT" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("ingest",), ("ingest", "x"), ("search", "q", "--k", "0"), ("ask", "q", "--x"), ("extract", "x")]
)
def test_wrong_usage_is_status_2(run, arguments):
    status, _, err = run(*arguments)
    assert status == 2
    assert "Traceback" not in err
