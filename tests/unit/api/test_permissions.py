"""Sharing, sources and lists over HTTP: a change holds at once, owners alone make it, and each leaves a trace."""

from pathlib import Path

import pytest

from core import sources
from core.db.pool import transaction
from ingest import documents
from tests.fakes_api import add_document

BOB = {"allowed": ["user:bob"]}


@pytest.fixture
def document_id(pool, tmp_path: Path) -> str:
    """A document in alice's collection ``papers``."""
    with transaction(pool) as connection:
        return str(add_document(connection, "alice", "papers", "/docs/plan.txt", tmp_path / "plan.txt"))


def listed(caller) -> list[str]:
    return [document["document_id"] for document in caller("GET", "/v1/documents").json()["documents"]]


def age(pool, name: str) -> None:
    with transaction(pool) as connection:
        connection.execute("UPDATE sources SET synced_at = now() - interval '1 day' WHERE name = %s", (name,))


def test_what_is_shared_is_read_at_once_and_no_longer_when_it_is_not(alice, bob, document_id: str):
    assert listed(bob) == []
    shared = alice("PUT", "/v1/collections/papers/access", json=BOB)
    assert (shared.status_code, shared.json()) == (200, BOB)
    assert alice("GET", "/v1/collections/papers/access").json() == BOB
    assert listed(bob) == [document_id]
    assert bob("GET", f"/v1/documents/{document_id}/text").status_code == 200
    (collection,) = bob("GET", "/v1/collections").json()["collections"]
    assert (collection["owner"], collection["name"], collection["num_documents"]) == ("alice", "papers", 1)
    for name in ("papers", "alice/papers"):
        assert bob("POST", "/v1/search", json={"question": "q", "collection": name}).status_code == 200
        assert len(bob("GET", "/v1/documents", params={"collection": name}).json()["documents"]) == 1
    alice("PUT", "/v1/collections/papers/access", json={"allowed": []})
    assert listed(bob) == []
    assert bob("POST", "/v1/search", json={"question": "q", "collection": "alice/papers"}).status_code == 404


def test_a_reader_may_change_nothing_and_is_told_so(alice, bob, document_id: str):
    alice("PUT", "/v1/collections/papers/access", json=BOB)
    alice("PUT", "/v1/collections/papers/sources/share", json={"allowed": None, "max_age_s": None})
    for method, url, body in (
        ("GET", "/v1/collections/papers/access", None),
        ("PUT", "/v1/collections/papers/access", {"allowed": ["everyone"]}),
        ("GET", "/v1/collections/papers/sources", None),
        ("PUT", "/v1/collections/papers/sources/share", {"allowed": [], "max_age_s": None}),
        ("POST", "/v1/collections/papers/sources/share/synced", None),
        ("DELETE", "/v1/collections/papers/sources/share", None),
        ("GET", f"/v1/documents/{document_id}/access", None),
        ("PUT", f"/v1/documents/{document_id}/access", {"allowed": None, "source": None}),
        ("PUT", f"/v1/documents/{document_id}/labels", {"tags": ["mine"], "metadata": {}}),
        ("DELETE", f"/v1/documents/{document_id}", None),
        ("GET", f"/v1/access/explain?user=carol&document={document_id}", None),
    ):
        response = bob(method, url, **({} if body is None else {"json": body}))
        assert response.status_code == 403, (method, url)
        assert "owner" in response.json()["detail"]
    upload = bob("POST", "/v1/collections/papers/documents", files={"file": ("a.txt", b"x")})
    assert upload.status_code == 403
    assert bob("DELETE", "/v1/collections/papers").status_code == 404, "a collection of his own of this name"


def test_a_documents_own_list_and_source(alice, bob, document_id: str):
    url = f"/v1/documents/{document_id}/access"
    assert alice("GET", url).json() == {"allowed": None, "source": None}
    assert alice("PUT", url, json={"allowed": None, "source": "nosuch"}).status_code == 404
    alice("PUT", "/v1/collections/papers/sources/share", json=BOB | {"max_age_s": 60})
    assert alice("PUT", url, json={"allowed": None, "source": "share"}).json() == {"allowed": None, "source": "share"}
    assert listed(bob) == [document_id]
    assert alice("PUT", url, json={"allowed": [], "source": "share"}).status_code == 200
    assert listed(bob) == []
    for body in ({"allowed": None}, {"source": None}, {}, {"allowed": ["bob"], "source": None}):
        assert alice("PUT", url, json=body).status_code == 422, "what is left out must not open a document"


def test_a_source_out_of_date_is_denied_and_named(alice, bob, pool, services, document_id: str):
    put = alice("PUT", "/v1/collections/papers/sources/share", json=BOB | {"max_age_s": 60})
    assert put.json() | {"synced_at": ""} == {
        "name": "share", "allowed": ["user:bob"], "max_age_s": 60, "synced_at": "", "is_fresh": True, "num_documents": 0
    }  # fmt: skip
    alice("PUT", f"/v1/documents/{document_id}/access", json={"allowed": None, "source": "share"})
    age(pool, "share")
    for caller in (alice, bob):
        assert listed(caller) == []
        found = caller("POST", "/v1/search", json={"question": "q"}).json()
        assert (found["hits"], found["unavailable_sources"]) == ([], ["share"])
        assert caller("POST", "/v1/ask", json={"question": "q"}).json()["unavailable_sources"] == ["share"]
        streamed = caller("POST", "/v1/ask", json={"question": "q"}, headers={"Accept": "text/event-stream"})
        assert streamed.text.count('"unavailable_sources": ["share"]') == 3
    (listed_source,) = alice("GET", "/v1/collections/papers/sources").json()["sources"]
    assert (listed_source["is_fresh"], listed_source["num_documents"]) == (False, 1)
    assert alice("POST", "/v1/collections/papers/sources/share/synced").json()["is_fresh"] is True
    assert listed(bob) == [document_id]
    assert alice("DELETE", "/v1/collections/papers/sources/share").status_code == 204
    assert (listed(alice), listed(bob)) == ([document_id], [])
    assert alice("POST", "/v1/collections/papers/sources/share/synced").status_code == 404


def test_a_source_that_a_stranger_could_not_read_is_not_named_to_him(alice, bob, pool, document_id: str):
    alice("PUT", "/v1/collections/papers/access", json=BOB)
    alice("PUT", "/v1/collections/papers/sources/secret-project", json={"allowed": [], "max_age_s": 60})
    alice("PUT", f"/v1/documents/{document_id}/access", json={"allowed": None, "source": "secret-project"})
    age(pool, "secret-project")
    assert bob("POST", "/v1/search", json={"question": "q", "collection": "papers"}).json()["unavailable_sources"] == []


def test_explain_and_list(alice, bob, admin, document_id: str):
    query = {"user": "bob", "document": document_id}
    assert bob("GET", "/v1/access/explain", params=query).status_code == 404
    alice("PUT", "/v1/collections/papers/access", json=BOB)
    told = bob("GET", "/v1/access/explain", params={"document": document_id}).json()
    assert (told["user"], told["may_read"], told["owner"], told["list_of"]) == ("bob", True, "alice", "collection")
    assert (told["matched"], told["allowed"], len(told["reasons"])) == (["user:bob"], None, 3)
    for caller in (alice, admin):
        assert caller("GET", "/v1/access/explain", params=query).json()["allowed"] == ["user:bob"]
    line = {"document_id": document_id, "owner": "alice", "collection": "papers", "source": "/docs/plan.txt"}
    for caller in (alice, bob, admin):
        assert caller("GET", "/v1/access/list", params={"user": "bob"}).json()["documents"] == [line]
    assert bob("GET", "/v1/access/list", params={"user": "alice"}).json()["documents"] == []
    assert bob("GET", "/v1/access/list", params={"limit": 1, "offset": 1}).json()["documents"] == []


def test_groups(alice, bob, admin, document_id: str):
    alice("PUT", "/v1/collections/papers/access", json={"allowed": ["group:h r"]})
    assert listed(bob) == []
    made = admin("PUT", "/v1/groups/h%20r", json={"members": ["bob", "ann"]})
    assert made.json() == {"name": "h r", "members": ["ann", "bob"]}
    assert listed(bob) == [document_id]
    assert admin("GET", "/v1/groups").json() == {"groups": [made.json()]}
    assert admin("GET", "/v1/groups/h%20r").json() == made.json()
    admin("PUT", "/v1/groups/h%20r", json={"members": ["ann"]})
    assert listed(bob) == []
    assert admin("DELETE", "/v1/groups/h%20r").status_code == 204
    assert admin("GET", "/v1/groups/h%20r").status_code == admin("DELETE", "/v1/groups/h%20r").status_code == 404
    assert admin("PUT", "/v1/groups/x", json={"members": []}).status_code == 422


@pytest.mark.parametrize("principal", ["bob", "user:", "role:x", "user:a/b", "user:\ud800", 7, None])
def test_what_is_no_principal_is_422(alice, document_id: str, principal):
    response = alice("PUT", "/v1/collections/papers/access", json={"allowed": [principal]})
    assert response.status_code == 422
    assert "allowed" in response.json()["detail"]


def test_an_admin_administers_and_reads_nothing(admin, document_id: str):
    assert listed(admin) == []
    for url in (f"/v1/documents/{document_id}/access", "/v1/collections/papers/access"):
        assert admin("GET", url).status_code == 404


def test_every_change_is_written_down(alice, admin, pool, document_id: str):
    alice("PUT", "/v1/collections/papers/access", json=BOB)
    alice("PUT", "/v1/collections/papers/sources/share", json=BOB | {"max_age_s": None})
    alice("POST", "/v1/collections/papers/sources/share/synced")
    alice("PUT", f"/v1/documents/{document_id}/access", json={"allowed": ["everyone"], "source": None})
    alice("DELETE", "/v1/collections/papers/sources/share")
    admin("PUT", "/v1/groups/hr", json={"members": ["bob"]})
    admin("DELETE", "/v1/groups/hr")
    with transaction(pool) as connection:
        rows = connection.execute("SELECT owner_id, action, detail FROM audit ORDER BY audit_id").fetchall()
    actions = ["collection.share", "source.put", "source.synced", "document.access", "source.delete", "group.set", "group.delete"]
    assert [row["action"] for row in rows] == actions
    assert [row["owner_id"] for row in rows] == ["alice"] * 5 + ["admin"] * 2
    assert rows[0]["detail"] == {"collection": "papers"} | BOB
    assert rows[3]["detail"] == {"document_id": document_id, "allowed": ["everyone"], "source": None}


def send(alice, **form):
    return alice("POST", "/v1/collections/papers/documents", files={"file": ("a.txt", b"hello")}, data=form)


def test_an_upload_says_who_may_read_the_document(alice, pool, document_id: str):
    with transaction(pool) as connection:
        found = documents.find_collection(connection, "alice", "papers")
        sources.put_source(connection, found.collection_id, "share", allowed=None, max_age_s=None)
    many = [f"user:{n}" for n in range(100)]
    for form in (
        {"allowed": ["user:bob", "group:hr"], "access_source": "share"},
        {"allowed": many},
        {"access_source": "share"},
        {},
    ):
        assert send(alice, source=str(len(form)), **form).status_code == 202, form
        with transaction(pool) as connection:
            row = connection.execute("SELECT allowed, access_source FROM jobs ORDER BY created_at DESC LIMIT 1").fetchone()
        assert row["access_source"] == form.get("access_source")
        assert row["allowed"] == (sorted(form["allowed"]) if "allowed" in form else None)


def test_principals_may_come_by_commas(alice, pool, document_id: str):
    send(alice, allowed="user:bob, group:hr")
    with transaction(pool) as connection:
        assert connection.execute("SELECT allowed FROM jobs").fetchone() == {"allowed": ["group:hr", "user:bob"]}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"allowed": ["bob"]}, 422),
        ({"allowed": ["user:bob,everyone,x"]}, 422),
        ({"allowed": [""]}, 422),
        ({"access_source": "nosuch"}, 404),
    ],
)
def test_an_upload_that_says_it_wrongly_is_refused_and_nothing_is_kept(alice, services, document_id: str, form, status: int):
    assert send(alice, **form).status_code == status
    assert not services.settings.blobs_dir.exists()
