"""Nothing leaves the building: start, ingest, show the page and answer where no network is, while every packet is watched.

The machine's only interface there is loopback, and every address in the world is its own: nothing can leave, and what is tried,
a name asked of a resolver too, is seen.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT
from tests.acceptance.conftest import installation

QUESTION = "How many hours of annual leave can I carry over into the next leave year?"
LONE = (
    "ip link set lo up && ip addr add 10.99.99.99/32 dev lo && ip route add local default dev lo"
    " && { ip -6 route add local default dev lo 2>&1 || true; } && echo up && exec sleep 900"
)
WATCHER = Path(__file__).with_name("watcher.py")
STRANGERS = [("198.51.100.7", 443), ("10.1.2.3", 80)]
TRY = f"""
import socket
for address in {STRANGERS}:
    try:
        socket.create_connection(address, 2)
    except OSError:
        pass
try:
    socket.getaddrinfo("telemetry.example.org", 443)
except OSError:
    pass
"""
# What a browser's page says when it opens: the script behind it runs, and asks the API.
OPEN_PAGE = """
import sys
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

url = sys.argv[1].rstrip("/")
with connect(url.replace("http", "ws", 1) + "/_stcore/stream", origin=url, subprotocols=["streamlit"], proxy=None) as page:
    opened = BackMsg()
    opened.rerun_script.query_string = ""
    page.send(opened.SerializeToString())
    told = ForwardMsg()
    while told.WhichOneof("type") != "script_finished":
        told.ParseFromString(page.recv(timeout=60))
"""


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


@contextmanager
def watched(prefix: tuple[str, ...]) -> Iterator[list[str]]:
    """Watch every packet inside; gives the lines that tell of one to an address beyond loopback, whole once the block ends."""
    told: list[str] = []
    command = [*prefix, sys.executable, "-I", str(WATCHER), "900"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as watcher:
        assert watcher.stdout
        first = watcher.stdout.readline().strip()
        if first != "ready":
            pytest.skip(f"packets cannot be watched here: {first}")
        try:
            yield told
        finally:
            watcher.terminate()
            told += watcher.stdout.read().splitlines()


def inside(prefix: tuple[str, ...], script: str, *arguments: str) -> None:
    subprocess.run([*prefix, sys.executable, "-c", script, *arguments], check=True, cwd=PROJECT_ROOT, timeout=120)


def test_the_watcher_sees_a_connection_and_a_name_asked_for() -> None:
    with network_of_its_own() as prefix, watched(prefix) as told:
        inside(prefix, TRY)
    assert {f"{address} port {port}" for address, port in STRANGERS} <= set(told)
    nameservers = [line.split()[1] for line in Path("/etc/resolv.conf").read_text().splitlines() if line.startswith("nameserver")]
    assert any(f"{server} port 53" in told for server in nameservers if not server.startswith("127.")) or not nameservers


def test_with_the_network_cut_it_starts_ingests_and_answers_and_nothing_tries_to_leave(all_weights: Path, tmp_path: Path) -> None:
    with network_of_its_own() as prefix, watched(prefix) as told:
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
            explained = muniment.json("route", "explain", QUESTION)
            assert (explained["engine"], explained["outside"]) == ("default", False)
            inside(prefix, OPEN_PAGE, json.loads((muniment.home / "run" / "state.json").read_text())["web_url"])
        finally:
            down = muniment.run("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert muniment.processes() == []
    assert told == [], "something tried to reach an address beyond loopback"
