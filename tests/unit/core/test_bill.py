import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from core.models import bill
from core.models.entries import CATALOGUE, ModelEntry
from core.models.inventory import HashedFile, ListedModel
from core.models.licences import licence_of
from core.options import Models
from tests.fakes_models import entry_of

ONE = {"model.safetensors": b"weights", "config.json": b"{}", "empty.txt": b""}
TWO = {"model-00001-of-00002.safetensors": b"we", "model-00002-of-00002.safetensors": b"ights"}


def listed(entry: ModelEntry | None, **changes: Any) -> ListedModel:
    files = tuple(HashedFile(file.name, file.size, file.sha256) for file in entry.files) if entry else ()
    name, licence = entry.name if entry else "served", licence_of(entry.licence if entry else "unknown")
    model = ListedModel(name, "generator", entry, files, licence, False, None, "verified", True)
    return replace(model, **changes)


def rendered(models: Sequence[ListedModel]) -> dict[str, Any]:
    """What a reader of the bill gets, once CycloneDX's own schema has nothing against it."""
    text = json.dumps(bill.render(models, Models()))
    errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text, all_errors=True)
    assert [str(error) for error in errors or ()] == []
    read: dict[str, Any] = json.loads(text)
    return read


def component(model: ListedModel) -> dict[str, Any]:
    (found,) = rendered([model])["components"]
    assert found["type"] == "machine-learning-model"
    return dict(found)


def properties(model: ListedModel) -> dict[str, str]:
    return {prop["name"].removeprefix("muniment:"): prop["value"] for prop in component(model)["properties"]}


def test_the_validator_would_notice() -> None:
    wrong = bill.render([listed(entry_of("tiny", ONE))], Models())
    wrong["components"][0]["licenses"][0]["license"]["id"] = "Apache-2"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(wrong)) is not None


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_each_model_of_the_catalogue_is_told_with_hash_licence_origin_and_purl(name: str) -> None:
    entry = CATALOGUE[name]
    found = component(listed(entry))
    assert found["licenses"] == [{"license": {"id": entry.licence, "acknowledgement": "declared"}}]
    assert {ref["type"]: ref["url"] for ref in found["externalReferences"]}["model-card"] == entry.origin
    purl = PackageURL.from_string(found["purl"])
    assert (purl.type, f"{purl.namespace}/{purl.name}", purl.version) == ("huggingface", entry.repo, None)
    assert {file["name"]: file["hashes"] for file in found["components"]} == {
        file.name: [{"alg": "SHA-256", "content": file.sha256}] for file in entry.files
    }
    facts = properties(listed(entry))
    assert (facts["licence-class"], facts["released"], facts["policy"]) == ("open-source", entry.released, "allowed")
    assert (facts["size-bytes"], facts["window-tokens"]) == (str(entry.num_bytes), str(entry.window_tokens))


def test_a_model_has_the_hash_of_its_weights_where_they_are_one_file() -> None:
    entry = entry_of("tiny", ONE)
    assert component(listed(entry))["hashes"] == [{"alg": "SHA-256", "content": entry.files[0].sha256}]
    assert "hashes" not in component(listed(entry_of("tiny", TWO)))


def test_a_hubs_commit_is_the_version_of_its_purl() -> None:
    origin = "https://huggingface.co/some-org/multi.e5"
    pulled = replace(entry_of("tiny", ONE), repo="some-org/multi.e5", origin=origin, revision="a" * 40, licence="gemma, mit")
    found = component(listed(pulled))
    assert found["purl"] == f"pkg:huggingface/some-org/multi.e5@{'a' * 40}"
    assert found["licenses"] == [
        {"license": {"name": "gemma", "acknowledgement": "declared"}},
        {"license": {"id": "MIT", "acknowledgement": "declared"}},
    ]
    mirrored = component(listed(replace(pulled, origin="http://mirror.example/some-org/multi.e5")))
    assert "purl" not in mirrored and mirrored["externalReferences"][0]["url"].startswith("http://mirror.example/")
    assert "externalReferences" not in component(listed(replace(pulled, origin="/srv/given/some-org/multi.e5")))


def test_a_licence_the_settings_state_is_concluded_and_the_declared_one_stands_beside_it() -> None:
    entry = replace(entry_of("tiny", ONE), licence="cc-by-nc-4.0")
    model = listed(entry, licence=licence_of("our-contract"), is_licence_stated=True, refusal="refused")
    assert component(model)["licenses"] == [
        {"license": {"name": "our-contract", "acknowledgement": "concluded"}},
        {"license": {"id": "CC-BY-NC-4.0", "acknowledgement": "declared"}},
    ]
    assert (properties(model)["licence-source"], properties(model)["policy"]) == ("settings", "refused")


def test_nothing_is_made_up_for_a_model_of_which_only_the_name_is_known() -> None:
    model = listed(None, place="elsewhere")
    assert set(component(model)) == {"type", "bom-ref", "name", "scope", "modelCard", "properties"}
    assert (properties(model)["licence-class"], properties(model)["state"]) == ("unknown", "elsewhere")


def test_the_product_depends_on_the_models_it_uses() -> None:
    models = [listed(entry_of("used", ONE)), listed(entry_of("idle", TWO), is_used=False), listed(None, place="elsewhere")]
    found = rendered(models)
    assert [model["scope"] for model in found["components"]] == ["required", "optional", "required"]
    assert found["dependencies"][0] == {"ref": "muniment", "dependsOn": ["model:used", "model:served"]}
    refs = [found["metadata"]["component"]["bom-ref"], *(model["bom-ref"] for model in found["components"])]
    assert [entry["ref"] for entry in found["dependencies"]] == refs


def test_each_bill_has_a_number_of_its_own() -> None:
    first, second = rendered([]), rendered([])
    assert first["serialNumber"] != second["serialNumber"] and first["components"] == []
