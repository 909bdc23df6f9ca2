"""Cleaning up: what a document or an unfinished job needs stays, the rest goes once it is old."""

import io
import os
from pathlib import Path

from core import blobs
from core.db.pool import transaction
from core.types import Document, ParsedDocument
from ingest import documents
from ingest.cleanup import remove_unneeded
from ingest.describe import Description
from tests.unit.ingest.conftest import Owner


def test_only_old_files_that_nothing_needs_are_removed(ada: Owner, tmp_path: Path) -> None:
    kept_by_document, kept_by_job, unneeded, young = (
        blobs.store(io.BytesIO(content), tmp_path, 100)[0] for content in (b"document", b"job", b"nothing", b"new")
    )
    torn = tmp_path / ".incoming-x"
    torn.write_bytes(b"half")
    path = blobs.path_of(tmp_path, kept_by_document)
    document = Document(ada.collection_id, "/a.txt", path, kept_by_document)
    with transaction(ada.pool) as connection:
        document_id = documents.document_id_of(ada.collection_id, "/a.txt")
        parsed = ParsedDocument("T", "text/plain", "t", (), ())
        documents.replace_document(connection, document, document_id, parsed, Description(), 1)
    ada.add_job("/b.txt", kept_by_job)
    for old in (path, blobs.path_of(tmp_path, kept_by_job), blobs.path_of(tmp_path, unneeded), torn):
        os.utime(old, (0, 0))

    assert remove_unneeded(ada.pool, tmp_path) == 2
    left = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {kept_by_document, kept_by_job, young}
    with transaction(ada.pool) as connection:
        documents.delete_document(connection, ada.scope, document_id)
    assert remove_unneeded(ada.pool, tmp_path) == 1
    assert not path.exists()
