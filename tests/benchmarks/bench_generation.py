"""Time to first token: ours beyond the model server's own, in one run.

``python -m tests.benchmarks.bench_generation [URL MODEL]`` asks the server given, else the fake server of the tests, which
shows the program's own share as well and takes no minutes. Each question has passages of its own, is asked through ``answer()``
with a search that takes no time, and is timed from the question to the first text shown. The engine's own are the two waits for
it on the way, for its yes or no and for its first piece; what is left is ours, counting tokens at the server included.
"""

import statistics
import sys
import time
from collections import abc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from uuid import uuid4

from core.access import AccessScope
from core.settings import PROJECT_ROOT
from core.types import Context, Hits
from generation.answer import Token, answer
from generation.engines.base import Generator, Message, Written
from generation.engines.openai import OpenAICompatible
from tests.fakes_generation import FakeModelServer, context, pack_all

NUM_QUESTIONS = {"fake": 40, "given": 4}
NUM_PASSAGES = 4
PASSAGE_CHARS = 800
QUESTION = "How many hours of annual leave can be carried over?"
FACT = "You can carry over a maximum of 240 annual leave hours from one leave year to the next."
T = TypeVar("T")


class Timed:
    """A generator that adds up how long it was waited for."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.model = generator.model
        self.waited_s = 0.0

    def probability_of(self, word: str, against: str, messages: Sequence[Message], **options: Any) -> float:
        return self._timed(lambda: self._generator.probability_of(word, against, messages, **options))

    def stream(self, messages: Sequence[Message], **options: Any) -> abc.Generator[str, None, Written]:
        pieces = self._timed(lambda: self._generator.stream(messages, **options))
        try:
            while True:
                yield self._timed(lambda: next(pieces))
        except StopIteration as stop:
            return cast("Written", stop.value)
        finally:
            pieces.close()

    def count_tokens(self, text: str) -> int:
        return self._generator.count_tokens(text)

    def _timed(self, wait: Callable[[], T]) -> T:
        start = time.perf_counter()
        try:
            return wait()
        finally:
            self.waited_s += time.perf_counter() - start


@contextmanager
def server() -> Iterator[tuple[str, int, Generator]]:
    """Give what is measured: its name, the number of questions, and the generator."""
    if len(sys.argv) > 2:
        url, model = sys.argv[1:3]
        yield url, NUM_QUESTIONS["given"], OpenAICompatible(url=url, model=model, api_key=None, timeout_s=600)
        return
    with FakeModelServer(FACT, yes=1.0) as fake:
        yield (
            "the fake server",
            NUM_QUESTIONS["fake"],
            OpenAICompatible(url=fake.url, model=fake.model, api_key=None, timeout_s=60),
        )


def fresh_context() -> Context:
    """Passages nobody has seen before, so that nothing that is kept of one question helps another."""
    filler = (PROJECT_ROOT / "samples" / "handbook" / "leave.md").read_text(encoding="utf-8")
    texts = [f"{uuid4()} {filler[i * PASSAGE_CHARS : (i + 1) * PASSAGE_CHARS]}" for i in range(NUM_PASSAGES)]
    return context(QUESTION, f"{uuid4()} {FACT}", *texts)


def first_token_ms(generator: Generator) -> tuple[float, float]:
    """Measure one question: until its first text is shown, and what of that the engine took."""
    found, timed = fresh_context(), Timed(generator)

    def search(query: str, /, *, scope: AccessScope, k: int) -> Hits:
        return Hits(found.hits)

    start = time.perf_counter()
    scope = cast("AccessScope", object())
    for event in answer(QUESTION, scope=scope, search=search, pack=pack_all, generator=cast("Generator", timed)):
        if isinstance(event, Token):
            return 1000 * (time.perf_counter() - start), 1000 * timed.waited_s
    raise SystemExit("no text came")


def main() -> None:
    """Print medians and the 95th percentile over the questions."""
    with server() as (name, num_questions, generator):
        first_token_ms(generator)
        rows = [first_token_ms(generator) for _ in range(num_questions)]
    whole, engine = (statistics.median(column) for column in zip(*rows, strict=True))
    beyond = sorted(whole - engine for whole, engine in rows)
    print(f"time to first token on {name}, medians of {num_questions} questions over {NUM_PASSAGES + 1} passages")
    print(f"  whole           {whole:8.1f} ms\n  the engine's    {engine:8.1f} ms")
    print(f"  ours beyond it  {statistics.median(beyond):8.1f} ms, p95 {beyond[int(0.95 * (len(beyond) - 1))]:.1f} ms")


if __name__ == "__main__":
    main()
