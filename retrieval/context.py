"""Choose the passages a model is given with a question: the best ones that fit, whole."""

from collections.abc import Callable, Sequence

from core.types import Context, Hit


def pack(question: str, hits: Sequence[Hit], *, budget_tokens: int, count_tokens: Callable[[str], int]) -> Context:
    """Keep hits in their order while they fit into ``budget_tokens``, and never cut one.

    A hit too long for what is left is skipped and shorter ones after it may still fit. The first hit is always kept:
    chunks are bounded by the embedder's window, so it exceeds only a budget that is too small for any answer.
    """
    kept: list[Hit] = []
    left = budget_tokens
    for hit in hits:
        num_tokens = count_tokens(hit.text)
        if num_tokens <= left or not kept:
            kept.append(hit)
            left -= num_tokens
    return Context(question, tuple(kept))
