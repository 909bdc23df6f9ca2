"""From a thumb to a question to measure by: the real API with a real PostgreSQL, and the command line as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.db.pool import Pool, transaction
from core.keys import add_key
from core.settings import PROJECT_ROOT, Settings
from evaluation.datasets import load_questions
from tests.fakes_api import FakeGenerator, add_document, make_services
from tests.served_api import serve
from ui.client import ApiError, Client

ANSWER = {"answer": "20 days.", "refused": False, "citations": [], "model": "fake", "standalone_question": None}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def url(pool: Pool, tmp_path: Path) -> Iterator[str]:
    with transaction(pool) as connection:
        add_document(connection, "ann", "handbook", "/docs/leave.txt", tmp_path / "leave.txt")
    services = make_services(Settings(home=tmp_path / "home"), pool, FakeGenerator())
    with serve(services) as url:
        yield url
    services.probes.close()


@pytest.fixture
def key(pool: Pool) -> Callable[[str], str]:
    def key(owner: str) -> str:
        with transaction(pool) as connection:
            return add_key(connection, owner_id=owner, name="test", is_admin=owner == "admin")[1]

    return key


def grow(url: str, key: str, home: Path, collection: str, target: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
    environment |= {"MUNIMENT_HOME": str(home), "MUNIMENT_API_URL": url, "MUNIMENT_API_KEY": key}
    command = [sys.executable, "-W", "error", "-m", "ui.cli.main", "eval", "golden", "-c", collection, "-o", str(target)]
    return subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_question_grows_from_a_thumb(url: str, key: Callable[[str], str], tmp_path: Path) -> None:
    with Client(url, key("ann")) as client:
        said = {"expected": "30 days", "quote": "leave is 30 DAYS a year", "document": "leave.txt"}
        kept = client.add_feedback("How much leave?", ANSWER, "down", collection="handbook", **said)
        assert client.feedback() == [kept] and kept["collection"] == "ann/handbook"
    target = tmp_path / "golden.json"
    done = grow(url, key("ann"), tmp_path, "handbook", target)
    assert (done.returncode, done.stdout) == (0, f"1 question added to {target}: 1 with an answer, 0 without\n"), done.stderr
    (question,) = load_questions(target)
    assert (question.answer, question.quote) == ("30 days", "Leave is 30 days a year")
    assert question.is_about("/docs/leave.txt")


def test_who_may_not_read_a_collection_grows_nothing_from_it(url: str, key: Callable[[str], str], tmp_path: Path) -> None:
    with Client(url, key("ann")) as client:
        client.add_feedback("Why?", ANSWER, "down", collection="handbook", should_refuse=True)
    for owner in ("eve", "admin"):  # an administrator sees the rating and not the documents
        done = grow(url, key(owner), tmp_path, "ann/handbook", tmp_path / "golden.json")
        assert done.returncode == 1 and "There is no collection named 'ann/handbook'" in done.stderr
    assert not (tmp_path / "golden.json").exists()


def test_the_client_deletes_and_tells_what_is_not_there(url: str, key: Callable[[str], str]) -> None:
    with Client(url, key("ann")) as client:
        kept = client.add_feedback("Why?", json.loads(json.dumps(ANSWER)), "up")
        client.delete_feedback(kept["feedback_id"])
        assert client.feedback() == []
        with pytest.raises(ApiError, match="There is no feedback"):
            client.delete_feedback(kept["feedback_id"])
