"""Feedback: what readers say of their answers. It is kept when it is sent, and an answer nobody rates is not kept at all.

A reader sees and deletes his own; an administrator, whose task it is to make the answers better, everybody's.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import Caller
from api.feedback import Feedback, FeedbackList, NewFeedback, kept
from api.lifespan import Wired
from api.questions import checked
from api.schemas import problems
from core import feedback
from core.access import scope_for
from core.db.pool import transaction
from ingest import documents

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], responses=problems(401, 422, 503))


@router.post("", status_code=201, summary="Say whether an answer was good", responses=problems(404))
def add_feedback(body: NewFeedback, caller: Caller, services: Wired) -> Feedback:
    """Keeps the question, the answer, the places it cited and what is said of it. Administrators see it."""
    question = checked(body.question, services.settings.api.max_question_chars)
    with transaction(services.pool) as connection:
        collection = feedback.address_of(connection, scope_for(connection, caller, body.collection), body.collection)
        rating = feedback.Rating(
            verdict=body.verdict,
            question=question,
            collection=collection,
            answer=kept(body.answer),
            should_refuse=body.should_refuse,
            expected=body.expected,
            quote=body.quote,
            document=body.document,
            comment=body.comment,
        )
        added = feedback.add_feedback(connection, caller, rating, body.replaces)
        detail = {"feedback_id": str(added.feedback_id), "verdict": added.verdict}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "feedback.add", detail)
    return Feedback.model_validate(added)


@router.get("", summary="List feedback")
def list_feedback(
    caller: Caller,
    services: Wired,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> FeedbackList:
    """Yours, the newest first; everybody's with an administrator's key."""
    with transaction(services.pool) as connection:
        found = feedback.list_feedback(connection, caller, limit=limit, offset=offset)
        if others := sorted(str(item.feedback_id) for item in found if item.owner_id != caller.owner_id):
            documents.record_audit(connection, caller.owner_id, caller.key_id, "feedback.list", {"of_others": others})
    return FeedbackList.model_validate({"feedback": found})


@router.delete("/{feedback_id}", status_code=204, summary="Delete feedback", responses=problems(404))
def delete_feedback(feedback_id: UUID, caller: Caller, services: Wired) -> None:
    """Yours; anybody's with an administrator's key."""
    with transaction(services.pool) as connection:
        feedback.delete_feedback(connection, caller, feedback_id)
        documents.record_audit(connection, caller.owner_id, caller.key_id, "feedback.delete", {"feedback_id": str(feedback_id)})
