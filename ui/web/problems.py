"""What the page says when something goes wrong: the API's own words, and what to do next. Never a traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from ui.client import ApiError
from ui.web import markup, session

NEXT_STEP = {
    0: "Check that Muniment is running (`muniment status` tells), then try again.",
    403: "Ask whoever runs Muniment for a key that may do this.",
    404: "It may have been deleted meanwhile; reload the list.",
    413: "Split the file, or have the limit raised.",
    429: "Wait a moment, then try again.",
    503: "One of its parts is starting or down; `muniment status` names it. Try again in a moment.",
}


@contextmanager
def shown(key: str, on_retry: Callable[[], None] | None = None) -> Iterator[None]:
    """Show an ApiError from the block as a notice with a retry button named by ``key``; a refused key signs out.

    The button draws the page anew; what is to be done again beyond that, ``on_retry`` notes down.
    """
    try:
        yield
    except ApiError as error:
        if error.status == 401:
            session.sign_out("That key is not accepted: it is unknown or was revoked. Enter another.")
            st.rerun()
        st.html(explain(error))
        st.button("Try again", key=f"retry-{key}", icon=":material/refresh:", on_click=on_retry)


def explain(error: ApiError) -> str:
    """Return the error as a notice."""
    return markup.notice(error.title, f"{error.detail} {NEXT_STEP.get(error.status, '')}".strip(), "error")
