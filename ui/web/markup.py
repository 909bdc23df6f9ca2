"""Answers, citations and notices as HTML for ``st.html``.

Whatever came from a document, a model or a person is escaped here, and only here: none of it is ever read as HTML or
Markdown, so a document can put no link, image or script on the page. Offsets are characters, as the API gives them.
Pure functions of the API's JSON: no Streamlit, no network.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Literal

Json = Mapping[str, Any]
AnswerState = Literal["streaming", "done", "refused"]


def question(text: str, understood: str | None = None) -> str:
    """Return the heading of a turn, and under it how the question was understood, where that is another one."""
    under = f'<p class="mun-understood" data-testid="understood">Understood as: {escape(understood)}</p>' if understood else ""
    return f'<h3 class="mun-question" data-testid="question">{escape(text)}</h3>{under}'


def answer(
    text: str, citations: Sequence[Json], *, anchor: str, state: AnswerState, note: str = "", claims: Sequence[Json] = ()
) -> str:
    """Return the answer, each citation a numbered chip behind its claim; ``anchor`` is where :func:`sources` stands.

    Claims that are supported in part are underlined, unsupported ones struck out, each with the reason at hand.
    """
    head = '<p class="mun-kicker">Not in these documents</p>' if state == "refused" else ""
    caret = '<span class="mun-caret"></span>' if state == "streaming" else ""
    foot = f'<p class="mun-note">{escape(note)}</p>' if note else ""
    body = _with_chips(text, citations, anchor, claims) if state != "refused" else escape(text)
    inside = f'{head}<p class="mun-text">{body}{caret}</p>{foot}'
    return f'<div class="mun-answer" data-testid="answer" data-state="{state}">{inside}</div>'


def evidence(hits: Sequence[Json], most: int = 3) -> str:
    """Return the passages found, best first, each with its decisive sentence marked: what there is to see before an answer."""
    cards = "".join(_passage(hit) for hit in hits[:most])
    head = "<h4>Nearest passages</h4>"
    return f'<section class="mun-sources" data-testid="evidence">{head}{cards}</section>' if cards else ""


def left_out(reasons: Sequence[str]) -> str:
    """Return a line that counts the sentences which are no part of the answer, and opens on why."""
    rows = "".join(f"<li>{escape(reason)}</li>" for reason in dict.fromkeys(reasons))
    head = f"<summary>Left out: {len(reasons)} sentence{'s' if len(reasons) > 1 else ''} that the model wrote</summary>"
    return f'<details class="mun-left-out" data-testid="left-out">{head}<ul>{rows}</ul></details>' if rows else ""


def conflicts(found: Sequence[Json]) -> str:
    """Return where the sources disagree, the newer first."""
    rows = "".join(
        f"<li>{escape(c['what'])}<blockquote>{_attributed(c['newer'])}</blockquote><blockquote>{_attributed(c['older'])}</blockquote></li>"
        for c in found
    )
    head = "<strong>The sources disagree</strong>"
    return f'<div class="mun-notice" data-testid="conflicts" role="status">{head}<ul>{rows}</ul></div>' if rows else ""


def sources(citations: Sequence[Json], passages: Sequence[Json], *, anchor: str) -> str:
    """Return one closed card a number: title, page and file; inside it the quote, marked in the passage around it.

    ``passages`` are the hits of the ``sources`` event. Citations of the same number are of the same quote; if one of them was
    corrected, the card says so. A card opens when it or one of its chips is clicked.
    """
    quotes = {c["number"]: c for c in sorted(citations, key=lambda c: (c["number"], c["mended"]))}
    cards = "".join(_card(citation, passages, anchor) for citation in quotes.values())
    return f'<section class="mun-sources" data-testid="sources"><h4>Sources</h4>{cards}</section>' if cards else ""


def notice(title: str, detail: str, kind: Literal["error", "info"] = "info") -> str:
    """Return a message box: what is the matter, and what to do next."""
    return (
        f'<div class="mun-notice" data-testid="notice" data-kind="{kind}" role="status">'
        f"<strong>{escape(title)}</strong><p>{escape(detail)}</p></div>"
    )


def row(title: str, facts: Iterable[str], *, badge: str = "", problem: str = "") -> str:
    """Return a line of a list: a title, small facts under it, a badge such as a job's state, and what went wrong."""
    mark = f'<span class="mun-badge" data-state="{escape(badge)}">{escape(badge)}</span>' if badge else ""
    small = " · ".join(escape(fact) for fact in facts if fact)
    trouble = f'<p class="mun-problem">{escape(problem)}</p>' if problem else ""
    return (
        f'<div class="mun-row" data-testid="row"><div><strong>{escape(title)}</strong>{mark}</div>'
        f"<small>{small}</small>{trouble}</div>"
    )


def place(source: str, page: int | None) -> str:
    """Tell a page or slide as a reader says it; empty where the format has neither.

    >>> place("talks/plan.pptx", 3), place("handbook.pdf", 12), place("notes.txt", None)
    ('slide 3', 'page 12', '')
    """
    if page is None:
        return ""
    return f"{'slide' if source.lower().endswith('.pptx') else 'page'} {page}"


def filename(source: str) -> str:
    """Return the last part of a source, whatever its separators."""
    return source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _with_chips(text: str, citations: Sequence[Json], anchor: str, claims: Sequence[Json]) -> str:
    """Write the text with what stands at each place of it: a claim's mark begins or ends, chips follow."""
    marks = [
        (c["start"], 2, f'<span class="mun-claim" data-verdict="{c["verdict"]}" title="{escape(c["reason"])}">') for c in claims
    ]
    marks += [(c["end"], 0, "</span>") for c in claims]
    chip = '<a class="mun-chip" data-testid="chip" href="#{0}-{1}" title="Open source {1}">[{1}]</a>'
    marks += [(end, 1, chip.format(anchor, n)) for end, n in sorted({(c["answer_end"], c["number"]) for c in citations})]
    pieces, done = [], 0
    for at, _, mark in sorted((m for m in marks if m[0] <= len(text)), key=lambda m: m[:2]):
        pieces += [escape(text[done:at]), mark]
        done = at
    return "".join(pieces) + escape(text[done:])


def _passage(hit: Json) -> str:
    """Return an open card of a passage; of one that speaks to a machine it says so."""
    facts = [place(hit["source"], hit["page_first"]), " › ".join(hit["heading_path"])]
    small = " · ".join(escape(fact) for fact in facts if fact)
    return (
        f'<div class="mun-source" data-testid="passage"><div><strong>{escape(hit["title"])}</strong> <small>{small}</small>'
        f"<blockquote>{_with_decisive(hit)}</blockquote>{_flags(hit)}</div></div>"
    )


def _flags(hit: Json) -> str:
    reasons = dict.fromkeys(flag["reason"] for flag in hit.get("flags", ()))
    flag = '<p class="mun-problem" data-testid="flag">A part of it {}; it was not used.</p>'
    return "".join(flag.format(escape(reason)) for reason in reasons)


def _with_decisive(hit: Json) -> str:
    text, decisive = hit["text"], hit.get("decisive")
    if not decisive:
        return escape(text)
    start, end = decisive["start"] - hit["start"], decisive["end"] - hit["start"]
    return f"{escape(text[:start])}<mark>{escape(text[start:end])}</mark>{escape(text[end:])}"


def _attributed(quote: Json) -> str:
    page = f", page {quote['page']}" if quote["page"] is not None else ""
    return f"“{escape(quote['quote'])}” <small>{escape(quote['title'])}{page}</small>"


def _card(citation: Json, passages: Sequence[Json], anchor: str) -> str:
    number, source, title = citation["number"], citation["source"], citation["title"]
    facts = [place(source, citation["page"]), filename(source) if filename(source) != title else ""]
    why = "The model had named another passage; this one supports the sentence better."
    told = [f'<span data-testid="mended" title="{why}">citation corrected</span>'] if citation["mended"] else []
    small = " · ".join([*(escape(fact) for fact in facts if fact), *told])
    return (
        f'<details class="mun-source" data-testid="citation"><summary><span class="mun-number">{number}</span>'
        f'<span><strong>{escape(title)}</strong><small>{small}</small></span></summary><div id="{anchor}-{number}">'
        f"{_quoted(citation, passages)}</div></details>"
    )


def _quoted(citation: Json, passages: Sequence[Json]) -> str:
    """Mark the quote in the passage it was cut from, or show it alone where no passage holds it."""
    before, after, heading, flags = "", "", "", ""
    for hit in passages:
        start, end = citation["start"] - hit["start"], citation["end"] - hit["start"]
        if hit["document_id"] == citation["document_id"] and start >= 0 and hit["text"][start:end] == citation["quote"]:
            before, after, heading = hit["text"][:start], hit["text"][end:], " › ".join(hit["heading_path"])
            flags = _flags(hit)
            break
    where = f'<p class="mun-path">{escape(heading)}</p>' if heading else ""
    return f"{where}<blockquote>{escape(before)}<mark>{escape(citation['quote'])}</mark>{escape(after)}</blockquote>{flags}"
