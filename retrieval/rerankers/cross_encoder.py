"""A reranker in this process: a cross-encoder in a folder, run by sentence-transformers on torch (``make torch``).

The library is imported when the reranker is made, not before: it takes seconds and most installations lack it. It
would run an embedding model as a cross-encoder too, with a head of random numbers: such a model is refused here.
"""

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import ModelError, ModelUnavailable, SettingsError
from retrieval.rerankers.base import checked

BATCH_CPU, BATCH_GPU = 8, 64
HEADS = ("ForSequenceClassification", "ForCausalLM")  # the second says yes or no


class CrossEncoderReranker:
    """A :class:`~retrieval.rerankers.base.Reranker` of the model in ``folder``; on a GPU if there is one.

    Threads take turns: the tokenizer is not theirs to share. Whoever waits longer than ``timeout_s`` gives up.
    """

    def __init__(self, folder: Path, *, timeout_s: float) -> None:
        _check_is_reranker(folder)
        self._model, self._raw = _load(folder)
        self._batch = BATCH_CPU if self._model.device.type == "cpu" else BATCH_GPU
        self._timeout_s = timeout_s
        self._turn = threading.Lock()

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Read each text beside the question; a pair longer than the window is cut. See the protocol."""
        deadline = time.monotonic() + self._timeout_s
        if not self._turn.acquire(timeout=self._timeout_s):
            raise ModelUnavailable(f"The reranker was busy with other questions for {self._timeout_s:g} s.")
        try:
            return checked(self._scores(query, texts, deadline), len(texts), "The reranker")
        except RuntimeError as error:  # torch's own: no memory, above all
            raise ModelUnavailable(f"The reranker failed: {str(error).splitlines()[0]}") from error
        finally:
            self._turn.release()

    def _scores(self, query: str, texts: Sequence[str], deadline: float) -> list[float]:
        """Score batch by batch, short texts first, so that those of a batch are of like length."""
        scores = [0.0] * len(texts)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(texts), self._batch):
            if time.monotonic() > deadline:
                raise ModelUnavailable(f"The reranker read {start} of {len(texts)} texts in {self._timeout_s:g} s.")
            batch = by_length[start : start + self._batch]
            pairs = [(query, texts[index]) for index in batch]
            found = self._model.predict(pairs, batch_size=self._batch, activation_fn=self._raw, show_progress_bar=False)
            for index, score in zip(batch, found, strict=True):
                scores[index] = float(score)
        return scores


def _check_is_reranker(folder: Path) -> None:
    """Raise ModelError unless the model in the folder was made to judge pairs."""
    config = _json(folder / "config.json")
    heads = [name for name in config.get("architectures") or () if name.endswith(HEADS)]
    if not heads and _json(folder / "config_sentence_transformers.json").get("model_type") != "CrossEncoder":
        raise ModelError(
            f"The model in {folder} is no cross-encoder (its config.json names {config.get('architectures')}):"
            " set rerank.model to a reranker."
        )


def _json(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{file} cannot be read ({error}): put the model's files in place again.") from error


def _load(folder: Path) -> tuple[Any, Any]:
    """Load the model, and the function that leaves its scores as they are: its own would make high ones alike."""
    try:
        import torch
        from sentence_transformers import CrossEncoder
    except ImportError as error:
        raise SettingsError(
            "MUNIMENT_RERANK_MODEL needs sentence-transformers, which is not installed: type `make torch` in the project's"
            " folder, or set MUNIMENT_RERANK_URL to a server that runs the model."
        ) from error
    try:
        model = CrossEncoder(str(folder), local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"The reranker in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error
    if model.num_labels != 1:
        raise ModelError(f"The model in {folder} gives {model.num_labels} scores a text where a reranker gives one.")
    return model, torch.nn.Identity()
