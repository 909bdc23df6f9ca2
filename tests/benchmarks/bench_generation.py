"""Time to first token: ours beyond the model server's own, on the same prompts in one run.

``python -m tests.benchmarks.bench_generation [URL MODEL]`` asks the server given, or starts llama.cpp with the weights
in ``models_dir``, or else the fake server of the tests, which shows the program's own share alone. Each question runs
twice over passages of its own: the bare server's first token (read the prompt, write one token), and ours from
``answer()``, which also asks whether the passages hold the answer; its second prompt shares all but the last line.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import uuid4

from core import settings as core_settings
from core.access import AccessScope
from core.errors import WeightsError
from core.settings import PROJECT_ROOT
from core.types import Context, Hits
from generation import prompt
from generation.answer import Token, answer
from generation.engines.base import Generator
from generation.engines.openai import OpenAICompatible
from tests.fakes_generation import FakeModelServer, context, pack_all
from tests.llama import running_llama

NUM_QUESTIONS = 4
NUM_PASSAGES = 3
PASSAGE_CHARS = 800
QUESTION = "How many hours of annual leave can be carried over?"
FACT = "You can carry over a maximum of 240 annual leave hours from one leave year to the next."


@contextmanager
def server() -> Iterator[tuple[str, Generator]]:
    """Give the generator to measure and what it is."""
    if len(sys.argv) > 2:
        yield sys.argv[1], OpenAICompatible(url=sys.argv[1], model=sys.argv[2], api_key=None, timeout_s=600)
        return
    try:
        with running_llama(core_settings.load()) as generator:
            yield "llama.cpp", generator
    except WeightsError:
        with FakeModelServer(FACT, yes=1.0) as fake:
            yield "fake server (no weights here)", OpenAICompatible(url=fake.url, model=fake.model, api_key=None, timeout_s=60)


def fresh_context() -> Context:
    """Passages no server has seen before, so that its cache helps neither side."""
    filler = (PROJECT_ROOT / "samples" / "handbook" / "leave.md").read_text(encoding="utf-8")
    texts = [f"{uuid4()} {filler[i * PASSAGE_CHARS : (i + 1) * PASSAGE_CHARS]}" for i in range(NUM_PASSAGES)]
    return context(QUESTION, f"{uuid4()} {FACT}", *texts)


def bare_ms(generator: Generator) -> float:
    """Measure the server alone, on the writing prompt."""
    messages = prompt.write(fresh_context())
    start = time.perf_counter()
    next(generator.stream(messages, max_tokens=1))
    return 1000 * (time.perf_counter() - start)


def ours_ms(generator: Generator) -> float:
    """Measure the door, with a search that takes no time."""
    found = fresh_context()

    def search(query: str, /, *, scope: AccessScope, k: int) -> Hits:
        return Hits(found.hits)

    start = time.perf_counter()
    scope = cast("AccessScope", object())
    for event in answer(QUESTION, scope=scope, search=search, pack=pack_all, generator=generator):
        if isinstance(event, Token):
            return 1000 * (time.perf_counter() - start)
    raise SystemExit("no text came")


def main() -> None:
    """Print medians over the questions, measured in turns."""
    with server() as (name, generator):
        bare_ms(generator)
        rows = [(bare_ms(generator), ours_ms(generator)) for _ in range(NUM_QUESTIONS)]
    bare, ours = (statistics.median(column) for column in zip(*rows, strict=True))
    beyond = statistics.median(ours - bare for bare, ours in rows)
    print(f"time to first token on {name}, medians of {NUM_QUESTIONS}")
    print(f"  bare server {bare:8.0f} ms\n  answer()    {ours:8.0f} ms\n  beyond      {beyond:8.0f} ms")


if __name__ == "__main__":
    main()
