"""Which embedder the settings choose, and what each refusal says."""

import doctest
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import SettingsError, WeightsError
from core.options import Embedding
from core.settings import Settings
from retrieval import embed
from retrieval.embed import make_embedder, model_folder
from retrieval.embedders import base
from retrieval.embedders.base import mean_direction, split_to_fit, weights_id
from retrieval.embedders.onnx import OnnxEmbedder
from tests.fakes_retrieval import MINILM, minilm_folder


def settings(model: str = MINILM, engine: str = "auto") -> Settings:
    return Settings(embedding=Embedding.model_validate({"model": model, "engine": engine}))


@pytest.mark.parametrize(
    ("engine", "model", "gpu", "chosen"),
    [
        ("auto", MINILM, False, "onnx"),
        ("auto", MINILM, True, "sentence-transformers"),
        ("auto", "another", False, "sentence-transformers"),
        ("auto", "org/another", False, "sentence-transformers"),
        ("onnx", MINILM, True, "onnx"),
        ("sentence-transformers", MINILM, False, "sentence-transformers"),
    ],
)
def test_the_engine_follows_the_settings_the_model_and_the_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str, model: str, gpu: bool, chosen: str
) -> None:
    monkeypatch.setattr(embed, "has_gpu", lambda: gpu)
    for attribute, name in (("OnnxEmbedder", "onnx"), ("SentenceTransformersEmbedder", "sentence-transformers")):
        monkeypatch.setattr(embed, attribute, lambda *_, threads, name=name: (name, threads))
    assert make_embedder(settings(model, engine), threads=3, folder=tmp_path) == (chosen, 3)
    assert embed.runs_on_gpu(settings(model, engine)) == (gpu and chosen != "onnx")


def test_onnx_has_no_graph_for_another_model(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"MUNIMENT_EMBEDDING_ENGINE=onnx.*another"):
        make_embedder(settings("another", "onnx"), threads=1, folder=tmp_path)


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="it is installed here")
def test_without_torch_the_command_that_adds_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(SettingsError, match="type `make torch`"):
        make_embedder(settings("another"), threads=1, folder=tmp_path)


def test_a_model_may_be_a_folder(tmp_path: Path) -> None:
    assert model_folder(settings(str(tmp_path))) == tmp_path


def test_a_hubs_model_is_not_fetched_here(tmp_path: Path) -> None:
    wanted = settings("org/name").model_copy(update={"home": tmp_path})
    with pytest.raises(WeightsError, match="muniment models pull org/name"):
        make_embedder(wanted, threads=1)


def test_pickled_weights_have_an_id_where_there_are_no_others(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"weights")
    assert weights_id("name", tmp_path) == "name@9a129038d9a0"
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert weights_id("name", tmp_path) != "name@9a129038d9a0"


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=str(tmp_path)):
        make_embedder(settings(engine="onnx"), threads=1, folder=tmp_path)


def test_the_same_weights_have_one_id_wherever_they_lie(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert weights_id("name", tmp_path) == "name@9a129038d9a0"
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert weights_id("name", tmp_path) != "name@9a129038d9a0"


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes((minilm_folder() / "tokenizer.json").read_bytes())
    save_file({"embeddings.LayerNorm.weight": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match="not the weights of this graph"):
        OnnxEmbedder(MINILM, tmp_path, threads=1)


def test_pieces_fit_and_lose_nothing() -> None:
    text = "one two  three " + "x" * 50 + " four"
    pieces = split_to_fit(text, lambda piece: len(piece) <= 8)
    assert all(len(piece) <= 8 for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert split_to_fit("", lambda _: False) == [""]


def test_opposite_pieces_still_have_a_direction() -> None:
    assert mean_direction(np.array([[1, 0], [-1, 0]], np.float32)).tolist() == [1.0, 0.0]


def test_the_examples_hold() -> None:
    assert doctest.testmod(base).failed == 0
