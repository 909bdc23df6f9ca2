from pathlib import Path

from starlette.testclient import TestClient

from tests.benchmarks.recorder import Recording, application
from tests.fakes_generation import FakeModelServer

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Why?"}], "max_tokens": 5}


def test_what_was_asked_once_is_answered_without_the_server_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "recorded.jsonl.gz"
    with FakeModelServer("Leave is paid.", yes=0.9) as fake:
        server = TestClient(application(Recording(path), fake.url.removesuffix("/v1")))
        first = server.post("/v1/chat/completions", json=ASKED | {"model": fake.model})
        counted = server.post("/tokenize", json={"content": "Leave is paid."})
    assert first.is_success and counted.is_success
    alone = TestClient(application(Recording(path), None))
    assert alone.post("/v1/chat/completions", json=ASKED | {"model": fake.model}).content == first.content
    num_tokens = len(alone.post("/tokenize", json={"content": "Leave is paid."}).json()["tokens"])
    assert num_tokens == len(counted.json()["tokens"]) > 0


def test_what_was_never_asked_is_refused_where_no_server_stands_behind(tmp_path: Path) -> None:
    alone = TestClient(application(Recording(tmp_path / "none.gz"), None))
    assert alone.get("/health").is_success
    assert alone.post("/v1/chat/completions", json=ASKED).status_code == 503
