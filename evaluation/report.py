"""Draws an evaluation as one HTML file: measures, a curve of recall, and the queries that went badly.

The file asks nothing of any network, runs no script, and shows what documents and queries say as text and nothing else.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean

from evaluation import coverage, ranking
from evaluation.gold import Dataset, read_text
from evaluation.page import chart, page, text
from evaluation.retrieval import Outcome, Run
from evaluation.saved import main_measure
from ui.cli.output import pages

FAILED_BELOW = 0.5  # of the main measure
SHOWN_FAILURES = 100
EXCERPT_CHARS = 400
STEP_CHARS = 500


def render(run: Run, dataset: Dataset, title: str) -> str:
    """Write the whole page."""
    name = main_measure(run.measures)
    failed = sorted((o for o in run.outcomes if o.measures.get(name, 1.0) < FAILED_BELOW), key=lambda o: o.measures[name])
    body = f"""<h2>Measures</h2>
{_measures(run)}
<h2>{_curve_title(run)}</h2>
{_curve(run)}
<h2>Queries that went badly</h2>
<p>{_count(len(failed), len(run.outcomes))} {text(name)} below {FAILED_BELOW:g}{_shown(len(failed))}.</p>
{_failures(failed[:SHOWN_FAILURES], name, dataset)}"""
    return page(title, _summary(run), run.notes, body)


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
    head = "".join(f"<th>{text(cutoff)}</th>" for cutoff in families[0][1])
    rows = "".join(
        f"<tr><td>{text(name)}</td>" + "".join(f"<td>{value:.4f}</td>" for value in values.values()) + "</tr>\n"
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
        return chart([(0.0, 0.0), *zip(map(float, budgets), means, strict=True)], coverage.BUDGETS, "characters", "Recall")
    cutoffs = [cutoff for cutoff in ranking.CUTOFFS if f"recall@{cutoff}" in run.measures]
    points = [(float(cutoff), run.measures[f"recall@{cutoff}"]) for cutoff in cutoffs]
    return chart(points, cutoffs, "documents", "Recall") if points else ""


def _failures(failed: Sequence[Outcome], name: str, dataset: Dataset) -> str:
    if not failed:
        return ""
    cells = ((text(o.query.text), _gold(o, dataset), _first(o), f"{o.measures[name]:.4f}") for o in failed)
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in cells)
    head = f"<tr><th>query</th><th>what should be found</th><th>what came first</th><th>{text(name)}</th></tr>\n"
    return f'<table class="failures">\n{head}{rows}</table>'


def _gold(outcome: Outcome, dataset: Dataset) -> str:
    """Show the gold documents' names, and an excerpt of the first."""
    if outcome.query.snippets:
        first = outcome.query.snippets[0]
        place, found = f"{first.document} {_place(first.span, first.page, first.page)}", first.text
    else:
        place = outcome.query.documents[0]
        found = read_text(Path(dataset.files[place].source)) if place in dataset.files else ""
    others = len(outcome.query.snippets or outcome.query.documents) - 1
    return _excerpt(place + (f" and {others} more" if others else ""), found)


def _first(outcome: Outcome) -> str:
    if not outcome.passages:
        return "nothing"
    first = outcome.passages[0]
    return _excerpt(f"{first.document} {_place((first.start, first.end), first.page_first, first.page_last)}", first.text)


def _place(span: tuple[int, int] | None, page_first: int | None, page_last: int | None) -> str:
    return " ".join(filter(None, (f"{span[0]}:{span[1]}" if span else "", pages(page_first, page_last))))


def _excerpt(place: str, found: str) -> str:
    short = found if len(found) <= EXCERPT_CHARS else f"{found[:EXCERPT_CHARS]} ..."
    return f'<span class="place">{text(place)}</span><br>{text(short)}'


def _count(num: int, total: int) -> str:
    return f"{num:,} of {total:,} queries {'has' if num == 1 else 'have'}"


def _shown(num: int) -> str:
    return f"; the worst {SHOWN_FAILURES} are shown" if num > SHOWN_FAILURES else ""
