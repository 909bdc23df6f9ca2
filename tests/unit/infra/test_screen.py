import io
from pathlib import Path

import pytest
from rich.console import Console

from core.errors import LicenceRefused, WeightsError
from core.models.entries import CATALOGUE
from core.settings import Settings
from infra.local.screen import fetch_models
from tests.fakes_models import entry_of

GIVEN = {"a.bin": b"a"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an embedder whose one file a folder gives; there is no network."""
    monkeypatch.setitem(CATALOGUE, "tiny", entry_of("tiny", GIVEN))
    (tmp_path / "given").mkdir()
    (tmp_path / "given/a.bin").write_bytes(GIVEN["a.bin"])
    models = {"folder": tmp_path / "given", "hub_url": None, "index_url": "http://127.0.0.1:9/simple"}
    away = {"url": "http://gpu.example/v1", "model": "served"}
    return Settings(home=tmp_path / "home").with_values(models=models, embedding={"model": "tiny"}, llm=away)


def test_what_is_missing_is_fetched_with_a_bar(settings: Settings) -> None:
    shown = io.StringIO()
    fetch_models(settings, Console(file=shown))
    assert (settings.models_dir / "tiny/a.bin").read_bytes() == GIVEN["a.bin"]
    assert "tiny" in shown.getvalue()
    fetch_models(settings.with_values(models={"folder": None}), Console(quiet=True))  # it is here: nobody is asked


def test_one_model_that_the_policy_refuses_keeps_all_from_being_fetched(settings: Settings) -> None:
    strict = settings.with_values(models={"allowed_licences": ("open-source",)})
    with pytest.raises(LicenceRefused, match=r"model served.*models.allowed_licences allows open-source only"):
        fetch_models(strict, Console(quiet=True))
    assert not settings.models_dir.exists()


def test_what_cannot_be_fetched_is_said(settings: Settings) -> None:
    with pytest.raises(WeightsError, match="Without internet"):
        fetch_models(settings.with_values(models={"folder": None}), Console(quiet=True))
