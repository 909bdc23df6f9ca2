import hashlib
import random
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from core.errors import WeightsError
from core.models.download import Download
from tests.fakes_models import FakeServer

CONTENT = random.Random(1).randbytes(300_000)


@pytest.fixture
def download(server: FakeServer, client: httpx.Client, tmp_path: Path) -> Callable[..., Download]:
    server.files["/f"] = CONTENT

    def make(size: int | None = len(CONTENT), content: bytes = CONTENT) -> Download:
        seen: list[int] = []
        return Download(client, f"{server.url}/f", tmp_path / "f.part", size, hashlib.sha256(content).hexdigest(), seen.append)

    return make


def test_fetches_the_bytes_and_counts_them(download: Callable[..., Download], client: httpx.Client, server: FakeServer) -> None:
    seen: list[int] = []
    wanted = download()
    Download(client, wanted.url, wanted.part, wanted.size, wanted.sha256, seen.append).run()
    assert wanted.part.read_bytes() == CONTENT
    assert seen == sorted(seen) and seen[-1] == len(CONTENT)


def test_a_broken_download_asks_only_for_the_rest(download: Callable[..., Download], server: FakeServer) -> None:
    server.breaks["/f"] = [100_000, 50_000]
    download().run()
    assert download().part.read_bytes() == CONTENT
    assert server.asked_for("/f") == [None, "bytes=100000-", "bytes=150000-"]


def test_what_an_earlier_run_left_is_not_fetched_again(download: Callable[..., Download], server: FakeServer) -> None:
    download().part.write_bytes(CONTENT[:120_000])
    download().run()
    assert download().part.read_bytes() == CONTENT
    assert server.asked_for("/f") == ["bytes=120000-"]


def test_a_complete_part_asks_for_nothing(download: Callable[..., Download], server: FakeServer) -> None:
    download().part.write_bytes(CONTENT)
    download().run()
    assert server.requests == []


def test_a_server_that_ignores_the_range_starts_over(download: Callable[..., Download], server: FakeServer) -> None:
    server.ignores_range = True
    server.breaks["/f"] = [100_000]
    download().run()
    assert download().part.read_bytes() == CONTENT


@pytest.mark.parametrize("tells_length", [True, False])
def test_an_end_that_comes_early_is_noticed(download: Callable[..., Download], server: FakeServer, tells_length: bool) -> None:
    server.tells_length = tells_length  # without a length, only the catalogue's size tells that the end came early
    server.breaks["/f"] = [100_000]
    download().run()
    assert download().part.read_bytes() == CONTENT


def test_gives_up_when_no_try_brings_anything(download: Callable[..., Download], server: FakeServer) -> None:
    server.breaks["/f"] = [1000, 0, 0, 0]
    with pytest.raises(WeightsError, match="keeps breaking off"):
        download().run()
    assert len(server.requests) == 2
    assert download().part.read_bytes() == CONTENT[:1000], "what came is kept for the next run"


def test_continuing_other_bytes_is_noticed_and_starts_over(download: Callable[..., Download], server: FakeServer) -> None:
    download().part.write_bytes(b"x" * 120_000)
    download().run()
    assert download().part.read_bytes() == CONTENT
    assert server.asked_for("/f") == ["bytes=120000-", None]


def test_a_part_longer_than_the_file_starts_over(download: Callable[..., Download], server: FakeServer) -> None:
    download().part.write_bytes(CONTENT + b"x")
    download().run()
    assert download().part.read_bytes() == CONTENT


def test_wrong_bytes_are_refused_and_removed(download: Callable[..., Download], server: FakeServer) -> None:
    server.files["/f"] = bytes(len(CONTENT))
    with pytest.raises(WeightsError, match=f"sha256 .* where {hashlib.sha256(CONTENT).hexdigest()} is expected"):
        download().run()
    assert not download().part.exists()


@pytest.mark.parametrize("tells_length", [True, False])
@pytest.mark.parametrize("content", [CONTENT + b"more", b"<html>Log in to the company network</html>" * 9000])
def test_more_bytes_than_expected_are_refused(
    download: Callable[..., Download], server: FakeServer, content: bytes, tells_length: bool
) -> None:
    server.files["/f"], server.tells_length = content, tells_length
    with pytest.raises(WeightsError, match=r"the server offers .* where 300000 are expected"):
        download().run()
    assert not download().part.exists()


def test_fewer_bytes_than_expected_are_refused_at_once(download: Callable[..., Download], server: FakeServer) -> None:
    server.files["/f"] = b"<html>Log in</html>"
    with pytest.raises(WeightsError, match="offers 19 bytes where 300000 are expected"):
        download().run()
    assert len(server.requests) == 1


def test_an_absent_file_and_an_absent_server_are_told_apart(
    download: Callable[..., Download], server: FakeServer, client: httpx.Client, tmp_path: Path
) -> None:
    del server.files["/f"]
    with pytest.raises(WeightsError, match="HTTP 404"):
        download().run()
    assert not download().part.exists(), "an error page is no part of a model"
    with pytest.raises(WeightsError, match="refused"):
        Download(client, "http://127.0.0.1:9/f", tmp_path / "g.part", None, None, lambda _: None).run()


def test_a_silent_server_is_left_after_the_timeout(server: FakeServer, download: Callable[..., Download], tmp_path: Path) -> None:
    server.hold.clear()
    with httpx.Client(timeout=0.2, trust_env=False) as client, pytest.raises(WeightsError, match=re.escape("timed out")):
        Download(client, f"{server.url}/f", tmp_path / "f.part", None, None, lambda _: None).run()
    assert len(server.requests) == 1


def test_a_password_in_the_url_is_not_told(client: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as raised:
        Download(client, "http://me:secret@127.0.0.1:9/f", tmp_path / "f.part", None, None, lambda _: None).run()
    assert "secret" not in str(raised.value)
