import asyncio
import logging

import pytest
from fastapi.testclient import TestClient

from api.errors import MEDIA_TYPE
from api.middleware import MAX_JSON_BYTES, SECURITY_HEADERS, BodyLimit, Envelope


@pytest.mark.parametrize("path", ["/livez", "/v1/collections", "/nowhere"])
def test_every_answer_carries_the_security_headers(api: TestClient, path: str):
    headers = api.get(path).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "access-control-allow-origin" not in headers


def test_other_origins_get_no_permission(api: TestClient):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = api.options("/v1/search", headers=asked)
    assert response.status_code in (401, 405)
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_a_long_json_body_is_413(alice):
    response = alice("POST", "/v1/search", json={"question": "x" * MAX_JSON_BYTES})
    assert response.status_code == 413
    assert response.headers["content-type"] == MEDIA_TYPE
    assert "1 MB" in response.json()["detail"]


def test_a_long_body_of_undeclared_length_is_413_too(alice):
    def blocks():
        yield b'{"question": "'
        for _ in range(11):
            yield b"x" * (MAX_JSON_BYTES // 10)

    response = alice("POST", "/v1/search", content=blocks(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.headers["content-type"] == MEDIA_TYPE


def test_a_body_is_not_read_beyond_its_limit():
    num_read = 0

    async def receive():
        nonlocal num_read
        num_read += 1
        return {"type": "http.request", "body": b"x" * 400_000, "more_body": True}

    async def app(scope, receive, send):
        while True:
            await receive()

    scope = {"type": "http", "method": "POST", "path": "/v1/search", "headers": []}
    with pytest.raises(Exception, match="larger than 1 MB"):
        asyncio.run(BodyLimit(app, 10)(scope, receive, None))
    assert num_read == 3


FORM = [(b"content-type", b"multipart/form-data; boundary=b")]


@pytest.mark.parametrize(
    ("method", "path", "headers", "limit"),
    [
        ("POST", "/v1/collections/a b/documents", FORM, 5_000_000),
        ("POST", "/v1/collections/c/documents", [(b"content-type", b"application/x-www-form-urlencoded")], MAX_JSON_BYTES),
        ("PUT", "/v1/collections/c/documents", FORM, MAX_JSON_BYTES),
        ("POST", "/v1/collections/c/documents/more", FORM, MAX_JSON_BYTES),
        ("POST", "/v1/search", FORM, MAX_JSON_BYTES),
    ],
)
def test_only_an_upload_may_be_long(method: str, path: str, headers: list[tuple[bytes, bytes]], limit: int):
    async def lengths_taken() -> list[bool]:
        return [
            await _is_taken({"method": method, "path": path, "headers": headers}, length) for length in (limit, limit + 70_000)
        ]

    assert asyncio.run(lengths_taken()) == [True, False]


async def _is_taken(scope, num_bytes: int) -> bool:
    statuses = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def send(message):
        statuses.append(message.get("status"))

    length = (b"content-length", str(num_bytes).encode())
    await BodyLimit(app, 5_000_000)({"type": "http", **scope, "headers": [*scope["headers"], length]}, None, send)
    return statuses[0] == 200


def test_a_search_sent_as_a_long_form_is_413_before_it_is_read(alice):
    response = alice("POST", "/v1/search", files={"file": ("a", b"x" * MAX_JSON_BYTES)})
    assert response.status_code == 413


def test_a_bug_is_answered_with_the_security_headers_and_its_message_is_nowhere(
    alice, services, caplog: pytest.LogCaptureFixture
):
    services.search.error = KeyError("words of a document")
    response = alice("POST", "/v1/search", json={"question": "q"})
    assert (response.status_code, response.headers["content-type"]) == (500, MEDIA_TYPE)
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "words of a document" not in response.text + "".join(str(vars(record)) for record in caplog.records)
    (failed,) = [record for record in caplog.records if record.message == "request_failed"]
    assert failed.error == "KeyError"
    assert "fakes_api.py" in failed.where.rsplit(" > ", 1)[-1]


def test_an_answer_that_breaks_off_is_not_answered_twice():
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def send(message):
        sent.append(message["type"])

    asyncio.run(Envelope(app)({"type": "http", "method": "GET", "path": "/", "headers": []}, None, send))
    assert sent == ["http.response.start"]


def test_requests_are_logged_without_their_query(alice, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "api.middleware")
    alice("GET", "/v1/documents", params={"collection": "s3cret"})
    (record,) = [r for r in caplog.records if r.message == "request"]
    assert (record.method, record.path, record.status) == ("GET", "/v1/documents", 404)
    assert "s3cret" not in str(vars(record))
