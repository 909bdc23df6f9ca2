from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st


def test_make_list_delete(alice):
    made = alice("POST", "/v1/collections", json={"name": "HR & law"})
    assert made.status_code == 200
    assert alice("POST", "/v1/collections", json={"name": "HR & law"}).json() == made.json()
    assert alice("GET", "/v1/collections").json() == {"collections": [made.json()]}
    assert (made.json()["embedding_model"], made.json()["num_documents"]) == ("fake-embedder", 0)
    assert alice("DELETE", "/v1/collections/HR%20%26%20law").status_code == 204
    assert alice("GET", "/v1/collections").json() == {"collections": []}
    assert alice("DELETE", "/v1/collections/HR%20%26%20law").status_code == 404


@pytest.mark.parametrize("name", ["", " ", "a/b", ".", "..", "a\0b", "a\nb", " a", "a ", "x" * 101, "\ud800", None, 7, ["a"]])
def test_a_bad_name_is_422_and_names_the_field(alice, name):
    response = alice("POST", "/v1/collections", json={"name": name})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "name"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=110))
@example(name="%00")
def test_any_name_is_taken_or_refused_and_what_is_taken_can_be_deleted(alice, name):
    response = alice("POST", "/v1/collections", json={"name": name})
    assert response.status_code in (200, 422)
    if response.status_code == 200:
        assert response.json()["name"] == name
        assert name in [c["name"] for c in alice("GET", "/v1/collections").json()["collections"]]
        quoted = quote(name.replace("%", "%25"), safe="")  # a percent twice: the test client decodes paths twice, a server once
        assert alice("DELETE", f"/v1/collections/{quoted}").status_code == 204


BODIES = [b"", b"null", b"[]", b"{", b'{"name": 1e999}', b'{"name": NaN}', b"\xff\xfe", b'{"name": "a", "name2": "b"}']


@pytest.mark.parametrize("body", [*BODIES, b"[" * 100_000, b'{"a":' * 50_000, b'"' + b"9" * 500_000 + b'"', b"9" * 500_000])
def test_hostile_json_is_a_problem_not_a_crash(alice, body: bytes):
    response = alice("POST", "/v1/collections", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.json()["status"] == response.status_code
