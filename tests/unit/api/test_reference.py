"""The description in /openapi.json and docs/reference/api.md tell the same story."""

import re
from pathlib import Path

from fastapi.testclient import TestClient

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")


def test_the_page_has_a_row_for_every_route_and_no_other(api: TestClient):
    paths = api.get("/openapi.json").json()["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert set(re.findall(r"^\| `((?:GET|POST|PUT|DELETE) [^`]+)` \|", PAGE, re.MULTILINE)) == served


def test_every_operation_is_described_with_its_problems(api: TestClient):
    description = api.get("/openapi.json").json()
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["tags"], (method, path)
            if path.startswith("/v1"):
                assert operation["security"] == [{"HTTPBearer": []}]
                assert "application/problem+json" in operation["responses"]["401"]["content"]
            assert "HTTPValidationError" not in str(operation)
    for path in ("/v1/ask", "/v1/extract"):
        assert "text/event-stream" in description["paths"][path]["post"]["responses"]["200"]["content"]


def test_no_page_that_loads_scripts_from_elsewhere(api: TestClient):
    assert {api.get(path).status_code for path in ("/docs", "/redoc", "/docs/oauth2-redirect")} == {404}
