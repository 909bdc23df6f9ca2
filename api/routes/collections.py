"""Collections: a caller's named sets of documents, and those that others share with him."""

from fastapi import APIRouter

from api.auth import Caller
from api.bodies import CollectionName, NewCollection
from api.lifespan import Wired
from api.routed import CollectionSensitivity, NewSensitivity
from api.schemas import Collection, Collections, problems
from core import permissions
from core.access import scope_for
from core.db.pool import transaction
from core.sensitivity import set_sensitivity
from ingest import documents

router = APIRouter(prefix="/v1/collections", tags=["collections"], responses=problems(401, 422, 503))


@router.post("", summary="Make a collection, or find the one of this name")
def add_collection(body: NewCollection, caller: Caller, services: Wired) -> Collection:
    """Idempotent: a collection that is there already is returned as it is."""
    embedder = services.embedder
    with transaction(services.pool) as connection:
        collection = documents.add_collection(
            connection, caller.owner_id, body.name, model_id=embedder.model_id, dimension=embedder.dimension
        )
        documents.record_audit(connection, caller.owner_id, caller.key_id, "collection.add", {"collection": body.name})
    return Collection.model_validate(collection)


@router.get("", summary="List the collections you may read")
def list_collections(caller: Caller, services: Wired) -> Collections:
    """By name: your own, those shared with you, and those of which you may read a document. Numbers count what you may read."""
    with transaction(services.pool) as connection:
        collections = documents.list_collections(connection, scope_for(connection, caller))
    return Collections.model_validate({"collections": collections})


@router.put("/{name}/sensitivity", summary="Say how sensitive your collection is", responses=problems(403, 404))
def label_collection(name: CollectionName, body: NewSensitivity, caller: Caller, services: Wired) -> CollectionSensitivity:
    """From public over internal, which it is at first, to confidential; rules choose by it which model may read it."""
    with transaction(services.pool) as connection:
        set_sensitivity(connection, permissions.own_collection(connection, caller, name), body.sensitivity)
        detail = {"collection": name, "sensitivity": body.sensitivity}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "collection.sensitivity", detail)
    return CollectionSensitivity(sensitivity=body.sensitivity)


@router.delete("/{name}", status_code=204, summary="Delete a collection with all its documents", responses=problems(404))
def delete_collection(name: CollectionName, caller: Caller, services: Wired) -> None:
    """Gone from search when this has answered."""
    with transaction(services.pool) as connection:
        documents.delete_collection(connection, caller.owner_id, name)
        documents.record_audit(connection, caller.owner_id, caller.key_id, "collection.delete", {"collection": name})
