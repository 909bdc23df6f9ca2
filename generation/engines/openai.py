"""The one engine: a client of any server that speaks the OpenAI protocol, such as llama.cpp, vLLM or one elsewhere.

It speaks HTTP itself: the two calls it needs are short, and /tokenize is no part of that protocol. Closing the iterator
closes the connection, which is how these servers learn that nobody reads any more. Foreign errors become ours here.
"""

import json
import math
from collections import abc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import httpx

from core.errors import ContextTooLong, ModelUnavailable
from core.models import catalogue
from core.settings import Settings
from core.types import Usage
from generation.engines.base import Generator, Message, Written

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
CONNECT_S = 5.0  # to reach the server at all; how long it may be silent after that is a setting
NUM_TOP = 20  # likeliest tokens asked for; vLLM refuses more unless told otherwise
NOT_OFFERED = {404, 405, 501}  # says for good that there is no /tokenize; a 503 may pass
BYTES_PER_TOKEN = 2  # of the estimate, which errs high: English has about 4, German 3, Chinese between 2 and 3
TOO_LONG = ("exceed_context_size", "context length", "context size", "context_length_exceeded", "maximum model length")


def make_generator(settings: Settings) -> Generator:
    """Build the client for ``llm.url``, or for the embedded server where there is none.

    Raises LicenceRefused if the policy on licences does not allow the model, of which only the name is known here.
    """
    llm = settings.llm
    catalogue.check(llm.model, settings)
    return OpenAICompatible(
        url=llm.url or f"http://127.0.0.1:{llm.port}/v1",
        model=llm.model,
        api_key=llm.api_key.get_secret_value() if llm.api_key else None,
        timeout_s=llm.timeout_s,
    )


class OpenAICompatible:
    """A model behind ``url`` (which ends in /v1); safe to share between threads."""

    def __init__(self, *, url: str, model: str, api_key: str | None, timeout_s: float) -> None:
        self.model = model
        self._url = url.rstrip("/")
        self._tokenize_offered = True
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
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
        cut_off, usage = False, None
        body = {"max_tokens": max_tokens, "temperature": temperature, "stream": True, "stream_options": {"include_usage": True}}
        body |= {"stop": list(stop)} if stop else {}
        timeout = self._timeout(timeout_s)
        call = self._http.stream("POST", self._chat_url, json=self._body(messages, body), timeout=timeout)
        with self._translated(), call as response:
            self._check(response)
            for event in _events(response.iter_bytes()):
                if "error" in event:
                    raise ModelUnavailable(f"The model server at {self._url} broke off: {_shown(event)}")
                usage = _usage(event) or usage
                for choice in event.get("choices", []):
                    if piece := choice["delta"].get("content"):
                        yield piece
                    cut_off = cut_off or choice.get("finish_reason") == "length"
        return Written(cut_off, usage)

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        """Tell how much likelier the next token is to be ``word`` than ``against``; 0.5 if it would be neither."""
        body = {"max_tokens": 1, "temperature": 0.0, "logprobs": True, "top_logprobs": NUM_TOP}
        with self._translated():
            response = self._http.post(self._chat_url, json=self._body(messages, body), timeout=self._timeout(timeout_s))
            self._check(response)
            top = response.json()["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        yes, no = (
            sum(math.exp(t["logprob"]) for t in top if t["token"].strip().casefold() == w.casefold()) for w in (word, against)
        )
        return yes / (yes + no) if yes + no > 0 else 0.5

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        """Write one JSON value that follows ``schema``, by guided decoding; returns it parsed."""
        guided = {"type": "json_schema", "json_schema": {"name": "value", "schema": dict(schema), "strict": True}}
        body = {"max_tokens": max_tokens, "temperature": 0.0, "response_format": guided}
        with self._translated():
            response = self._http.post(self._chat_url, json=self._body(messages, body), timeout=self._timeout(timeout_s))
            self._check(response)
            choice = response.json()["choices"][0]
            if choice.get("finish_reason") == "length":
                raise ModelUnavailable(f"The model did not end its JSON value within {max_tokens} tokens: ask for less at once.")
            return json.loads(choice["message"]["content"])

    def count_tokens(self, text: str) -> int:
        """Count with the server's /tokenize where it has one (llama.cpp, vLLM), else estimate, erring high."""
        if self._tokenize_offered:
            with self._translated():
                # llama.cpp reads "content", vLLM "prompt" and "model"; each passes over the other's fields
                body = {"content": text, "prompt": text, "model": self.model, "add_special_tokens": False}
                response = self._http.post(f"{self._url.removesuffix('/v1')}/tokenize", json=body)
                if response.status_code not in NOT_OFFERED:
                    self._check(response)
                    return len(response.json()["tokens"])
            self._tokenize_offered = False
        return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)

    def ping(self) -> None:
        """Return if the server answers and serves this model; raises ModelUnavailable saying what is wrong."""
        with self._translated():
            response = self._http.get(f"{self._url}/models", timeout=CONNECT_S)
            self._check(response)
            names = [served["id"] for served in response.json()["data"]]
        if self.model not in names:
            raise ModelUnavailable(f"The model server at {self._url} serves {', '.join(names)}, not {self.model}: set llm.model.")

    @property
    def _chat_url(self) -> str:
        return f"{self._url}/chat/completions"

    def _timeout(self, timeout_s: float | None) -> httpx.Timeout:
        return self._http.timeout if timeout_s is None else httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S))

    def _body(self, messages: Sequence[Message], options: dict[str, Any]) -> dict[str, Any]:
        return {"model": self.model, "messages": [asdict(m) for m in messages], **options}

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        response.read()
        said = response.text
        if any(sign in said for sign in TOO_LONG):
            raise ContextTooLong(
                "The question and its passages do not fit the model's window:"
                " lower search.context_tokens or raise llm.window_tokens."
            )
        if response.status_code in {401, 403}:
            raise ModelUnavailable(f"The model server at {self._url} refuses our key: set llm.api_key.")
        raise ModelUnavailable(f"The model server at {self._url} answered {response.status_code}: {said[:300]}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException:
            raise ModelUnavailable(
                f"The model server at {self._url} was silent for too long: it is overloaded, or llm.timeout_s is too short."
            ) from None
        except httpx.HTTPError as error:
            raise ModelUnavailable(
                f"The model server at {self._url} does not answer ({error}): start it, or correct llm.url."
            ) from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ModelUnavailable(f"What answers at {self._url} does not speak the OpenAI protocol: {error!r}") from error


def _events(pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Read server-sent events off a byte stream.

    Only newlines end a line: httpx's own ``iter_lines`` also splits at U+2028, which JSON may hold unescaped.
    """
    pending = b""
    for piece in pieces:
        *lines, pending = (pending + piece).split(b"\n")
        for line in lines:
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            if line.startswith(b"data:") and data:
                yield json.loads(data)
    raise httpx.RemoteProtocolError("the answer ended before its end was announced")


def _usage(event: dict[str, Any]) -> Usage | None:
    counted = event.get("usage")
    return Usage(counted["prompt_tokens"], counted["completion_tokens"]) if counted else None


def _shown(event: dict[str, Any]) -> str:
    error = event["error"]
    return str(error.get("message", error) if isinstance(error, dict) else error)[:300]
