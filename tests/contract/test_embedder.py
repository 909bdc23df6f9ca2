"""What every embedder must do; and both real ones must give the same vectors for the same weights."""

import json
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

from core.errors import InvalidInput
from core.models.catalogue import CATALOGUE
from retrieval.embedders.base import Embedder
from retrieval.embedders.batching import Batching
from retrieval.embedders.onnx import OnnxEmbedder
from retrieval.embedders.sentence_transformers import SentenceTransformersEmbedder
from tests.fakes_retrieval import MINILM, FakeEmbedder, minilm_folder, real_texts

NUM_TEXTS = 200
ENGINES = ["fake", "batching", "onnx", pytest.param("sentence-transformers", marks=pytest.mark.torch)]


@cache
def make(engine: str) -> Embedder:
    makers: dict[str, Callable[[], Embedder]] = {
        "fake": FakeEmbedder,
        "onnx": lambda: OnnxEmbedder(MINILM, minilm_folder(), threads=1),
        "batching": lambda: Batching(FakeEmbedder()),
        "sentence-transformers": lambda: SentenceTransformersEmbedder(MINILM, minilm_folder(), threads=1),
    }
    return makers[engine]()


@pytest.fixture(params=ENGINES)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "sentence-transformers" and find_spec("sentence_transformers") is None:
        pytest.skip("sentence-transformers is not installed here; `make test-torch` runs this")
    return make(request.param)


def longest_text(embedder: Embedder, text: str) -> str:
    """Return the longest beginning of a text that exactly fills the window, word by word and then letter by letter."""
    text = " ".join(text.split())
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = embedder.count_tokens([text[:middle]])[0] <= embedder.window_tokens
        low, high = (middle, high) if fits else (low, middle - 1)
    while embedder.count_tokens([text[:low]])[0] < embedder.window_tokens:
        text, low = text[:low] + " a", low + 2
    return text[:low]


def sample_texts(embedder: Embedder) -> list[str]:
    """Return 200 real texts of all lengths, the first of them as long as a text can be."""
    paragraphs = real_texts()
    whole = " ".join(paragraphs)
    fitting = [p for p, n in zip(paragraphs, embedder.count_tokens(paragraphs), strict=True) if n <= embedder.window_tokens]
    by_length = sorted(set(fitting), key=len)
    spread = [by_length[i] for i in np.linspace(0, len(by_length) - 1, NUM_TEXTS - 1).astype(int)]
    return [longest_text(embedder, whole), *spread]


class TestEmbedder:
    def test_vectors_are_float32_and_normalised(self, embedder: Embedder) -> None:
        texts = real_texts()[:9]
        vectors = embedder.embed_documents([text[:200] for text in texts])
        assert vectors.shape == (9, embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        query = embedder.embed_queries([texts[0][:200]])[0]
        assert query.shape == (embedder.dimension,)
        assert query.dtype == np.float32

    def test_order_is_kept_whatever_the_lengths(self, embedder: Embedder) -> None:
        texts = ["notice " * n for n in (40, 1, 90, 3, 200, 2, 7, 1, 33)]
        together = embedder.embed_documents(texts)
        alone = np.concatenate([embedder.embed_documents([text]) for text in texts])
        assert np.allclose(together, alone, atol=1e-5)

    def test_no_texts_give_no_vectors(self, embedder: Embedder) -> None:
        assert embedder.embed_documents([]).shape == (0, embedder.dimension)
        assert embedder.count_tokens([]) == []

    def test_tokens_count_the_special_ones(self, embedder: Embedder) -> None:
        assert embedder.count_tokens(["", "notice period", "notice"]) == [2, 4, 3]

    def test_the_window_is_a_sharp_edge(self, embedder: Embedder) -> None:
        full = longest_text(embedder, " ".join(real_texts()))
        assert embedder.count_tokens([full]) == [embedder.window_tokens]
        assert embedder.embed_documents([full]).shape == (1, embedder.dimension)
        with pytest.raises(InvalidInput, match=r"Text 2 of 2 has 257 tokens.*reads 256"):
            embedder.embed_documents(["short", full + " more"])

    def test_every_part_of_a_long_query_counts(self, embedder: Embedder) -> None:
        filler = "the parties agree as follows and so on " * 60
        leave, patents = (
            embedder.embed_queries([filler + topic * 60])[0] for topic in ("sick leave absence ", "patent licence fee ")
        )
        about_leave = embedder.embed_queries(["sick leave absence"])[0]
        assert np.isclose(np.linalg.norm(leave), 1, atol=1e-5)
        assert float(leave @ about_leave) > float(patents @ about_leave) + 0.1

    @pytest.mark.parametrize("text", ["x" * 4000, "\0", "?!", "中" * 2000, "e\u0301\u200b", "\U0001f600 " * 500])
    def test_odd_queries_have_a_direction(self, embedder: Embedder, text: str) -> None:
        assert np.isclose(np.linalg.norm(embedder.embed_queries([text])[0]), 1, atol=1e-5)

    def test_likeness_is_higher_for_the_same_matter(self, embedder: Embedder) -> None:
        query = embedder.embed_queries(["how much sick leave may be advanced"])[0]
        near, far = embedder.embed_documents(
            ["240 hours of sick leave may be advanced.", "The licensee shall paint the logo red."]
        )
        assert float(near @ query) > float(far @ query) + 0.1

    def test_the_id_names_the_weights(self, embedder: Embedder) -> None:
        name, _, digest = embedder.model_id.partition("@")
        assert name
        assert int(digest, 16) >= 0


def test_the_catalogue_says_what_the_model_says_of_itself() -> None:
    entry, embedder, folder = CATALOGUE[MINILM], make("onnx"), minilm_folder()
    pooling = json.loads((folder / "1_Pooling/config.json").read_text(encoding="utf-8"))
    assert (entry.dimension, entry.window_tokens) == (embedder.dimension, embedder.window_tokens)
    assert pooling[f"pooling_mode_{entry.pooling}_tokens"] and pooling["word_embedding_dimension"] == entry.dimension
    told = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    assert not told.get("prompts") and not entry.query_prompt and not entry.document_prompt


@pytest.mark.torch
def test_both_real_embedders_agree() -> None:
    onnx, torch = make("onnx"), make("sentence-transformers")
    texts = sample_texts(onnx)
    assert len(texts) == NUM_TEXTS
    assert (onnx.model_id, onnx.dimension, onnx.window_tokens) == (torch.model_id, torch.dimension, torch.window_tokens)
    assert onnx.count_tokens(texts) == torch.count_tokens(texts)
    assert max(onnx.count_tokens(texts)) == onnx.window_tokens == 256
    cosines = (onnx.embed_documents(texts) * torch.embed_documents(texts)).sum(axis=1)
    assert cosines.min() >= 0.9999
    question = " ".join(texts[-4:])  # longer than the window
    assert float(onnx.embed_queries([question])[0] @ torch.embed_queries([question])[0]) >= 0.9999
