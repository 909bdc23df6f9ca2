"""Whose page this is: the API's address and the key, from the settings or, for the key, from a sign-in form.

A key that is typed in lives in this browser session's state only: it is not written down and not shared.
"""

import streamlit as st

from core import settings
from ui.client import Client
from ui.web import markup

_KEY, _REFUSED, _PROBLEM = "api_key", "settings_key_refused", "sign_in_problem"


def client() -> Client:
    """Open a client with this session's key; the caller closes it (``with``)."""
    return Client(_url(), _key() or "")


def signed_in() -> bool:
    """Tell whether there is a key to try."""
    return _key() is not None


def sign_out(reason: str = "") -> None:
    """Forget the key, and this session with it; ``reason`` is shown above the form."""
    st.session_state.clear()
    st.session_state[_REFUSED] = True
    st.session_state[_PROBLEM] = reason


def show_sign_in() -> None:
    """Show the form that asks for an API key."""
    st.title("Sign in")
    if problem := st.session_state.get(_PROBLEM):
        st.html(markup.notice("Signed out", problem, "error"))
    with st.form("sign-in"):
        key = st.text_input("API key", type="password", placeholder="mun_…", autocomplete="off")
        pressed = st.form_submit_button("Sign in", type="primary")
    st.caption("The key opens your own collections only. It stays in this browser tab's session and is gone when you close it.")
    if pressed and key.strip():
        st.session_state[_KEY], st.session_state[_PROBLEM] = key.strip(), ""
        st.rerun()


def max_question_chars() -> int:
    """Return the longest question the API takes."""
    return settings.load().api.max_question_chars


def max_upload_mb() -> int:
    """Return the largest file the API takes, in megabytes."""
    return settings.load().api.max_upload_mb


def _key() -> str | None:
    if typed := st.session_state.get(_KEY):
        return str(typed)
    configured = settings.load().api.key
    return configured.get_secret_value() if configured and not st.session_state.get(_REFUSED) else None


def _url() -> str:
    api = settings.load().api
    return api.url or f"http://{api.host}:{api.port}"
