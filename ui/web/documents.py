"""The view of what is there: adding files, the list of documents a page at a time, and deleting one after asking."""

from datetime import datetime
from typing import Any

import streamlit as st

from ui.client import ApiError, Client
from ui.web import markup, problems, session, upload

Json = dict[str, Any]
ROWS_A_PAGE = 20
_PROBLEM = "delete_problem"


def render(client: Client, collection: str | None) -> None:
    """Show the upload form and the list."""
    st.title("Documents")
    upload.render(client, collection)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.html(problem)
    _show_list(client.documents(collection), show_collection=collection is None)


def _show_list(documents: list[Json], *, show_collection: bool) -> None:
    st.subheader(f"{len(documents)} {'document' if len(documents) == 1 else 'documents'}")
    if not documents:
        st.html(markup.notice("Nothing here yet", "Add files above; each can be asked about as soon as it says “indexed”."))
        return
    shown = documents
    if len(documents) > ROWS_A_PAGE:
        words = st.text_input("Find by title or file name", key="find-document").casefold()
        shown = [d for d in documents if words in f"{d['title']} {d['source']}".casefold()]
    rows = st.container()
    num_pages = max(1, -(-len(shown) // ROWS_A_PAGE))
    page = st.pagination(num_pages, key="list-page") if num_pages > 1 else 1
    with rows:
        for document in shown[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]:
            _show_row(document, show_collection=show_collection)


def _show_row(document: Json, *, show_collection: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"document-{document['document_id']}"):
        st.html(markup.row(document["title"], _facts(document, show_collection=show_collection)), width="stretch")
        if st.button("Delete", key=f"delete-{document['document_id']}", type="tertiary", icon=":material/delete:"):
            _confirm(document)


def _facts(document: Json, *, show_collection: bool) -> list[str]:
    source, pages = markup.filename(document["source"]), document["num_pages"]
    unit = "slide" if source.lower().endswith(".pptx") else "page"
    return [
        document["collection"] if show_collection else "",
        source if source != document["title"] else "",
        f"{pages} {unit}{'' if pages == 1 else 's'}" if pages else "",
        _size(document["num_bytes"]),
        ", ".join(document["tags"]),
        f"added {datetime.fromisoformat(document['indexed_at']):%d %b %Y}",
    ]


@st.dialog("Delete this document?")
def _confirm(document: Json) -> None:
    st.html(markup.row(document["title"], _facts(document, show_collection=True)))
    st.write("It disappears from every search and answer at once. This cannot be undone.")
    with st.container(horizontal=True):
        deleted = st.button("Delete it", key="confirm-delete", type="primary", on_click=_delete, args=(document["document_id"],))
        if st.button("Keep it", key="cancel-delete") or deleted:
            st.rerun()  # closes the dialog


def _delete(document_id: str) -> None:
    try:
        with session.client() as client:
            client.delete_document(document_id)
    except ApiError as error:
        st.session_state[_PROBLEM] = problems.explain(error)


def _size(num_bytes: int) -> str:
    """Tell a size in decimal units.

    >>> _size(999), _size(1_520), _size(3_400_000)
    ('999 B', '2 kB', '3.4 MB')
    """
    if num_bytes < 1000:
        return f"{num_bytes} B"
    return f"{num_bytes / 1e3:.0f} kB" if num_bytes < 1_000_000 else f"{num_bytes / 1e6:.1f} MB"
