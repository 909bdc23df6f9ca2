"""The pipeline's one transaction: searchers see a whole version of a document, the old one or the new."""

import hashlib
import io
from typing import Any

import pytest

from core import blobs
from core.db.pool import Connection, transaction
from core.errors import DependencyUnavailable
from ingest import ledger
from ingest.ledger import Claim, LeaseLost
from ingest.pipeline import Pipeline, ingest
from retrieval.lexical.index import WordIndex
from retrieval.search import Search
from retrieval.stores.pgvector import PgVectorStore
from tests.unit.ingest.conftest import Owner

OLD, NEW = b"The canteen opens at nine.", b"The canteen opens at ten."


def claimed(ada: Owner, pipeline: Pipeline, content: bytes) -> Claim:
    blobs.store(io.BytesIO(content), pipeline.blobs_dir, 10**6)
    job_id = ada.add_job("/canteen.txt", hashlib.sha256(content).hexdigest())
    with transaction(pipeline.pool) as connection:
        claim = ledger.claim(connection, job_id, 1, lease_s=60)
    assert claim
    return claim


def found(ada: Owner, pipeline: Pipeline, words: WordIndex) -> list[str]:
    hits = Search(pipeline.pool, pipeline.embedder, PgVectorStore(), words)("When does the canteen open?", scope=ada.scope, k=5)
    return [hit.text for hit in hits]


@pytest.mark.parametrize("error", [LeaseLost("gone"), DependencyUnavailable("the database went away"), MemoryError()])
def test_what_fails_after_the_old_version_was_replaced_leaves_it_to_be_found(
    ada: Owner, pipeline: Pipeline, words: WordIndex, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    assert ingest(pipeline, claimed(ada, pipeline, OLD)) == "indexed"
    changed = claimed(ada, pipeline, NEW)

    def break_off(connection: Connection, *_: Any, **__: Any) -> None:
        texts = [row["text"] for row in connection.execute("SELECT text FROM chunks").fetchall()]
        assert texts == [NEW.decode()], "the new version stands in the transaction already"
        raise error

    with monkeypatch.context() as broken, pytest.raises(type(error)):
        broken.setattr(ledger, "finish", break_off)
        ingest(pipeline, changed)
    assert found(ada, pipeline, words) == [OLD.decode()]
    assert ada.job(changed.job_id).state == "running"
    assert ingest(pipeline, changed) == "indexed"
    assert found(ada, pipeline, words) == [NEW.decode()]


def test_a_new_version_that_cannot_be_read_leaves_the_old_one_to_be_found(
    ada: Owner, pipeline: Pipeline, words: WordIndex
) -> None:
    assert ingest(pipeline, claimed(ada, pipeline, OLD)) == "indexed"
    assert ingest(pipeline, claimed(ada, pipeline, b"some\0binary")) == "rejected"
    assert found(ada, pipeline, words) == [OLD.decode()]
