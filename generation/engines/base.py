"""What the answer room needs of a language model; the boundary is the network, so nothing here says which engine serves it.

Messages go in; pieces of text, one probability or one JSON value come out. An engine translates every foreign error once, into
ModelUnavailable or ContextTooLong, and closing the iterator of :meth:`Generator.stream` ends the writing at the server.
"""

import math
from collections import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from core.types import Usage


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation a model is given."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Written:
    """How a writing ended: whether ``max_tokens`` cut it off, and what the server counted, if it does."""

    cut_off: bool
    usage: Usage | None = None


BYTES_PER_TOKEN = 2  # of the estimate: English has about 4, German 3, Chinese between 2 and 3


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of a text without a tokenizer, erring high.

    >>> estimated_tokens("Leave is paid.")
    7
    """
    return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)


class Generator(Protocol):
    """A model that writes, that can be asked Yes or No, and that can be held to a JSON schema."""

    @property
    def model(self) -> str:
        """The name the model is served by."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> abc.Generator[str, None, Written]:
        """Write on, piece by piece; returns how the writing ended.

        ``timeout_s`` is the longest wait for the next piece, the engine's own if None. Raises ModelUnavailable or
        ContextTooLong.
        """
        ...

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        """Tell how much likelier the next token is to begin ``word`` than ``against``, as a probability in [0, 1].

        Case and surrounding space do not count; 0.5 if the model would say neither. ``timeout_s`` and what is raised are as
        for :meth:`stream`.
        """
        ...

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        """Write one JSON value that follows ``schema`` (JSON Schema), by guided decoding; returns it parsed.

        ``timeout_s`` bounds the whole of it, the engine's own silence if None. Raises ModelUnavailable, also for writing that
        ``max_tokens`` cut off before its end, or ContextTooLong.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, exactly where the server offers it and else too many rather than too few."""
        ...

    def ping(self) -> None:
        """Return if the server answers and serves this model; raises ModelUnavailable saying what is wrong."""
        ...
