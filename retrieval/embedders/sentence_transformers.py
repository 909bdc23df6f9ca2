"""The embedder for a GPU, and for any other model in a folder: sentence-transformers on torch (``make torch``).

The library is imported when the embedder is made, not before: it takes seconds and most installations lack it.
It would cut long texts off silently; here they are counted first and refused, as in the other implementation.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError, SettingsError
from retrieval.embedders.base import Vectors, check_lengths, embed_pieces, weights_id

BATCH_CPU, BATCH_GPU = 8, 128


class SentenceTransformersEmbedder:
    """An :class:`~retrieval.embedders.base.Embedder` for a sentence-transformers model; on a GPU if there is one."""

    def __init__(self, name: str, folder: Path, *, threads: int) -> None:
        self.model_id = weights_id(name, folder)
        self._model = _load(folder, threads)
        self._document_prompt = _prompt(self._model, "document", "passage")
        self._query_prompt = _prompt(self._model, "query")
        self.dimension, self.window_tokens = _shape(self._model, folder)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special tokens and the model's prompt for documents included."""
        return self._count([self._document_prompt + text for text in texts])

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n, dimension), L2-normalised; raises InvalidInput for a text longer than the window."""
        check_lengths(self.count_tokens(texts), self.window_tokens)
        return self._embed(texts, self._document_prompt)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n, dimension), L2-normalised; a query longer than the window is the mean of its pieces."""
        return embed_pieces(texts, self._query_fits, lambda pieces: self._embed(pieces, self._query_prompt))

    def _query_fits(self, text: str) -> bool:
        return self._count([self._query_prompt + text])[0] <= self.window_tokens

    def _count(self, texts: list[str]) -> list[int]:
        if not texts:
            return []
        encoded = self._model.tokenizer(texts, truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        batch = BATCH_CPU if self._model.device.type == "cpu" else BATCH_GPU
        vectors = self._model.encode(
            list(texts), prompt=prompt, batch_size=batch, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


def has_gpu() -> bool:
    """Tell whether torch is installed and finds a CUDA device."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch  # seconds to import, and absent from most installations

    return bool(torch.cuda.is_available())


def _load(folder: Path, threads: int) -> Any:
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise SettingsError(
            "This embedding model needs sentence-transformers, which is not installed: type `make torch` in the project's folder,"
            " or set MUNIMENT_EMBEDDING_ENGINE=onnx with the default model."
        ) from error
    if threads:
        torch.set_num_threads(threads)
    return SentenceTransformer(str(folder), local_files_only=True)


def _prompt(model: Any, *names: str) -> str:
    """Find the words a model wants before a text; most want none."""
    return next((model.prompts[name] for name in names if model.prompts.get(name)), "")


def _shape(model: Any, folder: Path) -> tuple[int, int]:
    dimension, window = model.get_embedding_dimension(), model.max_seq_length
    if not dimension or not window:
        raise ModelError(f"The model in {folder} does not tell its dimension and window; set max_seq_length in its config.")
    return int(dimension), int(window)
