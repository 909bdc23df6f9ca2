"""Questions that wait for the model at the same time are embedded together.

As many calls run at once as are useful to the model; while they do, the next questions gather, and then go together.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.embedders.base import Embedder, Vectors

log = logging.getLogger(__name__)
MAX_TEXTS = 16


@dataclass(slots=True)
class _Asked:
    texts: list[str]
    vectors: Vectors | None = None
    is_taken: bool = False
    done: threading.Event = field(default_factory=threading.Event)


class Batching:
    """An :class:`~retrieval.embedders.base.Embedder` over another, for many threads; documents pass through as they come.

    ``calls`` is how many calls of the model may run at once.
    """

    def __init__(self, embedder: Embedder, calls: int = 1) -> None:
        self._embedder = embedder
        self.model_id, self.dimension, self.window_tokens = embedder.model_id, embedder.dimension, embedder.window_tokens
        self._turns, self._lock = threading.BoundedSemaphore(calls), threading.Lock()
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
        with self._turns:
            while not asked.is_taken:
                self._embed_some()
        asked.done.wait()
        # Where the batch could not be embedded, each is by itself, so that the error is raised to whom it concerns.
        return asked.vectors if asked.vectors is not None else self._embedder.embed_queries(asked.texts)

    def _embed_some(self) -> None:
        """Embed the oldest that wait, up to MAX_TEXTS together: one long question shall not hold up all the others."""
        with self._lock:
            if not self._waiting:  # another thread has just taken the last
                return
            num, size = 1, len(self._waiting[0].texts)
            while num < len(self._waiting) and size + len(self._waiting[num].texts) <= MAX_TEXTS:
                size += len(self._waiting[num].texts)
                num += 1
            batch, self._waiting = self._waiting[:num], self._waiting[num:]
            for asked in batch:
                asked.is_taken = True
        try:
            vectors = self._embedder.embed_queries([text for asked in batch for text in asked.texts])
            start = 0
            for asked in batch:
                asked.vectors = vectors[start : start + len(asked.texts)]
                start += len(asked.texts)
        except Exception as error:  # noqa: BLE001  # raised again by each thread's own call
            log.debug("batch_not_embedded", extra={"reason": str(error)})
        finally:
            for asked in batch:
                asked.done.set()
