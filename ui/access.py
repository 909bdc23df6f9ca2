"""The client's calls about permissions: groups, lists, sources, and why somebody may or may not read something.

A principal is `user:NAME`, `group:NAME` or `everyone`. What is written here is the whole list, not a change of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

Json = dict[str, Any]
PAGE = 500


class Caller(Protocol):
    """What can send a request and read its JSON."""

    def _call(self, method: str, url: str, **arguments: Any) -> Json: ...


class AccessCalls:
    """A part of :class:`ui.client.Client`."""

    def groups(self: Caller) -> list[Json]:
        """List the groups with their members (with an admin's key)."""
        return list(self._call("GET", "/v1/groups")["groups"])

    def set_group(self: Caller, name: str, members: Sequence[str]) -> Json:
        """Make these users the members of a group (with an admin's key)."""
        return self._call("PUT", f"/v1/groups/{_quoted(name)}", json={"members": list(members)})

    def delete_group(self: Caller, name: str) -> None:
        """Delete a group (with an admin's key)."""
        self._call("DELETE", f"/v1/groups/{_quoted(name)}")

    def collection_access(self: Caller, collection: str) -> list[str]:
        """Tell whom your collection is shared with."""
        return list(self._call("GET", f"/v1/collections/{_quoted(collection)}/access")["allowed"])

    def share_collection(self: Caller, collection: str, allowed: Sequence[str]) -> list[str]:
        """Share your collection with these and no others."""
        body = {"allowed": list(allowed)}
        return list(self._call("PUT", f"/v1/collections/{_quoted(collection)}/access", json=body)["allowed"])

    def sources(self: Caller, collection: str) -> list[Json]:
        """List the sources of your collection."""
        return list(self._call("GET", f"/v1/collections/{_quoted(collection)}/sources")["sources"])

    def put_source(self: Caller, collection: str, name: str, *, allowed: Sequence[str] | None, max_age_s: int | None) -> Json:
        """Make a source or write its permissions anew; they count as synchronised now."""
        body = {"allowed": None if allowed is None else list(allowed), "max_age_s": max_age_s}
        return self._call("PUT", f"/v1/collections/{_quoted(collection)}/sources/{_quoted(name)}", json=body)

    def mark_synced(self: Caller, collection: str, name: str) -> Json:
        """Say that the permissions of a source hold now."""
        return self._call("POST", f"/v1/collections/{_quoted(collection)}/sources/{_quoted(name)}/synced")

    def delete_source(self: Caller, collection: str, name: str) -> None:
        """Delete a source; its documents are left to you alone."""
        self._call("DELETE", f"/v1/collections/{_quoted(collection)}/sources/{_quoted(name)}")

    def document_access(self: Caller, document_id: str) -> Json:
        """Return the own list and the source of a document of yours."""
        return self._call("GET", f"/v1/documents/{_quoted(document_id)}/access")

    def set_document_access(self: Caller, document_id: str, *, allowed: Sequence[str] | None, source: str | None) -> Json:
        """Give a document of yours a list of its own (None: it inherits) and a source (None: it has none)."""
        body = {"allowed": None if allowed is None else list(allowed), "source": source}
        return self._call("PUT", f"/v1/documents/{_quoted(document_id)}/access", json=body)

    def explain_access(self: Caller, document_id: str, user: str | None = None) -> Json:
        """Tell why a user, or you yourself, may read a document or not."""
        params = {"document": document_id} | ({} if user is None else {"user": user})
        return self._call("GET", "/v1/access/explain", params=params)

    def access_list(self: Caller, user: str | None = None) -> Json:
        """Tell what a user, or you yourself, may read: ``documents``, fetched a page at a time, and ``unavailable_sources``."""
        return all_pages(self, "/v1/access/list", "documents", {} if user is None else {"user": user})


def all_pages(caller: Caller, url: str, key: str, params: Mapping[str, str]) -> Json:
    """Fetch a list a page at a time; returns the answer of the first page with the whole list under ``key``."""
    whole = caller._call("GET", url, params={**params, "limit": PAGE, "offset": 0})
    num_last = len(whole[key])
    while num_last == PAGE:
        page = caller._call("GET", url, params={**params, "limit": PAGE, "offset": len(whole[key])})[key]
        whole[key] += page
        num_last = len(page)
    return whole


def _quoted(part: str) -> str:
    return quote(part, safe="")
