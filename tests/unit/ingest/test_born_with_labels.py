"""A document is born with the labels of its upload, keeps them through new versions, and what is set later is not undone."""

import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from core import blobs
from core.access import Principal, scope_for
from core.db.pool import Pool, transaction
from core.errors import Forbidden, NotFound
from core.labels import UNLABELLED, Labels, set_labels
from core.permissions import share_collection
from ingest import documents, ledger
from ingest.pipeline import Pipeline, ingest
from tests.fakes_retrieval import FakeEmbedder
from tests.unit.ingest.conftest import MODEL, Owner

ADA = Principal("ada", UUID(int=1))
LEASE = Labels(("lease",), {"office": "Bonn"})


@pytest.fixture
def pipeline(pool: Pool, tmp_path: Path) -> Pipeline:
    return Pipeline(pool, FakeEmbedder(MODEL, dimension=3), tmp_path)


def add_job(ada: Owner, pipeline: Pipeline, text: str, labels: Labels = UNLABELLED) -> UUID:
    content_hash = hashlib.sha256(text.encode()).hexdigest()
    path = blobs.path_of(pipeline.blobs_dir, content_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with transaction(ada.pool) as connection:
        return documents.add_job(
            connection, "ada", ada.collection_id, source="/a.txt", content_hash=content_hash, num_bytes=9, labels=labels
        ).job_id


def run(ada: Owner, pipeline: Pipeline, job_id: UUID) -> str:
    with transaction(ada.pool) as connection:
        claim = ledger.claim(connection, job_id, 1, lease_s=60)
    assert claim
    return ingest(pipeline, claim)


def labels(ada: Owner) -> Labels:
    with transaction(ada.pool) as connection:
        (document,) = documents.list_documents(connection, scope_for(connection, ADA), limit=10)
    return Labels(tuple(document.tags), document.metadata)


def test_a_document_is_born_with_its_labels_and_a_new_version_keeps_them(ada: Owner, pipeline: Pipeline) -> None:
    assert run(ada, pipeline, add_job(ada, pipeline, "first", LEASE)) == "indexed"
    assert labels(ada) == LEASE
    assert run(ada, pipeline, add_job(ada, pipeline, "second")) == "indexed"
    assert labels(ada) == LEASE
    assert run(ada, pipeline, add_job(ada, pipeline, "third", Labels(tags=("ended",)))) == "indexed"
    assert labels(ada) == Labels(("ended",), {"office": "Bonn"})


def test_the_same_bytes_with_other_labels_are_labelled_anew(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, add_job(ada, pipeline, "text", LEASE))
    assert run(ada, pipeline, add_job(ada, pipeline, "text", Labels((), {"floor": 3}))) == "unchanged"
    assert labels(ada) == Labels((), {"floor": 3})


@pytest.mark.parametrize("text", ["text", "other"])
def test_an_upload_that_was_overtaken_changes_no_label(ada: Owner, pipeline: Pipeline, text: str) -> None:
    older = add_job(ada, pipeline, text, Labels(("old",), {"k": 1}))
    assert run(ada, pipeline, add_job(ada, pipeline, "text", LEASE)) == "indexed"
    assert run(ada, pipeline, older) == "unchanged"
    assert labels(ada) == LEASE


def test_an_upload_that_overtakes_has_the_labels_of_the_older_one_too(ada: Owner, pipeline: Pipeline) -> None:
    add_job(ada, pipeline, "old", LEASE)
    assert run(ada, pipeline, add_job(ada, pipeline, "new", Labels(tags=("new",)))) == "indexed"
    assert labels(ada) == Labels(("new",), {"office": "Bonn"})


def test_what_was_set_while_an_upload_waited_stays(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, add_job(ada, pipeline, "first"))
    waiting = add_job(ada, pipeline, "second", LEASE)
    document_id = documents.document_id_of(ada.collection_id, "/a.txt")
    with transaction(ada.pool) as connection:
        set_labels(connection, ADA, document_id, Labels(("set",), {}))
    assert run(ada, pipeline, waiting) == "indexed"
    assert labels(ada) == Labels(("set",), {})


def test_only_the_owner_sets_labels(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, add_job(ada, pipeline, "text", LEASE))
    document_id, bob = documents.document_id_of(ada.collection_id, "/a.txt"), Principal("bob", UUID(int=2))
    with transaction(ada.pool) as connection, pytest.raises(NotFound):
        set_labels(connection, bob, document_id, Labels((), {}))
    with transaction(ada.pool) as connection:
        share_collection(connection, ada.collection_id, ["user:bob"])
    with transaction(ada.pool) as connection, pytest.raises(Forbidden, match="only the owner"):
        set_labels(connection, bob, document_id, Labels((), {}))
    assert labels(ada) == LEASE
