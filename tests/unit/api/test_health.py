import asyncio
import threading
import time

import pytest

from api.probes import TIMEOUT_S, Probes
from core.errors import DependencyUnavailable


def _fail() -> None:
    raise DependencyUnavailable("no route to 10.0.0.7")


def test_alive_whatever_happens(api):
    assert (api.get("/livez").status_code, api.get("/livez").json()) == (200, {"status": "alive"})


def test_ready(api):
    response = api.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "dependencies": {"database": {"state": "ok", "detail": ""}}}


def test_not_ready_names_what_is_down_and_keeps_the_reason_inside(api, services):
    services.probes._probes["database"] = _fail
    response = api.get("/readyz")
    assert response.status_code == 503
    assert response.json()["ready"] is False
    assert response.json()["dependencies"]["database"]["state"] == "down"
    assert "10.0.0.7" not in response.text


def test_a_probe_that_hangs_is_given_up_and_not_started_twice():
    release, starts = threading.Event(), []

    def hang() -> None:
        starts.append(1)
        release.wait(30)

    probes = Probes({"good": lambda: None, "bad": _fail, "slow": hang})

    async def twice() -> list[dict[str, str]]:
        return [await probes.check(), await probes.check()]

    started = time.monotonic()
    try:
        first, second = asyncio.run(twice())
        assert time.monotonic() - started < 2 * TIMEOUT_S + 1
        assert first["good"] == ""
        assert "does not answer" in first["bad"]
        assert first["slow"] == second["slow"] == "no answer within 2 s"
        assert len(starts) == 1
    finally:
        release.set()
        probes.close()


def test_a_bug_in_a_probe_is_not_taken_for_health():
    def broken() -> None:
        raise ZeroDivisionError

    probes = Probes({"broken": broken})
    with pytest.raises(ZeroDivisionError):
        asyncio.run(probes.check())
    probes.close()
