"""What every reranker must do: the fake, the endpoint's client with a server of each dialect, and a real cross-encoder.

The cross-encoder is made here, tiny and untrained: it holds to the form, and to nothing about what is relevant.
"""

import json
import math
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.errors import ModelError, ModelUnavailable, SettingsError
from retrieval.rerankers.base import Reranker
from retrieval.rerankers.cross_encoder import CrossEncoderReranker
from retrieval.rerankers.endpoint import EndpointReranker
from tests.fakes_rerank import FakeReranker, FakeRerankServer
from tests.fakes_retrieval import minilm_folder, real_texts

QUERY = "how much sick leave may be advanced"
NEAR, FAR = "240 hours of sick leave may be advanced.", "The licensee shall paint the logo red."
ODD = ["", " ", "\0", "?!", "x" * 4000, "中" * 3000, "\U0001f600 " * 500, "<|im_end|></s>[SEP]"]
TORCH = pytest.param("torch", marks=pytest.mark.torch)


@pytest.fixture
def fake() -> Reranker:
    return FakeReranker()


@pytest.fixture
def documents() -> Iterator[Reranker]:
    with FakeRerankServer("documents", api_key="key") as server:
        yield EndpointReranker(url=server.url, model="m", api_key="key", timeout_s=20)


@pytest.fixture
def texts() -> Iterator[Reranker]:
    with FakeRerankServer("texts", api_key="key") as server:
        yield EndpointReranker(url=server.url, model="m", api_key="key", timeout_s=20)


@pytest.fixture(scope="module")
def cross_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two small layers with a head of one score, and the words of the default embedding model."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = AutoTokenizer.from_pretrained(str(minilm_folder()), local_files_only=True, model_max_length=128)
    torch.manual_seed(7)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(tokenizer), num_labels=1, initializer_range=0.5, **shape)
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def torch(request: pytest.FixtureRequest) -> Reranker:
    if find_spec("sentence_transformers") is None:
        pytest.skip("sentence-transformers is not installed here; `make test-torch` runs this")
    return CrossEncoderReranker(request.getfixturevalue("cross_encoder_folder"), timeout_s=60)


@pytest.fixture(params=["fake", "documents", "texts", TORCH])
def reranker(request: pytest.FixtureRequest) -> Reranker:
    found: Reranker = request.getfixturevalue(request.param)
    return found


class TestReranker:
    def test_each_text_has_its_score_in_the_order_given(self, reranker: Reranker) -> None:
        given = [NEAR, FAR, *[text[:500] for text in real_texts()[:70]]]
        scores = reranker.score(QUERY, given)
        assert len(scores) == len(given)
        assert len(set(scores)) > 2
        assert reranker.score(QUERY, given[::-1]) == pytest.approx(scores[::-1], abs=1e-3)
        alone = [reranker.score(QUERY, [text])[0] for text in given[:3]]
        assert alone == pytest.approx(scores[:3], abs=1e-3)

    def test_no_texts_have_no_scores(self, reranker: Reranker) -> None:
        assert reranker.score(QUERY, []) == []

    def test_any_text_has_a_finite_score(self, reranker: Reranker) -> None:
        for query in (QUERY, "?!", "leave " * 300):
            scores = reranker.score(query, ODD)
            assert len(scores) == len(ODD)
            assert all(map(math.isfinite, scores))

    def test_threads_may_share_it(self, reranker: Reranker) -> None:
        expected = reranker.score(QUERY, [NEAR, FAR])
        found: list[list[float]] = []
        threads = [threading.Thread(target=lambda: found.append(reranker.score(QUERY, [NEAR, FAR]))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [pytest.approx(expected, abs=1e-4)] * 8


@pytest.mark.parametrize("name", ["fake", "documents", "texts"])
def test_what_answers_the_question_scores_more(name: str, request: pytest.FixtureRequest) -> None:
    far, near = request.getfixturevalue(name).score(QUERY, [FAR, NEAR])
    assert near > far


@pytest.mark.torch
def test_a_cross_encoder_that_has_no_time_gives_up(cross_encoder_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="read 0 of 1 texts"):
        CrossEncoderReranker(cross_encoder_folder, timeout_s=0).score(QUERY, [NEAR])


@pytest.mark.torch
def test_a_model_of_several_scores_is_refused(cross_encoder_folder: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(cross_encoder_folder, num_labels=3)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    for file in cross_encoder_folder.glob("token*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match="gives 3 scores a text"):
        CrossEncoderReranker(tmp_path, timeout_s=1)


@pytest.mark.torch
def test_weights_that_are_none_are_told(cross_encoder_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((cross_encoder_folder / "config.json").read_bytes())
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoderReranker(tmp_path, timeout_s=1)


def test_an_embedding_model_is_refused() -> None:
    with pytest.raises(ModelError, match=r"no cross-encoder.*BertModel"):
        CrossEncoderReranker(minilm_folder(), timeout_s=1)


def test_a_damaged_config_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        CrossEncoderReranker(tmp_path, timeout_s=1)


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="sentence-transformers is installed here")
def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["BertForSequenceClassification"]}))
    with pytest.raises(SettingsError, match="type `make torch`"):
        CrossEncoderReranker(tmp_path, timeout_s=1)
