"""The embedded model server: ``python -m infra.local.llama`` serves one GGUF model with llama.cpp.

It speaks the OpenAI protocol on 127.0.0.1 at ``llm.port``, asks for ``llm.api_key`` where one is set, answers
``llm.parallel`` questions at once with ``llm.window_tokens`` each, and keeps the state of prompts it has read, so that
a second call over the same passages costs little. GET /health answers 200 once the model is loaded.
It never touches the network beyond that port: weights are fetched by the catalogue, before.
"""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from core import settings as core_settings
from core.errors import ModelUnavailable, MunimentError, WeightsError
from core.models import catalogue
from core.settings import Settings
from core.telemetry import configure

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
# Threads that wait sleep instead of spinning. With other busy processes on 2 cores the model writes 4 to 10 times as fast.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}
CACHE_MIB = 512  # of prompt states kept beside the slots: some 15 questions of 1,200 tokens; llama.cpp's default is 8 GiB
BATCH_TOKENS = 256  # read at once: between two batches the other slots get their turn, and a cancelled question ends


def model_file(settings: Settings) -> Path:
    """Find the weights; raises WeightsError saying how to fetch them if they are missing or not what they should be."""
    folder = catalogue.folder(settings.llm.model, settings)
    files = sorted(folder.glob("*.gguf"))
    if len(files) != 1:
        raise WeightsError(f"{folder} holds {len(files)} .gguf files where the model server needs one: correct llm.model.")
    return files[0]


def server_params(settings: Settings, model: Path, num_threads: int) -> Any:
    """Translate our settings into llama.cpp's."""
    llm = settings.llm
    params = library().CommonParams()
    params.model.path = str(model)
    params.model_alias = {llm.model}
    params.hostnames = [HOST]
    params.port = llm.port
    params.api_keys = [llm.api_key.get_secret_value()] if llm.api_key else []
    params.n_parallel = llm.parallel
    params.n_ctx = llm.window_tokens * llm.parallel
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = num_threads
    params.cache_ram_mib = CACHE_MIB
    params.warmup = False  # with the fit below, 4 s of the 6 s a start would take
    params.fit_params = False
    params.endpoint_metrics = True  # for those who have the key: how many questions it is answering
    params.offline = True
    params.ui = False
    params.verbosity = 1
    return params


def library() -> Any:
    """Load llama.cpp, once the environment is set, which its OpenMP reads then; raises ModelUnavailable if that fails."""
    try:
        import xllamacpp
    except (ImportError, OSError) as error:
        raise ModelUnavailable(
            f"llama.cpp cannot be loaded ({error}). It needs the system's OpenMP library, libgomp.so.1: `apt install libgomp1` on"
            " Debian and Ubuntu, `dnf install libgomp` on Fedora and its kin; or give a server of your own in MUNIMENT_LLM_URL."
        ) from error
    return xllamacpp


def main() -> int:
    """Serve until a signal ends the process; returns 1, the reason on standard error, if the model cannot be served."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as SIGTERM: nothing needs tidying up, so die at once, also while loading
    os.environ.update(ENVIRONMENT)
    try:
        settings = core_settings.load()
        configure(settings.log_level)
        server = start(server_params(settings, model_file(settings), len(os.sched_getaffinity(0))))
    except MunimentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logger.info("llama.ready", extra={"url": server.listening_address, "model": settings.llm.model})
    while True:
        signal.pause()


def start(params: Any) -> Any:
    """Load the model and listen, on threads of llama.cpp's own; raises ModelUnavailable if either fails."""
    try:
        return library().Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelUnavailable(
            f"llama.cpp cannot serve {params.model.path} on port {params.port} ({error}):"
            " check that the port is free, the memory enough and the file whole (`muniment models verify`)."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
