"""`muniment route` and `muniment collections` in this process, against the real API, an engine outside and a real database."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.routing import Router
from core.db.pool import Pool, transaction
from core.keys import add_key
from core.routes import Engine, Route
from core.settings import Settings
from core.types import Chunk
from tests.fakes_api import FakeGenerator, add_document, hit_of, make_services
from tests.fakes_generation import FakeModelServer
from tests.served_api import serve
from tests.unit.generation.privacy.test_placeholders import ByList
from ui.cli import main as cli

PASSAGE = "Ann Lee has lived in Oslo since May."
QUESTION = "Since when has Ann Lee lived in Oslo?"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cloud() -> Iterator[FakeModelServer]:
    with FakeModelServer("<PERSON_1> has lived in <PLACE_1> since May.", yes=0.95) as cloud:
        yield cloud


@pytest.fixture
def run(
    pool: Pool, cloud: FakeModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Run]:
    """Run a command as somebody; returns its status, output and messages. What ann has in `news` is one English document."""
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    with transaction(pool) as connection:
        keys = {o: add_key(connection, owner_id=o, name="test", is_admin=o == "admin")[1] for o in ("ann", "admin")}
        document_id = add_document(connection, "ann", "news", "/docs/news.txt", tmp_path / "news.txt", PASSAGE)
        connection.execute("UPDATE documents SET language = 'en'")
    settings = Settings(home=tmp_path / "home").model_copy(
        update={
            "engines": {"cloud": Engine(url=cloud.url, model="fake-model", outside=True)},
            "routes": (Route(name="press", engine="cloud", sensitivity=("public",)),),
        }
    )
    services = make_services(Settings(home=tmp_path / "home"), pool, FakeGenerator(), database=lambda: None)
    services.search.hits = [hit_of(Chunk("c1", document_id, 0, len(PASSAGE), PASSAGE, 1, 1, ()), rank=1)]  # type: ignore[attr-defined]
    router = Router(settings, pool, services.generator, ByList)
    services = replace(services, settings=settings, router=router)

    def run(user: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("MUNIMENT_API_KEY", keys[user])
        monkeypatch.setattr(sys, "argv", ["muniment", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capfdbinary.readouterr()
        return int(caught.value.code or 0), output.out.decode(), output.err.decode()

    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    with serve(services) as url:
        monkeypatch.setenv("MUNIMENT_API_URL", url)
        yield run
    services.probes.close()
    router.close()


def test_from_internal_to_public_and_out(run: Run, cloud: FakeModelServer) -> None:
    assert run("ann", "collections")[1].split("\t")[-1] == "internal\n"
    status, out, _ = run("ann", "route", "explain", QUESTION, "--collection", "news")
    assert (status, out.splitlines()[0]) == (0, "default (fake-model) answers: no rule matches.")
    assert "    no: the most sensitive collection in reach: internal; but wanted: public" in out.splitlines()
    assert run("ann", "collections", "sensitivity", "news", "public")[2] == "news is public now.\n"
    assert run("ann", "collections")[1].split("\t")[-1] == "public\n"
    status, out, _ = run("ann", "route", "explain", QUESTION, "--collection", "news")
    assert out.splitlines()[0] == "cloud (fake-model) answers: the rule press matches."
    assert out.splitlines()[-2:] == ["    <PERSON_1>  Ann Lee", "    <PLACE_1>  Oslo"]
    assert cloud.requests == []
    answer = json.loads(run("ann", "ask", QUESTION, "--collection", "news", "--json")[1])
    assert (answer["answer"], answer["model"]) == (PASSAGE, "fake-model")
    status, out, _ = run("admin", "route", "egress")
    entries = [line.split("\t") for line in out.splitlines()]
    assert len(entries) == len(cloud.requests) > 0
    assert entries[0][2:6] == ["ann", "press", "cloud", "news"]
    body = run("admin", "route", "egress", "--body", entries[0][0])[1]
    assert json.loads(body) == cloud.requests[-1] and "Ann" not in body and "<PERSON_1>" in body
    assert len(json.loads(run("admin", "route", "egress", "--json")[1])["egress"]) == len(entries)


def test_who_is_no_administrator_reads_no_log_and_asks_about_nobody_else(run: Run) -> None:
    status, out, err = run("ann", "route", "egress")
    assert (status, out) == (1, "") and "administrator" in err
    status, out, err = run("ann", "route", "explain", QUESTION, "--user", "admin")
    assert (status, out) == (1, "") and "another user" in err
    told = json.loads(run("admin", "route", "explain", QUESTION, "--user", "ann", "--collection", "news", "--json")[1])
    assert (told["user"], told["rule"], told["asked"]["sensitivity"]) == ("ann", None, "internal")


def test_a_level_that_is_none_is_refused_before_anything_is_sent(run: Run) -> None:
    status, _, err = run("ann", "collections", "sensitivity", "news", "secret")
    assert status == 2 and "secret" in err
