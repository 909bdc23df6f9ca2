"""A document is born with what its upload says of who may read it, and what is said later is not undone."""

from uuid import UUID

import pytest

from core import permissions, sources
from core.access import Principal, scope_for
from core.db.pool import transaction
from core.permissions import DocumentAccess
from ingest import documents
from ingest.pipeline import Pipeline
from tests.unit.ingest.conftest import Owner, run, upload

FOR_BOB, FOR_ALL = DocumentAccess(["user:bob"]), DocumentAccess(["everyone"])


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
    assert run(ada, pipeline, upload(ada, pipeline, "first", access=FOR_BOB)) == "indexed"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["first"], [])
    assert run(ada, pipeline, upload(ada, pipeline, "second")) == "indexed"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["second"], [])


def test_the_same_bytes_with_another_list_are_read_by_others(ada: Owner, pipeline: Pipeline) -> None:
    run(ada, pipeline, upload(ada, pipeline, "text"))
    assert run(ada, pipeline, upload(ada, pipeline, "text", access=FOR_BOB)) == "unchanged"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["text"], [])


@pytest.mark.parametrize("text", ["text", "other"])
def test_an_upload_that_was_overtaken_changes_no_permission(ada: Owner, pipeline: Pipeline, text: str) -> None:
    older = upload(ada, pipeline, text, access=FOR_ALL)
    assert run(ada, pipeline, upload(ada, pipeline, "text", access=FOR_BOB)) == "indexed"
    assert run(ada, pipeline, older) == "unchanged"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["text"], [])


def test_an_upload_that_overtakes_is_read_by_whom_the_older_one_named(ada: Owner, pipeline: Pipeline) -> None:
    share(ada, "everyone")
    older = upload(ada, pipeline, "old", access=FOR_BOB)
    assert run(ada, pipeline, upload(ada, pipeline, "new")) == "indexed"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["new"], [])
    assert run(ada, pipeline, older) == "unchanged"
    assert (texts(ada, "bob"), texts(ada, "eve")) == (["new"], [])


def test_a_source_that_went_while_the_upload_waited_leaves_the_document_to_its_owner(ada: Owner, pipeline: Pipeline) -> None:
    share(ada, "everyone")
    with transaction(ada.pool) as connection:
        sources.put_source(connection, ada.collection_id, "share", allowed=["everyone"], max_age_s=None)
    job_id = upload(ada, pipeline, "text", access=DocumentAccess(None, "share"))
    with transaction(ada.pool) as connection:
        sources.delete_source(connection, ada.collection_id, "share")
    assert run(ada, pipeline, job_id) == "indexed"
    assert (texts(ada, "ada"), texts(ada, "bob")) == (["text"], [])
