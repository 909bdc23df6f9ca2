import json
import time
from collections.abc import Iterator

import httpx
import pytest

from generation.engines.events import events, whole

FINISHED = b'data: {"choices": [{"finish_reason": "stop"}]}\n\n'


def test_events_are_put_together_from_any_pieces() -> None:
    sent = ': a comment\n\ndata: {"text": "über\u2028"}\r\n\r\nevent: x\ndata:{"choices": null}\n\ndata: [DONE]\n\n'.encode()
    single = [bytes([byte]) for byte in sent]
    assert list(events(iter(single), 5)) == [{"text": "über\u2028"}, {"choices": None}]


def test_an_end_is_told_by_done_or_by_a_reason_to_finish() -> None:
    assert len(list(events(iter([FINISHED]), 5))) == 1
    with pytest.raises(httpx.RemoteProtocolError):
        list(events(iter([b'data: {"choices": [{"finish_reason": null}]}\n\n']), 5))


def slowly(*pieces: bytes) -> Iterator[bytes]:
    for piece in pieces:
        time.sleep(0.06)
        yield piece


def test_patience_is_for_events_and_begins_anew_with_each() -> None:
    assert len(list(events(slowly(FINISHED, FINISHED, FINISHED), 0.1))) == 3
    with pytest.raises(httpx.ReadTimeout):
        list(events(slowly(b": here\n\n", b": here\n\n", FINISHED), 0.1))


def test_a_whole_answer_has_one_time() -> None:
    pieces = [json.dumps({"a": "é"}).encode()[:5], json.dumps({"a": "é"}).encode()[5:]]
    assert whole(iter(pieces), time.monotonic() + 5) == {"a": "é"}
    with pytest.raises(httpx.ReadTimeout):
        whole(slowly(*pieces), time.monotonic() + 0.1)
