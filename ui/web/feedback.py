"""Thumbs under an answer, and a small form under a thumb that points down: what should it have said, and where does that stand?

Nothing is kept unless the reader presses; pressing the same thumb again takes it back. What he presses goes to the API at once,
and what he adds in the form takes its place.
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import streamlit as st

from ui.client import ApiError
from ui.web import collection, problems, session

Json = dict[str, Any]
VERDICTS = ("down", "up")  # as the thumbs number them
MAX_CHARS, MAX_CITATIONS = 4000, 100  # that the API takes: of each text, and of an answer
RATED = ("answer", "refused", "model", "prompt_version", "standalone_question")
CITED = ("document_id", "source", "page", "start", "end")
_RATINGS = "ratings"


class Answered(Protocol):
    """A question with the API's whole answer."""

    @property
    def question(self) -> str:
        """What was asked."""

    @property
    def result(self) -> Json:
        """The answer as the API gave it."""


def render(turn: Answered) -> None:
    """Show the thumbs under an answer, and under a thumb that points down the form."""
    key = _key(turn)
    rating: Json = st.session_state.setdefault(_RATINGS, {}).setdefault(key, {"collection": _collection()})
    with st.container(key=f"feedback-{key}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            rate = partial(_rate, turn, key)
            st.feedback("thumbs", key=f"thumbs-{key}", on_change=rate, persist_state="session", width="content")
            st.caption(_told(rating))
        if rating.get("verdict") == "down" and not rating.get("is_told"):
            _show_form(turn, key)
        if problem := rating.pop("problem", None):
            st.html(problem)


def _told(rating: Mapping[str, Any]) -> str:
    if rating.get("is_told"):
        return "Thank you. It is kept, for the answers to get better. Press the thumb again to take it back."
    if rating.get("verdict"):
        return "Kept. Press the thumb again to take it back."
    return "Was this right? If you press, question and answer are kept, and administrators see them."


def _show_form(turn: Answered, key: str) -> None:
    with st.form(f"told-{key}"):
        if not turn.result["refused"]:
            st.checkbox("The documents do not answer this: it should have said so", key=f"refuse-{key}")
        st.text_area("What should it have said?", key=f"expected-{key}", max_chars=MAX_CHARS, height=68)
        st.text_area("Which words of a document say so? Copied from it", key=f"quote-{key}", max_chars=MAX_CHARS, height=68)
        st.text_input("Which document?", key=f"document-{key}", max_chars=MAX_CHARS, placeholder="its title or file name")
        st.form_submit_button("Send", type="primary", on_click=_tell, args=(turn, key))
        st.caption("All of it is optional. What you correct here can measure the answers from now on.")


def _rate(turn: Answered, key: str) -> None:
    """Keep the verdict just pressed, or forget it where a thumb was taken back."""
    pressed = st.session_state.get(f"thumbs-{key}")
    rating = st.session_state[_RATINGS][key]
    try:
        if pressed is None and "feedback_id" in rating:
            _forget(rating)
        elif pressed is not None:
            _send(turn, rating, VERDICTS[pressed], {})
    except ApiError as error:
        rating["problem"] = problems.explain(error)


def _tell(turn: Answered, key: str) -> None:
    """Keep what the form says, in the place of the bare verdict."""
    state, rating = st.session_state, st.session_state[_RATINGS][key]
    said = {name: state.get(f"{name}-{key}", "").strip() for name in ("expected", "quote", "document")}
    try:
        _send(turn, rating, "down", said | {"should_refuse": state.get(f"refuse-{key}", False)})
    except ApiError as error:
        rating["problem"] = problems.explain(error)


def _send(turn: Answered, rating: Json, verdict: str, said: Json) -> None:
    result = turn.result
    answer = {name: result[name] for name in RATED if name in result}
    answer["citations"] = [{name: citation[name] for name in CITED} for citation in result["citations"][:MAX_CITATIONS]]
    with session.client() as client:
        kept = client.add_feedback(
            turn.question, answer, verdict, collection=rating["collection"], replaces=rating.get("feedback_id"), **said
        )
    rating |= {"feedback_id": kept["feedback_id"], "verdict": verdict, "is_told": bool(said)}


def _forget(rating: Json) -> None:
    try:
        with session.client() as client:
            client.delete_feedback(rating["feedback_id"])
    except ApiError as error:
        if error.status != 404:  # gone is gone, whoever deleted it
            raise
    for name in ("feedback_id", "verdict", "is_told"):
        rating.pop(name, None)


def _collection() -> str | None:
    """Name the collection that is chosen when an answer is first shown, which is the one it was asked of."""
    chosen = st.session_state.get(collection.CHOICE)
    return None if chosen in (None, collection.ALL) else str(chosen)


def _key(turn: Answered) -> str:
    """Name an answer, so that another one in its place does not inherit its thumb."""
    told = f"{turn.question}\0{turn.result['answer']}\0{sorted(turn.result['timings_ms'].items())}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
