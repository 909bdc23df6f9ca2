"""No caller takes all the places: questions are counted, and who is one too many is told to come back."""

import asyncio
import doctest
from collections import Counter
from uuid import UUID

import anyio.to_thread
import pytest

from api import admission
from api.admission import ASK, EXTRACT, Admission
from api.auth import Authentication
from core.access import Principal
from core.types import Hits


class Model:
    """An app in which a question is being answered until it is released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.answer: Exception | None = None
        self.door = Admission(self, limit=4)

    async def __call__(self, scope, receive, send) -> None:
        await self.release.wait()
        if self.answer:
            raise self.answer
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, owner: str, path: str = ASK) -> tuple[int, dict[bytes, bytes]]:
        starts = []

        async def send(message):
            starts.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "state": {"principal": Principal(owner, UUID(int=1))}}
        await self.door(scope, None, send)
        return starts[0]["status"], dict(starts[0]["headers"])


def test_one_owner_gets_half_of_the_places_and_all_together_no_more_than_there_are():
    async def run() -> tuple[list[int], list[int], bytes]:
        model = Model()
        asked = [asyncio.create_task(model.ask(owner)) for owner in ("ann", "ann", "ann", "bob", "cem", "dan")]
        await asyncio.sleep(0)
        refused = [task.result()[0] for task in asked if task.done()]
        retry_after = asked[2].result()[1][b"retry-after"]
        model.release.set()
        return [status for status, _ in await asyncio.gather(*asked)], refused, retry_after

    statuses, refused, retry_after = asyncio.run(run())
    assert statuses == [200, 200, 503, 200, 200, 503]
    assert len(refused) == 2  # at once, while the others wait
    assert int(retry_after) > 0


def test_a_place_is_free_again_however_the_answer_ended():
    async def run() -> Counter[str]:
        model = Model()
        model.release.set()
        model.answer = RuntimeError()
        for _ in range(5):
            with pytest.raises(RuntimeError):
                await model.ask("ann")
        model.release.clear()
        leaving = asyncio.create_task(model.ask("ann"))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return model.door.asking

    assert asyncio.run(run()) == Counter()


def test_other_routes_are_not_counted():
    async def run() -> list[int]:
        model = Model()
        asked = [asyncio.create_task(model.ask("ann", "/v1/search")) for _ in range(9)]
        await asyncio.sleep(0)
        model.release.set()
        return [status for status, _ in await asyncio.gather(*asked)]

    assert asyncio.run(run()) == [200] * 9


def test_extractions_and_questions_share_the_places():
    async def run() -> list[int]:
        model = Model()
        held = [asyncio.create_task(model.ask("ann", path)) for path in (ASK, EXTRACT)]
        await asyncio.sleep(0)
        refused = [(await model.ask("ann", path))[0] for path in (ASK, EXTRACT)]
        model.release.set()
        return [*refused, *(status for status, _ in await asyncio.gather(*held))]

    assert asyncio.run(run()) == [503, 503, 200, 200]


def test_the_api_refuses_with_a_problem_document_what_is_too_much(alice, services):
    nested = []
    alice("POST", "/v1/collections", json={"name": "c"})

    def ask_again(question, *, scope, k, **_):
        nested.append(alice("POST", "/v1/ask", json={"question": "again?"}))
        return Hits()

    object.__setattr__(services, "search", ask_again)  # each question asks another while it is being answered
    assert alice("POST", "/v1/ask", json={"question": "first?"}).status_code == 200
    limit = admission.questions_at_once(services.settings.llm.parallel) // 2
    assert [response.status_code for response in nested] == [503] + [200] * (limit - 1)
    assert nested[0].json()["title"] == "Too many questions at once"


def test_callers_are_authenticated_while_every_other_thread_is_taken(services, keys):
    async def run() -> bool:
        let_in = asyncio.Event()

        async def app(scope, receive, send):
            let_in.set()

        scope = {"type": "http", "path": "/v1/search", "headers": [(b"authorization", f"Bearer {keys['alice']}".encode())]}
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 1
        async with limiter:  # the only one
            await asyncio.wait_for(Authentication(app, services)(scope, None, None), 10)
        return let_in.is_set()

    assert asyncio.run(run())


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(admission).failed == 0
