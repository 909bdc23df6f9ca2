"""The client's calls about feedback: what a reader says of an answer, which is kept only because he says it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ui.access import Caller, all_pages

Json = dict[str, Any]


class FeedbackCalls:
    """A part of :class:`ui.client.Client`."""

    def add_feedback(
        self: Caller,
        question: str,
        answer: Mapping[str, Any],
        verdict: str,
        *,
        collection: str | None = None,
        replaces: str | None = None,
        **said: Any,
    ) -> Json:
        """Rate an ``answer`` of :meth:`ask` ``up`` or ``down``; returns what is kept of it.

        ``said`` may hold should_refuse, expected, quote, document and comment. ``replaces`` is the id of an earlier rating of
        yours of the same answer.
        """
        body = {"question": question, "answer": dict(answer), "verdict": verdict, "collection": collection} | said
        return self._call("POST", "/v1/feedback", json=body | ({"replaces": replaces} if replaces else {}))

    def feedback(self: Caller) -> list[Json]:
        """List all your ratings, the newest first; everybody's with an administrator's key."""
        return list(all_pages(self, "/v1/feedback", "feedback", {})["feedback"])

    def delete_feedback(self: Caller, feedback_id: str) -> None:
        """Delete a rating of yours, or anybody's with an administrator's key."""
        self._call("DELETE", f"/v1/feedback/{quote(feedback_id, safe='')}")
