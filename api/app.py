"""The REST API as an ASGI app: every router stands in this file, every other wiring in lifespan.py.

The interactive pages of FastAPI are off, since they load scripts from elsewhere; /openapi.json is served.
"""

from fastapi import FastAPI
from starlette.middleware import Middleware

from api.admission import Admission, questions_at_once
from api.auth import Authentication
from api.errors import add_handlers
from api.lifespan import Services, lifespan
from api.middleware import BodyLimit, Envelope
from api.routes import (
    access,
    ask,
    collections,
    documents,
    extract,
    feedback,
    groups,
    health,
    index,
    jobs,
    keys,
    permissions,
    route,
    search,
    uploads,
)
from core.settings import Settings

VERSION = "0.1.0"
DESCRIPTION = """Questions answered from your own documents, with citations.

Send an API key as `Authorization: Bearer KEY`. A key sees what its owner may read and nothing else: what is not there
and what is not for you look the same, 404. Every error is a problem document (RFC 9457)."""
MAX_FIELDS = 110  # of an upload: a hundred principals and the rest


def create_app(settings: Settings, services: Services) -> FastAPI:
    """Build the app over services that are open, and stay so as long as it serves."""
    app = FastAPI(
        title="Muniment",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        form_limits={"max_files": 1, "max_fields": MAX_FIELDS, "max_part_size": 64_000},
        redirect_slashes=False,
        middleware=[
            Middleware(Envelope),
            Middleware(Authentication, services=services),
            Middleware(BodyLimit, max_upload_bytes=settings.api.max_upload_mb * 1_000_000),
            Middleware(Admission, limit=questions_at_once(settings.llm.parallel)),
        ],
    )
    app.state.services = services
    add_handlers(app)
    for router in (
        health.router,
        collections.router,
        uploads.router,
        jobs.router,
        documents.router,
        search.router,
        ask.router,
        feedback.router,
        extract.router,
        permissions.router,
        access.router,
        groups.router,
        keys.router,
        index.router,
        route.router,
    ):
        app.include_router(router)
    return app
