import json
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from typer.testing import CliRunner

from core.errors import InvalidInput
from core.models.entries import CATALOGUE
from tests.fakes_models import entry_of
from ui.cli.models import app

CONTENTS = {"a.bin": b"a" * 1000}


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without weights, no network, and a folder that gives the one model of the catalogue."""
    for name in reversed(list(CATALOGUE)):  # so that they come back in their order
        monkeypatch.delitem(CATALOGUE, name)
    monkeypatch.setitem(CATALOGUE, "tiny", entry_of("tiny", CONTENTS))
    for name, value in {"HOME": "home", "MODELS_FOLDER": "given"}.items():
        monkeypatch.setenv(f"MUNIMENT_{name}", str(tmp_path / value))
    monkeypatch.setenv("MUNIMENT_MODELS_HUB_URL", "")
    monkeypatch.setenv("MUNIMENT_MODELS_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("MUNIMENT_EMBEDDING_MODEL", "tiny")
    (tmp_path / "given").mkdir()
    (tmp_path / "given/a.bin").write_bytes(CONTENTS["a.bin"])
    return tmp_path / "given/a.bin"


def run(*arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    (model,) = json.loads(result.stdout)["models"]
    return result.exit_code, model


def test_list_pull_verify(given: Path) -> None:
    assert run("list")[1]["state"] == "unavailable"
    assert run("verify", "tiny")[0] == 1
    code, model = run("pull")
    assert (code, model["state"], model["num_bytes"], model["error"]) == (0, "verified", 1000, None)
    assert Path(str(model["folder"]), "a.bin").read_bytes() == CONTENTS["a.bin"]
    assert run("list")[1]["state"] == "verified"
    assert run("verify")[0] == 0


def test_verify_finds_damage_and_pull_mends_it(given: Path, tmp_path: Path) -> None:
    run("pull")
    here = tmp_path / "home/models/tiny/a.bin"
    here.unlink()
    here.write_bytes(b"b" * 1000)
    code, model = run("verify")
    assert code == 1 and "another sha256" in str(model["error"])
    assert run("pull")[0] == 0
    assert here.read_bytes() == CONTENTS["a.bin"]


def test_what_cannot_be_had_is_said_and_makes_the_exit_status(given: Path) -> None:
    given.unlink()
    code, model = run("pull", "tiny")
    assert code == 1 and "Without internet" in str(model["error"])
    code, model = run("pull", "gpt")
    assert code == 1 and "neither a folder nor a model" in str(model["error"])


def test_a_models_repository_is_pulled_listed_and_verified_as_any_other(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (given.parent / "org/name").mkdir(parents=True)
    for file in ("model.safetensors", "config.json"):
        (given.parent / "org/name" / file).write_bytes(b"{}")
    code, model = run("pull", "org/name")
    assert (code, model["state"], model["num_bytes"], model["role"]) == (0, "verified", 4, "embedder")
    assert run("verify", "org/name")[0] == 0
    listed = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)["models"]
    assert [(model["name"], model["state"]) for model in listed] == [("tiny", "unavailable"), ("org/name", "verified")]
    monkeypatch.setenv("MUNIMENT_EMBEDDING_MODEL", "org/other")
    listed = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)["models"]
    assert listed[2]["name"] == "org/other" and "muniment models pull org/other" in listed[2]["error"]


def test_a_person_sees_a_table_and_the_reason(given: Path) -> None:
    assert "tiny" in CliRunner().invoke(app, ["list"]).stdout
    given.unlink()
    result = CliRunner().invoke(app, ["pull"])
    assert result.exit_code == 1
    assert "tiny" in result.stdout and "MUNIMENT_MODELS_FOLDER" in result.stderr


def test_the_licence_stands_in_the_list_and_the_policy_refuses(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUE, "tiny", replace(CATALOGUE["tiny"], licence="gemma", released="2024-02"))
    monkeypatch.setenv("MUNIMENT_MODELS_ALLOWED_LICENCES", "open-source")
    code, model = run("pull")
    assert (code, model["state"], model["licence_class"], model["released"]) == (1, "refused", "source-available", "2024-02")
    assert "models.allowed_licences allows open-source only" in str(model["error"])
    assert not (given.parent.parent / "home/models/tiny/a.bin").exists()
    listed = CliRunner().invoke(app, ["list"])
    assert "gemma\tsource-available\t0\trefused" in listed.stdout and "models.allowed_licences" in listed.stderr
    monkeypatch.setenv("MUNIMENT_MODELS_ALLOWED_LICENCES", "open-source,gemma")
    assert run("pull")[0] == 0


def test_a_folder_of_ones_own_is_listed_with_the_licence_it_states(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (given.parent / "README.md").write_text("---\nlicense: mit\n---\n")
    monkeypatch.setenv("MUNIMENT_EMBEDDING_MODEL", str(given.parent))
    listed = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)["models"]
    assert (listed[1]["name"], listed[1]["spdx"], listed[1]["state"]) == (str(given.parent), "MIT", "verified")


def test_the_report_is_a_bill_of_materials(given: Path, tmp_path: Path) -> None:
    run("pull")
    printed = CliRunner().invoke(app, ["report"]).stdout
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(printed) is None
    tiny, generator = json.loads(printed)["components"]
    assert (tiny["name"], tiny["scope"]) == ("tiny", "required") and generator["name"].startswith("qwen")
    assert tiny["components"][0]["hashes"][0]["content"] == CATALOGUE["tiny"].files[0].sha256
    target = tmp_path / "bill.json"
    result = CliRunner().invoke(app, ["report", "--output", str(target)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(target.read_text())["components"] == json.loads(printed)["components"]
    with pytest.raises(InvalidInput, match="--output"):
        CliRunner().invoke(app, ["report", "--output", str(tmp_path / "none/bill.json")], catch_exceptions=False)
