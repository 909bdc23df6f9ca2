from pathlib import Path

import pytest

from core import settings as core_settings
from core.settings import PREFIX, setting_names
from infra.local import environment


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in core_settings.os.environ if n.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_child_loads_the_same_settings_without_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "muniment.toml").write_text(
        'home = "a home"\nlog_level = "DEBUG"\n'
        '[database]\nurl = "postgresql://u:p%20w@h/d"\n'
        '[models]\nhub_url = ""\nallowed_licences = ["open-source", "ours"]\n'
        '[models.licences]\n"org/x" = "gemma"\n"/srv/my \\"model\\"" = "ours"\n[ingest]\nlease_s = 7.5\n[privacy]\ndates = true\n'
        '[engines.cloud]\nurl = "https://llm.example.org/v1"\nmodel = "m"\napi_key = "a key"\noutside = true\n'
        '[[routes]]\nengine = "cloud"\nsensitivity = "public"\ngroups = ["press", "law"]\n[[routes]]\nengine = "default"\n'
    )
    settings = core_settings.load()
    exported = environment.export(settings)
    assert set(exported) <= set(setting_names())
    (tmp_path / "muniment.toml").unlink()
    for name, value in exported.items():
        monkeypatch.setenv(name, value)
    assert core_settings.load() == settings
    assert settings.models.hub_url is None


def test_defaults_survive_too(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = core_settings.load()
    for name, value in environment.export(settings).items():
        monkeypatch.setenv(name, value)
    assert core_settings.load() == settings


def test_relative_paths_become_absolute(tmp_path: Path) -> None:
    (tmp_path / "my model").mkdir()
    settings = core_settings.load().with_values(
        models={"folder": Path("weights"), "licences": {"my model": "mit", "org/x": "mit"}},
        embedding={"model": "my model"},
        rerank={"model": "my model"},
    )
    absolute = environment.absolute(settings)
    assert absolute.models.folder == tmp_path / "weights"
    assert absolute.models.licences == {str(tmp_path / "my model"): "mit", "org/x": "mit"}
    assert absolute.embedding.model == absolute.rerank.model == str(tmp_path / "my model")
    assert environment.absolute(core_settings.load()) == core_settings.load()


def test_foreign_server_is_told_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", "postgresql://u:secret@h/d")
    assert "secret" not in str(environment.for_server())
    assert "PATH" in environment.for_server()


def test_our_processes_never_phone_home(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = core_settings.load()
    monkeypatch.setenv("MUNIMENT_CONFIG", "elsewhere.toml")
    environ = environment.for_python(settings, OMP_NUM_THREADS="1")
    assert environ["HF_HUB_OFFLINE"] == environ["OMP_NUM_THREADS"] == "1"
    assert "MUNIMENT_CONFIG" not in environ
