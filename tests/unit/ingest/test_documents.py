"""Documents: replaced whole, read only through a scope, and not there for strangers."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.access import Principal, scope_for
from core.db.pool import Pool, transaction
from core.errors import ModelMismatch, NotFound
from core.types import Box, Document, Line, Page, ParsedDocument
from ingest import documents, ledger
from ingest.describe import Description
from tests.unit.ingest.conftest import MODEL, Owner


def put(
    ada: Owner,
    tmp_path: Path,
    text: str,
    source: str = "/x/a.txt",
    content_hash: str = "aa",
    described: Description = Description(),  # noqa: B008  # frozen
) -> UUID:
    path = tmp_path / "blob"
    path.write_text(text)
    document = Document(ada.collection_id, source, path, content_hash)
    document_id = documents.document_id_of(ada.collection_id, source)
    pages = (Page(1, 0, len(text), 612, 792, (Line(0, len(text), Box(1, 2, 3, 4)),)),)
    with transaction(ada.pool) as connection:
        documents.lock_document(connection, document_id)
        parsed = ParsedDocument("T", "text/plain", text, pages, ())
        documents.replace_document(connection, document, document_id, parsed, described, 1)
    return document_id


def test_a_new_version_keeps_the_id_and_leaves_nothing_of_the_old(ada: Owner, tmp_path: Path) -> None:
    first = put(ada, tmp_path, "old text")
    second = put(ada, tmp_path, "the new text", content_hash="bb")
    assert first == second
    with transaction(ada.pool) as connection:
        assert documents.document_text(connection, ada.scope, second) == "the new text"
        assert len(documents.list_documents(connection, ada.scope, limit=10)) == 1
        pages = connection.execute("SELECT number, line_ends, line_boxes FROM pages").fetchall()
        document = Document(ada.collection_id, "/x/a.txt", tmp_path, "bb")
        assert documents.indexed_version(connection, document) == (second, "bb")
    assert pages == [{"number": 1, "line_ends": [12], "line_boxes": [1.0, 2.0, 3.0, 4.0]}]


def test_a_stranger_reads_lists_finds_and_deletes_nothing(ada: Owner, tmp_path: Path) -> None:
    document_id, job_id = put(ada, tmp_path, "secret"), ada.add_job()
    with transaction(ada.pool) as connection:
        eve = scope_for(connection, Principal("eve", uuid4()))
        assert documents.list_documents(connection, eve, limit=10) == []
        assert documents.list_collections(connection, eve) == []
        assert documents.find_jobs(connection, "eve", [job_id]) == []
        for call in (documents.find_document, documents.document_text, documents.delete_document):
            with pytest.raises(NotFound) as hidden:
                call(connection, eve, document_id)
            nobody = uuid4()
            with pytest.raises(NotFound) as absent:
                call(connection, eve, nobody)
            assert str(hidden.value).replace(str(document_id), str(nobody)) == str(absent.value)
        with pytest.raises(NotFound):
            documents.delete_collection(connection, "eve", "papers")
        assert documents.document_text(connection, ada.scope, document_id) == "secret"


def test_deleting_stops_what_is_on_its_way_in(ada: Owner, tmp_path: Path) -> None:
    document_id = put(ada, tmp_path, "text", source="/a.txt")
    running, waiting = ada.add_job("/a.txt", "bb"), ada.add_job("/a.txt", "cc")
    other = ada.add_job("/b.txt", "dd")
    with transaction(ada.pool) as connection:
        claim = ledger.claim(connection, running, 1, lease_s=60)
    assert claim
    with transaction(ada.pool) as connection:
        documents.delete_document(connection, ada.scope, document_id)
    assert [ada.job(j).state for j in (running, waiting, other)] == ["failed", "failed", "queued"]
    with pytest.raises(ledger.LeaseLost), transaction(ada.pool) as connection:
        ledger.finish(connection, claim, "indexed")


def test_a_job_for_a_collection_that_is_gone_or_anothers_is_refused(ada: Owner) -> None:
    with transaction(ada.pool) as connection:
        for owner, collection_id in (("eve", ada.collection_id), ("ada", uuid4())):
            with pytest.raises(NotFound):
                documents.add_job(connection, owner, collection_id, source="/a", content_hash="00", num_bytes=1)


def test_a_collection_is_made_once_and_counts_what_it_holds(ada: Owner, tmp_path: Path) -> None:
    put(ada, tmp_path, "text")
    with transaction(ada.pool) as connection:
        again = documents.add_collection(connection, "ada", "papers", model_id="another@1", dimension=9)
        assert again.collection_id == ada.collection_id
        assert (again.embedding_model, again.num_documents, again.num_chunks) == (MODEL, 1, 1)
        documents.delete_collection(connection, "ada", "papers")
        assert connection.execute("SELECT count(*) AS n FROM documents").fetchone() == {"n": 0}


def test_vectors_of_another_model_are_refused(ada: Owner) -> None:
    with transaction(ada.pool) as connection:
        documents.require_model(connection, ada.collection_id, MODEL)
        with pytest.raises(ModelMismatch, match="another@1"):
            documents.require_model(connection, ada.collection_id, "another@1")
        with pytest.raises(NotFound):
            documents.require_model(connection, uuid4(), MODEL)


def test_a_file_refused_at_the_door_is_in_the_ledger_with_its_reason(ada: Owner) -> None:
    job = ada.job(ada.add_job(error="The file is empty."))
    assert (job.state, job.error, job.collection) == ("rejected", "The file is empty.", "papers")


def test_the_audit_trail_keeps_who_and_what(pool: Pool) -> None:
    key_id = uuid4()
    with transaction(pool) as connection:
        documents.record_audit(connection, "ada", key_id, "search", {"num_hits": 3})
        row = connection.execute("SELECT owner_id, key_id, action, detail FROM audit").fetchone()
    assert row == {"owner_id": "ada", "key_id": key_id, "action": "search", "detail": {"num_hits": 3}}
