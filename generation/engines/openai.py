"""The one engine: a client of any server that speaks the OpenAI protocol, such as vLLM, llama.cpp, TGI, SGLang or one elsewhere.

It speaks HTTP itself: the two calls it needs are short, and /tokenize is no part of that protocol. Closing the iterator
closes the connection, which is how these servers learn that nobody reads any more. Foreign errors become ours here. A server
that is restarting is asked again for a few seconds (patience.py), but never once a piece was given; one that does not know
an option is asked without it (dialect.py).
"""

import math
import time
from collections import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from core.errors import ModelUnavailable
from core.models import catalogue
from core.settings import Settings
from core.types import Usage
from generation.engines import value
from generation.engines.base import Generator, Message, Written, estimated_tokens
from generation.engines.dialect import Dialect
from generation.engines.events import Silence, events, whole
from generation.engines.patience import Patience
from generation.engines.refusals import Restarting, error_of

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
CONNECT_S = 5.0  # to reach the server at all; how long it may be silent after that is a setting
COUNT_S = 2.0  # to count tokens, which is done in milliseconds or not worth its wait: who asks can estimate
NUM_TOP = 20  # likeliest tokens asked for; vLLM refuses more unless told otherwise
NOT_OFFERED = {404, 405, 501}  # says for good that there is no /tokenize; a 503 may pass
NOT_THIS_TEXT = {400, 413, 422}  # a tokenizer that takes no more than its window, or other fields
MIN_S = 0.05  # what is left of a time that has run out: a timeout of none would mean no bound
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=64)  # who is let in at once, the API decides
T = TypeVar("T")


def make_generator(settings: Settings) -> Generator:
    """Build the client for ``llm.url``, or for the embedded server where there is none.

    Raises LicenceRefused if the policy on licences does not allow the model, of which only the name is known here.
    """
    llm = settings.llm
    catalogue.check(llm.model, settings)
    return OpenAICompatible(
        url=llm.url or f"http://127.0.0.1:{llm.port}/v1",
        model=llm.adapter or llm.model,
        api_key=llm.api_key.get_secret_value() if llm.api_key else None,
        timeout_s=llm.timeout_s,
    )


class OpenAICompatible:
    """A model behind ``url`` (which ends in /v1); safe to share between threads."""

    def __init__(self, *, url: str, model: str, api_key: str | None, timeout_s: float) -> None:
        self.model = model
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._tokenize_offered = True
        self._dialect = Dialect()
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)),
            limits=LIMITS,
            trust_env=urlsplit(url).hostname not in LOOPBACK,  # no proxy between us and ourselves
        )

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> abc.Generator[str, None, Written]:
        """Write on, piece by piece; returns how the writing ended."""
        options = {
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        body = self._body(messages, options | ({"stop": list(stop)} if stop else {}))
        patience = Patience(self._within(timeout_s))
        while True:
            with closing(self._writing(body, self._within(timeout_s))) as writing:
                try:
                    first = next(writing)
                except StopIteration as end:
                    written: Written = end.value
                    return written
                except Restarting as error:
                    patience.wait(error)
                    continue
                yield first
                return (yield from writing)

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        """Tell how much likelier the next token is to begin ``word`` than ``against``; 0.5 if it would be neither."""
        options = {"max_tokens": 1, "temperature": 0.0, "logprobs": True, "top_logprobs": NUM_TOP}
        with self._translated():
            top = self._choice(self._body(messages, options), timeout_s)["logprobs"]["content"][0]["top_logprobs"]
            yes, no = (
                sum(math.exp(t["logprob"]) for t in top if _begins(t["token"], one) and not _begins(t["token"], other))
                for one, other in ((word, against), (against, word))
            )
        return yes / (yes + no) if yes + no > 0 else 0.5

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        """Write one JSON value that follows ``schema``, by guided decoding where the server has it; returns it parsed."""
        guided = {"type": "json_schema", "json_schema": {"name": "value", "schema": dict(schema), "strict": True}}
        options = {"max_tokens": max_tokens, "temperature": 0.0, "response_format": guided}
        with self._translated():
            choice = self._choice(self._body(messages, options), timeout_s)
            if choice.get("finish_reason") == "length":
                raise ModelUnavailable(f"The model did not end its JSON value within {max_tokens} tokens: ask for less at once.")
            return value.read(choice["message"]["content"], schema)

    def count_tokens(self, text: str) -> int:
        """Count with the server's /tokenize where it has one (llama.cpp, vLLM, SGLang, TGI), else estimate, erring high.

        A server that does not say within ``COUNT_S`` raises ModelUnavailable, however long it may take to write.
        """
        if self._tokenize_offered:
            # llama.cpp reads "content", vLLM and SGLang "prompt" and "model", TGI "inputs"; each passes over the others' fields
            body = {"content": text, "prompt": text, "inputs": text, "model": self.model, "add_special_tokens": False}
            url = f"{self._url.removesuffix('/v1')}/tokenize"
            within_s = min(self._timeout_s, COUNT_S)
            response = self._patiently(lambda: self._asked("POST", url, json=body, timeout=within_s), within_s)
            if response.is_success:
                return self._num_tokens(response)
            self._tokenize_offered = response.status_code not in NOT_OFFERED
        return estimated_tokens(text)

    def ping(self) -> None:
        """Return if the server answers and serves this model; raises ModelUnavailable saying what is wrong."""
        response = self._asked("GET", f"{self._url}/models", timeout=CONNECT_S)
        with self._translated():
            response.raise_for_status()
            names = [served["id"] for served in response.json()["data"]]
        if self.model not in names:
            raise ModelUnavailable(f"The model server at {self._url} serves {', '.join(names)}, not {self.model}: set llm.model.")

    def close(self) -> None:
        """Let go of the connections kept open."""
        self._http.close()

    def _writing(self, body: dict[str, Any], silence_s: float) -> abc.Generator[str, None, Written]:
        """Write once, without another try."""
        cut_off, usage, silence = False, None, Silence(silence_s)
        with self._answering(body, silence_s) as response:
            for event in events(response.iter_bytes(), silence):
                if "error" in event:
                    raise ModelUnavailable(f"The model server at {self._url} broke off: {_shown(event)}")
                usage = _usage(event) or usage
                for choice in event.get("choices") or []:
                    if piece := (choice.get("delta") or {}).get("content"):
                        yield piece
                        silence.broken()  # and not before: a late reader is no silent server
                    cut_off = cut_off or choice.get("finish_reason") == "length"
        return Written(cut_off, usage)

    def _choice(self, body: dict[str, Any], timeout_s: float | None) -> dict[str, Any]:
        """Have an answer written and read it whole, within one time for all of it."""
        within_s = self._within(timeout_s)
        deadline = time.monotonic() + within_s

        def once() -> dict[str, Any]:
            with self._answering(body, max(deadline - time.monotonic(), MIN_S)) as response:
                choice: dict[str, Any] = whole(response.iter_bytes(), deadline)["choices"][0]
                return choice

        return self._patiently(once, within_s)

    @contextmanager
    def _answering(self, body: dict[str, Any], timeout_s: float) -> Iterator[httpx.Response]:
        """Give the response to a chat, once the server understands what is asked; raises what its refusal means."""
        timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S))
        asked: dict[str, Any] | None = self._dialect.spoken(body)
        with self._translated():
            while asked:
                with self._http.stream("POST", f"{self._url}/chat/completions", json=asked, timeout=timeout) as response:
                    if response.is_success:
                        yield response
                        return
                    response.read()
                asked = self._dialect.instead(asked, response.status_code, response.text)
            raise error_of(response.status_code, response.text, self._url)

    def _asked(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Ask for something small; raises what a refusal means, unless it says that there is no such thing here."""
        with self._translated():
            response = self._http.request(method, url, **options)
        if response.is_success or response.status_code in NOT_OFFERED | NOT_THIS_TEXT:
            return response
        raise error_of(response.status_code, response.text, self._url)

    def _num_tokens(self, response: httpx.Response) -> int:
        with self._translated():
            found = response.json()
            return len(found["tokens"] if isinstance(found, dict) else found)

    def _patiently(self, once: Callable[[], T], within_s: float) -> T:
        """Call, and call again while the server restarts."""
        patience = Patience(within_s)
        while True:
            try:
                return once()
            except Restarting as error:
                patience.wait(error)

    def _within(self, timeout_s: float | None) -> float:
        return self._timeout_s if timeout_s is None else timeout_s

    def _body(self, messages: Sequence[Message], options: dict[str, Any]) -> dict[str, Any]:
        return {"model": self.model, "messages": [asdict(m) for m in messages], **options}

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException:
            raise ModelUnavailable(
                f"The model server at {self._url} was silent for too long: it is overloaded, or llm.timeout_s is too short."
            ) from None
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise Restarting(
                f"The model server at {self._url} does not answer ({error}): start it, or correct llm.url."
            ) from error
        except httpx.HTTPError as error:
            raise ModelUnavailable(f"The model server at {self._url} cannot be asked ({error}): correct llm.url.") from error
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise ModelUnavailable(f"What answers at {self._url} does not speak the OpenAI protocol: {error!r}") from error


def _usage(event: dict[str, Any]) -> Usage | None:
    counted = event.get("usage")
    return Usage(counted["prompt_tokens"], counted["completion_tokens"]) if counted else None


def _shown(event: dict[str, Any]) -> str:
    error = event["error"]
    return str(error.get("message", error) if isinstance(error, dict) else error)[:300]


def _begins(token: str, word: str) -> bool:
    """Tell whether a word may begin with a token; tokenizers cut rarer words in two."""
    said = token.strip().casefold()
    return bool(said) and word.casefold().startswith(said)
