"""What holds for every request: a limit on its size, headers that keep browsers strict, an answer also to a bug, one log line.

Plain ASGI, so that a streamed answer passes through unbuffered.
"""

import logging
import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem, problem_of, problem_response

log = logging.getLogger(__name__)

MAX_JSON_BYTES = 1_000_000
MULTIPART_OVERHEAD_BYTES = 64_000
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
QUIET = {"/livez", "/readyz"}
UPLOAD_PATH = re.compile(r"/v1/collections/[^/]+/documents")


class Envelope:
    """Adds the security headers to every response and logs every request, without its query or body.

    What nobody else caught is answered here, since Starlette's own last handler answers outside of every middleware. It is
    not raised again: the server would log the message of an error that may hold a document's text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = time.monotonic(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the API's last handler
            body = problem_of(error, scope["path"])
            if not status:  # else the answer has begun; the server sees that it is not whole, and hangs up
                await problem_response(body)(scope, receive, send_with_headers)
        finally:
            level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
            ms = round(1000 * (time.monotonic() - started))
            log.log(level, "request", extra={"method": scope["method"], "path": scope["path"], "status": status, "ms": ms})


class BodyLimit:
    """Refuses, with 413, a body longer than its route may have: by its declared length, else as it arrives.

    Only the upload, which is spooled to disk, may be long. Everything else is read into memory.
    """

    def __init__(self, app: ASGIApp, max_upload_bytes: int) -> None:
        self.app, self.max_upload_bytes = app, max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self.max_upload_bytes if is_upload(scope) else MAX_JSON_BYTES
        num_allowed = limit + is_upload(scope) * MULTIPART_OVERHEAD_BYTES
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > num_allowed:
            return await problem_response(problem(413, "Content Too Large", too_large(limit), scope["path"]))(
                scope, receive, send
            )
        num_bytes = 0

        async def receive_within_limit() -> Message:
            nonlocal num_bytes
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > num_allowed:
                raise HTTPException(413, too_large(limit))
            return message

        return await self.app(scope, receive_within_limit, send)


def is_upload(scope: Scope) -> bool:
    """Tell whether this is the one request that brings a file: a form with parts to ``/v1/collections/{name}/documents``."""
    form = Headers(scope=scope).get("content-type", "").lower().startswith("multipart/form-data")
    return form and scope["method"] == "POST" and UPLOAD_PATH.fullmatch(scope["path"]) is not None


def too_large(limit: int) -> str:
    """Say that something is longer than ``limit`` bytes."""
    return f"The body is larger than {limit / 1e6:g} MB, the most this server takes."
