"""Who is calling: nothing under /v1 is even read before its API key has been found good.

A middleware rather than a dependency of each route, so that a new route cannot forget it and a stranger's upload is
refused before its first byte is stored. Routes take the result as ``Caller``.
"""

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem_of, problem_response
from api.lifespan import Services
from core.access import Principal
from core.db.pool import transaction
from core.errors import Forbidden, MunimentError, Unauthenticated
from core.keys import authenticate

PROTECTED = "/v1"
MAX_KEY_CHARS = 200
THREADS = 4  # of its own: a caller is told who he is not, also while long requests hold every other thread
bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer mun_...`")


class Authentication:
    """ASGI middleware: a request under /v1 goes on with its Principal, or ends here."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app, self.services, self.limiter = app, services, CapacityLimiter(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not (scope["path"] + "/").startswith(PROTECTED + "/"):
            return await self.app(scope, receive, send)
        try:
            header = Headers(scope=scope).get("authorization", "")
            principal = await to_thread.run_sync(self._principal, header, limiter=self.limiter)
        except MunimentError as error:
            return await problem_response(problem_of(error, scope["path"]))(scope, receive, send)
        scope.setdefault("state", {})["principal"] = principal
        return await self.app(scope, receive, send)

    def _principal(self, header: str) -> Principal:
        scheme, _, key = header.partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key or len(key) > MAX_KEY_CHARS:
            raise Unauthenticated("Send your API key as `Authorization: Bearer KEY`.")
        with transaction(self.services.pool) as connection:
            return authenticate(connection, key)


def _caller(request: Request, _: Annotated[object, Depends(bearer)]) -> Principal:
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(_caller)]


def _admin(principal: Caller) -> Principal:
    if not principal.is_admin:
        raise Forbidden("Only an administrator's key may do this.")
    return principal


Admin = Annotated[Principal, Depends(_admin)]
