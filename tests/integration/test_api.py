"""The API as a server on a real socket, with a real database, broker, worker and embedder, used by the real command line.

Only the language model is scripted, so that a test can tell when it is stopped.
"""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

import httpx
import pytest
from pydantic import SecretStr

from api.admission import questions_at_once
from api.lifespan import open_services
from api.routing import Router
from core.db.pool import transaction
from core.keys import add_key
from core.models import catalogue
from core.settings import Settings
from tests.fakes_api import FakeGenerator
from tests.served_api import command, serve
from tests.worker import Platform
from ui.client import ApiError, Client

LEAVE = "Annual leave is 30 days a year.\r\n\r\nSick leave is counted apart. Caf\u00e9 \u6f22\u5b57 \U0001f600\n"
TRAVEL = "# Travel\n\nTrips abroad are approved by the head of department two weeks ahead.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A HOME with the embedder's verified weights in it."""
    home = tmp_path_factory.mktemp("api home")
    catalogue.ensure("all-minilm-l6-v2", Settings(home=home).with_values(models={"folder": weights}))
    return home


@dataclass
class Served:
    """A server, who may use it, and the model behind it."""

    url: str
    key: str
    home: Path
    generator: FakeGenerator

    def client(self) -> Client:
        return Client(self.url, self.key, timeout_s=60)

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
        """Run the command line as a process of its own."""
        return command(self.url, self.key, self.home, *arguments)


@pytest.fixture
def served(home: Path, database_url: str, broker_url: str) -> Iterator[Served]:
    settings = Settings(home=home).with_values(
        database={"url": SecretStr(database_url)}, broker={"url": SecretStr(broker_url)}, api={"max_upload_mb": 1}
    )
    with open_services(settings) as services:
        with transaction(services.pool) as connection:
            _, key = add_key(connection, owner_id="ada", name="test")
        generator = FakeGenerator()
        router = Router(settings, services.pool, generator)
        with serve(replace(services, generator=generator, router=router)) as url:
            yield Served(url, key, home, generator)


@pytest.fixture
def working(served: Served, database_url: str, broker_url: str) -> Iterator[Served]:
    """A server whose uploads a real worker takes."""
    platform = Platform(served.home, database_url, broker_url)
    with platform.worker():
        yield served
    platform.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my documents"
    folder.mkdir()
    (folder / "leave.txt").write_bytes(LEAVE.encode())
    (folder / "travel.md").write_bytes(TRAVEL.encode())
    return folder


def test_a_folder_goes_in_is_found_read_and_deleted(working: Served, folder: Path) -> None:
    first = working.run("ingest", folder, "--collection", "handbook", "--json")
    assert first.returncode == 0, first.stderr.decode()
    documents = json.loads(first.stdout)["documents"]
    assert [(d["source"], d["status"], d["error"]) for d in documents] == [
        (f"{folder}/leave.txt", "indexed", None),
        (f"{folder}/travel.md", "indexed", None),
    ]
    ids = [d["document_id"] for d in documents]

    hits = json.loads(working.run("search", "How much annual leave?", "--collection", "handbook", "--k", "2", "--json").stdout)[
        "hits"
    ]
    assert (hits[0]["document_id"], hits[0]["source"], hits[0]["rank"]) == (ids[0], f"{folder}/leave.txt", 1)
    assert set(hits[0]) >= {"title", "page_first", "page_last", "start", "end", "text", "score", "heading_path"}
    text = working.run("text", ids[0])
    assert text.stdout == LEAVE.encode()
    assert text.stdout.decode()[hits[0]["start"] : hits[0]["end"]] == hits[0]["text"]

    again = json.loads(working.run("ingest", folder, "--collection", "handbook", "--json").stdout)["documents"]
    assert [(d["document_id"], d["status"]) for d in again] == [(id_, "unchanged") for id_ in ids]

    (folder / "travel.md").write_text(TRAVEL.replace("two weeks", "four weeks"))
    changed = json.loads(working.run("ingest", folder / "travel.md", "--collection", "handbook", "--json").stdout)["documents"]
    assert [(d["document_id"], d["status"]) for d in changed] == [(ids[1], "indexed")]
    assert b"four weeks" in working.run("text", ids[1]).stdout

    assert working.run("delete", ids[0]).returncode == 0
    with working.client() as client:
        assert [d["document_id"] for d in client.documents("handbook")] == [ids[1]]
        assert ids[0] not in {hit["document_id"] for hit in client.search("How much annual leave?", "handbook")["hits"]}
    gone = working.run("text", ids[0])
    assert (gone.returncode, gone.stdout) == (1, b"")
    assert len(gone.stderr.splitlines()) == 1


def test_bad_files_are_named_with_their_reasons_and_the_rest_goes_in(working: Served, folder: Path) -> None:
    (folder / "empty.txt").touch()
    (folder / "large.txt").write_bytes(b"x" * 1_200_000)
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nand no more")
    (folder / "loop").symlink_to(folder)
    result = working.run("ingest", folder, folder / "absent", "--collection", "c", "--json")
    assert result.returncode == 1
    documents = {d["source"].rsplit("/", 1)[-1]: d for d in json.loads(result.stdout)["documents"]}
    assert {name: d["status"] for name, d in documents.items()} == {
        "leave.txt": "indexed",
        "travel.md": "indexed",
        "empty.txt": "rejected",
        "large.txt": "rejected",
        "photo.png": "rejected",
        "broken.pdf": "failed",
        "absent": "rejected",
    }
    assert all(d["error"] for d in documents.values() if d["status"] != "indexed")
    table = working.run("ingest", folder, "--collection", "c")
    assert table.returncode == 1
    assert b"2 unchanged" in table.stdout
    assert documents["empty.txt"]["error"].encode() in table.stdout


def test_ask_streams_the_answer_then_its_sources(working: Served, folder: Path) -> None:
    assert working.run("ingest", folder, "--collection", "c").returncode == 0
    working.generator.pieces = ["Annual leave ", "is 30 days ", "a year."]
    result = working.run("ask", "How many days of annual leave are there?", "--collection", "c")
    assert result.returncode == 0, result.stderr.decode()
    answer, _, sources = result.stdout.decode().partition("\n\n")
    assert answer == "Annual leave is 30 days a year. [1]"
    assert "Annual leave is 30 days a year." in sources
    working.generator.answerable = 0.0
    refused = json.loads(working.run("ask", "Who is the chief?", "--collection", "c", "--json").stdout)
    assert (refused["refused"], refused["citations"]) == (True, [])


def test_a_reader_who_goes_away_stops_the_model(working: Served, folder: Path) -> None:
    assert working.run("ingest", folder, "--collection", "c").returncode == 0
    generator = working.generator
    generator.pieces = ["Annual leave is 30 days a year", *[" and more"] * 1000]
    generator.before_piece = lambda number: time.sleep(0.02)
    with working.client() as client:
        stream = client.ask_stream("How many days of annual leave are there?", "c")
        while next(stream)[0] != "token":
            pass
        stream.close()
    assert generator.closed.wait(10)
    assert generator.num_written < 500


def test_an_asker_of_json_who_goes_away_stops_the_model_too(working: Served, folder: Path) -> None:
    assert working.run("ingest", folder, "--collection", "c").returncode == 0
    generator = working.generator
    generator.pieces = ["Annual leave is 30 days a year", *[" and more"] * 1000]
    generator.before_piece = lambda number: time.sleep(0.02)
    with Client(working.url, working.key, timeout_s=1) as client, pytest.raises(ApiError) as caught:
        client.ask("How many days of annual leave are there?", "c")
    assert caught.value.title == "No answer in time"
    assert generator.closed.wait(10)
    assert generator.num_written < 500


def test_health_answers_while_the_model_keeps_everyone_waiting(working: Served, folder: Path) -> None:
    assert working.run("ingest", folder, "--collection", "c").returncode == 0
    release = threading.Event()
    working.generator.pieces = ["Annual leave is 30 days a year."]
    working.generator.before_piece = lambda number: release.wait(60) and None
    answered, refused = SimpleQueue[str](), SimpleQueue[int]()
    askers = [threading.Thread(target=_ask, args=(working, answered, refused)) for _ in range(20)]
    for asker in askers:
        asker.start()
    try:
        time.sleep(1)
        started = time.monotonic()
        assert httpx.get(f"{working.url}/livez", trust_env=False).status_code == 200
        with working.client() as client:
            assert client.search("annual leave", "c")["hits"]
        assert time.monotonic() - started < 10
    finally:
        release.set()
        for asker in askers:
            asker.join(60)
    places = questions_at_once(Settings().llm.parallel) // 2
    assert (answered.qsize(), refused.qsize()) == (places, 20 - places)
    assert {refused.get() for _ in range(refused.qsize())} == {503}


def _ask(served: Served, answered: "SimpleQueue[str]", refused: "SimpleQueue[int]") -> None:
    with served.client() as client:
        try:
            answered.put(client.ask("How many days of annual leave are there?", "c")["answer"])
        except ApiError as error:
            refused.put(error.status)


def test_a_file_far_too_large_is_refused_over_a_real_socket(served: Served, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    with served.client() as client:
        client.add_collection("c")
        with pytest.raises(ApiError, match="larger than 1 MB") as caught:
            client.upload("c", large, "/large.bin")
        assert caught.value.status == 413
        assert client.jobs([]) == []  # the same connection, or a new one, goes on working


def test_a_long_list_of_jobs_fits_into_a_request(served: Served) -> None:
    with served.client() as client:
        assert client.jobs(f"00000000-0000-0000-0000-{n:012}" for n in range(500)) == []


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /v1/documents?collection=%00 HTTP/1.1",
        b"GET /v1/%2e%2e/%ff%fe HTTP/1.1",
        b"GARBAGE",
        b"\x00" * 100,
    ],
)
def test_garbage_on_the_socket_hurts_nobody(served: Served, request_line: bytes) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\nAuthorization: Bearer " + served.key.encode() + b"\r\n\r\n")
        status = connection.recv(1000).split(b"\r\n")[0]
    assert b" 4" in status
    assert httpx.get(f"{served.url}/livez", trust_env=False).status_code == 200


def test_readyz_names_every_dependency(served: Served) -> None:
    with served.client() as client:
        ready = client.ready()
    assert {name: d["state"] for name, d in ready["dependencies"].items()} == {"database": "ok", "broker": "ok", "model": "down"}
    assert ready["ready"] is False
