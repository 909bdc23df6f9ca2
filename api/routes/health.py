"""Health: is the process alive, and can it answer questions?

These two are coroutines: they must answer also when every worker thread is busy.
"""

from fastapi import APIRouter, Response

from api.lifespan import Wired
from api.schemas import Dependency, Readiness

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Is the process alive?")
async def livez() -> dict[str, str]:
    """Always 200 while the process serves."""
    return {"status": "alive"}


@router.get("/readyz", summary="Can questions be answered?", responses={503: {"model": Readiness}})
async def readyz(response: Response, services: Wired) -> Readiness:
    """200 or 503, naming each dependency, its state (``ok`` or ``down``) and what is wrong with it."""
    reasons = await services.probes.check()
    ready = not any(reasons.values())
    response.status_code = 200 if ready else 503
    states = {name: Dependency(state="down" if reason else "ok", detail=reason) for name, reason in reasons.items()}
    return Readiness(ready=ready, dependencies=states)
