"""Errors become problem documents (RFC 9457, ``application/problem+json``): here, and nowhere else.

PROBLEMS is the one table, class to status. A row with a ``detail`` hides the error's own message, which then stands in
the log only: it may name hosts and paths that are no caller's business. What callers sent is never echoed back. The
message of an error that is not of our tree stands nowhere: it may quote a document.
"""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import (
    Busy,
    ContextTooLong,
    DependencyUnavailable,
    DocumentError,
    Forbidden,
    InvalidInput,
    LicenceRefused,
    ModelError,
    ModelMismatch,
    ModelUnavailable,
    MunimentError,
    NotFound,
    RejectedDocument,
    SettingsError,
    Unauthenticated,
    UnreadableDocument,
    WeightsError,
)

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "Something went wrong inside the server; its log says what. Ask again, and tell your administrator if it stays."
RETRY_AFTER_S = 5
LOGGED_FRAMES = 8


@dataclass(frozen=True, slots=True)
class Row:
    """What a class of errors looks like from outside; ``detail`` None shows the error's own message."""

    status: int
    title: str
    detail: str | None = None


PROBLEMS: dict[type[MunimentError], Row] = {
    MunimentError: Row(500, "Internal error", UNEXPECTED),
    SettingsError: Row(500, "Server misconfigured", UNEXPECTED),
    InvalidInput: Row(422, "Invalid request"),
    Unauthenticated: Row(401, "Not authenticated"),
    Forbidden: Row(403, "Not allowed"),
    NotFound: Row(404, "Not found"),
    DocumentError: Row(422, "Document not usable"),
    RejectedDocument: Row(422, "Document rejected"),
    UnreadableDocument: Row(422, "Document not readable"),
    ModelError: Row(500, "Model error", UNEXPECTED),
    ModelMismatch: Row(409, "Other embedding model"),
    WeightsError: Row(503, "Model not installed", "A model's weights are not in place; `muniment models verify` says which."),
    LicenceRefused: Row(
        503, "Model not allowed", "The policy on licences does not allow a model; `muniment models list` says which and why."
    ),
    ModelUnavailable: Row(503, "Model not available", "The model server does not answer; try again in a moment."),
    ContextTooLong: Row(422, "Question too long"),
    DependencyUnavailable: Row(
        503, "Service not available", "The database or the broker does not answer; try again in a moment."
    ),
    Busy: Row(503, "Too many questions at once", "Wait until one of the questions being answered is done; then ask again."),
}


def problem_of(error: Exception, instance: str) -> dict[str, Any]:
    """Describe an error to the caller; anything not of our tree is a 500 that tells nothing."""
    if not isinstance(error, MunimentError):
        log.error("request_failed", extra={"path": instance, "error": type(error).__qualname__, "where": _where(error)})
        return problem(500, PROBLEMS[MunimentError].title, UNEXPECTED, instance)
    row = PROBLEMS.get(type(error), PROBLEMS[MunimentError])
    if row.detail is not None:
        log.error("request_failed", extra={"path": instance, "error": type(error).__name__, "reason": str(error)})
    return problem(row.status, row.title, str(error) if row.detail is None else row.detail, instance)


def problem(status: int, title: str, detail: str, instance: str, **members: Any) -> dict[str, Any]:
    """Put together the body of a problem document."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance, **members}


def problem_response(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Wrap a problem in a response, with the headers its status calls for."""
    status = body["status"]
    extra = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(RETRY_AFTER_S)}}.get(status, {})
    return JSONResponse(body, status, headers={**(headers or {}), **extra}, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Make every failure of the app a problem document; what no handler takes is left to the Envelope around it."""
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(MunimentError, _on_error)


def _where(error: Exception) -> str:
    """Say where an error was raised, outermost call first, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-LOGGED_FRAMES:]
    return " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    return problem_response(problem_of(error, request.url.path))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != title else f"{title}: {request.method} {request.url.path}"
    return problem_response(problem(error.status_code, title, detail, request.url.path), error.headers)


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    reasons = [{"field": _field(e["loc"]), "reason": e["msg"].removeprefix("Value error, ")} for e in error.errors()]
    detail = "; ".join(f"{r['field']}: {r['reason']}" for r in reasons)
    return problem_response(problem(422, "Invalid request", detail, request.url.path, errors=reasons))


def _field(location: tuple[int | str, ...]) -> str:
    """Name the field as the caller wrote it: without FastAPI's ``body``, ``query`` or ``path`` before it."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])
