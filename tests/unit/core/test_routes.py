"""Rules that lead nowhere, or outside from anything but public collections, stop every command at start."""

from pathlib import Path

import pytest

from core import settings
from core.errors import SettingsError
from core.routes import Engine, is_outside

CLOUD = '[engines.cloud]\nurl = "https://llm.example.org/v1"\nmodel = "m"\napi_key = "hunter2"\noutside = true\n'
TO_CLOUD = '[[routes]]\nengine = "cloud"\n'
OWN = "[privacy]\nown_domains = ['example.org', '8.8.4.4', '2001:4860:0::1', 'müller.de']\n"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*settings.setting_names(), "MUNIMENT_CONFIG"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def load(toml: str) -> settings.Settings:
    Path("muniment.toml").write_text(toml)
    return settings.load()


def test_tables_from_the_file_and_a_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_ENGINES", '{"cloud": {"api_key": "from-the-environment"}}')
    loaded = load(f'{CLOUD}{TO_CLOUD}sensitivity = "public"\ngroups = ["research", "press"]\n')
    key = loaded.engines["cloud"].api_key
    assert key and key.get_secret_value() == "from-the-environment"
    (route,) = loaded.routes
    assert (route.sensitivity, route.groups, route.languages) == (("public",), ("research", "press"), ())
    assert "hunter2" not in repr(loaded)


def test_all_of_it_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_ENGINES", '{"large": {"url": "http://10.1.2.3:8000/v1", "model": "m"}}')
    monkeypatch.setenv("MUNIMENT_ROUTES", '[{"engine": "large", "min_context_tokens": 3000}, {"engine": "default"}]')
    loaded = load("")
    assert [route.engine for route in loaded.routes] == ["large", "default"]
    assert not is_outside(loaded.engines["large"])


def test_the_example_of_the_page_is_one() -> None:
    page = (settings.PROJECT_ROOT / "docs" / "howto" / "routing.md").read_text(encoding="utf-8")
    loaded = load(page.partition("```toml\n")[2].partition("```")[0])
    assert [(route.name, route.engine) for route in loaded.routes] == [("long", "large"), ("press office", "cloud")]
    assert {name: is_outside(engine) for name, engine in loaded.engines.items()} == {"large": False, "cloud": True}


@pytest.mark.parametrize(
    "condition", ["", 'sensitivity = ["public", "internal"]\n', 'sensitivity = "internal"\n', 'groups = "g"\n']
)
def test_a_rule_outside_for_more_than_public_collections_is_named_and_refused(condition: str) -> None:
    with pytest.raises(SettingsError, match=r'routes, press office: the engine \'cloud\' is outside.*sensitivity = "public"'):
        load(f'{CLOUD}{TO_CLOUD}name = "press office"\n{condition}')


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        (f"{CLOUD}[[routes]]\nengine = 'clod'\n", ["rule 1", "'clod'", "default, cloud"]),
        ("[[routes]]\nengine = 'default'\nname = 'a'\n[[routes]]\nengine = 'default'\nname = 'a'\n", ["'a'", "two rules"]),
        (
            "[[routes]]\nengine = 'default'\nsensitivity = 'secret'\n",
            ["MUNIMENT_ROUTES", "'public', 'internal' or 'confidential'"],
        ),
        ("[[routes]]\nengin = 'default'\n", ["routes.0.engin"]),
        ("[engines.default]\nurl = 'http://h/v1'\nmodel = 'm'\n", ["engines.default"]),
        ("[engines.a]\nurl = 'https://llm.example.org/v1'\nmodel = 'm'\n", ["engines.a", "outside = true or outside = false"]),
        ("[engines.a]\nurl = 'https://api.openai.com/v1'\nmodel = 'm'\noutside = false\n", ["engines.a", "set outside = true"]),
        ("[llm]\nurl = 'https://api.openai.com/v1'\n", ["llm.url", "api.openai.com", "a rule only"]),
        ("[rerank]\nurl = 'https://api.jina.ai/v1'\n", ["rerank.url", "a rule only"]),
        ("[llm]\nurl = 'https://llm.example.org/v1'\n", ["llm.url", "llm.example.org", "OWN_DOMAINS", "a rule only"]),
        ("[rerank]\nurl = 'http://8.8.8.8'\n", ["rerank.url", "8.8.8.8", "OWN_DOMAINS"]),
        (f"{OWN}[llm]\nurl = 'https://notexample.org/v1'\n", ["llm.url", "OWN_DOMAINS"]),
        ("[privacy]\nown_domains = ['openai.com']\n", ["PRIVACY_OWN_DOMAINS", "openai.com", "outside"]),
        ("[privacy]\nown_domains = ['azure.com']\n", ["PRIVACY_OWN_DOMAINS", "azure.com", "outside"]),
        ("[privacy]\nown_domains = ['com']\n", ["PRIVACY_OWN_DOMAINS", "no domain"]),
        ("[privacy]\nown_domains = ['8.8.8']\n", ["PRIVACY_OWN_DOMAINS", "no domain"]),
        ("[privacy]\nown_domains = ['8.8.8.8']\n[llm]\nurl = 'http://1.8.8.8.8/v1'\n", ["llm.url"]),
    ],
)
def test_what_leads_nowhere_is_named(toml: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(toml)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("https://llm.Example.org/v1", "http://example.org:8000/v1", "http://gpu:8000/v1", "http://10.0.0.9/v1"),
        *("http://8.8.4.4:80/v1", "http://[2001:4860::1]/v1", "https://llm.müller.de/v1", "https://llm.example.org./v1"),
    ],
)
def test_a_model_server_inside_needs_no_rule(url: str) -> None:
    assert load(f"{OWN}[llm]\nurl = '{url}'\n").llm.url == url


def test_a_wrong_engine_is_named_and_its_key_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        load(CLOUD.replace('model = "m"\n', ""))
    assert "engines.cloud.model" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "outside"),
    [
        ("http://127.0.0.1:1/v1", False),
        ("http://[::1]:1/v1", False),
        ("http://192.168.1.4:8000/v1", False),
        ("http://gpu:8000/v1", False),
        ("http://gpu.corp.internal/v1", False),
        ("https://8.8.8.8/v1", True),
        ("http://134744072/v1", True),  # the same as one number, in other bases, in fewer parts, in other digits
        ("http://0x08080808/v1", True),
        ("http://01002004010/v1", True),
        ("http://0x8.8.8.010/v1", True),
        ("http://8.526344/v1", True),
        ("http://１３４７４４０７２/v1", True),
        ("http://llm。example。org/v1", True),  # dots of another script, which IDNA makes dots
        ("http://[::ffff:8.8.8.8]/v1", True),
        ("http://10gpu/v1", False),
        ("https://llm.example.org/v1", True),
    ],
)
def test_what_an_address_tells_by_itself(url: str, outside: bool) -> None:
    assert is_outside(Engine(url=url, model="m")) is outside
