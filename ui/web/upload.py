"""Adding files, and watching them become searchable: counts by state, each file's state, and why one failed."""

from collections import Counter
from typing import Any

import streamlit as st

from ui.client import ApiError, Client
from ui.web import markup, problems, session

Json = dict[str, Any]
UNFINISHED = frozenset({"queued", "running"})
STATES = ("queued", "running", "indexed", "unchanged", "failed", "quarantined", "rejected")
POLL_S = 1.0
MAX_ROWS = 50
FORMATS = "PDF, Word, PowerPoint, Excel, HTML, Markdown, plain text, CSV and e-mail (EML)."
_UPLOADS, _BATCH = "uploads", "upload_batch"
_JOBS_A_CALL = 500


def render(client: Client, collection: str | None) -> None:
    """Show the form for files, if a collection is chosen, and the progress of what was sent in this session."""
    if collection is None:
        st.html(markup.notice("Choose a collection to add files to", "Pick one above, or create a new one."))
    elif "/" in collection:
        st.html(markup.notice("This collection is shared with you", "Only its owner adds files to it."))
    else:
        _show_form(client, collection)
    if st.session_state.get(_UPLOADS):
        # A fragment polls by itself only while there is something to wait for.
        st.fragment(_show_progress, run_every=POLL_S if _unfinished() else None)()


def _show_form(client: Client, collection: str) -> None:
    """Show where to drop files; they are sent as soon as the browser has handed them over."""
    batch = st.session_state.setdefault(_BATCH, 0)
    files = st.file_uploader(
        "Add files", accept_multiple_files=True, key=f"files-{batch}", help=FORMATS, max_upload_size=session.max_upload_mb()
    )
    if not files:
        return
    uploads: list[Json] = st.session_state.setdefault(_UPLOADS, [])
    bar = st.progress(0.0, "Sending…")
    for number, file in enumerate(files, start=1):
        uploads.append(_send(client, collection, file))
        bar.progress(number / len(files), f"Sent {number} of {len(files)}")
    st.session_state[_BATCH] += 1  # a new key empties the uploader
    st.rerun()


def _send(client: Client, collection: str, file: Any) -> Json:
    """Send one file; one that is turned away is a row like the others, and stops none of them."""
    try:
        return client.upload(collection, file, file.name)
    except ApiError as error:
        if error.status in (0, 401):
            raise
        return {"job_id": None, "source": file.name, "state": "rejected", "error": error.detail or error.title}


def _show_progress() -> None:
    with problems.shown("progress"), session.client() as client:
        waiting = bool(_unfinished())
        _refresh(client)
        _show_counts(st.session_state[_UPLOADS])
        if waiting and not _unfinished():
            st.rerun()  # the list of documents below has grown
    if not _unfinished():
        st.button("Clear this list", key="clear-uploads", type="tertiary", on_click=st.session_state.pop, args=(_UPLOADS, None))


def _refresh(client: Client) -> None:
    ids = [job["job_id"] for job in _unfinished()]
    fresh: dict[str, Json] = {}
    for first in range(0, len(ids), _JOBS_A_CALL):
        fresh |= {job["job_id"]: job for job in client.jobs(ids[first : first + _JOBS_A_CALL])}
    for job_id in set(ids) - set(fresh):
        fresh[job_id] = {"state": "failed", "error": "It was deleted together with its collection; send the file again."}
    st.session_state[_UPLOADS] = [job | fresh.get(job["job_id"], {}) for job in st.session_state[_UPLOADS]]


def _unfinished() -> list[Json]:
    return [job for job in st.session_state.get(_UPLOADS, []) if job["state"] in UNFINISHED]


def _show_counts(jobs: list[Json]) -> None:
    counts = Counter(job["state"] for job in jobs)
    finished = len(jobs) - counts["queued"] - counts["running"]
    st.progress(finished / len(jobs), f"{finished} of {len(jobs)} files done")
    st.caption(", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]))
    # Failures first: they are what wants a person.
    order = sorted(jobs, key=lambda job: (job["error"] is None, job["state"] not in UNFINISHED))
    rows = (markup.row(markup.filename(j["source"]), [], badge=j["state"], problem=j["error"] or "") for j in order[:MAX_ROWS])
    more = f"<small>and {len(jobs) - MAX_ROWS} more</small>" if len(jobs) > MAX_ROWS else ""
    st.html(f'<div class="mun-list" data-testid="uploads">{"".join(rows)}{more}</div>')
