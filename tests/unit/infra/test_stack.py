import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import ModelUnavailable, SettingsError
from core.settings import Settings
from infra.local import stack
from infra.local.home import Home
from infra.local.stack import PORTION_TOKENS, Stack
from tests.embedded import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "a home"
    groups = ("database", "broker", "llm", "api", "web")
    return Settings(home=home).with_values(**{group: {"port": free_port()} for group in groups})


def build(settings: Settings) -> Stack:
    home = Home(settings.home)
    home.make()
    home.api_key.write_text("mun_key\n")
    return stack.build(settings, home)


def test_every_part_is_there_with_what_it_requires(settings: Settings) -> None:
    parts = {c.name: c for c in build(settings).components}
    assert list(parts) == ["database", "broker", "model", "api", "worker", "web"]
    assert {name: c.requires for name, c in parts.items() if c.requires} == {
        "api": ("database", "broker"),
        "worker": ("database", "broker"),
        "web": ("database",),
    }
    assert not any(c.external for c in parts.values())


def test_no_command_line_holds_a_secret(settings: Settings) -> None:
    plan = build(settings)
    words = " ".join(word for c in plan.components for word in c.argv)
    secrets = [path.read_text() for path in (settings.home / "secrets").iterdir()]
    assert len(secrets) == 3
    assert not any(secret in words for secret in [*secrets, "mun_key"])


def test_our_processes_learn_every_address_and_foreign_ones_none(settings: Settings) -> None:
    plan = build(settings)
    environments = {c.name: c.env() for c in plan.components}
    for name in ("model", "api", "worker", "web"):
        known = environments[name]
        assert known["MUNIMENT_DATABASE_URL"].endswith(f"@127.0.0.1:{settings.database.port}/muniment")
        assert known["MUNIMENT_BROKER_URL"].endswith(f"@127.0.0.1:{settings.broker.port}/0")
        assert known["MUNIMENT_LLM_URL"] == f"http://127.0.0.1:{settings.llm.port}/v1"
        assert len(known["MUNIMENT_LLM_API_KEY"]) >= 32
    for name in ("database", "broker"):
        assert not [variable for variable in environments[name] if variable.startswith("MUNIMENT")]
    assert environments["web"]["MUNIMENT_API_KEY"] == "mun_key"
    assert environments["web"]["MUNIMENT_API_URL"] == plan.api_url
    assert "MUNIMENT_API_KEY" not in environments["api"]


@pytest.mark.parametrize(
    ("host", "has_key"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.9", False),
    ],
)
def test_only_a_page_on_loopback_has_a_key_and_it_answers_to_no_foreign_name(
    settings: Settings, host: str, has_key: bool
) -> None:
    home = Home(settings.home)
    home.make()
    home.api_key.write_text("mun_key\n")
    for own in (None, SecretStr("mun_own")):
        web = stack._web(settings.with_values(web={"host": host}, api={"key": own}), home, "http://127.0.0.1:1").env()
        assert ("MUNIMENT_API_KEY" in web) == has_key
        assert ("STREAMLIT_SERVER_ALLOWED_HOSTS" in web) == has_key


def test_streamlit_reads_the_names_as_a_list(settings: Settings) -> None:
    environment = build(settings).components[-1].env()
    command = [sys.executable, "-m", "streamlit", "config", "show"]
    shown = subprocess.run(command, env=environment, cwd=settings.home, capture_output=True, text=True, check=True, timeout=120)
    names = re.search(r"^allowedHosts = \[(.*?)\]$", shown.stdout, re.MULTILINE | re.DOTALL)
    assert names and set(re.findall(r'"(.*?)"', names[1])) == {"127.0.0.1", "localhost", "::1"}


def test_only_the_model_that_runs_on_the_processor_reads_in_portions(settings: Settings) -> None:
    def told(of: Settings) -> str | None:
        return next(c for c in build(of).components if c.name == "api").env().get("MUNIMENT_SEARCH_PORTION_TOKENS")

    elsewhere = settings.with_values(llm={"url": "http://gpu.example:8000/v1"})
    assert (told(settings), told(elsewhere)) == (str(PORTION_TOKENS), None)
    chosen = {"portion_tokens": 300}
    assert told(settings.with_values(search=chosen)) == told(elsewhere.with_values(search=chosen)) == "300"


def test_what_is_elsewhere_is_not_started(settings: Settings) -> None:
    elsewhere = settings.with_values(
        database={"url": SecretStr("postgresql://u:geheim@db.example:1/x")},
        broker={"url": SecretStr("redis://:geheim@cache.example:2/0")},
        llm={"url": "http://gpu.example:8000/v1", "api_key": SecretStr("theirs"), "engine": "vllm", "model": "big"},
    )
    plan = build(elsewhere)
    outside = {c.name: c.address for c in plan.components if c.external}
    assert outside == {"database": "db.example:1", "broker": "cache.example:2", "model": "gpu.example:8000"}
    assert not list((settings.home / "secrets").iterdir())
    known = next(c for c in plan.components if c.name == "api").env()
    assert known["MUNIMENT_DATABASE_URL"] == "postgresql://u:geheim@db.example:1/x"
    assert (known["MUNIMENT_LLM_URL"], known["MUNIMENT_LLM_API_KEY"]) == ("http://gpu.example:8000/v1", "theirs")


def test_every_host_of_a_url_is_named(settings: Settings) -> None:
    several = settings.with_values(
        database={"url": SecretStr("postgresql://u:ge#heim@one:1,two:2/x")},
        broker={"url": SecretStr("amqp://u:geheim@one//;amqp://u:geheim@two//")},
    )
    assert [c.address for c in build(several).components if c.external] == ["one:1, two:2", "one, two"]


def test_an_api_elsewhere_has_no_twin_here_and_all_ask_it(settings: Settings) -> None:
    plan = build(settings.with_values(api={"url": "http://api.example:5"}))
    parts = {c.name: c for c in plan.components}
    assert [name for name, c in parts.items() if c.external] == ["api"]
    assert (parts["api"].address, plan.api_url) == ("http://api.example:5", "http://api.example:5")
    assert parts["web"].env()["MUNIMENT_API_URL"] == "http://api.example:5"
    assert settings.api.port not in [port for _, port in plan.addresses]


def with_vllm(settings: Settings, tmp_path: Path) -> Settings:
    """Have something that looks like vLLM's environment, and a model for it."""
    package = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "vllm"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (tmp_path / "env" / "bin").mkdir()
    (tmp_path / "env" / "bin" / "python").touch()
    (tmp_path / "a model").mkdir()
    return settings.with_values(
        llm={"engine": "vllm", "model": str(tmp_path / "a model")}, vllm={"environment": tmp_path / "env"}
    )


def test_vllm_is_the_model_server_where_it_is_chosen(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = with_vllm(settings, tmp_path).with_values(llm={"model": "a model"})
    parts = {c.name: c for c in build(chosen).components}
    assert parts["model"].argv[1:] == ("-m", "infra.local.vllm")
    assert parts["model"].start_s >= 600
    for name in ("model", "api"):
        assert parts[name].env()["MUNIMENT_LLM_MODEL"] == str(tmp_path / "a model")
    assert build(settings).components[2].argv[1:] == ("-m", "infra.local.llama")


def test_without_vllms_environment_the_target_that_makes_it_is_named(settings: Settings, tmp_path: Path) -> None:
    lacking = settings.with_values(llm={"engine": "vllm"}, vllm={"environment": tmp_path / "nothing"})
    with pytest.raises(ModelUnavailable, match="make vllm"):
        build(lacking)


def test_vllm_is_not_started_with_a_model_it_cannot_load(settings: Settings, tmp_path: Path) -> None:
    chosen = with_vllm(settings, tmp_path).with_values(llm={"model": settings.llm.model})
    with pytest.raises(SettingsError, match="MUNIMENT_LLM_MODEL"):
        build(chosen)


@pytest.mark.parametrize(("host", "seen_as"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::", "[::1]")])
def test_address_to_listen_on_becomes_one_to_call(host: str, seen_as: str) -> None:
    assert stack._url(host, 80) == f"http://{seen_as}:80"
