"""Chunks per second of the whole pipeline against the bare embedder on the same chunks, in one run.

The pipeline is the real worker process on a real database and broker: read, parse, chunk, embed, store, commit. The
bare embedder is the same embedder in as many processes with one thread each, given the same texts and nothing to do
beside. Both start warm. The exit status is 1 where the ratio is below MIN_RATIO. ``python -m tests.benchmarks.bench_ingest``
"""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil

from core.db.migrate import migrate
from core.db.pool import transaction
from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings
from ingest.chunk import embedding_text
from retrieval.embed import Embedder, make_embedder
from tests.embedded import running_postgres, running_valkey
from tests.worker import Platform

PROCESSES = 2
SHARED = PROJECT_ROOT.parent / "shared" / "data"
CORPORA = [SHARED / "handbook_18f" / "pages", SHARED / "contracts_cuad40" / "pdf"]
EMBEDDER = "all-minilm-l6-v2"
NUM_FILES = 120
MIN_RATIO = 0.6

_embedder: Embedder


def corpus() -> list[Path]:
    """Handbook pages and contracts of the real corpora where they are, else samples/."""
    folders = [f for f in CORPORA if f.is_dir()] or [PROJECT_ROOT / "samples"]
    suffixes = (".md", ".pdf", ".docx", ".html", ".txt")
    files = [sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes) for folder in folders]
    return [path for some in files for path in some[: NUM_FILES // len(files)]]


def start_embedder(folder: Path) -> None:
    """Give this process its embedder, and warm it."""
    global _embedder  # noqa: PLW0603 - a process pool's initialiser has nowhere else to put it
    _embedder = make_embedder(Settings(), threads=1, folder=folder)
    _embedder.embed_documents(["warm"] * 8)


def embed(texts: list[str]) -> int:
    """Embed in this process; returns how many."""
    return len(_embedder.embed_documents(texts))


def bare_seconds(texts: list[str], folder: Path) -> float:
    """Time the embedder alone on the texts, a document's worth at a time as the worker does."""
    batches = [texts[i : i + 50] for i in range(0, len(texts), 50)]
    with ProcessPoolExecutor(PROCESSES, initializer=start_embedder, initargs=(folder,)) as processes:
        list(processes.map(embed, [["warm"]] * PROCESSES))
        started = time.perf_counter()
        list(processes.map(embed, batches))
        return time.perf_counter() - started


def main() -> None:
    """Run both and judge the ratio."""
    files = corpus()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        settings = Settings(home=home).with_values(models={"folder": Settings().models_dir})
        folder = catalogue.ensure(EMBEDDER, settings)
        for part in ("postgres", "broker"):
            (home / part).mkdir()
        with running_postgres(home / "postgres") as server, running_valkey(home / "broker") as broker:
            server.add_database("bench")
            migrate(server.url("bench"))
            platform = Platform(home, server.url("bench"), broker.url())
            seconds, peak_mb, texts = run_pipeline(platform, files)
            platform.close()
        report(len(files), texts, seconds, bare_seconds(texts, folder), peak_mb)


def run_pipeline(platform: Platform, files: list[Path]) -> tuple[float, float, list[str]]:
    """Ingest the files with a warm worker; returns seconds, the workers' peak memory in MB, and the embedded texts."""
    with platform.worker() as worker:
        platform.wait([platform.upload(f"warm{p.suffix}{n}{p.suffix}", p.read_bytes()) for p in files[:1] for n in range(4)], 120)
        started = time.perf_counter()
        jobs = platform.wait([platform.upload(str(p), p.read_bytes()) for p in files], 1200)
        seconds = time.perf_counter() - started
        family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        peak_mb = max(peak_rss_mb(p.pid) for p in family)
    print(f"ended: { {state: sum(j.state == state for j in jobs) for state in sorted({j.state for j in jobs})} }")
    with transaction(platform.pool) as connection:
        rows = connection.execute(
            "SELECT d.title, c.heading_path, c.text FROM chunks c JOIN documents d USING (document_id)"
            " WHERE d.source NOT LIKE 'warm%' ORDER BY c.document_id, c.start_char"
        ).fetchall()
    return seconds, peak_mb, [embedding_text(r["title"], tuple(r["heading_path"]), r["text"]) for r in rows]


def peak_rss_mb(pid: int) -> float:
    """Read the most memory a process ever had resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def report(num_files: int, texts: list[str], pipeline_s: float, bare_s: float, peak_mb: float) -> None:
    """Print the figures of one run; ends the program with status 1 if ingest was too slow."""
    pipeline, bare = len(texts) / pipeline_s, len(texts) / bare_s
    print(f"{num_files} files, {len(texts)} chunks, mean {sum(map(len, texts)) / len(texts):.0f} characters with context")
    print(
        f"pipeline {pipeline:.1f} chunks/s, bare embedder {bare:.1f} chunks/s, ratio {pipeline / bare:.2f} (at least {MIN_RATIO})"
    )
    print(f"peak memory of a worker process {peak_mb:.0f} MB")
    if pipeline / bare < MIN_RATIO:
        raise SystemExit("ingest is too slow")


if __name__ == "__main__":
    main()
