"""The vector index: how it stands, and building it anew; for administrators."""

from fastapi import APIRouter

from api.auth import Admin
from api.lifespan import Services, Wired
from api.schemas import Index, Rebuild, problems
from core.db.pool import transaction
from ingest import documents
from retrieval.stores.base import VectorIndex
from retrieval.stores.choose import StoreName

router = APIRouter(prefix="/v1/index", tags=["index"], responses=problems(401, 403, 422, 503))


@router.get("", summary="How does the vector index stand?")
def index_status(admin: Admin, services: Wired, store: StoreName | None = None) -> Index:
    """Of the store that the settings choose, or of another, which is opened by that."""
    return _status(_store(services, store), services)


@router.post("/rebuild", status_code=202, summary="Build the vector index anew")
def rebuild_index(body: Rebuild, admin: Admin, services: Wired) -> Index:
    """From PostgreSQL, in the background: searches go on meanwhile."""
    store = _store(services, body.store)
    store.rebuild(services.embedder.model_id, services.embedder.dimension)
    with transaction(services.pool) as connection:
        detail = {"store": body.store or services.settings.vector.store}
        documents.record_audit(connection, admin.owner_id, admin.key_id, "index.rebuild", detail)
    return _status(store, services)


def _store(services: Services, name: StoreName | None) -> VectorIndex:
    return services.stores[name or services.settings.vector.store]


def _status(store: VectorIndex, services: Services) -> Index:
    return Index.model_validate(store.status(services.embedder.model_id, services.embedder.dimension))
