"""The view that asks: a question goes in, the answer comes word by word, its citations open the quoted passages.

What was asked and answered in this tab is sent along, so that "And sick leave?" is understood; how it was understood is
shown under the question. "New conversation" forgets it. Nothing of it is kept but in the tab.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.client import ApiError, Client
from ui.web import feedback, markup, problems, session

Json = dict[str, Any]
MAX_TURNS = 10  # that the API takes
_TURNS, _AGAIN = "turns", "question_to_ask_again"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question answered: the passages given to the model, and the API's whole answer."""

    question: str
    passages: list[Json]
    result: Json

    def told(self) -> dict[str, str]:
        """Return what a later question is asked with."""
        return {"question": self.question, "answer": self.result["answer"]}


def render(client: Client, collection: str | None) -> None:
    """Show the earlier questions with their answers, then ask the one just typed."""
    turns: list[Turn] = st.session_state.setdefault(_TURNS, [])
    typed = st.chat_input(
        "Ask a question about your documents", key="question", max_chars=session.max_question_chars(), submit_mode="stop"
    )
    typed = (typed or st.session_state.pop(_AGAIN, "")).strip()
    if not turns and not typed:
        _show_welcome(client)
    for index, turn in enumerate(turns):
        _show_turn(turn, anchor=f"source-{index}")
    if typed:
        with problems.shown("ask", on_retry=partial(st.session_state.__setitem__, _AGAIN, typed)):
            turns.append(_ask(client, typed, collection, turns))
    if turns:
        st.button("New conversation", key="new-conversation", icon=":material/refresh:", on_click=turns.clear)


def _show_welcome(client: Client) -> None:
    st.title("Ask your documents")
    st.write(
        "Answers come from your own documents and nowhere else. Every number in an answer opens the passage"
        " it rests on, with the quoted words marked and the page they stand on."
    )
    if not any(c["num_documents"] for c in client.collections()):
        st.html(markup.notice("There are no documents yet", "Create a collection above, then add files to it under Documents."))


def _show_turn(turn: Turn, *, anchor: str) -> None:
    with st.container(key=f"turn-{anchor}"):
        st.html(markup.question(turn.question, turn.result["standalone_question"]))
        st.html(_finished(turn, anchor))
        feedback.render(turn)


def _ask(client: Client, question: str, collection: str | None, earlier: Sequence[Turn]) -> Turn:
    """Stream the answer onto the page; raises ApiError, and then leaves no half answer standing."""
    anchor = f"source-{len(earlier)}"
    with st.container(key=f"turn-{anchor}"):
        heading, place = st.empty(), st.empty()
        heading.html(markup.question(question))
        history = [turn.told() for turn in earlier[-MAX_TURNS:]]
        try:
            with closing(client.ask_stream(question, collection, history=history)) as events:  # which stops the model
                turn = _stream(events, question, heading, place, anchor)
        except ApiError:
            place.empty()
            raise
        place.html(_finished(turn, anchor))
        feedback.render(turn)
    return turn


def _stream(
    events: Iterator[tuple[str, Json]], question: str, heading: DeltaGenerator, place: DeltaGenerator, anchor: str
) -> Turn:
    passages: list[Json] = []
    citations: list[Json] = []
    text, note, below = "", "Searching your documents…", ""
    place.html(markup.answer(text, [], anchor=anchor, state="streaming", note=note))
    for event, data in events:
        match event:
            case "sources":
                passages, note = data["hits"], f"Reading {len(data['hits'])} passages…"
                below = markup.evidence(passages)
                heading.html(markup.question(question, data["standalone_question"]))
            case "token":
                text, note = text + data["text"], ""
            case "citation":
                citations.append(data)
            case "done":
                return Turn(question, passages, data)
        place.html(markup.answer(text, citations, anchor=anchor, state="streaming", note=note) + below)
    raise AssertionError("Client.ask_stream ends with `done` or raises")


def _finished(turn: Turn, anchor: str) -> str:
    result = turn.result
    state: markup.AnswerState = "refused" if result["refused"] else "done"
    cited, claims = result["citations"], result["claims"]
    body = markup.answer(result["answer"], cited, anchor=anchor, state=state, note=_note(result), claims=claims)
    body += markup.left_out(result["left_out"])
    if result["refused"]:
        return body + markup.evidence(turn.passages)
    return body + markup.conflicts(result["conflicts"]) + markup.sources(cited, turn.passages, anchor=anchor)


def _note(result: Json) -> str:
    if names := result["unavailable_sources"]:
        left_out = f" Left out, because who may read them was synchronised too long ago: {', '.join(names)}."
    else:
        left_out = ""
    if note := result["note"]:
        left_out = f" {note}{left_out}"
    if result["refused"]:
        why = f"{result['refusal']['detail']} " if result["refusal"] else ""
        return f"{why}Try other words, choose another collection, or add the document that holds the answer.{left_out}"
    if result["degraded"]:
        return f"{result['degraded']}{left_out}"
    seconds = result["timings_ms"].get("total", 0) / 1000
    return f"Answered in {seconds:.1f} s by {result['model']}. Check the marked passages before you rely on it.{left_out}"
