import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.errors import ContextTooLong, LicenceRefused, ModelUnavailable
from core.settings import Settings
from generation.engines.base import Message
from generation.engines.openai import COUNT_S, OpenAICompatible, make_generator
from generation.window import Counter
from tests.fakes_generation import FakeModelServer
from tests.fakes_network import LossyFront

HELLO = [Message("system", "Be brief."), Message("user", "Hello?")]


def client(server: FakeModelServer, *, api_key: str | None = None, timeout_s: float = 5) -> OpenAICompatible:
    return OpenAICompatible(url=server.url, model="fake-model", api_key=api_key, timeout_s=timeout_s)


def port(server: FakeModelServer) -> int:
    return urlsplit(server.url).port or 0


def through(front: LossyFront) -> OpenAICompatible:
    return OpenAICompatible(url=f"http://127.0.0.1:{front.port}/v1", model="fake-model", api_key=None, timeout_s=5)


def test_the_request_is_openais() -> None:
    with FakeModelServer("Hi.") as server:
        list(client(server).stream(HELLO, max_tokens=7, stop=["END"]))
        (body,) = server.requests
    assert body == {
        "model": "fake-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "max_tokens": 7,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["END"],
    }


def test_a_call_may_wait_less_long_than_the_engine_does() -> None:
    with FakeModelServer("one two three", pause_s=1) as server:
        with pytest.raises(ModelUnavailable, match="silent for too long"):
            list(client(server, timeout_s=60).stream(HELLO, max_tokens=50, timeout_s=0.2))
        assert server.hung_up.wait(20)


def test_a_line_separator_inside_the_text_does_not_break_the_stream() -> None:
    text = "one\u2028two\u0085three\r\nfour"
    with FakeModelServer(text) as server:
        assert "".join(client(server).stream(HELLO, max_tokens=50)) == text


def test_an_answer_that_breaks_off_is_an_error_and_not_a_short_answer() -> None:
    with FakeModelServer("a long enough answer", break_after=2) as server, pytest.raises(ModelUnavailable):
        list(client(server).stream(HELLO, max_tokens=50))


@pytest.mark.parametrize(("yes", "expected"), [(0.8, 0.8), (0.0, 0.0), (1.0, 1.0)])
def test_the_probability_sums_the_ways_to_write_a_word(yes: float, expected: float) -> None:
    with FakeModelServer(yes=yes) as server:
        assert client(server).probability_of("yes", "no", HELLO) == pytest.approx(expected, abs=1e-4)


def test_a_model_that_says_neither_word_leaves_it_open() -> None:
    with FakeModelServer() as server:
        assert client(server).probability_of("ja", "nein", HELLO) == 0.5


def test_without_a_tokenizer_the_count_errs_high_and_the_server_is_asked_once() -> None:
    with FakeModelServer(tokenize=False) as server:
        generator = client(server)
        assert generator.count_tokens("How many days of leave?") == 12
        assert generator.count_tokens("年假") == 3


def test_a_server_that_is_loading_is_unavailable_and_counts_exactly_once_it_is_up() -> None:
    with FakeModelServer(fail=503) as server:
        generator = client(server)
        with pytest.raises(ModelUnavailable, match="503"):
            generator.count_tokens("How many days of leave?")
        server.fail = None
        assert generator.count_tokens("How many days of leave?") == 6


def test_a_prompt_beyond_the_window_is_named_so() -> None:
    with FakeModelServer(window_tokens=5) as server:
        with pytest.raises(ContextTooLong, match=r"search\.context_tokens"):
            list(client(server).stream([Message("user", "word " * 6)], max_tokens=1))
        with pytest.raises(ContextTooLong):
            client(server).probability_of("yes", "no", [Message("user", "word " * 6)])


def test_a_wrong_key_names_the_setting() -> None:
    with FakeModelServer(api_key="right") as server:
        client(server, api_key="right").ping()
        with pytest.raises(ModelUnavailable, match=r"llm\.api_key"):
            client(server, api_key="wrong").ping()


def test_a_server_of_another_model_names_both() -> None:
    with FakeModelServer(model="other") as server, pytest.raises(ModelUnavailable, match="serves other, not fake-model"):
        client(server).ping()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    generator = OpenAICompatible(url=url, model="m", api_key=None, timeout_s=5)
    for call in (generator.ping, lambda: list(generator.stream(HELLO, max_tokens=1)), lambda: generator.count_tokens("a")):
        with pytest.raises(ModelUnavailable, match=r"llm\.url"):
            call()


def test_a_server_that_falls_silent_is_unavailable() -> None:
    with FakeModelServer("one two three", pause_s=5) as server, pytest.raises(ModelUnavailable, match="silent"):
        list(client(server, timeout_s=0.2).stream(HELLO, max_tokens=9))


def test_settings_without_a_url_mean_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # which must not stand between us and ourselves
    with FakeModelServer("Hi.", api_key="secret") as server:
        port = int(server.url.split(":")[2].split("/")[0])
        generator = make_generator(Settings(llm={"port": port, "model": "fake-model", "api_key": "secret"}))
        generator.ping()
        assert generator.model == "fake-model"


def test_a_model_whose_licence_the_policy_does_not_allow_is_not_asked() -> None:
    strict = Settings(llm={"url": "http://127.0.0.1:9/v1", "model": "served-name"}, models={"allowed_licences": ("Apache-2.0",)})
    with pytest.raises(LicenceRefused, match=r"model served-name.*models.allowed_licences allows Apache-2.0 only"):
        make_generator(strict)
    make_generator(strict.with_values(models={"licences": {"served-name": "apache-2.0"}}))


@pytest.mark.parametrize("num_refused", [1, 3])
def test_a_server_that_restarts_is_asked_again(num_refused: int) -> None:
    with FakeModelServer("Hi.", restarting=num_refused) as server:
        assert "".join(client(server).stream(HELLO, max_tokens=9)) == "Hi."
        assert len(server.requests) == num_refused + 1
        server.restarting = num_refused
        assert client(server).probability_of("yes", "no", HELLO) > 0.5


def test_a_server_that_stays_away_is_not_asked_for_ever() -> None:
    with FakeModelServer("Hi.", restarting=99) as server:
        with pytest.raises(ModelUnavailable, match="503"):
            list(client(server).stream(HELLO, max_tokens=9))
        assert len(server.requests) == 5
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match="503"):
            client(server).json(HELLO, schema={}, max_tokens=9, timeout_s=0.3)
        assert time.monotonic() - started < 1


def test_a_failure_of_the_servers_own_is_not_tried_again() -> None:
    with FakeModelServer(fail=500) as server, pytest.raises(ModelUnavailable, match="500"):
        list(client(server).stream(HELLO, max_tokens=9))
    assert server.requests == []


def test_a_connection_lost_before_the_first_piece_is_made_anew_and_after_it_never() -> None:
    with FakeModelServer("one two three four five six", pause_s=0.01) as server:
        with LossyFront(port(server), num_reset=2) as front:
            assert "".join(through(front).stream(HELLO, max_tokens=50)) == "one two three four five six"
            assert front.num_connections == 3
        with LossyFront(port(server), break_after=700) as front:
            stream = through(front).stream(HELLO, max_tokens=50)
            read = [next(stream)]
            with pytest.raises(ModelUnavailable):
                read += stream
            assert front.num_connections == 1


def test_comments_that_keep_a_connection_open_are_no_answer() -> None:
    comments = FakeModelServer("Hi.", pause_s=0.1, num_silent_comments=100)
    with comments as server, pytest.raises(ModelUnavailable, match="silent"):
        list(client(server, timeout_s=0.5).stream(HELLO, max_tokens=9))


def test_a_model_that_thinks_without_end_is_not_waited_for() -> None:
    started = time.monotonic()
    thinking = FakeModelServer("Hi.", pause_s=0.1, num_thoughts=100)
    with thinking as server, pytest.raises(ModelUnavailable, match="silent"):
        list(client(server, timeout_s=0.5).stream(HELLO, max_tokens=9))
    assert time.monotonic() - started < 5


def test_thinking_within_the_time_and_a_late_reader_are_waited_for() -> None:
    with FakeModelServer("one two three", pause_s=0.1, num_thoughts=3) as server:
        text = ""
        for piece in client(server, timeout_s=1).stream(HELLO, max_tokens=9):
            text += piece
            time.sleep(1.1)
    assert text == "one two three"


def test_counting_is_given_up_long_before_writing_is() -> None:
    """The server takes connections and says nothing, as one does that hangs."""
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        url = f"http://127.0.0.1:{hung.getsockname()[1]}/v1"
        generator = OpenAICompatible(url=url, model="m", api_key=None, timeout_s=180)
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match="silent"):
            generator.count_tokens("How many days of leave?")
        assert time.monotonic() - started < COUNT_S + 2
        counter = Counter(generator)
        counts = [counter("How many days of leave?") for _ in range(3)]
        assert counts == [12] * 3
        assert time.monotonic() - started < 2 * COUNT_S + 3, "asked once more, and from then on estimated"
        generator.close()


@pytest.mark.parametrize(
    ("option", "said", "sent"),
    [
        ("stream_options", "Unrecognized request argument supplied: stream_options", {}),
        (
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            {"max_completion_tokens": 9},
        ),
        ("temperature", "Unsupported value: 'temperature' does not support 0.0 with this model.", {}),
    ],
)
def test_an_option_the_server_does_not_know_is_left_out_from_then_on(option: str, said: str, sent: dict[str, Any]) -> None:
    with FakeModelServer("Hi.", unknown={option: said}) as server:
        generator = client(server)
        for _ in range(2):
            assert "".join(generator.stream(HELLO, max_tokens=9)) == "Hi."
        refused, *accepted = server.requests
    assert option in refused
    assert len(accepted) == 2
    assert all(option not in body and sent.items() <= body.items() for body in accepted)


def test_a_server_that_tells_few_likeliest_tokens_is_asked_for_few() -> None:
    with FakeModelServer(yes=0.8, max_top=5) as server:
        assert client(server).probability_of("yes", "no", HELLO) == pytest.approx(0.8, abs=1e-4)
        assert [body["top_logprobs"] for body in server.requests] == [20, 5]


SCHEMA = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"], "additionalProperties": False}


def test_json_is_asked_for_by_openais_schema() -> None:
    with FakeModelServer(json={"days": 3}) as server:
        assert client(server).json(HELLO, schema=SCHEMA, max_tokens=50) == {"days": 3}
    assert server.requests[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "value", "schema": SCHEMA, "strict": True},
    }


def test_a_server_that_knows_no_schema_is_told_it_in_words_and_its_value_is_checked() -> None:
    refusals = {"response_format": "unknown variant `json_schema` in response_format"}
    with FakeModelServer('Here you are:\n```json\n{"days": 3}\n```', unknown=refusals, yes=1.0) as server:
        assert client(server).json(HELLO, schema=SCHEMA, max_tokens=50) == {"days": 3}
        first, _, third = server.requests
        formats = [body.get("response_format", {}).get("type") for body in server.requests]
        assert formats == ["json_schema", "json_object", None]
        assert json.dumps(SCHEMA) in third["messages"][-1]["content"]
        assert third["messages"][:-1] == first["messages"][:-1]


@pytest.mark.parametrize(("written", "wrong"), [({"days": "three"}, r"\$\.days"), ({}, "required"), ([], "type")])
def test_a_value_that_breaks_its_schema_is_an_error_that_does_not_quote_it(written: Any, wrong: str) -> None:
    with FakeModelServer(json=lambda messages: written) as server, pytest.raises(ModelUnavailable, match=wrong) as caught:
        client(server).json(HELLO, schema=SCHEMA, max_tokens=50)
    assert "three" not in str(caught.value)


def test_prose_in_place_of_json_says_what_to_do() -> None:
    refusals = {"response_format": "response_format is not supported"}
    with FakeModelServer("Three days.", unknown=refusals) as server, pytest.raises(ModelUnavailable, match="vLLM and llama"):
        client(server).json(HELLO, schema=SCHEMA, max_tokens=50)


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 512 tokens. However, your prompt contains at least 513 input tokens",  # vLLM
        "max_tokens=2000 cannot be greater than max_model_len=512. Please request fewer output tokens.",  # vLLM
        "The decoder prompt (length 1021) is longer than the maximum model length of 512.",  # vLLM
        "the request exceeds the available context size, try increasing it",  # llama.cpp
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens",  # TGI
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 1100",  # TGI
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",  # SGLang
        "Requested token count exceeds the model's maximum context length of 4096 tokens.",  # SGLang
        '{"code":"context_length_exceeded"}',  # OpenAI
    ],
)
def test_every_servers_way_to_say_that_a_prompt_is_too_long_is_understood(said: str) -> None:
    with FakeModelServer(window_tokens=1, too_long=said) as server, pytest.raises(ContextTooLong):
        list(client(server).stream(HELLO, max_tokens=1))
    assert len(server.requests) == 1


def test_a_tokenizer_that_refuses_one_text_is_asked_about_the_next() -> None:
    with FakeModelServer(tokenize=False) as server:
        generator = client(server)
        server.no_tokens_status = 422
        assert generator.count_tokens("How many days of leave?") == 12
        server.tokenize = True
        assert generator.count_tokens("How many days of leave?") == 6


def test_more_ask_at_once_than_a_pool_of_connections_usually_holds() -> None:
    arrived = Barrier(120)

    def reply(messages: list[dict[str, str]]) -> str:
        arrived.wait(20)
        return "word " * 5

    with FakeModelServer(reply) as server, ThreadPoolExecutor(120) as pool:
        generator = client(server, timeout_s=20)
        texts = list(pool.map(lambda _: "".join(generator.stream(HELLO, max_tokens=100)), range(120)))
    assert texts == ["word " * 5] * 120


def test_an_adapter_is_asked_for_in_the_models_place() -> None:
    assert make_generator(Settings(llm={"model": "org/model", "adapter": "legal"})).model == "legal"
