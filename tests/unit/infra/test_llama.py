import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import WeightsError
from core.settings import PROJECT_ROOT, Settings
from infra.local.llama import model_file, server_params


def run(home: Path, search: Path | None = None, **values: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"MUNIMENT_HOME": str(home)} | {f"MUNIMENT_{name}": value for name, value in values.items()}
    env |= {"PYTHONPATH": str(search)} if search else {}
    command = [sys.executable, "-m", "infra.local.llama"]
    return subprocess.run(command, cwd=PROJECT_ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def own_model(folder: Path, *names: str) -> Settings:
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"GGUF but no more")
    return Settings(home=folder.parent, llm={"model": str(folder), "port": free_port(), "parallel": 3, "window_tokens": 1000})


def test_missing_weights_end_it_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.returncode == 1
    assert "muniment models pull" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_damaged_file_of_ones_own_ends_it_with_the_reason(tmp_path: Path) -> None:
    settings = own_model(tmp_path / "own model", "mine.gguf")
    result = run(tmp_path, LLM_MODEL=settings.llm.model, LLM_PORT=str(settings.llm.port))
    assert result.returncode == 1
    assert "cannot serve" in result.stderr
    assert "mine.gguf" in result.stderr


def test_without_the_systems_openmp_it_ends_with_the_package_to_install(tmp_path: Path) -> None:
    settings = own_model(tmp_path / "own model", "mine.gguf")
    missing = "libgomp.so.1: cannot open shared object file"
    (tmp_path / "xllamacpp.py").write_text(f"raise ImportError({missing!r})\n")
    result = run(tmp_path, tmp_path, LLM_MODEL=settings.llm.model)
    assert result.returncode == 1
    assert missing in result.stderr and "apt install libgomp1" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_ends_it_by_name(tmp_path: Path) -> None:
    result = run(tmp_path, LLM_PORT="none")
    assert result.returncode == 1
    assert "MUNIMENT_LLM_PORT" in result.stderr


def test_the_model_is_the_one_gguf_file_of_its_folder(tmp_path: Path) -> None:
    assert model_file(own_model(tmp_path / "one", "a.gguf", "LICENSE")) == tmp_path / "one" / "a.gguf"
    with pytest.raises(WeightsError, match=r"2 \.gguf files"):
        model_file(own_model(tmp_path / "two", "a.gguf", "b.gguf"))


def test_every_slot_has_the_whole_window_and_only_loopback_is_served(tmp_path: Path) -> None:
    settings = own_model(tmp_path / "own", "a.gguf").with_values(llm={"api_key": None})
    params = server_params(settings, tmp_path / "a.gguf", 2)
    assert (params.n_parallel, params.n_ctx) == (3, 3000)
    assert (params.hostnames, params.port, params.api_keys) == (["127.0.0.1"], settings.llm.port, [])
    assert params.model_alias == {settings.llm.model}


def test_it_dies_at_once_of_sigterm_while_it_loads(tmp_path: Path) -> None:
    fifo = tmp_path / "own" / "never.gguf"
    fifo.parent.mkdir()
    os.mkfifo(fifo)  # a file whose reading never ends
    values = {"HOME": str(tmp_path), "LLM_MODEL": str(fifo.parent), "LLM_PORT": str(free_port())}
    env = os.environ | {f"MUNIMENT_{name}": value for name, value in values.items()}
    process = subprocess.Popen([sys.executable, "-m", "infra.local.llama"], cwd=PROJECT_ROOT, env=env)
    try:
        writer = opened_once_read(fifo, process)
        process.terminate()
        assert process.wait(timeout=10) == -signal.SIGTERM
        os.close(writer)
    finally:
        process.kill()
        process.wait()


def opened_once_read(fifo: Path, process: "subprocess.Popen[bytes]") -> int:
    """Open the writing end, which succeeds once the loader has opened the other."""
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert process.poll() is None, "it ended before it read its model"
            time.sleep(0.1)
