"""How many questions are answered at once: so many of all callers together, and half as many of one owner.

A question holds a thread until its answer is written, and all routes share the threads; without a limit one caller could
take them all. Refused questions cost none: this is a middleware, inside of Authentication, and it runs in the event loop.
"""

from collections import Counter

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem_of, problem_response
from core.errors import Busy

ASK, EXTRACT = "/v1/ask", "/v1/extract"


def questions_at_once(parallel: int) -> int:
    """Say how many questions to take for a model that answers ``parallel`` at once; the others wait for their turn there.

    >>> questions_at_once(2)
    8
    """
    return max(4, 4 * parallel)


class Admission:
    """ASGI middleware: a question that is one too many is refused with 503; every other holds its place to the end."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit
        self.asking: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] not in {ASK, EXTRACT}:
            return await self.app(scope, receive, send)
        owner = scope["state"]["principal"].owner_id
        if self.asking.total() >= self.limit or self.asking[owner] >= self.limit // 2:
            busy = Busy(f"{self.asking.total()} questions are being answered, {self.asking[owner]} of them of this caller")
            return await problem_response(problem_of(busy, scope["path"]))(scope, receive, send)
        self.asking[owner] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.asking[owner] -= 1
            self.asking += Counter()  # drops the owners at zero
