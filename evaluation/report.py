"""Draws an evaluation as one HTML file: measures, a curve of recall, and the queries that went badly.

The file asks nothing of any network, runs no script, and shows what documents and queries say as text and nothing else.
"""

from collections.abc import Collection, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from statistics import fmean

from evaluation import coverage, ranking
from evaluation.gold import Dataset, read_text
from evaluation.retrieval import Outcome, Run, main_measure
from ui.cli.output import clean, pages

FAILED_BELOW = 0.5  # of the main measure
SHOWN_FAILURES = 100
EXCERPT_CHARS = 400
WIDTH, HEIGHT, MARGIN = 640, 260, 44  # of the curve, in CSS pixels
STEP_CHARS = 500
Point = tuple[float, float]
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430;
background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
border-bottom: 1px solid #dde2e8 } th { font-weight: 600 }
.measures { width: auto; margin-bottom: 1rem } .measures td + td, .measures th + th { text-align: right }
.measures td { font-variant-numeric: tabular-nums } .measures td:first-child, .measures th:first-child { width: 11rem }
.failures { table-layout: fixed } .failures td { overflow-wrap: anywhere; font-size: .9rem }
.failures th:last-child { width: 7rem }
.place { color: #5a6675; font-size: .8rem } .note { background: #fff6dc; padding: .4rem .8rem }
svg { width: 100%; max-width: 44rem; height: auto } svg text { font-size: 12px; fill: #5a6675 }
"""


def render(run: Run, dataset: Dataset, title: str) -> str:
    """Write the whole page."""
    name = main_measure(run.measures)
    failed = sorted((o for o in run.outcomes if o.measures.get(name, 1.0) < FAILED_BELOW), key=lambda o: o.measures[name])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{_text(title)}</h1>
<p>{_text(_summary(run))}</p>
{"".join(f'<p class="note">{_text(note)}</p>' for note in run.notes)}
<h2>Measures</h2>
{_measures(run)}
<h2>{_curve_title(run)}</h2>
{_curve(run)}
<h2>Queries that went badly</h2>
<p>{_count(len(failed), len(run.outcomes))} {_text(name)} below {FAILED_BELOW:g}{_shown(len(failed))}.</p>
{_failures(failed[:SHOWN_FAILURES], name, dataset)}
</body>
</html>
"""


def _summary(run: Run) -> str:
    waited = run.latency_ms
    return (
        f"{run.started_at:%Y-%m-%d %H:%M} UTC. {len(run.outcomes):,} queries over {run.num_documents:,} documents in"
        f" {run.num_passages:,} passages (mean length of those found: {run.mean_passage_chars:,.0f} characters), {run.plan.k}"
        f" passages a query. Search took {waited['p50']:,.0f} ms (median), {waited['p95']:,.0f} ms (95th percentile)."
    )


def _measures(run: Run) -> str:
    """Lay the measures out by name and cutoff: one table for those that have the same cutoffs."""
    families: dict[str, dict[str, float]] = {}
    for measure, value in run.measures.items():
        name, at, cutoff = measure.partition("@")
        families.setdefault(name, {})[at + cutoff] = value
    tables = (list(group) for _, group in groupby(families.items(), key=lambda family: list(family[1])))
    return "\n".join(_table(table) for table in tables)


def _table(families: Sequence[tuple[str, dict[str, float]]]) -> str:
    """Draw measures that have the same cutoffs: a row a name, a column a cutoff."""
    head = "".join(f"<th>{_text(cutoff)}</th>" for cutoff in families[0][1])
    rows = "".join(
        f"<tr><td>{_text(name)}</td>" + "".join(f"<td>{value:.4f}</td>" for value in values.values()) + "</tr>\n"
        for name, values in families
    )
    return f'<table class="measures">\n<tr><th>measure</th>{head}</tr>\n{rows}</table>'


def _curve_title(run: Run) -> str:
    return "Recall over retrieved characters" if _has_spans(run) else "Recall over retrieved documents"


def _has_spans(run: Run) -> bool:
    return any("recall@8000c" in outcome.measures for outcome in run.outcomes)


def _curve(run: Run) -> str:
    """Draw recall within a number of characters where gold has spans, else recall at a number of documents."""
    if _has_spans(run):
        budgets = range(STEP_CHARS, coverage.BUDGETS[-1] + 1, STEP_CHARS)
        curves = [curve for o in run.outcomes if (curve := coverage.curve(o.query, o.passages, budgets))]
        means = [fmean(values) for values in zip(*curves, strict=True)]
        return _svg([(0.0, 0.0), *zip(map(float, budgets), means, strict=True)], coverage.BUDGETS, "characters")
    cutoffs = [cutoff for cutoff in ranking.CUTOFFS if f"recall@{cutoff}" in run.measures]
    return (
        _svg([(float(cutoff), run.measures[f"recall@{cutoff}"]) for cutoff in cutoffs], cutoffs, "documents") if cutoffs else ""
    )


def _svg(points: Sequence[Point], ticks: Collection[float], unit: str) -> str:
    """Draw points of recall (0 to 1) over a number of units, in order of that number."""
    right = points[-1][0]

    def at(x: float, y: float) -> str:
        return f"{MARGIN + x / right * (WIDTH - 2 * MARGIN):.1f},{HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN):.1f}"

    def label(x: float, y: float, text: str, anchor: str, dy: int) -> str:
        left, top = at(x, y).split(",")
        return f'<text x="{left}" y="{top}" dy="{dy}" text-anchor="{anchor}">{text}</text>'

    grid = "".join(f'<path d="M{at(0, y)} L{at(right, y)}" stroke="#dde2e8"/>' for y in (0, 0.25, 0.5, 0.75, 1))
    labels = "".join(label(0, y, f"{y:g}&#160;", "end", 4) for y in (0, 0.25, 0.5, 0.75, 1))
    labels += "".join(label(x, 0, f"{x:,g}", "middle", 18) for x in ticks) + label(right, 0, unit, "end", 36)
    line = " ".join(at(x, y) for x, y in points)
    dots = "".join('<circle cx="{}" cy="{}" r="3" fill="#1f5fa8"/>'.format(*at(x, y).split(",")) for x, y in points if x in ticks)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Recall over {unit}">{grid}{labels}'
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>{dots}</svg>'
    )


def _failures(failed: Sequence[Outcome], name: str, dataset: Dataset) -> str:
    if not failed:
        return ""
    cells = ((_text(o.query.text), _gold(o, dataset), _first(o), f"{o.measures[name]:.4f}") for o in failed)
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in cells)
    head = f"<tr><th>query</th><th>what should be found</th><th>what came first</th><th>{_text(name)}</th></tr>\n"
    return f'<table class="failures">\n{head}{rows}</table>'


def _gold(outcome: Outcome, dataset: Dataset) -> str:
    """Show the gold documents' names, and an excerpt of the first."""
    if outcome.query.snippets:
        first = outcome.query.snippets[0]
        place, text = f"{first.document} {_place(first.span, first.page, first.page)}", first.text
    else:
        place = outcome.query.documents[0]
        text = read_text(Path(dataset.files[place].source)) if place in dataset.files else ""
    others = len(outcome.query.snippets or outcome.query.documents) - 1
    return _excerpt(place + (f" and {others} more" if others else ""), text)


def _first(outcome: Outcome) -> str:
    if not outcome.passages:
        return "nothing"
    first = outcome.passages[0]
    return _excerpt(f"{first.document} {_place((first.start, first.end), first.page_first, first.page_last)}", first.text)


def _place(span: tuple[int, int] | None, page_first: int | None, page_last: int | None) -> str:
    return " ".join(filter(None, (f"{span[0]}:{span[1]}" if span else "", pages(page_first, page_last))))


def _excerpt(place: str, text: str) -> str:
    short = text if len(text) <= EXCERPT_CHARS else f"{text[:EXCERPT_CHARS]} ..."
    return f'<span class="place">{_text(place)}</span><br>{_text(short)}'


def _count(num: int, total: int) -> str:
    return f"{num:,} of {total:,} queries {'has' if num == 1 else 'have'}"


def _shown(num: int) -> str:
    return f"; the worst {SHOWN_FAILURES} are shown" if num > SHOWN_FAILURES else ""


def _text(text: str) -> str:
    """Make text safe to stand in the page: no markup, no control characters, nothing that turns the writing around.

    >>> _text("<b>&\\u202e")
    '&lt;b&gt;&amp;\\ufffd'
    """
    return escape(clean(text))
