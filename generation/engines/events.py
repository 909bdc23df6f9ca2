"""Server-sent events off a byte stream: bytes in, parsed JSON out, in order, up to ``[DONE]``.

A server that only sends comments to keep the connection open, or events that hold nothing of the answer, is as silent as one
that sends nothing, which a socket's timeout alone would not notice. What is of the answer, the reader says: see :class:`Silence`.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx


class Silence:
    """How long a server may say nothing of the answer; who reads breaks it with each piece that is some of it."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self.broken()

    def broken(self) -> None:
        """Begin anew."""
        self._deadline = time.monotonic() + self._most_s

    def check(self) -> None:
        """Raise httpx.ReadTimeout if it has lasted too long."""
        if time.monotonic() > self._deadline:
            raise httpx.ReadTimeout("nothing of the answer came")


def events(pieces: Iterator[bytes], silence: Silence) -> Iterator[dict[str, Any]]:
    """Read events; raises httpx.ReadTimeout after too long a silence, httpx.RemoteProtocolError if the end is missing.

    Only newlines end a line: httpx's own ``iter_lines`` also splits at U+2028, which JSON may hold unescaped. Some servers
    send no ``[DONE]``; a choice with its reason to finish is an end, too.
    """
    pending, is_finished = b"", False
    for piece in pieces:
        *lines, pending = (pending + piece).split(b"\n")
        for data in filter(None, map(_data, lines)):
            if data == b"[DONE]":
                return
            event = json.loads(data)
            is_finished = is_finished or _finishes(event)
            yield event
        silence.check()
    if not is_finished:
        raise httpx.RemoteProtocolError("the answer ended before its end was announced")


def whole(pieces: Iterator[bytes], deadline: float) -> Any:
    """Read one JSON document that must have come by ``deadline`` (of the monotonic clock); raises httpx.ReadTimeout if not."""
    read = bytearray()
    for piece in pieces:
        read += piece
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer took too long")
    return json.loads(read)


def _data(line: bytes) -> bytes:
    return line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""


def _finishes(event: dict[str, Any]) -> bool:
    return any(choice.get("finish_reason") for choice in event.get("choices") or [])
