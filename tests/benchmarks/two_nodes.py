"""Vectors on two nodes: a PostgreSQL in each of two network namespaces, the second a shard of the first by postgres_fdw.

``sudo .venv/bin/python -m tests.benchmarks.two_nodes``, on Linux with ``ip``. Each node holds half of the passages under an HNSW
index of its own; the first is asked about all, and merges what both give in the order of nearness. It prints the plan, and
times and recall beside those of one node that holds all. The namespaces and everything in them are gone at the end.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psycopg
from pgvector.psycopg import register_vector

from core.errors import DependencyUnavailable
from infra.local.postgres import USER, Postgres
from retrieval.embedders.base import Vectors
from tests.embedded import FORGETFUL, running
from tests.vectors import clustered, questions

DIMENSION, K, NUM_QUESTIONS, PORT, PASSWORD = 384, 10, 100, 25432, "two-nodes"
NODES = {"muniment-a": "10.77.0.1", "muniment-b": "10.77.0.2"}
SETTINGS = ("shared_buffers=256MB", "maintenance_work_mem=512MB", "hnsw.ef_search=100", "hnsw.iterative_scan=strict_order")
SETTINGS += ("cursor_tuple_fraction=0.0001",)  # a shard is asked by a cursor for its first few: without this it sorts them all

TABLE = "CREATE EXTENSION IF NOT EXISTS vector; CREATE TABLE passages (node int, num bigint, class_id int, embedding vector(384))"
INDEX = """
    CREATE INDEX ON {table} USING hnsw ((embedding::halfvec(384)) halfvec_ip_ops) WITH (m = 16, ef_construction = 200);
    ANALYZE {table}
"""
SHARDED = """
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER b FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '{host}', port '{port}', dbname 'shard', extensions 'vector', async_capable 'true', fetch_size '{fetch}');
    CREATE USER MAPPING FOR CURRENT_USER SERVER b OPTIONS (user '{user}', password '{password}');
    CREATE TABLE everywhere (node int, num bigint, class_id int, embedding vector(384)) PARTITION BY LIST (node);
    CREATE TABLE on_a PARTITION OF everywhere FOR VALUES IN (0);
    CREATE FOREIGN TABLE on_b PARTITION OF everywhere FOR VALUES IN (1) SERVER b OPTIONS (table_name 'passages');
"""
NEAREST = """
    SELECT num FROM {table} WHERE class_id = ANY(%(classes)s)
     ORDER BY embedding::halfvec(384) <#> %(vector)s::vector::halfvec(384) LIMIT {k}
"""


def bench(num: int, folder: Path) -> None:
    """Fill both nodes, print the plan, and measure. Runs inside the first namespace."""
    vectors = clustered(num, DIMENSION)
    asked = questions(vectors, NUM_QUESTIONS)
    best = [set(np.argpartition(-(vectors @ question), K)[:K].tolist()) for question in asked]
    with node("muniment-a", folder / "a") as a, node("muniment-b", folder / "b") as b:
        started = time.perf_counter()
        fill(b, "passages", vectors, 1)
        b.execute(INDEX.format(table="passages").encode())
        print(f"half of {num} passages on node B in {time.perf_counter() - started:.0f} s, with its index")
        fill(a, "passages", vectors, None)
        started = time.perf_counter()
        a.execute(INDEX.format(table="passages").encode())
        print(f"the index of all on node A alone made in {time.perf_counter() - started:.0f} s")
        values = {"host": NODES["muniment-b"], "port": PORT, "user": USER, "password": PASSWORD, "fetch": K}
        a.execute(SHARDED.format(**values).encode())
        a.execute("INSERT INTO on_a SELECT * FROM passages WHERE node = 0")
        a.execute(INDEX.format(table="on_a").encode())
        a.execute("ANALYZE on_b")
        print("\n".join(plan(a, asked[0])))
        for name, table in (("node A alone", "passages"), ("both nodes", "everywhere")):
            measure(a, name, table, asked, best)


def fill(connection: psycopg.Connection, table: str, vectors: Vectors, node_of: int | None) -> None:
    """Copy the passages in, of one node or of both; every second topic is on the second node."""
    connection.execute(TABLE.encode())
    register_vector(connection)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types(["int4", "int8", "int4", "vector"])
        for num, vector in enumerate(vectors):
            if node_of in (None, num // 1000 % 2):
                copy.write_row((num // 1000 % 2, num, 1, vector))


def plan(connection: psycopg.Connection, vector: Vectors) -> list[str]:
    """Explain the search of both nodes, without the vectors' numbers."""
    query = "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, BUFFERS OFF)" + NEAREST.format(table="everywhere", k=K)
    rows = connection.execute(query.encode(), {"classes": [1], "vector": vector}).fetchall()
    return [line if len(line) < 240 else f"{line[:150]} … {line[-60:]}" for (line,) in rows]


def measure(connection: psycopg.Connection, name: str, table: str, asked: Vectors, best: list[set[int]]) -> None:
    """Print times and recall of one table."""
    times, recalls, query = [], [], NEAREST.format(table=table, k=K).encode()
    for number, vector in enumerate([*asked[:10], *asked]):  # the first to warm up
        started = time.perf_counter()
        found = {num for (num,) in connection.execute(query, {"classes": [1], "vector": vector}).fetchall()}
        times.append(1000 * (time.perf_counter() - started))
        if number >= 10:
            recalls.append(len(found & best[number - 10]) / K)
    p50, p95 = np.percentile(times[10:], [50, 95])
    print(f"{name:14} p50 {p50:6.2f} ms  p95 {p95:6.2f} ms  recall@{K} {np.mean(recalls):.3f}")


@contextmanager
def node(name: str, folder: Path) -> Iterator[psycopg.Connection]:
    """Run a PostgreSQL in a namespace, reachable from the other, and connect to it."""
    folder.mkdir(parents=True)
    server = Postgres(folder, PORT, PASSWORD, (*FORGETFUL, *SETTINGS, f"listen_addresses={NODES[name]}"))
    server.prepare()
    with (server.data / "pg_hba.conf").open("a", encoding="ascii") as rules:
        rules.write("host all all 10.77.0.0/24 scram-sha-256\n")
    url = server.url("postgres").replace("127.0.0.1", NODES[name])

    def check() -> None:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            raise DependencyUnavailable(str(error)) from error

    with ExitStack() as stack:
        stack.enter_context(running(("ip", "netns", "exec", name, *server.argv()), signal.SIGINT, folder / "server.log", check))
        with psycopg.connect(url, autocommit=True) as made:
            made.execute("CREATE DATABASE shard")
        yield stack.enter_context(psycopg.connect(url.replace("/postgres", "/shard"), autocommit=True))


@contextmanager
def namespaces() -> Iterator[None]:
    """Make two namespaces with a wire between them."""
    first, second = NODES
    try:
        for name in NODES:
            ip("netns", "add", name)
        ip("link", "add", "wire", "netns", first, "type", "veth", "peer", "name", "wire", "netns", second)
        for name, address in NODES.items():
            ip("-n", name, "address", "add", f"{address}/24", "dev", "wire")
            for device in ("lo", "wire"):
                ip("-n", name, "link", "set", device, "up")
        yield
    finally:
        for name in NODES:
            subprocess.run(["ip", "netns", "delete", name], check=False)


def ip(*arguments: str) -> None:
    """Run ip, which says what is wrong if anything is."""
    subprocess.run(["ip", *arguments], check=True)


def main() -> int:
    """Make the namespaces and run the rest in the first of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.two_nodes", description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000, help="of both nodes together (default: 100000)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        bench(options.passages, options.inside)
        return 0
    if os.geteuid() != 0 or shutil.which("ip") is None:
        parser.error("needs root and the command ip, to make network namespaces")
    with tempfile.TemporaryDirectory() as folder, namespaces():
        Path(folder).chmod(0o755)  # the server runs as a user of its own
        command = [sys.executable, "-m", "tests.benchmarks.two_nodes", "--inside", folder, "--passages", str(options.passages)]
        return subprocess.run(["ip", "netns", "exec", next(iter(NODES)), *command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
