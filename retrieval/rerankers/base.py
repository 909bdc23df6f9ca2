"""What a reranker is: a model that reads a question and a passage together, and says how well the one answers the other.

It sees what the embedder never does, question and passage side by side, and takes a thousand times as long for it. So
it looks at the best of a ranking only. Its scores compare within one call and with nothing else.
"""

import math
from collections.abc import Sequence
from typing import Protocol

from core.errors import ModelUnavailable


class Reranker(Protocol):
    """A question and texts to scores. Gives up by itself after the time it was made with, or soon after."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one finite score a text, in the order given; more is better.

        A text longer than the model reads is judged by its beginning. Raises ModelUnavailable when there is no answer or
        none of use, ContextTooLong when the model takes others but not this question with these texts.
        """
        ...


def checked(scores: Sequence[float], num_texts: int, who: str) -> list[float]:
    """Return the scores of ``num_texts`` texts as they are; raises ModelUnavailable if some are missing or not finite."""
    if len(scores) != num_texts:
        raise ModelUnavailable(f"{who} scored {len(scores)} of {num_texts} texts.")
    if not all(map(math.isfinite, scores)):
        raise ModelUnavailable(f"{who} gave a text no finite score: its weights or its number format are damaged.")
    return list(scores)
