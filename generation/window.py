"""What of the passages fits the model's window, counted by its own tokenizer: the best are kept, and small windows work.

Counting never holds a question up: where the server does not count, or not at once, the count is estimated, erring high.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.errors import ModelError
from core.types import Context, Hit
from generation import prompt
from generation.engines.base import Generator, estimated_tokens

MAX_ANSWER_TOKENS = 200
MIN_ANSWER_TOKENS = 64  # below that no answer is worth its reading
MARGIN_TOKENS = 40  # for the chat template, which no count of texts sees


@dataclass(frozen=True, slots=True)
class Room:
    """The passages that fit, and how many tokens the answer may have beside them."""

    context: Context
    answer_tokens: int


class Counter:
    """Counts tokens with the model's server, and by estimate from the first time on that it does not answer."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._answers = True
        self._counted: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """Count the tokens of a text; raises nothing."""
        if text not in self._counted:
            self._counted[text] = self._count(text)
        return self._counted[text]

    def _count(self, text: str) -> int:
        if self._answers:
            try:
                return self._generator.count_tokens(text)
            except ModelError:
                self._answers = False
        return estimated_tokens(text)


def passage_tokens(question: str, count: Callable[[str], int], wanted: int, window_tokens: int) -> int:
    """Tell how many tokens of passages to choose: as many as are wanted, or as the window leaves for them."""
    return max(1, min(wanted, _left(Context(question, ()), count, window_tokens, MAX_ANSWER_TOKENS + wanted) - MAX_ANSWER_TOKENS))


def portions(hits: Sequence[Hit], count: Callable[[str], int], num_tokens: int | None) -> list[range]:
    """Cut passages, in their order, into runs of at most ``num_tokens`` each, or of one passage; one run of all if it is None."""
    if num_tokens is None:
        return [range(len(hits))]
    starts, left = [0], num_tokens
    for number, hit in enumerate(hits):
        left -= (size := count(hit.text))
        if left < 0 and number > starts[-1]:
            starts.append(number)
            left = num_tokens - size
    return [range(start, end) for start, end in pairwise([*starts, len(hits)])]


def fitted(context: Context, count: Callable[[str], int], window_tokens: int) -> Room:
    """Leave out the last passages until prompt and answer fit; the first stays, and the answer may have to be shorter."""
    while True:
        left = _left(context, count, window_tokens, MAX_ANSWER_TOKENS)
        if left >= MAX_ANSWER_TOKENS or len(context.hits) <= 1:
            return Room(context, max(MIN_ANSWER_TOKENS, min(MAX_ANSWER_TOKENS, left)))
        context = replace(context, hits=context.hits[:-1])


def _left(context: Context, count: Callable[[str], int], window_tokens: int, enough: int) -> int:
    """Tell what a prompt leaves of the window; the server is asked only where by the estimate it may not be ``enough``."""
    contents = [message.content for message in prompt.write(context)]
    left = window_tokens - MARGIN_TOKENS - sum(map(estimated_tokens, contents))
    return left if left >= enough else window_tokens - MARGIN_TOKENS - sum(map(count, contents))
