"""The committed graph is what the export script makes of the weights: it computes the same."""

from pathlib import Path

import numpy as np
import pytest

from retrieval.embedders import onnx
from tests.fakes_retrieval import MINILM, minilm_folder, real_texts


@pytest.mark.torch
@pytest.mark.filterwarnings("default")  # torch announces that its tracing exporter is the older of two
def test_a_new_export_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx", reason="`make test-torch` runs this")
    from retrieval.graphs.export import export

    texts = [text[:500] for text in real_texts()[:20]]
    committed = onnx.OnnxEmbedder(MINILM, minilm_folder(), threads=1).embed_documents(texts)
    export(minilm_folder(), tmp_path / MINILM)
    monkeypatch.setattr(onnx, "GRAPHS", tmp_path)
    exported = onnx.OnnxEmbedder(MINILM, minilm_folder(), threads=1).embed_documents(texts)
    assert np.allclose(committed, exported, atol=1e-6)
    assert (tmp_path / f"{MINILM}.onnx").stat().st_size < 200_000  # no weights inside
