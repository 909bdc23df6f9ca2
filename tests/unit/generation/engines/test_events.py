import json
import time
from collections.abc import Iterator

import httpx
import pytest

from generation.engines.events import Silence, events, whole

FINISHED = b'data: {"choices": [{"finish_reason": "stop"}]}\n\n'


def test_events_are_put_together_from_any_pieces() -> None:
    sent = ': a comment\n\ndata: {"text": "über\u2028"}\r\n\r\nevent: x\ndata:{"choices": null}\n\ndata: [DONE]\n\n'.encode()
    single = [bytes([byte]) for byte in sent]
    assert list(events(iter(single), Silence(5))) == [{"text": "über\u2028"}, {"choices": None}]


def test_an_end_is_told_by_done_or_by_a_reason_to_finish() -> None:
    assert len(list(events(iter([FINISHED]), Silence(5)))) == 1
    with pytest.raises(httpx.RemoteProtocolError):
        list(events(iter([b'data: {"choices": [{"finish_reason": null}]}\n\n']), Silence(5)))


def slowly(*pieces: bytes) -> Iterator[bytes]:
    for piece in pieces:
        time.sleep(0.06)
        yield piece


@pytest.mark.parametrize("sent", [b": here\n\n", FINISHED], ids=["comments", "events"])
def test_nothing_breaks_a_silence_but_the_reader(sent: bytes) -> None:
    with pytest.raises(httpx.ReadTimeout):
        list(events(slowly(sent, sent, FINISHED), Silence(0.1)))


def test_a_silence_begins_anew_when_the_reader_says_so() -> None:
    silence, read = Silence(0.1), 0
    for _ in events(slowly(FINISHED, FINISHED, FINISHED), silence):
        silence.broken()
        read += 1
    assert read == 3


def test_a_whole_answer_has_one_time() -> None:
    pieces = [json.dumps({"a": "é"}).encode()[:5], json.dumps({"a": "é"}).encode()[5:]]
    assert whole(iter(pieces), time.monotonic() + 5) == {"a": "é"}
    with pytest.raises(httpx.ReadTimeout):
        whole(slowly(*pieces), time.monotonic() + 0.1)
