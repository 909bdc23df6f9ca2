import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import Unauthenticated
from core.settings import Settings
from ui.cli.session import explain, find_key, find_url
from ui.client import ApiError


def _write_state(home: Path, text: str) -> None:
    (home / "run").mkdir(parents=True)
    (home / "run" / "state.json").write_text(text)


def test_the_address_comes_from_the_setting_then_from_up_then_from_the_defaults(tmp_path: Path):
    settings = Settings(home=tmp_path)
    assert find_url(settings) == f"http://{settings.api.host}:{settings.api.port}"
    _write_state(tmp_path, json.dumps({"api_url": "http://127.0.0.1:1234"}))
    assert find_url(settings) == "http://127.0.0.1:1234"
    assert find_url(settings.with_values(api={"url": "https://api.example"})) == "https://api.example"


@pytest.mark.parametrize("state", ["", "{", "[]", '{"api_url": null}', '{"api_url": 5}'])
def test_a_state_that_tells_nothing_is_passed_over(tmp_path: Path, state: str):
    _write_state(tmp_path, state)
    assert find_url(Settings(home=tmp_path)).startswith("http://127.0.0.1:")


def test_the_key_comes_from_the_setting_then_from_up(tmp_path: Path):
    settings = Settings(home=tmp_path)
    with pytest.raises(Unauthenticated, match="muniment up"):
        find_key(settings)
    (tmp_path / "api-key").write_text("mun_abc\n")
    assert find_key(settings) == "mun_abc"
    assert find_key(settings.with_values(api={"key": SecretStr("mun_own")})) == "mun_own"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ApiError("API not reachable", "refused", 0), "`muniment up`"),
        (ApiError("Not authenticated", "This key was revoked.", 401), "Set MUNIMENT_API_KEY to a valid key"),
        (ApiError("Not authenticated", "This key was revoked.", 401), "`muniment keys create`"),
        (ApiError("Not found", "There is no collection.", 404), "Not found: There is no collection."),
    ],
)
def test_an_error_is_one_line(error: ApiError, told: str):
    line = explain(error, "http://here")
    assert told in line
    assert "\n" not in line
