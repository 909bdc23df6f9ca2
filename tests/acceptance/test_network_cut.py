"""Nothing leaves the building: start, ingest and answer on a machine that has no network but loopback."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT
from tests.acceptance.conftest import installation

QUESTION = "How many hours of annual leave can I carry over into the next leave year?"
LONE = "ip link set lo up && echo up && exec sleep 600"


@contextmanager
def network_of_its_own() -> Iterator[tuple[str, ...]]:
    """Keep a network namespace with loopback alone; gives what runs a command in it, and skips where that is not allowed."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        pytest.skip("unshare, nsenter and ip are not all installed")
    root = os.geteuid() == 0
    command = ["unshare", "-n" if root else "-rn", "sh", "-c", LONE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as keeper:
        assert keeper.stdout
        try:
            said = keeper.stdout.readline().strip()
            if said != "up":
                pytest.skip(f"not possible here: {said}")
            yield ("nsenter", f"--target={keeper.pid}", "--net", *(() if root else ("--user", "--preserve-credentials")))
        finally:
            keeper.kill()


def test_with_the_network_cut_it_starts_ingests_and_answers_with_a_citation(all_weights: Path, tmp_path: Path) -> None:
    with network_of_its_own() as prefix:
        links = subprocess.run([*prefix, "ip", "-o", "link"], capture_output=True, text=True, check=True).stdout.splitlines()
        assert len(links) == 1 and " lo: " in links[0]
        muniment = replace(installation(tmp_path / "home", all_weights), prefix=prefix)
        muniment.environment["MUNIMENT_SEARCH_CONTEXT_TOKENS"] = "400"  # fewer for the model to read, which is what takes long
        try:
            up = muniment.run("up", "--detach")
            assert up.returncode == 0, up.stdout + up.stderr
            leave = PROJECT_ROOT / "samples" / "handbook" / "leave.md"
            (document,) = muniment.json("ingest", str(leave), "--collection", "cut off")["documents"]
            assert document["status"] == "indexed"
            answer = muniment.json("ask", QUESTION, "--collection", "cut off")
            assert "240" in answer["answer"]
            assert {c["source"] for c in answer["citations"]} == {str(leave)}
        finally:
            down = muniment.run("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert muniment.processes() == []
