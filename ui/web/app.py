"""The page's entry point: `python -m streamlit run ui/web/app.py`, from any folder.

It frames two views, Ask and Documents, and is a client of the API like any other: it holds no data and opens no
database. Needs MUNIMENT_API_URL, and MUNIMENT_API_KEY unless each visitor shall sign in. Loads nothing from elsewhere.
"""

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parents[1]) not in sys.path:  # Streamlit puts this folder on the path, not the project's
    sys.path.insert(0, str(HERE.parents[1]))

import streamlit as st  # noqa: E402

from core import telemetry  # noqa: E402
from core.errors import SettingsError  # noqa: E402
from ui.client import Client  # noqa: E402
from ui.web import ask, collection, documents, markup, problems, session  # noqa: E402

View = Callable[[Client, str | None], None]


def main() -> None:
    """Draw the page once; Streamlit calls this anew at every click."""
    telemetry.silence_phone_home()
    st.set_page_config(page_title="Muniment", page_icon=HERE / "icon.svg", layout="centered")
    st.logo(HERE / "logo.svg", size="large")
    st.html(HERE / "style.css")
    pages = [
        st.Page(lambda: _show(ask.render), title="Ask", url_path="ask", icon=":material/forum:", default=True),
        st.Page(lambda: _show(documents.render), title="Documents", url_path="documents", icon=":material/folder_open:"),
    ]
    view = st.navigation(pages, position="hidden")  # Streamlit's own bar hides behind a button on a telephone
    with st.container(horizontal=True, key="views"):
        for page in pages:
            st.page_link(page)
    view.run()


def _show(view: View) -> None:
    try:
        if not session.signed_in():
            session.show_sign_in()
            return
        with problems.shown("page"), session.client() as client:
            view(client, collection.choose(client))
    except SettingsError as error:
        st.html(markup.notice("A setting of the page is wrong", str(error), "error"))


main()
