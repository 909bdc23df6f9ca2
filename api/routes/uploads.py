"""The way in: a file is stored, written into the ledger as a job, and a worker is nudged."""

import json
import logging
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

from api.auth import Caller
from api.bodies import CollectionName, Source
from api.lifespan import Services, Wired
from api.middleware import too_large
from api.schemas import Job, problems
from core import blobs, permissions, queue
from core.db.pool import transaction
from core.errors import DependencyUnavailable, InvalidInput
from core.labels import Labels, checked_metadata, checked_tags
from core.permissions import DocumentAccess
from core.principals import checked_list
from ingest import documents

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/collections", tags=["documents"], responses=problems(401, 422, 503))

EMPTY = "The file is empty (0 bytes); there is nothing to index."
_source = TypeAdapter(Source)


@router.post("/{name}/documents", status_code=202, summary="Upload a file to be indexed", responses=problems(403, 404, 413))
def upload(
    name: CollectionName,
    file: UploadFile,
    caller: Caller,
    services: Wired,
    *,
    source: Annotated[str, Form()] = "",
    allowed: Annotated[list[str] | None, Form()] = None,
    access_source: Annotated[str | None, Form()] = None,
    tags: Annotated[list[str] | None, Form()] = None,
    metadata: Annotated[str | None, Form()] = None,
) -> Job:
    """Answers with a job to poll at ``/v1/jobs``. The same source again replaces the document; the same bytes change nothing.

    ``source`` says where the file comes from (its path or address, at most 1,000 characters); the file's name if absent.
    Who may read the document, from its first moment: ``allowed``, principals by commas or one each (name yourself to keep it to
    yourself), and ``access_source``, the source whose permissions it follows. Without both a new document inherits the
    collection's list, and the new version of a document stays with whom it was.
    Its labels: ``tags``, by commas or one each, and ``metadata``, a JSON object of texts, numbers, true and false by key. Where
    one is absent, the new version of a document keeps what it had.
    """
    source = _checked_source(source or file.filename or "")
    access, labels = _said_access(allowed, access_source), _said_labels(tags, metadata)
    max_bytes = services.settings.api.max_upload_mb * 1_000_000
    if (file.size or 0) > max_bytes:
        raise HTTPException(413, too_large(max_bytes))
    with transaction(services.pool) as connection:  # before the bytes are kept
        id_ = permissions.own_collection(connection, caller, name)
        permissions.require_source(connection, id_, access_source)
    content_hash, num_bytes = blobs.store(file.file, services.settings.blobs_dir, max_bytes)
    error = None if num_bytes else EMPTY
    with transaction(services.pool) as connection:
        job = documents.add_job(
            connection,
            caller.owner_id,
            permissions.own_collection(connection, caller, name),  # it may have been deleted meanwhile
            source=source,
            content_hash=content_hash,
            num_bytes=num_bytes,
            error=error,
            access=access,
            labels=labels,
        )
        detail: dict[str, Any] = {"job_id": str(job.job_id), "collection": name, "content_hash": content_hash}
        if access:
            detail |= {"allowed": access.allowed, "access_source": access.source}
        if labels:
            detail |= {"tags": labels.tags, "keys": sorted(labels.metadata or {})}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "document.upload", detail)
    if job.state == "queued":
        _enqueue(services, job.job_id)
    return Job.model_validate(job)


def _said_access(allowed: list[str] | None, access_source: str | None) -> DocumentAccess | None:
    """Put together what an upload says of who may read the document; None where it says nothing. Raises InvalidInput."""
    if allowed is None and access_source is None:
        return None
    if allowed is None:
        return DocumentAccess(None, access_source)
    return DocumentAccess(checked_list(part.strip() for value in allowed for part in value.split(",")), access_source)


def _said_labels(tags: list[str] | None, metadata: str | None) -> Labels:
    """Put together what an upload says of the document's labels; raises InvalidInput."""
    return Labels(
        None if tags is None else checked_tags(tag for value in tags for part in value.split(",") if (tag := part.strip())),
        None if metadata is None else checked_metadata(_json_object(metadata)),
    )


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidInput('metadata: write it as a JSON object, such as {"client": "Acme", "year": 2020}.')
    return value


def _checked_source(source: str) -> str:
    try:
        return _source.validate_python(source)
    except ValidationError as error:
        raise InvalidInput(f"source: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def _enqueue(services: Services, job_id: UUID) -> None:
    """Nudge a worker. With the broker away the job is safe in the ledger, where the workers' sweep will find it."""
    try:
        queue.enqueue_ingest(services.celery, job_id, attempt=1)
    except DependencyUnavailable as error:
        log.warning("enqueue_failed", extra={"job_id": str(job_id), "reason": str(error)})
        return
    with transaction(services.pool) as connection:
        documents.mark_enqueued(connection, job_id)
