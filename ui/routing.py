"""The client's calls about routing: how sensitive a collection is, which way a question would go, and what has left the walls."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

Json = dict[str, Any]


class Caller(Protocol):
    """What can send a request, and read its JSON or its bytes."""

    def _call(self, method: str, url: str, **arguments: Any) -> Json: ...

    def _bytes(self, url: str) -> bytes: ...


class RouteCalls:
    """A part of :class:`ui.client.Client`."""

    def set_sensitivity(self: Caller, collection: str, sensitivity: str) -> str:
        """Label your collection ``public``, ``internal`` or ``confidential``."""
        url = f"/v1/collections/{quote(collection, safe='')}/sensitivity"
        return str(self._call("PUT", url, json={"sensitivity": sensitivity})["sensitivity"])

    def explain_route(
        self: Caller,
        question: str,
        collection: str | None = None,
        *,
        history: Sequence[Mapping[str, str]] | None = None,
        filters: Mapping[str, Any] | None = None,
        user: str | None = None,
    ) -> Json:
        """Tell which engine would answer and why, and what would be replaced if it is outside; nothing is sent to any.

        ``history`` and ``filters`` are as in :meth:`ui.client.Client.ask_stream`; ``user`` is another's name, for an admin's key.
        """
        body = {"question": question, "collection": collection, "history": history, "filters": filters, "user": user}
        return self._call("POST", "/v1/route/explain", json={name: value for name, value in body.items() if value is not None})

    def egress(self: Caller, limit: int = 100, before: int | None = None) -> list[Json]:
        """List what has left for engines outside, newest first (with an admin's key)."""
        params = {"limit": limit} | ({} if before is None else {"before": before})
        return list(self._call("GET", "/v1/route/egress", params=params)["egress"])

    def egress_body(self: Caller, egress_id: int) -> bytes:
        """Return what left, to the byte (with an admin's key)."""
        return self._bytes(f"/v1/route/egress/{egress_id}/body")
