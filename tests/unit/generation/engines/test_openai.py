import socket

import pytest

from core.errors import ContextTooLong, LicenceRefused, ModelUnavailable
from core.settings import Settings
from generation.engines.base import Message
from generation.engines.openai import OpenAICompatible, make_generator
from tests.fakes_generation import FakeModelServer

HELLO = [Message("system", "Be brief."), Message("user", "Hello?")]


def client(server: FakeModelServer, *, api_key: str | None = None, timeout_s: float = 5) -> OpenAICompatible:
    return OpenAICompatible(url=server.url, model="fake-model", api_key=api_key, timeout_s=timeout_s)


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
        assert client(server).probability_of("oui", "non", HELLO) == 0.5


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
