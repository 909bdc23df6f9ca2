"""Settings: environment over file over defaults, and errors that name their key."""

from pathlib import Path

import pytest

from core import settings
from core.errors import SettingsError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings.setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("MUNIMENT_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_need_nothing() -> None:
    loaded = settings.load()
    assert loaded.database.url is None
    assert loaded.home.is_absolute()
    assert loaded.home.name == "var"


def test_environment_wins_over_file_and_file_over_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "muniment.toml").write_text('home = "data"\n[api]\nport = 1234\n[web]\nport = 4321\n')
    monkeypatch.setenv("MUNIMENT_API_PORT", "999")
    loaded = settings.load()
    assert (loaded.api.port, loaded.web.port) == (999, 4321)
    assert loaded.home == tmp_path / "data"
    assert loaded.ingest.processes == 2


def test_a_group_name_with_underscores_in_its_key_reads_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_DATABASE_POOL_SIZE", "33")
    assert settings.load().database.pool_size == 33


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "muniment.toml").write_text("[api]\nport = 1234\n")
    defaults = settings.load()
    for name in settings.setting_names().keys() - {"MUNIMENT_MODELS_HUB_URL"}:
        monkeypatch.setenv(name, "")
    assert settings.load() == defaults
    assert (defaults.home.name, defaults.database.url, defaults.api.port) == ("var", None, 1234)


def test_an_empty_hub_is_no_hub_whatever_the_file_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "muniment.toml").write_text('[models]\nhub_url = "http://hub"\ntimeout_s = 5\n')
    assert settings.load().models.hub_url == "http://hub"
    monkeypatch.setenv("MUNIMENT_MODELS_HUB_URL", "")
    assert (settings.load().models.hub_url, settings.load().models.timeout_s) == (None, 5)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MUNIMENT_LLM_ENGINE", "gpt", ["MUNIMENT_LLM_ENGINE", "'llamacpp' or 'vllm'", "'gpt'"]),
        ("MUNIMENT_API_PORT", "http", ["MUNIMENT_API_PORT", "integer"]),
        ("MUNIMENT_API_PORT", "70000", ["MUNIMENT_API_PORT", "less than or equal to 65535"]),
        (
            "MUNIMENT_MODELS_ALLOWED_LICENCES",
            "opensource",
            ["MODELS_ALLOWED_LICENCES", "opensource", "open-source may be meant"],
        ),
        ("MUNIMENT_MODELS_ALLOWED_LICENCES", " , ", ["MUNIMENT_MODELS_ALLOWED_LICENCES", "at least 1 item"]),
        ("MUNIMENT_MODELS_LICENCES", '{"org/x": " "}', ["MUNIMENT_MODELS_LICENCES", "org/x"]),
        ("MUNIMENT_API_PROT", "1", ["MUNIMENT_API_PROT", "Did you mean MUNIMENT_API_PORT"]),
        ("MUNIMENT_CONFIG", "nowhere.toml", ["MUNIMENT_CONFIG", "nowhere.toml"]),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_may_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: list[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("toml", "word"),
    [
        ("[api]\nprot = 1\n", "MUNIMENT_API_PORT"),
        ("[apy]\nport = 1\n", "apy"),
        ("port = [", "muniment.toml"),
        ("[llm]\nengine = 3\n", "llamacpp"),
    ],
)
def test_a_wrong_file_is_named_by_key(tmp_path: Path, toml: str, word: str) -> None:
    (tmp_path / "muniment.toml").write_text(toml)
    with pytest.raises(SettingsError, match=word):
        settings.load()


@pytest.mark.parametrize(
    ("name", "url", "word"),
    [
        ("MUNIMENT_DATABASE_URL", "mysql://u:hunter2@h/db", "postgresql:// or postgres://"),
        ("MUNIMENT_DATABASE_URL", "postgresql://u:p@h:hunter2/db", "a port is a number"),
        ("MUNIMENT_BROKER_URL", "http://:hunter2@h", "redis://, rediss://, amqp:// or amqps://"),
        ("MUNIMENT_BROKER_URL", "redis://:p@127.0.0.1:hunter2/0", "a port is a number"),
        ("MUNIMENT_LLM_URL", "hunter2:8000/v1", "http:// or https://"),
        ("MUNIMENT_RERANK_URL", "hunter2.example.org", "http:// or https://"),
        ("MUNIMENT_API_URL", "http://[::1/hunter2", "cannot be read"),
    ],
)
def test_a_wrong_url_is_named_by_its_key_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, url: str, word: str) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert str(caught.value).startswith(f"{name} (")
    assert word in str(caught.value)
    assert "hunter2" not in str(caught.value) and "Value error" not in str(caught.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", "postgresql://u:hunter2@h/db")
    assert "hunter2" not in repr(settings.load())


def test_with_values_replaces_and_leaves_the_rest() -> None:
    loaded = settings.load()
    changed = loaded.with_values(api={"port": 5})
    assert changed.api.port == 5
    assert changed.api.host == loaded.api.host
    assert loaded.api.port != 5


def test_a_list_is_separated_by_commas_in_the_environment_and_a_list_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "muniment.toml").write_text(
        '[models]\nallowed_licences = ["open-source", "Our-Contract"]\nlicences = {"org/x" = "our-contract, gemma"}\n'
    )
    assert settings.load().models.allowed_licences == ("open-source", "Our-Contract")
    monkeypatch.setenv("MUNIMENT_MODELS_ALLOWED_LICENCES", "open-source, Apache-2.0,gemma")
    loaded = settings.load()
    assert loaded.models.allowed_licences == ("open-source", "Apache-2.0", "gemma")
    assert loaded.models.licences == {"org/x": "our-contract, gemma"}
    monkeypatch.setenv("MUNIMENT_MODELS_LICENCES", '{"org/y": "mit"}')
    assert settings.load().models.licences == {"org/x": "our-contract, gemma", "org/y": "mit"}
