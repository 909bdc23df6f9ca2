"""The bill of materials of the models: CycloneDX 1.6, as JSON (https://cyclonedx.org/docs/1.6/json/).

Each model is a component of type machine-learning-model. Its files, with size and SHA-256, are components inside it; a
model with one file of weights has that file's hash itself, too. What the standard has no place for stands in properties
named ``muniment:``. The libraries for CycloneDX do not write model cards, so this module writes the standard's JSON
itself, and a test holds it to the standard's own schema.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from core.models.entries import ModelEntry
from core.models.inventory import HashedFile, ListedModel
from core.models.licences import UNKNOWN, Licence, licence_of
from core.models.repository import COMMIT
from core.options import Models

PRODUCT = "muniment"
TASKS = {
    "embedder": "feature-extraction",
    "generator": "text-generation",
    "adapter": "text-generation",
    "reranker": "text-ranking",
}
WEIGHTS = (".gguf", ".safetensors", ".bin", ".onnx")
HUB = "https://huggingface.co"


def render(models: Sequence[ListedModel], settings: Models) -> dict[str, Any]:
    """Give the bill as one JSON object, under a serial number of its own and the time of now."""
    product = {"type": "application", "bom-ref": PRODUCT, "name": PRODUCT, "version": version(PRODUCT)}
    allowed = [("allowed-licences", ", ".join(settings.allowed_licences))]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "tools": {"components": [{key: product[key] for key in ("type", "name", "version")}]},
            "component": product,
            "properties": _properties(allowed),
        },
        "components": [_component(model) for model in models],
        "dependencies": [
            {"ref": PRODUCT, "dependsOn": [_ref(model) for model in models if model.is_used]},
            *({"ref": _ref(model)} for model in models),
        ],
    }


def _component(model: ListedModel) -> dict[str, Any]:
    entry = model.entry
    facts = {
        "version": entry.version if entry else None,
        "scope": "required" if model.is_used else "optional",
        "hashes": [_hash(file) for file in _single_weights(model.files)],
        "licenses": _licences(model),
        "purl": _purl(entry) if entry and model.place != "elsewhere" else None,
        "externalReferences": _references(entry) if entry else [],
        "components": [_file(model, file) for file in model.files],
        "modelCard": {"modelParameters": {"task": TASKS[model.role]}},
        "properties": _properties(_facts(model)),
    }
    named = {"type": "machine-learning-model", "bom-ref": _ref(model), "name": model.name}
    return named | {key: value for key, value in facts.items() if value}


def _facts(model: ListedModel) -> Iterable[tuple[str, object]]:
    yield "role", model.role
    yield "state", model.place
    yield "licence-class", model.licence.licence_class
    yield "licence-source", "settings" if model.is_licence_stated else "declared"
    yield "policy", "refused" if model.refusal else "allowed"
    yield "size-bytes", sum(file.size for file in model.files) or None
    if entry := model.entry:
        yield "origin", entry.origin
        yield "revision", entry.revision
        yield "released", entry.released
        yield "languages", ", ".join(entry.languages)
        yield "window-tokens", entry.window_tokens
        yield "dimension", entry.dimension


def _properties(facts: Iterable[tuple[str, object]]) -> list[dict[str, str]]:
    return [{"name": f"{PRODUCT}:{name}", "value": str(value)} for name, value in facts if value not in (None, "")]


def _licences(model: ListedModel) -> list[dict[str, Any]]:
    """Tell the licence that counts and, where the settings state it, the one that was declared beside it; none is unknown."""
    if not model.is_licence_stated:
        return _acknowledged(model.licence, "declared")
    declared = licence_of(model.entry.licence if model.entry else UNKNOWN)
    return [*_acknowledged(model.licence, "concluded"), *_acknowledged(declared, "declared")]


def _acknowledged(licence: Licence, how: str) -> list[dict[str, Any]]:
    known = [part for part in licence.parts if part.name != UNKNOWN]
    return [{"license": {**({"id": p.spdx} if p.spdx else {"name": p.name}), "acknowledgement": how}} for p in known]


def _file(model: ListedModel, file: HashedFile) -> dict[str, Any]:
    ref, size = f"{_ref(model)}/{file.name}", _properties([("size-bytes", file.size)])
    return {"type": "file", "bom-ref": ref, "name": file.name, "hashes": [_hash(file)], "properties": size}


def _hash(file: HashedFile) -> dict[str, str]:
    return {"alg": "SHA-256", "content": file.sha256}


def _single_weights(files: Sequence[HashedFile]) -> Sequence[HashedFile]:
    weights = [file for file in files if file.name.endswith(WEIGHTS)]
    return weights if len(weights) == 1 else []


def _references(entry: ModelEntry) -> list[dict[str, str]]:
    if not entry.origin.startswith(("http://", "https://")):  # a folder the files were taken from
        return []
    files = f"{entry.origin}/tree/{entry.revision}"
    return [{"type": "model-card", "url": entry.origin}, {"type": "distribution", "url": files}]


def _purl(entry: ModelEntry) -> str | None:
    """Name the repository as https://github.com/package-url/purl-spec has it; only a commit is a version."""
    if not entry.origin.startswith(f"{HUB}/"):
        return None
    at = f"@{entry.revision}" if COMMIT.fullmatch(entry.revision) else ""
    return f"pkg:huggingface/{quote(entry.repo)}{at}"


def _ref(model: ListedModel) -> str:
    return f"model:{model.name}"
