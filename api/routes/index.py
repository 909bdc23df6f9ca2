"""The vector index: how it stands, building it anew, and which store is searched; for administrators."""

from fastapi import APIRouter

from api.auth import Admin
from api.bodies import Rebuild, Switch
from api.lifespan import Services, Wired
from api.schemas import Index, problems
from core.access import Principal
from core.db.pool import transaction
from ingest import documents
from retrieval.stores.choose import StoreName

router = APIRouter(prefix="/v1/index", tags=["index"], responses=problems(401, 403, 422, 503))


@router.get("", summary="How does the vector index stand?")
def index_status(admin: Admin, services: Wired, store: StoreName | None = None) -> Index:
    """Of the store that is searched, or of another."""
    return _status(services, store)


@router.post("/rebuild", status_code=202, summary="Build the vector index anew")
def rebuild_index(body: Rebuild, admin: Admin, services: Wired) -> Index:
    """From PostgreSQL, in the background: searches go on meanwhile."""
    name = body.store or services.stores.chosen
    services.stores.get(name).rebuild(services.embedder.model_id, services.embedder.dimension)
    _write_down(services, admin, "index.rebuild", name)
    return _status(services, name)


@router.put("/store", summary="Search another vector store from now on")
def switch_store(body: Switch, admin: Admin, services: Wired) -> Index:
    """Whatever its index lacks yet, PostgreSQL answers. Refused where the setting vector.store names another."""
    services.stores.switch(body.store)
    _write_down(services, admin, "index.switch", body.store)
    return _status(services, body.store)


def _write_down(services: Services, admin: Principal, action: str, store: StoreName) -> None:
    with transaction(services.pool) as connection:
        documents.record_audit(connection, admin.owner_id, admin.key_id, action, {"store": store})


def _status(services: Services, name: StoreName | None) -> Index:
    found = services.stores.status(name, services.embedder.model_id, services.embedder.dimension)
    return Index.model_validate(found)
