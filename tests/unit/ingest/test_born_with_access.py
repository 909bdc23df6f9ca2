"""A document is born with what its upload says of who may read it, and what is said later is not undone."""

import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from core import blobs, permissions, sources
from core.access import Principal, scope_for
from core.db.pool import Pool, transaction
from core.permissions import DocumentAccess
from ingest import documents, ledger
from ingest.pipeline import Pipeline, ingest
from tests.fakes_retrieval import FakeEmbedder
from tests.unit.ingest.conftest import MODEL, Owner

FOR_BOB, FOR_ALL = DocumentAccess(["user:bob"]), DocumentAccess(["everyone"])


@pytest.fixture
def pipeline(pool: Pool, tmp_path: Path) -> Pipeline:
    return Pipeline(pool, FakeEmbedder(MODEL, dimension=3), tmp_path)


def add_job(ada: Owner, pipeline: Pipeline, text: str, access: DocumentAccess | None = None) -> UUID:
    content_hash = hashlib.sha256(text.encode()).hexdigest()
    path = blobs.path_of(pipeline.blobs_dir, content_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with transaction(ada.pool) as connection:
        return documents.add_job(
            connection, "ada", ada.collection_id, source="/a.txt", content_hash=content_hash, num_bytes=9, access=access
        ).job_id


def run(ada: Owner, pipeline: Pipeline, job_id: UUID) -> str:
    with transaction(ada.pool) as connection:
        claim = ledger.claim(connection, job_id, 1, lease_s=60)
    assert claim
    return ingest(pipeline, claim)


def texts(ada: Owner, user: str) -> list[str]:
    with transaction(ada.pool) as connection:
        scope = scope_for(connection, Principal(user, UUID(int=1)))
        found = documents.list_documents(connection, scope, limit=10)
        return [documents.document_text(connection, scope, document.document_id) for document in found]


def share(ada: Owner, *allowed: str) -> None:
    with transaction(ada.pool) as connection:
        permissions.share_collection(connection, ada.collection_id, allowed)


def test_a_document_is_born_with_its_permissions_and_a_new_version_keeps_them(ada: Owner, pipeline: Pipeline) -> None:
    share(ada, "everyone")
    assert run(ada, pipeline, add_job(ada, pipeline, "first", FOR_BOB)) == "indexed"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["first"], [])
    assert run(ada, pipeline, add_job(ada, pipeline, "second")) == "indexed"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["second"], [])


def test_the_same_bytes_with_another_list_are_read_by_others(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, add_job(ada, pipeline, "text"))
    assert run(ada, pipeline, add_job(ada, pipeline, "text", FOR_BOB)) == "unchanged"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["text"], [])


@pytest.mark.parametrize("text", ["text", "other"])
def test_an_upload_that_was_overtaken_changes_no_permission(ada: Owner, pipeline: Pipeline, text: str) -> None:
    older = add_job(ada, pipeline, text, FOR_ALL)
    assert run(ada, pipeline, add_job(ada, pipeline, "text", FOR_BOB)) == "indexed"
    assert run(ada, pipeline, older) == "unchanged"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["text"], [])


def test_an_upload_that_overtakes_is_read_by_whom_the_older_one_named(ada: Owner, pipeline: Pipeline) -> None:
    share(ada, "everyone")
    older = add_job(ada, pipeline, "old", FOR_BOB)
    assert run(ada, pipeline, add_job(ada, pipeline, "new")) == "indexed"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["new"], [])
    assert run(ada, pipeline, older) == "unchanged"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["new"], [])


def test_a_source_that_went_while_the_upload_waited_leaves_the_document_to_its_owner(ada: Owner, pipeline: Pipeline) -> None:
    share(ada, "everyone")
    with transaction(ada.pool) as connection:
        sources.put_source(connection, ada.collection_id, "share", allowed=["everyone"], max_age_s=None)
    job_id = add_job(ada, pipeline, "text", DocumentAccess(None, "share"))
    with transaction(ada.pool) as connection:
        sources.delete_source(connection, ada.collection_id, "share")
    assert run(ada, pipeline, job_id) == "indexed"
    assert (texts(ada, "ada"), texts(ada, "bob")) == (["text"], [])
