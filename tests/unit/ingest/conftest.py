"""One owner with one collection in a fresh database, and a pipeline to work on what he uploads."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from core import blobs
from core.access import AccessScope, Principal, scope_for
from core.db.pool import Pool, transaction
from ingest import documents, ledger
from ingest.pipeline import Pipeline, ingest
from tests.fakes_retrieval import FakeEmbedder

MODEL = "fake@0"


@dataclass(frozen=True)
class Owner:
    """Somebody with a collection named 'papers'."""

    pool: Pool
    name: str
    collection_id: UUID

    @property
    def scope(self) -> AccessScope:
        with transaction(self.pool) as connection:
            return scope_for(connection, Principal(self.name, uuid4()))

    def add_job(self, source: str = "/a.txt", content_hash: str = "00", error: str | None = None) -> UUID:
        with transaction(self.pool) as connection:
            return documents.add_job(
                connection, self.name, self.collection_id, source=source, content_hash=content_hash, num_bytes=1, error=error
            ).job_id

    def job(self, job_id: UUID) -> documents.Job:
        with transaction(self.pool) as connection:
            return documents.find_jobs(connection, self.name, [job_id])[0]


@pytest.fixture
def ada(pool: Pool) -> Owner:
    with transaction(pool) as connection:
        found = documents.add_collection(connection, "ada", "papers", model_id=MODEL, dimension=3)
    return Owner(pool, "ada", found.collection_id)


@pytest.fixture
def pipeline(pool: Pool, tmp_path: Path) -> Pipeline:
    return Pipeline(pool, FakeEmbedder(MODEL, dimension=3), tmp_path / "blobs")


def upload(ada: Owner, pipeline: Pipeline, text: str, **said: Any) -> UUID:
    """Queue a text as /a.txt, with what was said of it."""
    content_hash, _ = blobs.store(io.BytesIO(text.encode()), pipeline.blobs_dir, 10**6)
    with transaction(ada.pool) as connection:
        return documents.add_job(
            connection, ada.name, ada.collection_id, source="/a.txt", content_hash=content_hash, num_bytes=9, **said
        ).job_id


def run(ada: Owner, pipeline: Pipeline, job_id: UUID) -> str:
    """Work on a job as a worker does."""
    with transaction(ada.pool) as connection:
        claim = ledger.claim(connection, job_id, 1, lease_s=60)
    assert claim
    return ingest(pipeline, claim)
