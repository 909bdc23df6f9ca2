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


def test_looking_at_a_store_opens_nothing(admin, services):
    body = admin("GET", "/v1/index", params={"store": "faiss"}).json()
    assert (body["store"], body["kind"], body["is_ready"]) == ("faiss", "none", False)
    assert list(services.settings.home.glob("**/*")) == []


def test_another_store_is_searched_from_a_switch_on(admin, services, pool):
    assert services.stores.chosen == "pgvector"
    assert admin("PUT", "/v1/index/store", json={"store": "faiss"}).status_code == 200
    assert services.stores.chosen == "faiss"
    assert admin("PUT", "/v1/index/store", json={"store": "pgvector"}).json()["store"] == "pgvector"
    assert services.stores.chosen == "pgvector"
    with transaction(pool) as connection:
        rows = connection.execute("SELECT action, detail FROM audit ORDER BY at").fetchall()
    assert rows == [{"action": "index.switch", "detail": {"store": store}} for store in ("faiss", "pgvector")]


def test_a_switch_against_the_settings_is_422_and_says_so(services, admin, monkeypatch):
    fixed = services.settings.with_values(vector={"store": "pgvector"})
    monkeypatch.setattr(services.stores, "_settings", fixed)
    response = admin("PUT", "/v1/index/store", json={"store": "faiss"})
    assert response.status_code == 422
    assert "The setting vector.store says pgvector" in response.json()["detail"]
    assert services.stores.chosen == "pgvector"


def test_a_store_that_is_none_is_422(admin):
    assert admin("PUT", "/v1/index/store", json={"store": "milvus"}).status_code == 422
    assert admin("GET", "/v1/index", params={"store": "milvus"}).status_code == 422
    assert admin("POST", "/v1/index/rebuild", json={"store": "milvus"}).status_code == 422


def test_users_may_not_even_look(alice):
    assert alice("GET", "/v1/index").status_code == 403
    assert alice("POST", "/v1/index/rebuild", json={}).status_code == 403
    assert alice("PUT", "/v1/index/store", json={"store": "faiss"}).status_code == 403
