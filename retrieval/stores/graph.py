"""The HNSW indexes over ``chunks``: one for each dimension of vectors, made beside running searches.

An index holds the vectors in half precision; a search ranks its candidates again by the vectors themselves. It is made
without holding up writers, by one process at a time, and one that was left half made is made again.
"""

import logging
from math import sqrt
from typing import Any, NamedTuple

import psycopg

from core.db.pool import Connection

log = logging.getLogger(__name__)
LOCK = 0x6D756E69_67726166  # "munigraf": one process at a time makes an index
MAX_DIMENSION = 4000  # of a halfvec that can be indexed
M, EF_CONSTRUCTION = 16, 200  # with the default of 64 whole topics cannot be reached: recall 0.91 in place of 0.999
ROW_BYTES = 450  # beside the vector, in memory while it is made
MAX_MEMORY_BYTES = 3_000_000_000
ELSEWHERE = 10  # times as many candidates of a scope about something else: nine in ten of its nearest were found without
MIN_EF, MAX_EF = 100, 1000  # candidates kept while searching; the most that pgvector allows

GRAPHS = """
    SELECT substring(relname FROM '[0-9]+$')::int AS dimension, indisvalid AS is_valid, pg_relation_size(indexrelid) AS num_bytes
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = 'chunks'::regclass AND relname ~ '^chunks_hnsw_[0-9]+$'
"""
# The dimension stands in the statement itself: a type's modifier and an index's predicate take no parameters.
CREATE = """
    CREATE INDEX CONCURRENTLY chunks_hnsw_{dimension} ON chunks USING hnsw ((embedding::halfvec({dimension})) halfvec_ip_ops)
      WITH (m = {m}, ef_construction = {ef_construction}) WHERE vector_dims(embedding) = {dimension}
"""
# What makes the planner take the index, and the index, at relaxed_order, go on until the filters have left enough.
ENTER = """
    SELECT set_config('hnsw.iterative_scan', %s, true), set_config('hnsw.ef_search', %s, true),
           set_config('enable_sort', 'off', true)
"""
LEAVE = "SELECT set_config('enable_sort', 'on', true)"
NEAREST = """
    SELECT num, -distance AS cosine, count(*) OVER () AS num_met
      FROM (SELECT num, embedding <#> %(vector)s AS distance
              FROM (SELECT num, embedding FROM chunks
                     WHERE vector_dims(embedding) = {dimension} AND class_id = ANY(%(class_ids)s)
                     ORDER BY embedding::halfvec({dimension}) <#> %(vector)s::vector::halfvec({dimension})
                     LIMIT %(candidates)s) AS candidates) AS ranked
     ORDER BY distance, num LIMIT %(k)s
"""


class Look(NamedTuple):
    """How many passages of the scope to take from the index, and from how many of all; or to go on until there are enough."""

    num_candidates: int
    looked_at: int
    goes_on: bool


def sizes(connection: Connection) -> dict[int, int]:
    """Tell the bytes of each index that can be searched, by dimension."""
    return {row["dimension"]: row["num_bytes"] for row in connection.execute(GRAPHS).fetchall() if row["is_valid"]}


def nearest(
    connection: Connection, values: dict[str, Any], dimension: int, num: int = 0, num_scope: int = 0
) -> list[dict[str, Any]]:
    """Find nearly the nearest of ``num`` by the index, ``num_scope`` of them in the scope.

    ``values`` are ``vector``, ``class_ids`` and ``k``; gives rows of num and cosine. The more passages there are, the more
    are looked at: 100 of 100,000 find all, and 88 % in a million. Where the first of these hold far fewer of the scope's
    than their share, it is about something else than the vector, and more candidates are wanted to have the best of them.
    Fewer than ``k`` come where the index gives up before it has seen everything.
    """
    k = values["k"]
    num_candidates = k + 10 + k // 5
    looked_at = min(max(MIN_EF, 2 * k, round(0.4 * sqrt(num))), MAX_EF)
    rows = _found(connection, values, dimension, Look(num_candidates, looked_at, goes_on=False))
    num_met = rows[0]["num_met"] if rows else 0
    if num_met < num_candidates:
        share = num_scope / num if num else 1.0
        wanted = num_candidates if num_met >= share / 2 * looked_at else ELSEWHERE * num_candidates
        rows = _found(connection, values, dimension, Look(wanted, looked_at, goes_on=True))
    return rows


def make(connection: Connection, dimension: int, num: int) -> bool:
    """Make the index for ``num`` vectors of this dimension unless it is there; returns whether it is there now.

    Takes minutes for a million vectors. Needs a connection in autocommit. Another process that is at it is left to it.
    """
    row = connection.execute("SELECT pg_try_advisory_lock(%s) AS is_mine", (LOCK,)).fetchone()
    if row is None or not row["is_mine"]:
        return False
    try:
        if dimension not in sizes(connection):
            _make(connection, dimension, num)
        return True
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def drop(connection: Connection, dimension: int) -> None:
    """Remove the index, whole or half made."""
    connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS chunks_hnsw_{int(dimension)}".encode())


def _found(connection: Connection, values: dict[str, Any], dimension: int, look: Look) -> list[dict[str, Any]]:
    connection.execute(ENTER, ("relaxed_order" if look.goes_on else "off", str(look.looked_at)))
    query = NEAREST.format(dimension=int(dimension))
    rows = connection.execute(query.encode(), values | {"candidates": look.num_candidates}).fetchall()
    connection.execute(LEAVE)
    return rows


def _make(connection: Connection, dimension: int, num: int) -> None:
    drop(connection, dimension)
    memory = min(max(64_000_000, num * (2 * dimension + ROW_BYTES)), MAX_MEMORY_BYTES)
    create = CREATE.format(dimension=int(dimension), m=M, ef_construction=EF_CONSTRUCTION).encode()
    log.info("vector_index_building", extra={"dimension": dimension, "num_passages": num})
    connection.execute("SELECT set_config('maintenance_work_mem', %s, false)", (f"{memory // 1000}kB",))
    try:
        connection.execute(create)
    except psycopg.errors.DiskFull:  # parallel workers share memory through /dev/shm, which is small in a container
        connection.execute("SET max_parallel_maintenance_workers = 0")
        drop(connection, dimension)
        connection.execute(create)
    finally:
        connection.execute("RESET maintenance_work_mem")
        connection.execute("RESET max_parallel_maintenance_workers")
    log.info("vector_index_built", extra={"dimension": dimension, "num_passages": num})
