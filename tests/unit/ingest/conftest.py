"""A pool on a fresh database, and one owner with one collection."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from core.access import AccessScope, Principal, scope_for
from core.db.pool import Pool, transaction
from ingest import documents

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
