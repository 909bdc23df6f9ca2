"""Many answers at once: 200 readers of the real API, each served by a scripted engine that writes 30 tokens a second.

The API runs in a process of its own over a real PostgreSQL, the readers in this one. The engine keeps to its clock: token n
leaves it n/30 s after the first, however late the ones before were taken. A stream's rate is what its reader saw of the
engine's, from the first token to the last. Printed are the slowest, the errors and what the API's process took, the most memory
it held meanwhile among it; once for an answer in the passages' own words and once for one that rephrases each sentence, which is
dearer to verify. Before them a few readers ask one after the other: what they wait for their first text is the API's own share of
it, with its keys, scopes, audit trail and events, over HTTP, but for the word or two that the engine takes time for. No two
questions share a passage, so nothing that is kept of one helps another.
"""

import asyncio
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import uvicorn

from api.app import create_app
from core.db.migrate import migrate
from core.db.pool import open_pool, transaction
from core.keys import add_key
from core.settings import Settings
from core.types import Hits, Usage
from generation.engines.base import Message, Written
from tests.benchmarks.bench_ingest import peak_rss_mb
from tests.embedded import free_port, running_postgres
from tests.fakes_api import FakeSearch, make_services
from tests.fakes_generation import ScriptedGenerator, hit

NUM_STREAMS = 200
TOKENS_PER_S = 30.0
NUM_ALONE = 20
NUM_OWNERS = 4  # one owner may ask half as many questions as all together
QUESTION = "How many hours of annual leave can be carried over?"
STATED = (
    "Employees can carry over a maximum of 240 annual leave hours from one leave year to the next.",
    "Award leave expires one year after the day on which it was issued to the employee.",
    "Sick leave accrues at four hours for each pay period and is carried over without a limit.",
    "A request for leave of more than three days is approved by the supervisor before the first day.",
    "The travel team closes at 4:30 PM Eastern Time on every working day of the week.",
    "Receipts of expenses above 75 dollars are kept for six years after the voucher is paid.",
)
REPHRASED = (
    "A maximum of 240 annual leave hours can be carried over by employees to the next leave year.",
    "One year after the day on which it was issued, award leave expires.",
    "Each pay period four hours of sick leave accrue, which are carried over without a limit.",
    "The supervisor approves a request for leave of more than three days before its first day.",
    "At 4:30 PM Eastern Time the travel team closes on every working day.",
    "After the voucher is paid, receipts of expenses above 75 dollars are kept for six years.",
)


class Metronome(ScriptedGenerator):
    """Writes word by word, each at its time."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **options: Any) -> abc.Generator[str, None, Written]:
        started = time.monotonic()
        for number, word in enumerate(self._pieces[:max_tokens]):
            time.sleep(max(0.0, started + number / TOKENS_PER_S - time.monotonic()))
            yield word
        return Written(cut_off=False, usage=Usage(0, len(self._pieces)))


class Varied(FakeSearch):
    """Finds the same sentences for every question, in passages that are no other question's: nothing is read only once."""

    def __call__(self, query: str, **options: Any) -> Hits:
        self.hits = [hit(" ".join((sentence, *self._around(query, rank))), rank=rank) for rank, sentence in enumerate(STATED, 1)]
        return super().__call__(query, **options)

    def _around(self, query: str, rank: int) -> list[str]:
        return [
            f"Under {query.partition(':')[0]}, paragraph {rank}.{number}, it applies to every employee of the agency,"
            " and questions about it are answered by the people team."
            for number in range(5)
        ]


@dataclass(frozen=True, slots=True)
class Read:
    """One stream as its reader saw it."""

    num_tokens: int
    first_s: float
    writing_s: float
    error: str = ""


def serve(url: str, home: str, port: int, text: str) -> None:
    """Be the API, with room for all, over passages that hold what the engine writes."""
    values = {"api": {"port": port}, "llm": {"parallel": NUM_STREAMS // 2}}
    settings, pool = Settings(home=Path(home)).with_values(**values), open_pool(url, max_size=10)
    words = text.split(" ")
    generator = Metronome(pieces=[words[0], *(f" {word}" for word in words[1:])], yes=0.99)
    services = make_services(settings, pool, generator)
    uvicorn.run(
        create_app(settings, replace(services, search=Varied())), host="127.0.0.1", port=port, log_level="error", access_log=False
    )


async def read(http: httpx.AsyncClient, key: str, number: int) -> Read:
    """Ask, and read the answer to its end."""
    question = f"rule {number}: {QUESTION}"
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
    begun, first, last, num_tokens, name, ended = time.monotonic(), 0.0, 0.0, 0, "", ""
    async with http.stream("POST", "/v1/ask", json={"question": question, "collection": "c"}, headers=headers) as response:
        async for line in response.aiter_lines():
            name = line.removeprefix("event: ") if line.startswith("event: ") else name
            if line.startswith("data: ") and name == "token":
                last = time.monotonic()
                first = first or last
                num_tokens += len(json.loads(line[6:])["text"].split())
            ended = name
    return Read(num_tokens, first - begun, last - first, "" if ended == "done" else f"{response.status_code} {ended}")


async def read_all(url: str, keys: Sequence[str]) -> tuple[list[Read], list[Read]]:
    """Read one after the other, then all at once."""
    limits = httpx.Limits(max_connections=NUM_STREAMS, max_keepalive_connections=NUM_STREAMS)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits, trust_env=False) as http:
        for key in keys:
            await http.post("/v1/collections", json={"name": "c"}, headers={"Authorization": f"Bearer {key}"})
        alone = [await read(http, keys[0], NUM_STREAMS + n) for n in range(NUM_ALONE)]
        return alone, await asyncio.gather(*(read(http, keys[n % len(keys)], n) for n in range(NUM_STREAMS)))


def measure(database_url: str, home: str, keys: Sequence[str], sentences: Sequence[str], name: str) -> None:
    """Run the API and its readers once, and print what came of it."""
    port, text = free_port(), " ".join(sentences)
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(database_url, home, port, text))
    process.start()
    try:
        wait_for(f"http://127.0.0.1:{port}/livez")
        server = psutil.Process(process.pid)
        before, cpu = server.memory_info().rss, sum(server.cpu_times()[:2])
        alone, found = asyncio.run(read_all(f"http://127.0.0.1:{port}", keys))
        peak, spent = 1e6 * peak_rss_mb(server.pid), sum(server.cpu_times()[:2]) - cpu
    finally:
        process.terminate()
        process.join(20)
    num = len(text.split())
    errors = [one.error for one in found if one.error or one.num_tokens != num]
    rates = sorted((num - 1) / TOKENS_PER_S / one.writing_s for one in found if one.writing_s)
    firsts = statistics.median(one.first_s for one in found)
    print(f"{NUM_STREAMS} streams of {num} tokens at {TOKENS_PER_S:g}/s, {name}, {os.cpu_count()} cores")
    lone = [1000 * one.first_s for one in alone[1:]]  # the first of them warms what is loaded when it is first needed
    print(f"  first text of one reader alone {statistics.median(lone):.0f} ms median, {max(lone):.0f} ms at most")
    print(f"  errors {len(errors)} {sorted(set(errors))[:3]}")
    print(
        f"  rate of the slowest {rates[0]:.1%}, median {statistics.median(rates):.1%} of the engine's" if rates else "  no rates"
    )
    print(f"  first token, all asking at once {firsts:.2f} s median; CPU of the API {spent:.1f} s in {num / TOKENS_PER_S:.1f} s")
    each = (peak - before) / NUM_STREAMS / 1e3
    print(f"  memory of the API {before / 1e6:.0f} MB before, {peak / 1e6:.0f} MB at most: {each:.0f} kB a stream")


def wait_for(url: str) -> None:
    """Return once the API serves."""
    for _ in range(600):
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("the API did not start")


def main() -> None:
    """Measure both kinds of answer."""
    with tempfile.TemporaryDirectory() as home, running_postgres(Path(home) / "postgres") as server:
        server.add_database("bench")
        migrate(server.url("bench"))
        with open_pool(server.url("bench"), max_size=2) as pool, transaction(pool) as connection:
            keys = [add_key(connection, owner_id=f"reader-{n}", name="bench")[1] for n in range(NUM_OWNERS)]
        measure(server.url("bench"), home, keys, STATED, "in the passages' own words")
        measure(server.url("bench"), home, keys, REPHRASED, "rephrased")


if __name__ == "__main__":
    main()
