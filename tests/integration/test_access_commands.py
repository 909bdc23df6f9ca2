"""`muniment access` and `groups` in this process, against the real API on a real socket and database."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.db.pool import Pool, transaction
from core.keys import add_key
from core.settings import Settings
from tests.fakes_api import FakeGenerator, add_document, make_services
from tests.served_api import serve
from ui.cli import main as cli
from ui.client import ApiError, Client

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command as somebody; returns its status, output and messages."""
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    with transaction(pool) as connection:
        keys = {o: add_key(connection, owner_id=o, name="test", is_admin=o == "admin")[1] for o in ("ann", "bob", "eve", "admin")}
    services = make_services(Settings(home=tmp_path / "home"), pool, FakeGenerator(), database=lambda: None)

    def run(user: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("MUNIMENT_API_KEY", keys[user])
        monkeypatch.setattr(sys, "argv", ["muniment", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    with serve(services) as url:
        monkeypatch.setenv("MUNIMENT_API_URL", url)
        yield run
    services.probes.close()


@pytest.fixture
def document_id(pool: Pool, tmp_path: Path) -> str:
    with transaction(pool) as connection:
        return str(add_document(connection, "ann", "papers", "/docs/plan.txt", tmp_path / "plan.txt"))


def test_share_explain_and_list(run: Run, document_id: str) -> None:
    absent = run("bob", "access", "explain", "--document", document_id)
    assert absent[0] == 1 and "There is no document" in absent[2]
    assert run("admin", "groups", "set", "hr", "--member", "bob")[:2] == (0, "bob\n")
    assert run("ann", "access", "share", "papers", "--allow", "group:hr", "--allow", "user:eve")[1] == "group:hr\nuser:eve\n"
    assert run("ann", "access", "share", "papers", "--deny", "user:eve")[1] == "group:hr\n"
    assert run("ann", "access", "share", "papers")[1] == "group:hr\n"
    status, out, _ = run("ann", "access", "explain", "--user", "bob", "--document", document_id)
    assert (status, out.splitlines()[0], out.count("\n- ") + 1) == (0, f"bob may read {document_id}.", 4)
    assert "group:hr" in out and "'bob' does not own the collection" in out
    told = json.loads(run("admin", "access", "explain", "--user", "eve", "--document", document_id, "--json")[1])
    assert (told["may_read"], told["allowed"], told["matched"]) == (False, ["group:hr"], [])
    assert run("bob", "access", "list")[1] == f"{document_id}\tann/papers\t/docs/plan.txt\n"
    assert json.loads(run("eve", "access", "list", "--user", "bob", "--json")[1])["documents"] == []
    assert run("bob", "collections")[1].split("\t")[:3] == ["papers", "ann", "1"]
    assert run("bob", "access", "share", "papers", "--allow", "everyone")[0] == 1


def test_a_documents_own_list(run: Run, document_id: str) -> None:
    assert run("ann", "access", "document", document_id)[1] == "inherits\t\n"
    assert run("ann", "access", "document", document_id, "--allow", "user:bob")[1] == "user:bob\t\n"
    assert run("bob", "documents")[1].startswith(document_id)
    assert run("ann", "access", "document", document_id, "--deny", "user:bob")[1] == "its owner alone\t\n"
    wrong = run("ann", "access", "document", document_id, "--deny", "user:bobby")
    assert wrong[0] == 2 and "user:bobby is not in the list" in wrong[2]
    assert run("ann", "access", "document", document_id, "--inherit", "--allow", "user:bob")[0] == 2
    assert json.loads(run("ann", "access", "document", document_id, "--inherit", "--json")[1]) == {
        "allowed": None,
        "source": None,
    }


def test_sources_and_the_line_about_those_out_of_date(run: Run, pool: Pool, document_id: str) -> None:
    out = run("ann", "access", "source", "set", "papers", "share", "--allow", "user:bob", "--max-age", "60")[1]
    assert out.split("\t")[:3] == ["share", "user:bob", "60"] and "up to date" in out
    run("ann", "access", "document", document_id, "--source", "share")
    assert run("bob", "documents")[1].startswith(document_id)
    with transaction(pool) as connection:
        connection.execute("UPDATE sources SET synced_at = now() - interval '1 day'")
    for command in (("search", "q"), ("search", "q", "--json"), ("ask", "q"), ("ask", "q", "--json")):
        status, _, err = run("bob", *command)
        assert status == 0 and "synchronised too long ago: share." in err
        assert "share" not in run("eve", *command)[2]
    assert "out of date" in run("ann", "access", "source", "list", "papers")[1]
    synced = json.loads(run("ann", "access", "source", "synced", "papers", "share", "--json")[1])["sources"][0]
    assert (synced["is_fresh"], synced["max_age_s"]) == (True, 60)
    kept = run("ann", "access", "source", "set", "papers", "share", "--max-age", "0", "--json")[1]
    assert [json.loads(kept)["sources"][0][field] for field in ("allowed", "max_age_s")] == [["user:bob"], None]
    assert run("ann", "access", "source", "delete", "papers", "share")[0] == 0
    assert run("bob", "documents")[1] == ""
    assert run("ann", "access", "document", document_id)[1] == "its owner alone\t\n"


def test_groups_are_the_administrators(run: Run) -> None:
    assert run("ann", "groups", "set", "hr", "--member", "ann")[0] == 1
    run("admin", "groups", "set", "hr", "--member", "ann", "--member", "bob")
    assert run("admin", "groups", "list")[1] == "hr\tann, bob\n"
    assert run("admin", "groups", "delete", "hr")[0] == 0
    assert json.loads(run("admin", "groups", "list", "--json")[1]) == {"groups": []}


def test_the_client_reads_a_list_of_many_pages(run: Run, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.access.PAGE", 2)
    with transaction(pool) as connection:
        for number in range(5):
            add_document(connection, "ann", "papers", f"/docs/{number}.txt", tmp_path / "a.txt")
    run("ann", "collections")  # sets ann's key
    with Client(os.environ["MUNIMENT_API_URL"], os.environ["MUNIMENT_API_KEY"]) as client:
        assert [d["source"] for d in client.access_list()["documents"]] == [f"/docs/{number}.txt" for number in range(5)]
        with pytest.raises(ApiError) as caught:
            client.set_document_access("nonsense", allowed=None, source=None)
        assert caught.value.status == 422
