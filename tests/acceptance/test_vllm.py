"""The platform on vLLM: `muniment up --engine vllm`, on the CPU, with the smallest of models (`make test-vllm`)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings
from tests.acceptance.conftest import Muniment, installation
from tests.vllm import START_S, smallest_model

pytestmark = pytest.mark.vllm
QUESTION = "How many hours of annual leave can I carry over?"


@pytest.fixture(scope="module")
def muniment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muniment]:
    """A platform whose model server is vLLM; at the end nothing of it is left."""
    settings = Settings()
    catalogue.ensure(settings.embedding.model, settings)
    plain = installation(tmp_path_factory.mktemp("vllm") / "home", settings.models_dir)
    chosen = {"MUNIMENT_LLM_MODEL": str(smallest_model(settings)), "MUNIMENT_VLLM_CPU_CACHE_GB": "1"}
    chosen["MUNIMENT_VLLM_ENVIRONMENT"] = str(settings.vllm.environment)
    muniment = replace(plain, environment=plain.environment | chosen)
    up = muniment.run("up", "--engine", "vllm", "--detach", timeout_s=START_S)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        yield muniment
    finally:
        down = muniment.run("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert muniment.processes() == [], "an orphan is left"


def test_up_is_done_when_vllm_answers_and_its_log_is_its_own(muniment: Muniment) -> None:
    assert muniment.run("status").returncode == 0
    servers = [process for process in muniment.processes() if "vllm.entrypoints.openai.api_server" in process.cmdline()]
    assert servers, "no vLLM runs"
    assert "vLLM starts on the CPU" in (muniment.home / "logs" / "model.log").read_text()


def test_an_answer_is_vllms_and_cites_nothing_that_is_not_there(muniment: Muniment) -> None:
    muniment.json("ingest", str(PROJECT_ROOT / "samples" / "handbook" / "leave.md"), "--collection", "leave")
    answer = muniment.json("ask", QUESTION, "--collection", "leave")
    assert answer["degraded"] is None and 0 < answer["confidence"] < 1
    assert Path(answer["model"]).name == Path(muniment.environment["MUNIMENT_LLM_MODEL"]).name
    assert answer["refused"] or answer["citations"]
    for citation in answer["citations"]:
        text = muniment.run("text", citation["document_id"]).stdout
        assert text[citation["start"] : citation["end"]] == citation["quote"]
