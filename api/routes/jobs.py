"""Jobs: how far the files on their way in have come."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import Caller
from api.lifespan import Wired
from api.schemas import Job, Jobs, problems
from core.db.pool import transaction
from core.errors import InvalidInput, NotFound
from ingest import documents

router = APIRouter(prefix="/v1/jobs", tags=["documents"], responses=problems(401, 422, 503))

MAX_IDS = 500


@router.get("", summary="Poll several jobs")
def list_jobs(caller: Caller, services: Wired, ids: Annotated[str, Query(description="Up to 500 job ids, by commas.")]) -> Jobs:
    """Jobs that are not there, or not yours, are left out."""
    with transaction(services.pool) as connection:
        jobs = documents.find_jobs(connection, caller.owner_id, _parsed(ids))
    return Jobs.model_validate({"jobs": jobs})


@router.get("/{job_id}", summary="Poll one job", responses=problems(404))
def find_job(job_id: UUID, caller: Caller, services: Wired) -> Job:
    """Done when its state is none of ``queued`` and ``running``."""
    with transaction(services.pool) as connection:
        jobs = documents.find_jobs(connection, caller.owner_id, [job_id])
    if not jobs:
        raise NotFound(f"There is no job {job_id}.")
    return Job.model_validate(jobs[0])


def _parsed(ids: str) -> list[UUID]:
    parts = [part.strip() for part in ids.split(",") if part.strip()]
    if len(parts) > MAX_IDS:
        raise InvalidInput(f"ids: at most {MAX_IDS} job ids at a time.")
    try:
        return [UUID(part) for part in parts]
    except ValueError:
        raise InvalidInput("ids: job ids, separated by commas, as the upload answered them.") from None
