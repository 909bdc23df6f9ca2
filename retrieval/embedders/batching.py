"""Questions that wait for the model at the same time are embedded together.

A model gives its best to one call of several texts, and its worst to several calls at once, which take each other's cores.
So one question is embedded at once, and while it is, the next ones gather; then they go together.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.embedders.base import Embedder, Vectors

MAX_TEXTS = 16


@dataclass(slots=True)
class _Asked:
    texts: list[str]
    vectors: Vectors | None = None
    is_done: bool = False


class Batching:
    """An :class:`~retrieval.embedders.base.Embedder` over another, for many threads; documents pass through as they come."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.model_id, self.dimension, self.window_tokens = embedder.model_id, embedder.dimension, embedder.window_tokens
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._waiting: list[_Asked] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens."""
        return self._embedder.count_tokens(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed documents."""
        return self._embedder.embed_documents(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, together with those of other threads that wait."""
        asked = _Asked(list(texts))
        with self._lock:
            self._waiting.append(asked)
        with self._turn:
            while not asked.is_done:
                self._embed_some()
        # Where the batch could not be embedded, each is by itself, so that the error is raised to whom it concerns.
        return asked.vectors if asked.vectors is not None else self._embedder.embed_queries(asked.texts)

    def _embed_some(self) -> None:
        """Embed the oldest that wait, up to MAX_TEXTS together: one long question shall not hold up all the others."""
        with self._lock:
            num, size = 1, len(self._waiting[0].texts)
            while num < len(self._waiting) and size + len(self._waiting[num].texts) <= MAX_TEXTS:
                size += len(self._waiting[num].texts)
                num += 1
            batch, self._waiting = self._waiting[:num], self._waiting[num:]
        for asked in batch:
            asked.is_done = True
        try:
            vectors = self._embedder.embed_queries([text for asked in batch for text in asked.texts])
        except Exception:  # noqa: BLE001  # raised again by each thread's own call
            return
        start = 0
        for asked in batch:
            asked.vectors = vectors[start : start + len(asked.texts)]
            start += len(asked.texts)
