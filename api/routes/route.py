"""Which way a question goes, told without sending it, and what has gone outside; the latter for administrators."""

import math
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.auth import Admin, Caller
from api.lifespan import Services, Wired
from api.questions import checked, conversation
from api.routed import Considered, EgressLog, RouteExplanation, RouteQuestion
from api.routing import CHARS_PER_TOKEN
from api.schemas import problems
from core import egress
from core.access import AccessScope, Principal, scope_for
from core.db.pool import transaction
from core.errors import Forbidden
from core.sensitivity import may_leave
from core.types import Hit, Turn
from generation.answer import K
from generation.privacy.personal import LANGUAGE
from generation.window import fitted, passage_tokens
from ingest import documents
from retrieval.context import Packer

router = APIRouter(prefix="/v1/route", tags=["routing"], responses=problems(401, 403, 422, 503))
EgressId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.post("/explain", summary="Which engine would answer, and why?", responses=problems(404))
def explain_route(body: RouteQuestion, caller: Caller, services: Wired) -> RouteExplanation:
    """Nothing is sent to any engine. Of another user an administrator learns the rule, and no passage."""
    question = checked(body.question, services.settings.api.max_question_chars)
    history = conversation(body.history, services.settings)
    asker = _asker(caller, body.user)
    with transaction(services.pool) as connection:
        scope = scope_for(connection, asker, body.collection)
    asked, decision = services.router.decide(scope, question, history)
    outside = services.router.leads_outside(decision.engine)
    is_own = asker == caller
    hits = _passages(body, question, scope, services, decision.engine) if outside and is_own else []
    document_ids = sorted({hit.document_id for hit in hits})
    with transaction(services.pool) as connection:
        # The rewriting of a question after others leaves before there is any passage; without a passage no engine is asked.
        leaves = outside and (bool(history) or (bool(hits) and may_leave(connection, document_ids, [LANGUAGE])))
        detail = {
            "collection": body.collection,
            "user": asker.owner_id,
            "engine": decision.engine,
            "rule": decision.rule,
            "document_ids": [str(document_id) for document_id in document_ids],
        }
        documents.record_audit(connection, caller.owner_id, caller.key_id, "route.explain", detail)
    return RouteExplanation.model_validate(
        {
            "user": asker.owner_id,
            "engine": decision.engine,
            "model": services.router.model_of(decision.engine),
            "rule": decision.rule,
            "outside": outside,
            "asked": {**{name: getattr(asked, name) for name in asked.__slots__}, "groups": sorted(asked.groups)},
            "rules": [Considered.model_validate(considered) for considered in decision.considered],
            "leaves": leaves if is_own or not outside else None,
            "document_ids": document_ids,
            "replaced": _replaced(question, history, hits, services) if outside else [],
        }
    )


@router.get("/egress", summary="What has left for engines outside")
def list_egress(
    admin: Admin,
    services: Wired,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Entries older than this one.")] = None,
) -> EgressLog:
    """Newest first: who, when, by which rule, to where, of which documents, how many bytes."""
    with transaction(services.pool) as connection:
        listed = egress.list_egress(connection, admin, limit=limit, before=before)
    return EgressLog.model_validate({"egress": listed})


@router.get("/egress/{egress_id}/body", summary="What left, to the byte", responses=problems(404))
def egress_body(egress_id: EgressId, admin: Admin, services: Wired) -> Response:
    """With placeholders in the place of personal data, as it was sent."""
    with transaction(services.pool) as connection:
        body = egress.find_body(connection, admin, egress_id)
        documents.record_audit(connection, admin.owner_id, admin.key_id, "egress.read", {"egress_id": egress_id})
    return Response(body, media_type="application/octet-stream")


def _asker(caller: Principal, user: str | None) -> Principal:
    if user is None or user == caller.owner_id:
        return caller
    if not caller.is_admin:
        raise Forbidden("Only an administrator may ask about another user's question.")
    return Principal(user, caller.key_id)


def _passages(body: RouteQuestion, question: str, scope: AccessScope, services: Services, engine: str) -> list[Hit]:
    """Find what would be given to this engine; the tokens are estimated, since counting them would ask one."""
    context_tokens, window_tokens = services.router.room_of(engine)
    found = services.search(question, filters=body.filters.checked(), scope=scope, k=K)
    budget = passage_tokens(question, _estimate, context_tokens, window_tokens)
    context = Packer(services.pool, scope)(question, found, budget_tokens=budget, count_tokens=_estimate)
    return list(fitted(context, _estimate, window_tokens).context.hits)


def _estimate(text: str) -> int:
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def _replaced(question: str, history: tuple[Turn, ...], hits: list[Hit], services: Services) -> list[object]:
    redaction = services.router.redaction()
    said = [text for turn in history for text in (turn.question, turn.answer)]
    redaction.hide([question, *said, *(hit.text for hit in hits), *(hit.title for hit in hits)])
    return list(redaction.replaced)
