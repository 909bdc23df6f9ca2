"""Choose the embedder: ONNX Runtime for the default model without a GPU, else sentence-transformers.

Both give the same vectors for the same weights (tests/contract/test_embedder.py), so an index made by one is served by
the other. Nothing is fetched here: `core.models.catalogue.ensure` does that, before.
"""

import logging
from pathlib import Path

from core.errors import SettingsError
from core.models import catalogue
from core.settings import Settings
from retrieval.embedders.base import Embedder, Vector, Vectors
from retrieval.embedders.onnx import OnnxEmbedder, has_graph
from retrieval.embedders.sentence_transformers import SentenceTransformersEmbedder, has_gpu

__all__ = ["Embedder", "Vector", "Vectors", "make_embedder", "model_folder", "runs_on_gpu"]
log = logging.getLogger(__name__)


def make_embedder(settings: Settings, *, threads: int, folder: Path | None = None) -> Embedder:
    """Load the embedder the settings name; ``folder`` holds its verified files, None looks them up.

    ``threads`` 0 takes all cores. Raises SettingsError if the engine cannot run the model or is not installed,
    WeightsError if the files are not there.
    """
    folder = folder or model_folder(settings)
    name = Path(settings.embedding.model).name
    engine = _engine(settings.embedding.engine, name)
    log.info("embedder_loading", extra={"model": name, "engine": engine, "threads": threads})
    match engine:
        case "onnx":
            return OnnxEmbedder(name, folder, threads=threads)
        case _:
            return SentenceTransformersEmbedder(name, folder, threads=threads)


def runs_on_gpu(settings: Settings) -> bool:
    """Tell whether the embedder that the settings name will run on a GPU; raises as :func:`make_embedder` does."""
    return _engine(settings.embedding.engine, Path(settings.embedding.model).name) != "onnx" and has_gpu()


def model_folder(settings: Settings) -> Path:
    """Find the embedding model's folder: one's own as it stands, the catalogue's or a hub's verified."""
    return catalogue.folder(settings.embedding.model, settings)


def _engine(wanted: str, name: str) -> str:
    if wanted == "onnx" and not has_graph(name):
        raise SettingsError(
            f"MUNIMENT_EMBEDDING_ENGINE=onnx has no graph for the model {name!r}; use sentence-transformers or the default model."
        )
    if wanted != "auto":
        return wanted
    return "onnx" if has_graph(name) and not has_gpu() else "sentence-transformers"
