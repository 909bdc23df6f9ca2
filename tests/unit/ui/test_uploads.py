import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ui.cli import uploads
from ui.cli.uploads import Interrupted, Row, send_files
from ui.cli.walk import Found
from ui.client import ApiError


class FakeApi:
    """Takes uploads and moves each job one state on at every poll; fails where it is told to."""

    def __init__(self, ends: dict[str, tuple[str, str | None]], refusals: dict[str, list[ApiError]] | None = None) -> None:
        self.ends, self.refusals, self.lock = ends, refusals or {}, threading.Lock()
        self.all_jobs: dict[str, dict[str, Any]] = {}
        self.polled: list[int] = []
        self.outages = 0

    def upload(self, path: Path, source: str) -> dict[str, Any]:
        path.read_bytes()
        with self.lock:
            if self.refusals.get(path.name):
                raise self.refusals[path.name].pop(0)
            job = {"job_id": f"job-{path.name}", "source": source, "state": "queued", "error": None, "document_id": None}
            self.all_jobs[job["job_id"]] = job
            return dict(job)

    def jobs(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        wanted = list(ids)
        self.polled.append(len(wanted))
        if self.outages:
            self.outages -= 1
            raise ApiError("API not reachable", "connection refused", 0)
        for job in (self.all_jobs[job_id] for job_id in wanted if job_id in self.all_jobs):
            self._advance(job)
        return [dict(self.all_jobs[job_id]) for job_id in wanted if job_id in self.all_jobs]

    def _advance(self, job: dict[str, Any]) -> None:
        name = job["source"].rsplit("/", 1)[-1]
        if job["state"] == "queued":
            job["state"] = "running"
        else:
            job["state"], job["error"] = self.ends.get(name, ("indexed", None))
            job["document_id"] = f"doc-{name}"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "POLL_S", 0.001)
    monkeypatch.setattr(uploads, "RETRY_DELAYS_S", (0.0, 0.0))


def _files(folder: Path, *names: str) -> list[Found]:
    for name in names:
        (folder / name).write_text("x")
    return [Found(str(folder / name)) for name in names]


def _send(api: FakeApi, found: list[Found], *, wait: bool = True) -> tuple[dict[str, Row], list[Counter[str]]]:
    shown: list[Counter[str]] = []
    rows = send_files(api, api.upload, found, wait=wait, show=shown.append)  # type: ignore[arg-type]
    assert [row.source for row in rows] == [f.source for f in found]
    return {row.source.rsplit("/", 1)[-1]: row for row in rows}, shown


def test_every_file_is_followed_to_its_end(tmp_path: Path):
    api = FakeApi({"b": ("unchanged", None), "c": ("failed", "It is encrypted.")})
    rows, shown = _send(api, _files(tmp_path, "a", "b", "c"))
    assert {name: row.status for name, row in rows.items()} == {"a": "indexed", "b": "unchanged", "c": "failed"}
    assert rows["a"].report() == {"source": f"{tmp_path}/a", "document_id": "doc-a", "status": "indexed", "error": None}
    assert rows["c"].error == "It is encrypted."
    assert all(sum(counts.values()) == 3 for counts in shown)
    assert shown[-1] == {"indexed": 1, "unchanged": 1, "failed": 1}


def test_what_was_found_unreadable_is_rejected_and_not_sent(tmp_path: Path):
    rows, _ = _send(FakeApi({}), [Found("/x/y", "There is no permission to read it."), *_files(tmp_path, "a")])
    assert (rows["y"].status, rows["y"].error) == ("rejected", "There is no permission to read it.")
    assert rows["a"].status == "indexed"


def test_a_file_that_vanishes_before_it_is_sent(tmp_path: Path):
    rows, _ = _send(FakeApi({}), [Found(str(tmp_path / "gone"))])
    assert (rows["gone"].status, rows["gone"].error) == ("rejected", "There is no such file or folder.")


def test_the_apis_no_is_a_rejection_and_its_failure_a_failure(tmp_path: Path):
    refusals = {
        "big": [ApiError("Content Too Large", "larger than 1 MB", 413)],
        "odd": [ApiError("Internal error", "a bug", 500)],
    }
    rows, _ = _send(FakeApi({}, refusals), _files(tmp_path, "big", "odd", "a"))
    assert {name: row.status for name, row in rows.items()} == {"big": "rejected", "odd": "failed", "a": "indexed"}
    assert rows["big"].error == "larger than 1 MB"


def test_an_api_that_is_away_for_a_moment_costs_nothing(tmp_path: Path):
    away = ApiError("API not reachable", "refused", 0)
    api = FakeApi({}, {"a": [away, ApiError("Service not available", "busy", 503)]})
    api.outages = 2
    rows, _ = _send(api, _files(tmp_path, "a"))
    assert rows["a"].status == "indexed"


def test_an_api_that_stays_away_fails_the_file(tmp_path: Path):
    rows, _ = _send(FakeApi({}, {"a": [ApiError("API not reachable", "refused", 0)] * 3}), _files(tmp_path, "a"))
    assert (rows["a"].status, rows["a"].error) == ("failed", "refused")


def test_an_api_that_goes_away_for_good_still_leaves_a_report(tmp_path: Path):
    api = FakeApi({})
    api.outages = 99
    rows, _ = _send(api, _files(tmp_path, "a", "b"))
    assert {row.status for row in rows.values()} == {"failed"}
    assert "connection refused" in (rows["a"].error or "")


def test_a_refused_poll_keeps_what_had_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "POLLED_AT_ONCE", 1)
    monkeypatch.setattr(uploads, "UPLOADS_AT_ONCE", 1)  # so that the same file is polled twice, whichever thread is quick
    api, poll = FakeApi({}), FakeApi.jobs

    def jobs(ids: Iterable[str]) -> list[dict[str, Any]]:
        if len(api.polled) == 2:
            raise ApiError("Not authenticated", "This key was revoked.", 401)
        return poll(api, ids)

    api.jobs = jobs  # type: ignore[method-assign]
    rows, _ = _send(api, _files(tmp_path, "a", "b", "c"))
    assert sorted(row.status for row in rows.values()) == ["failed", "failed", "indexed"]


def test_a_bug_in_a_thread_is_raised_and_does_not_hang(tmp_path: Path):
    api = FakeApi({})
    api.upload = lambda *arguments: {}  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        _send(api, _files(tmp_path, "a"))


def test_after_ctrl_c_what_is_known_is_told_and_no_thread_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "RETRY_DELAYS_S", (60.0,))
    api = FakeApi({}, {"b": [ApiError("API not reachable", "refused", 0)] * 2})

    def show(counts: Counter[str]) -> None:
        if counts["indexed"] and not api.refusals["b"][1:]:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        send_files(api, api.upload, _files(tmp_path, "a", "b"), wait=True, show=show)  # type: ignore[arg-type]
    assert [row.status for row in caught.value.rows] == ["indexed", "sending"]
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("upload-")]:
        thread.join(10)
        assert not thread.is_alive()
    assert len(api.refusals["b"]) == 1


def test_a_job_whose_collection_was_deleted_is_not_waited_for(tmp_path: Path):
    api = FakeApi({})
    api.jobs = lambda ids: []  # type: ignore[method-assign]
    rows, _ = _send(api, _files(tmp_path, "a"))
    assert rows["a"].status == "failed"
    assert "deleted" in (rows["a"].error or "")


def test_without_wait_it_returns_when_all_are_sent(tmp_path: Path):
    api = FakeApi({})
    rows, _ = _send(api, _files(tmp_path, *"abcdef"), wait=False)
    assert {row.status for row in rows.values()} == {"queued"}
    assert api.polled == []


def test_polls_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "POLLED_AT_ONCE", 3)
    api = FakeApi({})
    rows, _ = _send(api, _files(tmp_path, *"abcdefghij"))
    assert {row.status for row in rows.values()} == {"indexed"}
    assert max(api.polled) <= 3


def test_nothing_to_do():
    assert send_files(FakeApi({}), FakeApi({}).upload, [], wait=True, show=lambda counts: None) == []  # type: ignore[arg-type]
