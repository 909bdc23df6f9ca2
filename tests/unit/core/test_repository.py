import doctest
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from core.errors import LicenceRefused, WeightsError
from core.models import catalogue, repository
from core.models.repository import needed
from core.settings import Settings
from tests.fakes_models import FakeServer

NAME = "some-org/multi.e5_small"
COMMIT, NEWER = "a" * 40, "b" * 40
WEIGHTS = random.Random(5).randbytes(150_000)
CONTENTS = {
    "config.json": b'{"hidden_size": 384}',
    "modules.json": b"[]",
    "1_Pooling/config.json": b"{}",
    "model.safetensors": WEIGHTS,
    "sentencepiece.bpe.model": b"pieces",
    "tokenizer.json": b"{}",
    "empty.txt": b"",
}
USELESS = {
    "README.md": b"# read me",
    ".gitattributes": b"",
    "pytorch_model.bin": b"pickled",
    "modeling_custom.py": b"print()",
    "onnx/model.onnx": b"onnx",
    "onnx/config.json": b"{}",
    "openvino/openvino_model.bin": b"openvino",
    "tf_model.h5": b"tf",
    "flax_model.msgpack": b"flax",
}
LFS = ("model.safetensors", "tokenizer.json")


@pytest.fixture
def settings(model_settings: Settings, server: FakeServer) -> Settings:
    server.add_repository(NAME, CONTENTS | USELESS, commit=COMMIT, lfs=LFS)
    return model_settings.with_values(embedding={"model": NAME})


def held(folder: Path) -> dict[str, bytes]:
    """What the model's folder holds, but for our own notes."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", ".verified.json", ".repository.json")
    ]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def write(folder: Path, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_the_examples_hold() -> None:
    assert doctest.testmod(repository).failed == 0


def test_what_sentence_transformers_reads_is_fetched_and_nothing_else(settings: Settings, server: FakeServer) -> None:
    folder = catalogue.ensure(NAME, settings)
    assert folder == settings.models_dir / "some-org--multi.e5_small" and held(folder) == CONTENTS
    assert len(server.requests) == len(CONTENTS)  # the listing, and a file each but the empty one
    entry = catalogue.find(NAME, settings)
    assert entry and (entry.role, entry.licence, entry.revision, entry.origin) == (
        "embedder",
        "mit",
        COMMIT,
        f"{server.url}/{NAME}",
    )
    assert not list(folder.glob(".staging*"))


def test_a_pulled_model_is_found_verified_and_never_fetched_again(settings: Settings, server: FakeServer) -> None:
    folder = catalogue.ensure(NAME, settings)
    server.requests.clear()
    server.add_repository(NAME, CONTENTS | {"config.json": b"another"}, commit=NEWER, lfs=LFS)
    assert catalogue.folder(NAME, settings) == catalogue.verify(NAME, settings) == catalogue.ensure(NAME, settings) == folder
    assert server.requests == [] and held(folder) == CONTENTS


def test_at_run_time_nothing_is_fetched(settings: Settings, server: FakeServer) -> None:
    for door in (catalogue.folder, catalogue.verify):
        with pytest.raises(WeightsError, match=f"muniment models pull {NAME}"):
            door(NAME, settings)
    assert server.requests == [] and not settings.models_dir.exists()


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_damaged_file_is_found_and_mended_from_the_commit_first_pulled(
    settings: Settings, server: FakeServer, file: str
) -> None:
    folder = catalogue.ensure(NAME, settings)
    (folder / file).write_bytes(bytes(len(CONTENTS[file])))
    server.requests.clear()
    server.add_repository(NAME, CONTENTS | {file: b"another"}, commit=NEWER, lfs=LFS)
    with pytest.raises(WeightsError, match=rf"{file} has another sha256.*muniment models pull {NAME}"):
        catalogue.folder(NAME, settings)
    catalogue.ensure(NAME, settings)
    assert held(folder) == CONTENTS
    assert [path for path, _ in server.requests] == [f"/{NAME}/resolve/{COMMIT}/{file}"]


def test_bytes_changed_at_the_hub_are_not_taken_when_mending(settings: Settings, server: FakeServer) -> None:
    folder = catalogue.ensure(NAME, settings)
    (folder / "config.json").unlink()
    server.files[f"/{NAME}/resolve/{COMMIT}/config.json"] = b'{"hidden_size": 385}'
    with pytest.raises(WeightsError, match=rf"Could not get model {NAME}(?s:.)*FOLDER/{NAME}/config\.json"):
        catalogue.ensure(NAME, settings)
    assert not (folder / "config.json").exists()


def test_a_large_file_is_held_to_the_hubs_own_hash(settings: Settings, server: FakeServer) -> None:
    server.files[f"/{NAME}/resolve/{COMMIT}/model.safetensors"] = bytes(len(WEIGHTS))
    with pytest.raises(WeightsError, match=r"has sha256 .* is expected"):
        catalogue.ensure(NAME, settings)
    assert catalogue.find(NAME, settings) is None


def test_an_interrupted_pull_goes_on_where_it_stopped(settings: Settings, server: FakeServer) -> None:
    server.breaks[f"/{NAME}/resolve/{COMMIT}/model.safetensors"] = [70_000, 0]
    with pytest.raises(WeightsError):
        catalogue.ensure(NAME, settings)
    assert catalogue.find(NAME, settings) is None
    server.requests.clear()
    assert held(catalogue.ensure(NAME, settings)) == CONTENTS
    assert server.asked_for("model.safetensors") == ["bytes=70000-"] and server.asked_for("modules.json") == []


def test_commits_are_never_mixed(settings: Settings, server: FakeServer) -> None:
    server.breaks[f"/{NAME}/resolve/{COMMIT}/model.safetensors"] = [70_000, 0]
    with pytest.raises(WeightsError):
        catalogue.ensure(NAME, settings)
    newer = {name: content[::-1] for name, content in CONTENTS.items()}
    server.add_repository(NAME, newer, commit=NEWER, lfs=LFS)
    folder = catalogue.ensure(NAME, settings)
    assert held(folder) == newer
    assert not list(folder.glob(".staging*"))


def test_a_mirror_that_tells_neither_sizes_nor_hashes_is_trusted_the_first_time(settings: Settings, server: FakeServer) -> None:
    siblings = [{"rfilename": name} for name in CONTENTS]
    server.tell_repository(NAME, {"sha": COMMIT, "siblings": siblings})
    assert held(catalogue.ensure(NAME, settings)) == CONTENTS
    entry = catalogue.find(NAME, settings)
    assert entry and entry.licence == "unknown"


@pytest.mark.parametrize("place", [NAME, "some-org--multi.e5_small"])
def test_the_folder_is_asked_first_and_mends(settings: Settings, server: FakeServer, tmp_path: Path, place: str) -> None:
    given = tmp_path / "given"
    write(given / place, CONTENTS | USELESS)
    settings = settings.with_values(models={"folder": given})
    folder = catalogue.ensure(NAME, settings)
    assert held(folder) == CONTENTS
    (folder / "config.json").unlink()
    assert held(catalogue.ensure(NAME, settings)) == CONTENTS
    assert server.requests == []
    assert (given / place / "pytorch_model.bin").is_file()


def test_a_folder_without_weights_leaves_it_to_the_hub(settings: Settings, server: FakeServer, tmp_path: Path) -> None:
    write(tmp_path / NAME, {"config.json": b"{}"})
    assert held(catalogue.ensure(NAME, settings.with_values(models={"folder": tmp_path}))) == CONTENTS


def test_without_a_hub_the_error_says_how_to_do_it_by_folder(settings: Settings, tmp_path: Path) -> None:
    away = {"hub_url": "http://me:secret@127.0.0.1:9", "folder": tmp_path}
    with pytest.raises(WeightsError) as raised:
        catalogue.ensure(NAME, settings.with_values(models=away))
    said = str(raised.value)
    assert "hub http://127.0.0.1:9: " in said and f"neither {tmp_path}/{NAME} nor" in said and "secret" not in said
    assert f"FOLDER/{NAME}/" in said and "MUNIMENT_MODELS_FOLDER=FOLDER" in said and f"muniment models pull {NAME}" in said
    with pytest.raises(WeightsError, match="no folder and no hub is set"):
        catalogue.ensure(NAME, settings.with_values(models={"hub_url": None}))


@pytest.mark.parametrize("name", ["../config.json", "/tmp/config.json", "1_Pooling/../../../config.json"])
def test_a_name_that_leads_out_of_the_folder_takes_nothing(settings: Settings, server: FakeServer, name: str) -> None:
    siblings = server.add_repository(NAME, CONTENTS, commit=COMMIT)
    siblings[0]["rfilename"] = name
    server.tell_repository(NAME, {"sha": COMMIT, "siblings": siblings})
    with pytest.raises(WeightsError, match="leads out of the model's folder"):
        catalogue.ensure(NAME, settings)
    assert len(server.requests) == 1
    assert held(settings.home) == {}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "..\\config.json",
            ".verified.json",
            ".repository.json",
            "./config.json",
            "1_P//config.json",
            "a b.json",
            "a\0.json",
            "\n.json",
        ),
        *("1_" * 20_000 + "!/a.json", "a" * 300 + ".json", "https://elsewhere.example/a.json", "a.json?x#y", "é.json", ""),
    ],
)
def test_a_strange_name_is_not_taken(name: str) -> None:
    assert needed([name, "model.safetensors"]) == ["model.safetensors"]


def test_the_template_by_which_a_model_is_spoken_to_is_taken_along() -> None:
    names = ["chat_template.jinja", "config.json", "model.safetensors", "modeling_own.py"]
    assert needed(names) == names[:3]


def test_pickled_weights_are_taken_only_where_there_are_no_safe_ones() -> None:
    assert needed(["pytorch_model.bin", "2_Dense/pytorch_model.bin", "2_Dense/model.safetensors", "training_args.bin"]) == [
        "pytorch_model.bin",
        "2_Dense/model.safetensors",
    ]
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]
    assert needed([*shards, "model.fp16.safetensors", "checkpoint-500/model.safetensors"]) == shards


@pytest.mark.parametrize(
    "answer",
    [
        *([], {}, {"sha": "main", "siblings": []}, {"sha": "../" + "a" * 37, "siblings": []}),
        *({"sha": COMMIT}, {"sha": COMMIT, "siblings": [{"rfilename": 3}]}),
        {"sha": COMMIT, "siblings": [{"rfilename": "model.safetensors", "lfs": {"sha256": "none"}}]},
        {"sha": COMMIT, "siblings": [{"rfilename": "model.safetensors", "size": -1}]},
    ],
)
def test_an_answer_that_is_no_hubs_is_refused(settings: Settings, server: FakeServer, answer: Any) -> None:
    server.tell_repository(NAME, answer)
    with pytest.raises(WeightsError, match="not a hub this program can read"):
        catalogue.ensure(NAME, settings)


def test_no_such_repository_and_no_weights_in_it(settings: Settings, server: FakeServer) -> None:
    with pytest.raises(WeightsError, match="HTTP 404"):
        catalogue.ensure("some-org/other", settings)
    server.add_repository("some-org/gguf", {"config.json": b"{}", "q4.gguf": b"gguf"}, commit=COMMIT)
    with pytest.raises(WeightsError, match=r"no model\.safetensors or pytorch_model\.bin"):
        catalogue.ensure("some-org/gguf", settings)


def test_callers_side_by_side_fetch_once(settings: Settings, server: FakeServer) -> None:
    threads = [threading.Thread(target=catalogue.ensure, args=(NAME, settings)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held(catalogue.folder(NAME, settings)) == CONTENTS
    assert len(server.requests) == len(CONTENTS)


def test_a_damaged_record_is_no_model_until_it_is_pulled_again(settings: Settings, server: FakeServer) -> None:
    folder = catalogue.ensure(NAME, settings)
    (folder / ".repository.json").write_text(json.dumps({"name": NAME}))
    with pytest.raises(WeightsError, match="muniment models pull"):
        catalogue.folder(NAME, settings)
    assert catalogue.ensure(NAME, settings) == catalogue.folder(NAME, settings)


def test_progress_and_a_disk_that_refuses(settings: Settings) -> None:
    seen: list[tuple[int, int, str]] = []
    catalogue.ensure(NAME, settings, lambda *said: seen.append(said))
    assert (len(WEIGHTS), len(WEIGHTS), "model.safetensors") in seen
    refused = settings.model_copy(update={"home": settings.home / "none"})
    refused.home.mkdir()
    refused.models_dir.write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match=f"Cannot write the files of model {NAME}"):
        catalogue.ensure(NAME, refused)


def test_known_are_the_catalogue_the_pulled_and_the_wanted(settings: Settings) -> None:
    assert catalogue.known(settings) == [*catalogue.CATALOGUE, NAME]
    catalogue.ensure(NAME, settings)
    assert catalogue.known(settings.with_values(embedding={"model": "org/other"})) == [*catalogue.CATALOGUE, NAME, "org/other"]


def test_the_hubs_own_client_reads_the_fake_as_we_do(
    settings: Settings, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client is offline if a module that switches phone-homes off was imported before it: here it may reach the fake.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    info = HfApi(endpoint=server.url, token=False).model_info(NAME, files_metadata=True)
    told = {file.rfilename: (file.size, file.lfs.sha256 if file.lfs else None) for file in info.siblings or []}
    catalogue.ensure(NAME, settings)
    entry = catalogue.find(NAME, settings)
    assert entry and info.sha == entry.revision
    for file in entry.files:
        assert told[file.name] == (file.size, file.sha256 if file.name in LFS else None)


OPEN_ONLY = {"allowed_licences": ("open-source",)}


def test_the_first_pull_records_what_the_card_says(settings: Settings, server: FakeServer) -> None:
    card = {"license": "other", "license_name": "qwen-research", "language": ["en", "de"]}
    contents = CONTENTS | {"sentence_bert_config.json": b'{"max_seq_length": 512}'}
    server.add_repository(NAME, contents, commit=COMMIT, lfs=LFS, licence="other", card=card)
    catalogue.ensure(NAME, settings.with_values(models={"allowed_licences": ("research-only",)}))
    entry = catalogue.find(NAME, settings)
    assert entry and (entry.licence, entry.licence_class, entry.spdx) == ("qwen-research", "research-only", None)
    assert (entry.languages, entry.window_tokens, entry.released) == (("en", "de"), 512, "2024-02-15")


@pytest.mark.parametrize(
    ("files", "window_tokens"),
    [
        ({}, None),
        ({"config.json": b'{"max_position_embeddings": 514}'}, 514),
        ({"config.json": b'{"max_position_embeddings": 514}', "tokenizer_config.json": b'{"model_max_length": 512}'}, 512),
        ({"tokenizer_config.json": b'{"model_max_length": 1000000000000000019884624838656}'}, None),
        ({"config.json": b"[]", "tokenizer_config.json": b"{"}, None),
    ],
)
def test_the_window_is_what_the_models_files_tell(
    settings: Settings, server: FakeServer, files: dict[str, bytes], window_tokens: int | None
) -> None:
    server.add_repository(NAME, CONTENTS | files, commit=COMMIT, lfs=LFS)
    catalogue.ensure(NAME, settings)
    entry = catalogue.find(NAME, settings)
    assert entry and entry.window_tokens == window_tokens


@pytest.mark.parametrize("interrupted", [False, True])
def test_of_a_model_the_policy_does_not_allow_no_file_is_fetched(
    settings: Settings, server: FakeServer, interrupted: bool
) -> None:
    server.add_repository(NAME, CONTENTS, commit=COMMIT, lfs=LFS, licence="cc-by-nc-4.0")
    if interrupted:
        server.breaks[f"/{NAME}/resolve/{COMMIT}/model.safetensors"] = [0] * 50
        with pytest.raises(WeightsError):
            catalogue.ensure(NAME, settings.with_values(models={"allowed_licences": ("research-only",)}))
    server.requests.clear()
    with pytest.raises(LicenceRefused, match=f"{NAME} is under CC-BY-NC-4.0, which is research-only"):
        catalogue.ensure(NAME, settings)
    assert [path for path, _ in server.requests] == [f"/api/models/{NAME}?blobs=true"]
    assert catalogue.find(NAME, settings) is None


def test_a_licence_the_settings_state_counts_at_the_first_pull(settings: Settings, server: FakeServer) -> None:
    server.add_repository(NAME, CONTENTS, commit=COMMIT, lfs=LFS, licence="cc-by-nc-4.0")
    bought = {"licences": {NAME: "our-contract"}, "allowed_licences": ("our-contract",)}
    assert held(catalogue.ensure(NAME, settings.with_values(models=bought))) == CONTENTS
    entry = catalogue.find(NAME, settings)
    assert entry and entry.licence == "cc-by-nc-4.0"  # the record tells what its makers declare
    with pytest.raises(LicenceRefused):
        catalogue.folder(NAME, settings)


def test_a_repository_in_a_folder_is_judged_by_its_own_card(settings: Settings, server: FakeServer, tmp_path: Path) -> None:
    write(tmp_path / NAME, CONTENTS | {"README.md": b"---\nlicense: gemma\n---\n"})
    given = settings.with_values(models={"folder": tmp_path})
    with pytest.raises(LicenceRefused, match="under gemma"):
        catalogue.ensure(NAME, given.with_values(models=OPEN_ONLY))
    assert server.requests == [] and held(settings.models_dir) == {}  # nor is the hub asked for another opinion
    catalogue.ensure(NAME, given)
    entry = catalogue.find(NAME, settings)
    assert entry and (entry.licence, entry.licence_class) == ("gemma", "source-available")


def test_a_record_of_an_earlier_version_is_still_read(settings: Settings) -> None:
    folder = catalogue.ensure(NAME, settings)
    record = json.loads((folder / ".repository.json").read_bytes())
    for name in ("released", "languages"):
        del record[name]
    (folder / ".repository.json").write_text(json.dumps(record))
    entry = catalogue.find(NAME, settings)
    assert entry and (entry.licence_class, entry.released, entry.languages) == ("open-source", "", ())
