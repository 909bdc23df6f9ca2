"""What the answer room needs of a language model; the boundary is the network, so nothing here says which engine serves it.

Messages go in, pieces of text or one probability come out. An engine translates every foreign error once, into
ModelUnavailable or ContextTooLong, and closing the iterator of :meth:`Generator.stream` ends the writing at the server.
"""

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation a model is given."""

    role: Literal["system", "user", "assistant"]
    content: str


class Generator(Protocol):
    """A model that writes and that can be asked Yes or No."""

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
    ) -> abc.Generator[str, None, bool]:
        """Write on, piece by piece; returns whether ``max_tokens`` cut the writing off.

        ``timeout_s`` is the longest wait for the next piece, the engine's own if None. Raises ModelUnavailable or
        ContextTooLong.
        """
        ...

    def probability_of(self, word: str, against: str, messages: Sequence[Message]) -> float:
        """Tell how much likelier the next token is to be ``word`` than ``against``, as a probability in [0, 1].

        Case and surrounding space do not count; 0.5 if the model would say neither. Raises as :meth:`stream` does.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, exactly where the server offers it and else too many rather than too few."""
        ...

    def ping(self) -> None:
        """Return if the server answers and serves this model; raises ModelUnavailable saying what is wrong."""
        ...
