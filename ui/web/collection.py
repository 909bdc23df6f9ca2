"""The bar above every view: which collection is meant, and making a new one. The choice holds across views."""

import streamlit as st

from ui.client import ApiError, Client
from ui.web import problems, session

ALL = "All collections"
CHOICE = "collection"  # where the session's state keeps which is chosen
_NEW, _PROBLEM = "new_collection_name", "new_collection_problem"


def choose(client: Client) -> str | None:
    """Show the bar; returns the chosen collection's name, `OWNER/NAME` if it is another's, or None for all of them."""
    names = [c["name"] if c["is_own"] else f"{c['owner']}/{c['name']}" for c in client.collections()]
    if st.session_state.get(CHOICE) not in (ALL, *names):
        st.session_state[CHOICE] = names[0] if len(names) == 1 else ALL
    with st.container(horizontal=True, vertical_alignment="bottom", key="collection-bar"):
        chosen = st.selectbox("Collection", [ALL, *names], key=CHOICE, filter_mode=None, width=300, persist_state="session")
        with st.popover("New collection", icon=":material/add:"):
            _show_form()
    return None if chosen == ALL else chosen


def _show_form() -> None:
    with st.form("new-collection", border=False):
        st.text_input("Name of the new collection", key=_NEW, max_chars=100, placeholder="for example: contracts")
        st.form_submit_button("Create", type="primary", on_click=_add)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.html(problem)


def _add() -> None:
    """Make the collection before the page is drawn again, so that the bar can already show it."""
    name = st.session_state[_NEW].strip()
    if not name:
        return
    try:
        with session.client() as client:
            st.session_state[CHOICE] = client.add_collection(name)["name"]
        st.session_state[_NEW] = ""
    except ApiError as error:
        st.session_state[_PROBLEM] = problems.explain(error)
