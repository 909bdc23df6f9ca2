"""Rerank: the best of a ranking, judged by a model that reads question and passage together. Off unless set up.

Search must not suffer from it. A reranker that fails or is too slow leaves the ranking as it was, with a warning in the
log. After several failures in a row it is left alone for a while, so that a dead one costs a search nothing, and one long
question costs no other its reranking. Nothing is fetched here.
"""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from core.errors import ContextTooLong, ModelError
from core.models import catalogue
from core.settings import Settings
from retrieval.rerankers.base import Reranker
from retrieval.rerankers.cross_encoder import CrossEncoderReranker
from retrieval.rerankers.endpoint import EndpointReranker
from retrieval.stores.base import Ranking

__all__ = ["Rerank", "Reranker", "make_rerank", "reorder"]
log = logging.getLogger(__name__)

BACK_OFF_S = 15.0
MAX_FAILURES = 3  # in a row, before it is left alone
THREADS = 32  # questions scored at once; one more waits, and its wait counts


class Rerank:
    """Scores of a ranking's best ``candidates``, in ``timeout_s`` or not at all; safe to share between threads."""

    def __init__(self, reranker: Reranker, *, candidates: int, timeout_s: float, back_off_s: float = BACK_OFF_S) -> None:
        self.candidates = candidates
        self._reranker = reranker
        self._timeout_s, self._back_off_s = timeout_s, back_off_s
        self._threads = ThreadPoolExecutor(THREADS, "rerank")
        self._try_at = 0.0
        self._num_failures = 0  # in a row

    def __call__(self, query: str, texts: Mapping[int, str]) -> dict[int, float]:
        """Score passages, by number; none where there is no reranker to be had. Never raises for the reranker's sake."""
        if not texts or time.monotonic() < self._try_at:
            return {}
        scoring = self._threads.submit(self._reranker.score, query, list(texts.values()))
        try:
            scores = dict(zip(texts, scoring.result(self._timeout_s), strict=True))
        except ContextTooLong as error:
            log.warning("rerank_refused", extra={"reason": str(error)})
        except (ModelError, TimeoutError) as error:
            scoring.cancel()
            self._count_failure(str(error) or f"it took more than {self._timeout_s:g} s")
        else:
            self._num_failures = 0
            return scores
        return {}

    def close(self) -> None:
        """Score no more; what is being scored is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _count_failure(self, reason: str) -> None:
        self._num_failures += 1
        back_off_s = self._back_off_s if self._num_failures >= MAX_FAILURES else 0.0
        self._try_at = time.monotonic() + back_off_s
        log.warning("rerank_failed", extra={"reason": reason, "back_off_s": back_off_s})


def reorder(ranking: Ranking, scores: Mapping[int, float]) -> Ranking:
    """Order those passages that have scores by them; the places, and the ranking's own scores, stay as they are.

    So what has no score stays where it was, and the ranking's scores keep their scale.

    >>> reorder([(7, 0.9), (8, 0.5), (9, 0.1)], {7: -3.0, 8: 4.0})
    [(8, 0.9), (7, 0.5), (9, 0.1)]
    """
    best_first = iter(sorted((num for num, _ in ranking if num in scores), key=lambda num: -scores[num]))
    return [(next(best_first) if num in scores else num, score) for num, score in ranking]


def make_rerank(settings: Settings) -> Rerank | None:
    """Build what the settings name: the endpoint if there is a URL, else the model in this process; None if neither is set.

    Raises SettingsError if sentence-transformers is missing, WeightsError if the model's files are, ModelError if it is none,
    LicenceRefused if the policy does not allow it.
    """
    wanted = settings.rerank
    if wanted.url is None and wanted.model is None:
        return None
    log.info("reranker_loading", extra={"model": wanted.model, "is_remote": wanted.url is not None})
    return Rerank(_make_reranker(settings), candidates=wanted.candidates, timeout_s=wanted.timeout_s)


def _make_reranker(settings: Settings) -> Reranker:
    wanted = settings.rerank
    catalogue.check(wanted.model or catalogue.UNNAMED_RERANKER, settings)
    if wanted.url is None:
        assert wanted.model is not None
        return CrossEncoderReranker(catalogue.folder(wanted.model, settings), timeout_s=wanted.timeout_s)
    key = wanted.api_key.get_secret_value() if wanted.api_key else None
    return EndpointReranker(url=wanted.url, model=wanted.model, api_key=key, timeout_s=wanted.timeout_s)
