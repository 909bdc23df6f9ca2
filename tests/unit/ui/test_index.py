import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.fakes_ui import FakeApi, serve
from ui.cli import index


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        for name, value in (("HOME", str(tmp_path)), ("API_URL", fake.url), ("API_KEY", fake.key)):
            monkeypatch.setenv(f"MUNIMENT_{name}", value)
        monkeypatch.setattr(index, "POLL_S", 0.01)
        yield fake


def test_status_says_all_there_is(fake: FakeApi) -> None:
    result = CliRunner().invoke(index.app, ["status", "--store", "faiss"])
    assert result.exit_code == 0
    for told in ("faiss", "hnsw", "10, of them 1 since", "2 of the last build", "3.0 MB", "in 1.5 s"):
        assert told in result.output


def test_rebuild_waits_if_told_to(fake: FakeApi) -> None:
    result = CliRunner().invoke(index.app, ["rebuild", "--wait", "--json"])
    assert json.loads(result.output)["is_building"] is False
    result = CliRunner().invoke(index.app, ["rebuild", "--json"])
    assert json.loads(result.output)["is_building"] is True


def test_a_switch_waits_for_the_index_and_says_so(fake: FakeApi) -> None:
    result = CliRunner().invoke(index.app, ["switch", "faiss"])
    assert result.exit_code == 0
    assert fake.store == "faiss"
    assert "faiss" in result.stdout
    assert "being built" not in result.output  # the fake's index is there

    fake.builds_left = 4  # looks, until there is one
    result = CliRunner().invoke(index.app, ["switch", "faiss"])
    assert "The index of faiss is being built" in result.stderr
    assert fake.builds_left == 0
