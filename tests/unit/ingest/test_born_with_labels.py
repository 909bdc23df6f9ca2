"""A document is born with the labels of its upload, keeps them through new versions, and what is set later is not undone."""

from uuid import UUID

import pytest

from core.access import Principal, scope_for
from core.db.pool import transaction
from core.errors import Forbidden, NotFound
from core.labels import Labels, set_labels
from core.permissions import share_collection
from ingest import documents
from ingest.pipeline import Pipeline
from tests.unit.ingest.conftest import Owner, run, upload

ADA = Principal("ada", UUID(int=1))
LEASE = Labels(("lease",), {"office": "Bonn"})


def labels(ada: Owner) -> Labels:
    with transaction(ada.pool) as connection:
        (document,) = documents.list_documents(connection, scope_for(connection, ADA), limit=10)
    return Labels(tuple(document.tags), document.metadata)


def test_a_document_is_born_with_its_labels_and_a_new_version_keeps_them(ada: Owner, pipeline: Pipeline) -> None:
    assert run(ada, pipeline, upload(ada, pipeline, "first", labels=LEASE)) == "indexed"
    assert labels(ada) == LEASE
    assert run(ada, pipeline, upload(ada, pipeline, "second")) == "indexed"
    assert labels(ada) == LEASE
    assert run(ada, pipeline, upload(ada, pipeline, "third", labels=Labels(tags=("ended",)))) == "indexed"
    assert labels(ada) == Labels(("ended",), {"office": "Bonn"})


def test_the_same_bytes_with_other_labels_are_labelled_anew(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, upload(ada, pipeline, "text", labels=LEASE))
    assert run(ada, pipeline, upload(ada, pipeline, "text", labels=Labels((), {"floor": 3}))) == "unchanged"
    assert labels(ada) == Labels((), {"floor": 3})


@pytest.mark.parametrize("text", ["text", "other"])
def test_an_upload_that_was_overtaken_changes_no_label(ada: Owner, pipeline: Pipeline, text: str) -> None:
    older = upload(ada, pipeline, text, labels=Labels(("old",), {"k": 1}))
    assert run(ada, pipeline, upload(ada, pipeline, "text", labels=LEASE)) == "indexed"
    assert run(ada, pipeline, older) == "unchanged"
    assert labels(ada) == LEASE


def test_an_upload_that_overtakes_has_the_labels_of_the_older_one_too(ada: Owner, pipeline: Pipeline) -> None:
    upload(ada, pipeline, "old", labels=LEASE)
    assert run(ada, pipeline, upload(ada, pipeline, "new", labels=Labels(tags=("new",)))) == "indexed"
    assert labels(ada) == Labels(("new",), {"office": "Bonn"})


def test_what_was_set_while_an_upload_waited_stays(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, upload(ada, pipeline, "first"))
    waiting = upload(ada, pipeline, "second", labels=LEASE)
    document_id = documents.document_id_of(ada.collection_id, "/a.txt")
    with transaction(ada.pool) as connection:
        set_labels(connection, ADA, document_id, Labels(("set",), {}))
    assert run(ada, pipeline, waiting) == "indexed"
    assert labels(ada) == Labels(("set",), {})


def test_only_the_owner_sets_labels(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, upload(ada, pipeline, "text", labels=LEASE))
    document_id, bob = documents.document_id_of(ada.collection_id, "/a.txt"), Principal("bob", UUID(int=2))
    with transaction(ada.pool) as connection, pytest.raises(NotFound):
        set_labels(connection, bob, document_id, Labels((), {}))
    with transaction(ada.pool) as connection:
        share_collection(connection, ada.collection_id, ["user:bob"])
    with transaction(ada.pool) as connection, pytest.raises(Forbidden, match="only the owner"):
        set_labels(connection, bob, document_id, Labels((), {}))
    assert labels(ada) == LEASE
