"""Server-sent events off a byte stream: bytes in, parsed JSON out, in order, up to ``[DONE]``.

A server that only sends comments to keep the connection open is as silent as one that sends nothing: the patience given
is for events, which a socket's timeout alone would not notice.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx


def events(pieces: Iterator[bytes], silence_s: float) -> Iterator[dict[str, Any]]:
    """Read events; raises httpx.ReadTimeout after ``silence_s`` without one, httpx.RemoteProtocolError if the end is missing.

    Only newlines end a line: httpx's own ``iter_lines`` also splits at U+2028, which JSON may hold unescaped. Some servers
    send no ``[DONE]``; a choice with its reason to finish is an end, too.
    """
    pending, deadline, is_finished = b"", time.monotonic() + silence_s, False
    for piece in pieces:
        *lines, pending = (pending + piece).split(b"\n")
        for data in filter(None, map(_data, lines)):
            if data == b"[DONE]":
                return
            event = json.loads(data)
            is_finished = is_finished or _finishes(event)
            yield event
            deadline = time.monotonic() + silence_s
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("nothing but comments came")
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
