"""The real vLLM for tests and benchmarks, where `make vllm` has installed it: the smallest of models, made for it once."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings
from core.telemetry import PHONE_HOME_OFF
from infra.local import vllm
from tests.model_server import SMALLEST, ModelServer, served

START_S = 540  # on two busy cores
GAUGES = ("vllm:num_requests_running", "vllm:num_requests_waiting")


def smallest_model(settings: Settings) -> Path:
    """Give a folder vLLM loads: the catalogue's smallest generator, fetched if need be, dequantised once."""
    source = next(catalogue.ensure(SMALLEST, settings).glob("*.gguf"))
    target = settings.home / "cache" / "tests" / SMALLEST
    if not (target / "generation_config.json").exists():  # written last
        program = vllm.python(settings)
        command = [program, PROJECT_ROOT / "tests" / "dequantise.py", source, target]
        subprocess.run(command, check=True, timeout=300, env=dict(PHONE_HOME_OFF))
    return target


@contextmanager
def vllm_server(settings: Settings, *, window_tokens: int = 4096, folder: Path | None = None) -> Iterator[ModelServer]:
    """Start vLLM on a free port, as `muniment up` does, with a model's folder or the smallest model.

    Raises ModelUnavailable, saying what to type, if it is not installed.
    """
    vllm.python(settings)
    values = {"LLM_WINDOW_TOKENS": window_tokens, "HOME": settings.home, "LLM_ENGINE": "vllm", "VLLM_CPU_CACHE_GB": 1}
    with served("infra.local.vllm", str(folder or smallest_model(settings)), GAUGES, values, START_S) as server:
        yield server
