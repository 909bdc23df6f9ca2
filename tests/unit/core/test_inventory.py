import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LicenceRefused
from core.models import bill, catalogue, inventory
from core.models.entries import CATALOGUE
from core.routes import Engine, Route
from core.settings import Settings
from tests.fakes_models import FakeServer, entry_of

CONTENTS = {"a.safetensors": b"a" * 100, "config.json": b"{}"}


@pytest.fixture
def settings(model_settings: Settings, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose catalogue is an embedder, a generator and one that nobody uses; nothing of them is here yet."""
    for name in reversed(list(CATALOGUE)):  # so that they come back in their order
        monkeypatch.delitem(CATALOGUE, name)
    for name in ("embedder", "generator", "idle"):
        entry = replace(entry_of(name, CONTENTS), licence="gemma" if name == "idle" else "Apache-2.0")
        monkeypatch.setitem(CATALOGUE, name, entry)
        server.add_hub(entry, CONTENTS)
    return model_settings.with_values(embedding={"model": "embedder"}, llm={"model": "generator"})


def test_used_models_are_listed_wherever_they_are_and_others_if_they_are_here(settings: Settings) -> None:
    assert [(m.name, m.role, m.place, m.is_used) for m in inventory.take(settings)] == [
        ("embedder", "embedder", "unavailable", True),
        ("generator", "generator", "unavailable", True),
    ]
    for name in CATALOGUE:
        catalogue.ensure(name, settings)
    strict = settings.with_values(models={"allowed_licences": ("open-source",)})
    listed = inventory.take(strict)
    assert [(m.name, m.place, m.is_used, m.refusal is None) for m in listed] == [
        ("embedder", "verified", True, True),
        ("generator", "verified", True, True),
        ("idle", "verified", False, False),
    ]
    assert [(file.name, file.sha256) for file in listed[0].files] == [(f.name, f.sha256) for f in CATALOGUE["embedder"].files]
    (settings.models_dir / "idle/config.json").write_bytes(b"[]")
    assert [model.name for model in inventory.take(settings)] == ["embedder", "generator"]


def test_of_a_server_elsewhere_the_name_is_all_that_is_known(settings: Settings) -> None:
    away = settings.with_values(llm={"url": "http://gpu.example/v1"}, rerank={"url": "http://gpu.example", "model": "served"})
    _, reranker, generator = inventory.take(away)
    assert (reranker.name, reranker.role, reranker.place, reranker.entry) == ("served", "reranker", "elsewhere", None)
    assert (generator.place, generator.files, generator.licence.spdx) == ("elsewhere", (), "Apache-2.0")
    nameless = settings.with_values(rerank={"url": "http://gpu.example"})
    assert (inventory.take(nameless)[1].role, inventory.take(nameless)[1].place) == ("reranker", "elsewhere")


def test_what_rules_lead_to_and_what_is_put_on_the_model_is_listed_too(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    engines = {name: Engine(url=f"http://{name}:8000/v1", model=f"org/{name}") for name in ("large", "idle")}
    rules = {"engines": engines, "routes": (Route(engine="large"), Route(engine="default"))}
    chosen = settings.with_values(llm={"engine": "vllm"}, vllm={"adapters": f"law={tmp_path / 'lora'}"})
    used = chosen.model_copy(update=rules)
    *_, adapter, engine = inventory.take(used)
    assert (adapter.name, adapter.role, adapter.place) == (str(tmp_path / "lora"), "adapter", "own-folder")
    assert (engine.name, engine.role, engine.place, engine.files) == ("org/large", "generator", "elsewhere", ())
    assert adapter.licence.spdx == "CC-BY-NC-4.0"
    assert {"org/large", str(tmp_path / "lora")} <= {c["name"] for c in bill.render([adapter, engine], used.models)["components"]}
    with pytest.raises(LicenceRefused, match="research-only"):
        catalogue.check_selected(used)


def test_a_folder_of_ones_own_is_hashed_as_it_is(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "1_Pooling").mkdir(parents=True)
    (own / ".git").mkdir()
    for file in ("model.safetensors", "1_Pooling/config.json", ".git/HEAD"):
        (own / file).write_bytes(file.encode())
    (own / "README.md").write_text("---\nlicense: mit\n---\n")
    models = {"licences": {str(own): "cc-by-nc-4.0"}}
    listed = inventory.take(settings.with_values(embedding={"model": str(own)}, models=models))[0]
    assert (listed.place, listed.is_licence_stated, listed.licence.spdx) == ("own-folder", True, "CC-BY-NC-4.0")
    assert [file.name for file in listed.files] == ["1_Pooling/config.json", "README.md", "model.safetensors"]
    assert listed.files[2].sha256 == hashlib.sha256(b"model.safetensors").hexdigest()
