from core.db.pool import transaction


def test_an_administrator_sees_how_the_index_stands(admin):
    body = admin("GET", "/v1/index").json()
    assert (body["store"], body["kind"], body["is_ready"], body["num_changes"]) == ("pgvector", "exact", True, 0)


def test_rebuilding_is_accepted_and_written_down(admin, pool):
    response = admin("POST", "/v1/index/rebuild", json={"store": "faiss"})
    assert response.status_code == 202
    assert response.json()["is_building"] is False  # the fake has nothing to build
    with transaction(pool) as connection:
        rows = connection.execute("SELECT owner_id, action, detail FROM audit").fetchall()
    assert rows == [{"owner_id": "admin", "action": "index.rebuild", "detail": {"store": "faiss"}}]


def test_a_store_that_is_none_is_422(admin):
    assert admin("GET", "/v1/index", params={"store": "milvus"}).status_code == 422
    assert admin("POST", "/v1/index/rebuild", json={"store": "milvus"}).status_code == 422


def test_users_may_not_even_look(alice):
    assert alice("GET", "/v1/index").status_code == 403
    assert alice("POST", "/v1/index/rebuild", json={}).status_code == 403
