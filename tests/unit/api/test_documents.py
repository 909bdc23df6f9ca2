from pathlib import Path
from uuid import uuid4

import pytest

from core import blobs
from core.db.pool import transaction
from tests.fakes_api import TEXT, add_document


@pytest.fixture
def document_id(pool, tmp_path: Path) -> str:
    with transaction(pool) as connection:
        return str(add_document(connection, "alice", "c", "/docs/b.txt", tmp_path / "b.txt"))


def test_look_at_one(alice, document_id: str):
    document = alice("GET", f"/v1/documents/{document_id}").json()
    assert document.pop("indexed_at")
    assert document == {
        "document_id": document_id,
        "owner": "alice",
        "collection": "c",
        "source": "/docs/b.txt",
        "title": "Handbook",
        "media_type": "text/plain",
        "num_bytes": len(TEXT.encode()),
        "num_pages": 1,
        "num_chunks": 1,
        "language": "und",
        "dated": None,
        "tags": [],
        "metadata": {},
    }


def test_labels_are_written_shown_and_written_down(alice, pool, document_id: str):
    body = {"tags": ["lease", "2020", "lease"], "metadata": {"office": "Bonn", "floor": 3, "open": True}}
    put = alice("PUT", f"/v1/documents/{document_id}/labels", json=body).json()
    assert put == alice("GET", f"/v1/documents/{document_id}").json()
    assert (put["tags"], put["metadata"]) == (["2020", "lease"], {"office": "Bonn", "floor": 3, "open": True})
    assert alice("GET", "/v1/documents").json()["documents"] == [put]
    with transaction(pool) as connection:
        row = connection.execute("SELECT detail FROM audit WHERE action = 'document.labels'").fetchone()
    assert row["detail"] == {"document_id": document_id, "tags": ["2020", "lease"], "keys": ["floor", "office", "open"]}
    cleared = alice("PUT", f"/v1/documents/{document_id}/labels", json={"tags": [], "metadata": {}}).json()
    assert (cleared["tags"], cleared["metadata"]) == ([], {})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"tags": []}, "metadata"),
        ({"tags": ["a,b"], "metadata": {}}, "tags"),
        ({"tags": ["a\0"], "metadata": {}}, "tags"),
        ({"tags": [str(n) for n in range(51)], "metadata": {}}, "at most 50 tags"),
        ({"tags": [], "metadata": {"k": None}}, "metadata.k"),
        ({"tags": [], "metadata": {"k": {"deep": 1}}}, "metadata.k"),
        ({"tags": [], "metadata": {"k": "\ud800"}}, "metadata.k"),
        ({"tags": [], "metadata": [], "colour": 1}, "colour"),
    ],
)
def test_a_bad_label_is_422_and_named(alice, document_id: str, body, named: str):
    response = alice("PUT", f"/v1/documents/{document_id}/labels", json=body)
    assert response.status_code == 422
    assert named in response.json()["detail"]
    assert alice("GET", f"/v1/documents/{document_id}").json()["tags"] == []


def test_list_by_collection_and_page(alice, pool, tmp_path: Path, document_id: str):
    with transaction(pool) as connection:
        other = str(add_document(connection, "alice", "d", "/docs/a.txt", tmp_path / "a.txt"))

    def listed(**params: object) -> list[str]:
        return [d["document_id"] for d in alice("GET", "/v1/documents", params=params).json()["documents"]]

    assert listed() == [document_id, other]
    assert listed(collection="d") == [other]
    assert listed(limit=1) == [document_id]
    assert listed(limit=1, offset=1) == [other]
    assert listed(offset=2) == []


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 501}, {"offset": -1}, {"offset": 10**30}, {"collection": "a\0"}])
def test_bad_paging_is_422(alice, params):
    assert alice("GET", "/v1/documents", params=params).status_code == 422


@pytest.mark.parametrize("text", [TEXT, "", "a\r\nb\rc\n\n", "\ufeffBOM", "e\u0301\u2028\x0c"])
def test_the_text_comes_back_to_the_character(alice, pool, tmp_path: Path, text: str):
    with transaction(pool) as connection:
        document_id = add_document(connection, "alice", "c", "/docs/t.txt", tmp_path / "t.txt", text)
    response = alice("GET", f"/v1/documents/{document_id}/text")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.content.decode("utf-8") == text


def test_delete_leaves_bytes_that_another_document_needs(alice, services, pool, tmp_path: Path, document_id: str):
    with transaction(pool) as connection:
        add_document(connection, "bob", "his", "/docs/same.txt", tmp_path / "same.txt")
    path = blobs.path_of(services.settings.blobs_dir, "ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert alice("DELETE", f"/v1/documents/{document_id}").status_code == 204
    assert path.exists()


def test_reading_and_deleting_leave_a_trace(alice, pool, document_id: str):
    alice("GET", f"/v1/documents/{document_id}/text")
    alice("DELETE", f"/v1/documents/{document_id}")
    with transaction(pool) as connection:
        rows = connection.execute("SELECT owner_id, action, detail FROM audit ORDER BY audit_id").fetchall()
    assert [row["action"] for row in rows] == ["document.read", "document.delete"]
    assert all(row["owner_id"] == "alice" and row["detail"] == {"document_id": document_id} for row in rows)


@pytest.mark.parametrize("bad", ["1", "x" * 300, "%00", str(uuid4()) + "0"])
def test_what_is_no_id_is_422(alice, bad: str):
    assert alice("GET", f"/v1/documents/{bad}").status_code == 422


def test_a_deleted_document_is_gone(alice, document_id: str):
    assert alice("DELETE", f"/v1/documents/{document_id}").status_code == 204
    for method in ("GET", "DELETE"):
        assert alice(method, f"/v1/documents/{document_id}").status_code == 404
