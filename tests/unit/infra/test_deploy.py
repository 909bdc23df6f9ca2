"""The files an administrator deploys with: what they name must exist, since no machine of ours runs them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.settings import PREFIX, PROJECT_ROOT, Settings, setting_names
from core.telemetry import PHONE_HOME_OFF
from infra.local.cards import Card
from infra.local.shape import Shape
from infra.local.vllm_options import command_line

DEPLOY = PROJECT_ROOT / "infra" / "deploy"
FILES = sorted(path for path in [*DEPLOY.iterdir(), *(PROJECT_ROOT / "docs").rglob("*.md")] if path.is_file())


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_every_variable_named_is_a_setting(path: Path) -> None:
    known = {*setting_names(), f"{PREFIX}CONFIG"}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", path.read_text("utf-8"))) <= known


def test_compose_opens_the_ports_to_this_machine_only(compose: dict[str, Any]) -> None:
    settings = Settings()
    ports = {port for service in compose["services"].values() for port in service.get("ports", [])}
    assert ports == {f"127.0.0.1:{port}:{port}" for port in (settings.api.port, settings.web.port)}


def test_compose_wires_the_services_it_names(compose: dict[str, Any]) -> None:
    ours = compose["services"]["muniment"]
    hosts = {re.search(r"@(\w+):", url)[1] for url in ours["environment"].values()}  # type: ignore[index]
    assert hosts == set(ours["depends_on"]) == set(compose["services"]) - {"muniment"}
    volumes = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])}
    assert volumes == set(compose["volumes"])
    assert (DEPLOY / ours["build"]["context"] / ours["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")


def test_compose_has_no_password_of_its_own(compose: dict[str, Any]) -> None:
    secrets = [compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"], compose["services"]["broker"]["command"][-1]]
    assert all(re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", secret) for secret in secrets)


def test_the_image_takes_along_what_it_needs(dockerfile: str) -> None:
    taken = re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
    assert [name for name in taken if not (PROJECT_ROOT / name).exists()] == []
    packages = re.search(r"^packages = \[(.*)\]$", (PROJECT_ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert packages and set(re.findall(r'"(\w+)"', packages[1])) | {"requirements", "pyproject.toml", "README.md"} <= set(taken)
    for name in re.findall(r"(?:infra|requirements)/[\w./-]+", dockerfile):
        assert (PROJECT_ROOT / name).exists()


def test_the_image_runs_as_nobody_special_and_shows_the_default_ports(dockerfile: str) -> None:
    settings = Settings()
    assert dockerfile.index("\nUSER muniment\n") < dockerfile.index("\nCMD ")
    assert f"EXPOSE {settings.api.port} {settings.web.port}\n" in dockerfile


def test_the_unit_runs_up_as_a_user_of_its_own() -> None:
    lines = (DEPLOY / "muniment.service").read_text("utf-8").splitlines()
    unit = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert unit["User"] == "muniment"
    assert unit["ExecStart"] == f"{unit['WorkingDirectory']}/.venv/bin/muniment up"
    assert unit["Environment"] == f"MUNIMENT_HOME=/var/lib/{unit['StateDirectory']}"


@pytest.fixture(scope="module")
def vllm() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "vllm.compose.yaml").read_text("utf-8"))["services"]["vllm"])


def test_vllms_container_is_of_the_version_that_is_tested(vllm: dict[str, Any]) -> None:
    pinned = {name: set(re.findall(r"^vllm(?:-cpu)?==(\S+)", lock(name), re.MULTILINE)) for name in ("vllm.txt", "vllm-gpu.txt")}
    assert pinned["vllm.txt"] == pinned["vllm-gpu.txt"] == {vllm["image"].partition(":v")[2]}


def lock(name: str) -> str:
    return (PROJECT_ROOT / "requirements" / name).read_text("utf-8")


def test_vllms_container_serves_as_the_embedded_one_does(vllm: dict[str, Any]) -> None:
    card, shape = Card("NVIDIA L4", 23034, (8, 9)), Shape(3000, False, 12, 28672, 32768)
    embedded = command_line(Path("/models/a"), shape, (card,), (), Settings(llm={"model": "a"}))
    given = dict(word.split("=", 1) if "=" in word else (word, "") for word in vllm["command"])
    assert set(given) <= set(embedded)
    for option in ("--structured-outputs-config", "--gpu-memory-utilization"):
        assert given[option] == embedded[embedded.index(option) + 1]
    assert "--enable-prefix-caching" in given


def test_vllms_container_calls_nobody_and_opens_to_this_machine_only(vllm: dict[str, Any]) -> None:
    environment = vllm["environment"]
    assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", environment.pop("VLLM_API_KEY"))
    assert environment.items() <= PHONE_HOME_OFF.items()
    assert {"HF_HUB_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK"} <= set(environment)
    assert vllm["ports"] == [f"${{VLLM_ADDRESS:-127.0.0.1}}:{Settings().llm.port}:8000"]
    assert vllm["volumes"][0].endswith(":ro")
    assert "http://127.0.0.1:8000/health" in vllm["healthcheck"]["test"][-1]


def test_vllms_unit_runs_the_embedded_server_beyond_this_machine_and_waits_until_it_is_well() -> None:
    lines = (DEPLOY / "vllm.service").read_text("utf-8").splitlines()
    unit = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert unit["ExecStart"] == f"{unit['WorkingDirectory']}/.venv/bin/python -m infra.local.vllm"
    assert unit["ExecStartPost"].endswith(f"http://127.0.0.1:{Settings().llm.port}/health")
    home, port, host = unit["Environment"].split()
    assert (home, host) == (f"MUNIMENT_HOME=/var/lib/{unit['StateDirectory']}", "MUNIMENT_VLLM_HOST=0.0.0.0")
    assert port == f"MUNIMENT_LLM_PORT={Settings().llm.port}"
    assert "PrivateDevices" not in unit  # which would hide the cards
