"""The embedder for machines without a GPU: a committed graph on ONNX Runtime, fed with the model's own weights.

``retrieval/graphs/NAME.onnx`` is the encoder, mean pooling and normalisation without weights, ``NAME.json`` says which
safetensors tensor each of them is; ``retrieval/graphs/export.py`` makes both. Make one per process, after any fork.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from tokenizers import Encoding, Tokenizer

from core import telemetry
from core.errors import WeightsError
from retrieval.embedders.base import Vectors, check_lengths, embed_pieces, weights_id

telemetry.silence_phone_home()  # before the import, whoever is the entry point: the library reads it when it is loaded

import onnxruntime as ort  # noqa: E402

GRAPHS = Path(__file__).parent.parent / "graphs"
BATCH = 4  # measured: larger batches are slower on one or two threads, and take more memory


class OnnxEmbedder:
    """An :class:`~retrieval.embedders.base.Embedder` on ONNX Runtime; ``threads`` 0 takes all cores."""

    def __init__(self, name: str, folder: Path, *, threads: int) -> None:
        description = json.loads((GRAPHS / f"{name}.json").read_text(encoding="utf-8"))
        self.model_id = weights_id(name, folder)
        self.window_tokens: int = description["window_tokens"]
        self._tokenizer = _load_tokenizer(folder / "tokenizer.json")
        self._session = _load_session(GRAPHS / f"{name}.onnx", folder / "model.safetensors", description["weights"], threads)
        self.dimension: int = self._session.get_outputs()[0].shape[1]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special tokens included."""
        return [len(encoding.ids) for encoding in self._encode(texts)]

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n, dimension), L2-normalised; raises InvalidInput for a text longer than the window."""
        encodings = self._encode(texts)
        lengths = [len(encoding.ids) for encoding in encodings]
        check_lengths(lengths, self.window_tokens)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        by_length = np.argsort(lengths, kind="stable")
        for batch in np.split(by_length, range(BATCH, len(texts), BATCH)):
            if len(batch):
                vectors[batch] = self._run([encodings[i] for i in batch])
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n, dimension), L2-normalised; a query longer than the window is the mean of its pieces."""
        return embed_pieces(texts, self._fits, self.embed_documents)

    def _fits(self, text: str) -> bool:
        return self.count_tokens([text])[0] <= self.window_tokens

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        return self._tokenizer.encode_batch(list(texts))

    def _run(self, encodings: Sequence[Encoding]) -> Vectors:
        ids = np.zeros((len(encodings), max(len(e.ids) for e in encodings)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        vectors: Vectors = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
        return vectors


def has_graph(name: str) -> bool:
    """Tell whether a graph for the model is part of this edition."""
    return (GRAPHS / f"{name}.onnx").is_file()


def _load_tokenizer(file: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()  # the file switches both on, and would cut at 128 tokens
    tokenizer.no_padding()
    return tokenizer


def _load_session(graph: Path, weights: Path, places: dict[str, Any], threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the cores to the database
    options.enable_cpu_mem_arena = False  # 210 MB in place of 700, no slower
    values = _load_weights(weights, places)  # must outlive the making of the session, which copies them
    options.add_external_initializers(list(places), values)
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _load_weights(file: Path, places: dict[str, Any]) -> list[ort.OrtValue]:
    """Read the tensors in the layout the graph wants."""
    values = []
    with safe_open(file, framework="np") as tensors:
        held = set(tensors.keys())
        for place in places.values():
            if place["tensor"] not in held:
                raise WeightsError(f"{file} has no tensor {place['tensor']!r}: these are not the weights of this graph.")
            tensor = tensors.get_tensor(place["tensor"])
            values.append(ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(tensor.T if place["transposed"] else tensor)))
    return values
