"""Answers on their way out: what a reader misses he gets later, and nobody else gets any of it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from api import answers
from api.answers import Answers, Growing
from core.errors import Busy
from tests.unit.api.test_ask import CLAIM, QUESTION, found
from tests.waiting import wait_until

passage_found = found  # that every question here finds
STREAM = {"Accept": "text/event-stream"}


def events_of(response: Any) -> list[tuple[str, str, Any]]:
    """Each event's id, name and data."""
    parts = [message.split("\n") for message in response.text.removesuffix("\n\n").split("\n\n")]
    return [(i.removeprefix("id: "), n.removeprefix("event: "), json.loads(d.removeprefix("data: "))) for i, n, d in parts]


def test_an_answer_can_be_read_again_from_any_event_on(alice):
    whole = events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM))
    answer_id = whole[0][2]["answer_id"]
    for after, (last, _, _) in enumerate(whole, 1):
        rest = alice("GET", f"/v1/answers/{answer_id}", headers={"Last-Event-ID": last})
        assert events_of(rest) == whole[after:] if after < len(whole) else not rest.text
        resumed = alice("POST", "/v1/ask", json=QUESTION, headers=STREAM | {"Last-Event-ID": last})
        assert resumed.text == rest.text
    assert events_of(alice("GET", f"/v1/answers/{answer_id}")) == whole


@pytest.mark.parametrize("last", ["", "1", "x:1", f"{uuid4()}:3", f"{uuid4()}:x", ":", "é:-1"])
def test_what_is_not_here_any_more_is_asked_anew(alice, last: str):
    response = alice("POST", "/v1/ask", json=QUESTION, headers=STREAM | {"Last-Event-ID": last.encode()})
    names = [name for _, name, _ in events_of(response)]
    assert (names[0], names[-1]) == ("sources", "done")


def test_another_reads_and_stops_nothing_of_it(alice, bob, services):
    whole = events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM))
    answer_id, first = whole[0][2]["answer_id"], whole[0][0]
    assert bob("GET", f"/v1/answers/{answer_id}").status_code == 404
    assert bob("GET", f"/v1/answers/{answer_id}", headers={"Last-Event-ID": first}).status_code == 404
    assert bob("DELETE", f"/v1/answers/{answer_id}").status_code == 204
    bob("POST", "/v1/collections", json={"name": "c"})
    services.search.hits = []
    his = events_of(bob("POST", "/v1/ask", json=QUESTION, headers=STREAM | {"Last-Event-ID": first}))
    assert his[0][2]["hits"] == []
    assert his[0][2]["answer_id"] != answer_id
    assert CLAIM not in str(his)


def test_an_answer_that_is_stopped_stops_the_model(alice, services):
    stopped, closed = threading.Event(), services.generator.closed

    def stop(number: int) -> None:
        if number == 1:
            (growing,) = services.answers._by_id.values()
            assert alice("DELETE", f"/v1/answers/{growing.answer_id}").status_code == 204
            stopped.set()

    services.generator.before_piece = stop
    services.generator.pieces = ["Annual "] * 50
    names = [name for _, name, _ in events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM))]
    assert stopped.is_set()
    assert "done" not in names
    assert closed.wait(5)
    assert services.generator.num_written < 5


def test_an_answer_left_off_before_its_end_is_gone_and_asked_anew(alice, services):
    def stop(number: int) -> None:
        if number == 1:
            (growing,) = services.answers._by_id.values()
            growing.stopping = True  # as where nobody reads it any more

    services.generator.before_piece = stop
    cut = events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM))
    assert "done" not in [name for _, name, _ in cut]
    last, answer_id = cut[-1][0], cut[0][2]["answer_id"]
    for headers in ({}, {"Last-Event-ID": last}):
        assert alice("GET", f"/v1/answers/{answer_id}", headers=headers).status_code == 404
    services.generator.before_piece = lambda number: None
    anew = events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM | {"Last-Event-ID": last}))
    assert (anew[0][1], anew[-1][1]) == ("sources", "done")
    assert anew[0][2]["answer_id"] != answer_id


def test_an_answer_that_has_ended_is_not_stopped_any_more(alice):
    whole = events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM))
    answer_id = whole[0][2]["answer_id"]
    assert alice("DELETE", f"/v1/answers/{answer_id}").status_code == 204
    assert events_of(alice("GET", f"/v1/answers/{answer_id}")) == whole


class Source:
    """Messages that come when they are let out, and whether they were closed."""

    def __init__(self, number: int = 1000) -> None:
        self.number, self.go, self.closed = number, threading.Semaphore(0), threading.Event()

    def __call__(self, growing: Growing) -> Iterator[str]:
        for number in range(self.number):
            self.go.acquire()
            yield f"data: {number}\n\n"


def started(answers: Answers, source: Source, owner: str = "alice") -> Growing:
    return answers.start(owner, source, source.closed.set)


async def read(growing: Growing, num: int, after: int = 0) -> list[str]:
    lines: list[str] = []
    async for batch in growing.follow(after):
        lines += [line for line in batch.splitlines() if line.startswith("data")]
        if len(lines) >= num:
            break
    return lines


def test_a_reader_that_breaks_off_finds_the_rest_and_what_is_left_alone_stops(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answers, "RESUME_S", 0.5)
    source = Source()
    growing = started(Answers(), source)
    source.go.release(3)
    assert asyncio.run(read(growing, 3)) == ["data: 0", "data: 1", "data: 2"]
    source.go.release(2)
    assert asyncio.run(read(growing, 3, after=2)) == ["data: 2", "data: 3", "data: 4"]
    assert not source.closed.is_set()
    wait_until(lambda: not growing.is_wanted(), seconds=5)
    source.go.release(1)
    assert source.closed.wait(5)
    assert growing.ended


def test_what_was_left_off_is_not_taken_up_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answers, "RESUME_S", 0.0)
    store, source = Answers(), Source()
    growing = started(store, source)
    source.go.release(1)
    asyncio.run(read(growing, 1))
    source.go.release(1)
    assert source.closed.wait(5)
    assert store.resumed("alice", f"{growing.answer_id}:1") is None
    assert store.find("alice", growing.answer_id) is None


def test_an_answer_that_came_to_its_end_unread_is_whole(monkeypatch: pytest.MonkeyPatch):
    store, go = Answers(), threading.Semaphore(0)

    def messages(growing: Growing) -> Iterator[str]:
        yield "event: token\ndata: {}\n\n"
        go.acquire()
        yield "event: done\ndata: {}\n\n"

    growing = store.start("alice", messages, lambda: None)
    asyncio.run(read(growing, 1))
    monkeypatch.setattr(answers, "RESUME_S", 0.0)
    go.release()
    wait_until(lambda: growing.ended, seconds=5)
    assert store.resumed("alice", f"{growing.answer_id}:1") == (growing, 1)


def test_what_is_taken_up_again_waits_for_its_reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answers, "RESUME_S", 0.0)
    store, source = Answers(), Source(4)
    growing = started(store, source)
    source.go.release(1)
    asyncio.run(read(growing, 1))
    assert store.resumed("alice", f"{growing.answer_id}:1", "something else") is None
    assert not growing.is_wanted()
    assert store.resumed("alice", f"{growing.answer_id}:1") == (growing, 1)
    for _ in range(answers.MAX_UNATTENDED + 1):  # others are left behind meanwhile
        other = started(store, source_of_other := Source())
        source_of_other.go.release(1)
        asyncio.run(read(other, 1))
    started(store, Source())
    source.go.release(4)
    wait_until(lambda: growing.ended, seconds=5)
    assert asyncio.run(read(growing, 9, after=1)) == ["data: 1", "data: 2", "data: 3"]


def test_a_reader_who_leaves_has_only_just_gone(monkeypatch: pytest.MonkeyPatch):
    wanted = []

    class Readers(set):
        def discard(self, wake: Any) -> None:
            super().discard(wake)
            wanted.append(growing.is_wanted())  # as the thread in which it grows asks at this moment

    growing = Growing("alice", "")
    growing.messages, growing._readers = ["data: 0\n\n"], Readers()
    growing.changed_at -= 100
    assert asyncio.run(read(growing, 1)) == ["data: 0"]
    assert wanted == [True]


def test_an_answer_whose_reader_is_late_waits_for_him(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answers, "RESUME_S", 0.0)
    source = Source(2)
    growing = started(Answers(), source)
    source.go.release(2)
    wait_until(lambda: growing.ended, seconds=5)
    assert asyncio.run(read(growing, 2)) == ["data: 0", "data: 1"]


def test_what_waits_together_goes_out_together_and_silence_is_filled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answers, "HEARTBEAT_S", 0.05)
    source = Source(3)
    growing = started(Answers(), source)
    source.go.release(2)
    wait_until(lambda: len(growing.messages) == 2, seconds=5)

    async def batches() -> list[str]:
        taken = []
        async for batch in growing.follow():
            taken.append(batch)
            if len(taken) == 2:
                source.go.release(1)
        return taken

    first, *quiet, last = asyncio.run(batches())
    assert first.count("data:") == 2
    assert set(quiet) == {answers.HEARTBEAT}
    assert last.endswith("data: 2\n\n")


def test_of_answers_left_behind_the_oldest_of_too_many_stops_and_none_that_waits_for_its_reader():
    store, sources = Answers(), [Source() for _ in range(answers.MAX_UNATTENDED + 1)]
    growing = [started(store, source) for source in sources]
    unread = [started(store, Source()) for _ in range(5)]
    for source, one in zip(sources, growing, strict=True):
        source.go.release(1)
        asyncio.run(read(one, 1))
    theirs, last = started(store, Source(), "bob"), started(store, Source())
    assert growing[0].stopping
    assert not any(other.stopping for other in (*growing[1:], *unread, theirs, last))
    sources[0].go.release(1)
    assert sources[0].closed.wait(5)


def test_no_more_answers_grow_than_the_limit_and_half_of_it_for_one_owner():
    store, closed = Answers(), threading.Event()
    for _ in range(2):
        store.start("alice", Source(), print, limit=4)
    with pytest.raises(Busy):
        store.start("alice", Source(), closed.set, limit=4)
    assert closed.is_set()
    for owner in ("bob", "carol"):
        store.start(owner, Source(), print, limit=4)
    with pytest.raises(Busy):
        store.start("dora", Source(), print, limit=4)


def test_a_finished_answer_is_kept_for_its_time_however_often_it_is_read(monkeypatch: pytest.MonkeyPatch):
    source = Source(1)
    growing = started(Answers(), source)
    source.go.release(1)
    wait_until(lambda: growing.ended, seconds=5)
    ended_at = growing.changed_at
    asyncio.run(read(growing, 1))
    assert growing.changed_at == ended_at


def test_another_question_does_not_take_up_the_answer_to_this_one(alice):
    first = events_of(alice("POST", "/v1/ask", json=QUESTION, headers=STREAM))
    other = alice("POST", "/v1/ask", json={"question": "Who?"}, headers=STREAM | {"Last-Event-ID": first[0][0]})
    assert events_of(other)[0][2]["answer_id"] != first[0][2]["answer_id"]


def test_what_ended_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch):
    store, source = Answers(), Source(0)
    growing = started(store, source)
    assert source.closed.wait(5)
    assert store.find("alice", growing.answer_id) is growing
    monkeypatch.setattr(answers, "KEEP_S", 0.0)
    started(store, Source(0))
    assert store.find("alice", growing.answer_id) is None


def test_a_failure_in_the_thread_ends_the_answer_and_closes_the_model():
    def broken(growing: Growing) -> Iterator[str]:
        yield "data: 0\n\n"
        raise RuntimeError

    closed = threading.Event()
    store = Answers()
    start: Callable[..., Growing] = store.start
    growing = start("alice", broken, closed.set)
    assert closed.wait(5)
    assert asyncio.run(read(growing, 9)) == ["data: 0"]
    assert store.find("alice", growing.answer_id) is None
