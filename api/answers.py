"""Answers on their way out: each grows in a thread of its own, and its asker may read it again from any event on.

A connection that breaks loses nothing: for RESUME_S the model goes on, and what was sent meanwhile is kept until KEEP_S after
the end; one that was left off before its end is gone at once. Whoever means to stop says so. An owner may leave few answers
unattended, so that coming and going occupies no model.
All of it is in this process's memory: an answer that is not there any more is simply asked for anew.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from core.errors import Busy

log = logging.getLogger(__name__)
RESUME_S = 5.0  # an answer nobody reads any more goes on for so long
START_S = 30.0  # and one that nobody reads yet: a busy server may take its time to begin the response
KEEP_S = 60.0  # a finished answer may be read again for so long
MAX_UNATTENDED = 2  # answers of one owner that go on without a reader
HEARTBEAT_S = 10.0  # at most so long between two signs of life, so that no proxy takes a thinking model for a dead one
LAST = ("event: done\n", "event: error\n")  # how the message begins with which an answer is whole
HEARTBEAT = ": the model is at work\n\n"

Wake = Callable[[], object]


class Growing:
    """One answer: the messages so far, and who waits for more. Made by :meth:`Answers.start`."""

    def __init__(self, owner_id: str, asked: str) -> None:
        self.answer_id, self.owner_id, self.asked = uuid4(), owner_id, asked
        self.messages: list[str] = []
        self.ended = False
        self.stopping = False  # left off before its end, now or soon: never taken up again
        self.changed_at = time.monotonic()  # when it was asked for, the last reader left, or the answer ended
        self._readers: set[Wake] = set()
        self._is_expecting = True  # a reader who has asked for it, but does not read yet

    @property
    def is_unattended(self) -> bool:
        """Whether it still grows and its reader has gone; one whose reader has not come yet is no such answer."""
        return not (self._is_expecting or self._readers or self.ended)

    def is_wanted(self) -> bool:
        """Tell whether to go on: somebody reads it, or has only just gone."""
        patience_s = START_S if self._is_expecting else RESUME_S
        return not self.stopping and (bool(self._readers) or time.monotonic() - self.changed_at < patience_s)

    def expect(self) -> None:
        """Go on for the reader who has just asked for it."""
        if not self.ended:
            self._is_expecting, self.changed_at = True, time.monotonic()

    def add(self, message: str) -> None:
        """Take the next message; called by the thread in which it grows."""
        self.messages.append(f"id: {self.answer_id}:{len(self.messages) + 1}\n{message}")
        self._wake()

    def end(self) -> None:
        """Tell the readers that there is no more."""
        self.ended, self.changed_at = True, time.monotonic()
        self._wake()

    async def follow(self, after: int = 0) -> AsyncIterator[str]:
        """Give what was sent after that many messages and what is still to come; what waits together goes out together."""
        with self._reader() as more:
            while True:
                more.clear()
                ended, batch = self.ended, self.messages[after:]
                after += len(batch)
                if batch:
                    yield "".join(batch)
                elif ended:
                    return
                else:
                    try:
                        async with asyncio.timeout(HEARTBEAT_S):
                            await more.wait()
                    except TimeoutError:
                        yield HEARTBEAT

    @contextmanager
    def _reader(self) -> Iterator[asyncio.Event]:
        more, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(more.set)

        self._readers.add(wake)
        self._is_expecting = False
        try:
            yield more
        finally:
            if not self.ended:  # from its end on it is kept for a while, however often it is read
                self.changed_at = time.monotonic()  # before he is gone, lest it seem that he has been for long
            self._readers.discard(wake)

    def _wake(self) -> None:
        for wake in tuple(self._readers):
            try:
                wake()
            except RuntimeError:  # its event loop is closed: the process ends
                self._readers.discard(wake)


class Answers:
    """All answers that grow in this process or have grown a moment ago."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, Growing] = {}
        self._lock = threading.Lock()

    def start(
        self,
        owner_id: str,
        messages: Callable[[Growing], Iterator[str]],
        close: Callable[[], None],
        *,
        asked: str = "",
        limit: int = 1000,
    ) -> Growing:
        """Let an answer grow in a thread; ``close`` stops the model and is called in any case, in that thread.

        ``asked`` is what a request must be to take it up again. Raises Busy, having closed, if ``limit`` answers grow already, or
        half as many of this owner: those that were left behind and have not stopped yet count as well.
        """
        growing = Growing(owner_id, asked)
        with self._lock:
            self._tidy(owner_id)
            others = [other.owner_id for other in self._by_id.values() if not other.ended]
            if len(others) >= limit or others.count(owner_id) >= max(1, limit // 2):
                close()
                raise Busy(f"{len(others)} answers are being written, {others.count(owner_id)} of them for this caller")
            self._by_id[growing.answer_id] = growing
        name = f"answer-{growing.answer_id}"
        threading.Thread(target=self._grow, args=(growing, messages, close), name=name, daemon=True).start()
        return growing

    def find(self, owner_id: str, answer_id: UUID, asked: str | None = None) -> Growing | None:
        """Return the owner's answer of that id, whole or growing, which then waits for its reader.

        None for what is not here any more, was left off before its end, or answers something else than was ``asked``.
        """
        with self._lock:
            growing = self._by_id.get(answer_id)
            if growing is None or growing.owner_id != owner_id or growing.stopping or asked not in (None, growing.asked):
                return None
            growing.expect()
        return growing

    def stop(self, owner_id: str, answer_id: UUID) -> None:
        """Have the owner's answer stop; one that has ended, or is not here, is left as it is."""
        with self._lock:
            growing = self._by_id.get(answer_id)
            if growing and growing.owner_id == owner_id and not growing.ended:
                growing.stopping = True

    def resumed(self, owner_id: str, last_event_id: str | None, asked: str | None = None) -> tuple[Growing, int] | None:
        """Read a ``Last-Event-ID``: the answer, and how many of its messages were read.

        None for what is not here any more, and for the answer to something else than was ``asked``.
        """
        name, _, number = (last_event_id or "").rpartition(":")
        try:
            answer_id, num_read = UUID(name), int(number)
        except ValueError:
            return None
        growing = self.find(owner_id, answer_id, asked)
        return (growing, min(max(num_read, 0), len(growing.messages))) if growing else None

    def _grow(self, growing: Growing, messages: Callable[[Growing], Iterator[str]], close: Callable[[], None]) -> None:
        try:
            for message in messages(growing):
                if message:
                    growing.add(message)
                if not message.startswith(LAST) and self._is_left_off(growing):  # what has come to its end is whole
                    break
        except Exception:  # a thread's last handler; what fails while an answer is written is a message itself
            growing.stopping = True
            log.exception("answer_failed")
        finally:
            growing.end()
            close()

    def _is_left_off(self, growing: Growing) -> bool:
        """Tell whether nobody wants it any more; under the lock, so that it is not taken up again in the same moment."""
        with self._lock:
            if not growing.is_wanted():
                growing.stopping = True
            return growing.stopping

    def _tidy(self, owner_id: str) -> None:
        """Forget what ended a while ago, and stop the oldest of too many that the owner left behind."""
        now = time.monotonic()
        for answer_id, growing in tuple(self._by_id.items()):
            if growing.ended and now - growing.changed_at > KEEP_S:
                del self._by_id[answer_id]
        left = [g for g in self._by_id.values() if g.owner_id == owner_id and g.is_unattended and not g.stopping]
        for growing in sorted(left, key=lambda g: g.changed_at)[: max(0, len(left) - MAX_UNATTENDED)]:
            growing.stopping = True
