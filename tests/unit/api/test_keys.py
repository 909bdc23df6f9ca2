from uuid import uuid4

import pytest

from core.db.pool import transaction


def test_a_made_key_works_until_it_is_revoked(admin, api):
    made = admin("POST", "/v1/keys", json={"owner": "carol", "name": "laptop"})
    assert made.status_code == 201
    assert set(made.json()) == {"key_id", "owner", "name", "key"}
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    assert api.get("/v1/collections", headers=headers).json() == {"collections": []}
    assert api.get("/v1/keys", headers=headers).status_code == 403
    assert admin("DELETE", f"/v1/keys/{made.json()['key_id']}").status_code == 204
    assert api.get("/v1/collections", headers=headers).status_code == 401
    assert admin("DELETE", f"/v1/keys/{made.json()['key_id']}").status_code == 404


def test_the_list_names_owners_and_never_keys(admin, keys):
    response = admin("GET", "/v1/keys")
    assert {(k["owner"], k["is_admin"]) for k in response.json()["keys"]} == {("alice", False), ("bob", False), ("admin", True)}
    assert "mun_" not in response.text


def test_keys_are_stored_hashed(admin, pool):
    key = admin("POST", "/v1/keys", json={"owner": "carol", "name": "laptop"}).json()["key"]
    with transaction(pool) as connection:
        rows = connection.execute("SELECT api_keys::text AS row FROM api_keys").fetchall()
        audit = connection.execute("SELECT audit::text AS row FROM audit").fetchall()
    assert key not in str(rows + audit)


@pytest.mark.parametrize("body", [{"owner": ""}, {"owner": "a\0"}, {"owner": "x" * 201}, {}, {"owner": "a", "is_admin": True}])
def test_a_bad_key_request_is_422(admin, body):
    assert admin("POST", "/v1/keys", json=body).status_code == 422


def test_no_such_key(admin):
    assert admin("DELETE", f"/v1/keys/{uuid4()}").status_code == 404
