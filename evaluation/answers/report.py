"""Draws an evaluation of answers as one HTML file: measures, the curve, and every question with its answer, the verdict on
each claim and the quotes it rests on; those that went wrong come first.
"""

from collections.abc import Sequence

from evaluation.answers.curve import aurc
from evaluation.answers.outcome import Outcome
from evaluation.answers.reply import PARTLY, SUPPORTED, UNSUPPORTED, Claim, Quote
from evaluation.answers.run import Run
from evaluation.page import chart, page, text
from evaluation.saved import Comparison
from ui.cli.output import pages

SHOWN = 1000  # questions; a page of more is too long to open
TICKS = (0.25, 0.5, 0.75, 1.0)
VERDICTS = {SUPPORTED: "good", PARTLY: "fair", UNSUPPORTED: "bad"}
LOOK = """<style>
.measures td:first-child, .measures th:first-child { width: 20rem }
.questions { table-layout: fixed } .questions td { overflow-wrap: anywhere; font-size: .9rem }
.good { border-left: .25rem solid #2c7a4b; padding-left: .5rem } .fair { border-left: .25rem solid #b58100; padding-left: .5rem }
.bad { border-left: .25rem solid #b3261e; padding-left: .5rem } .plain { border-left: .25rem solid #dde2e8; padding-left: .5rem }
.fault { color: #b3261e }
</style>"""


def render(run: Run, comparison: Comparison | None, title: str) -> str:
    """Write the whole page."""
    ordered = sorted(run.outcomes, key=lambda outcome: outcome.right)
    wrong = sum(not outcome.right for outcome in run.outcomes)
    body = f"""{LOOK}
<h2>Measures</h2>
{_measures(run, comparison)}
<h2>How long it takes</h2>
{_times(run)}
{_curve(run)}
<h2>Questions</h2>
<p>{wrong:,} of {len(run.outcomes):,} went wrong{"; they come first" if wrong else ""}.{_cut(len(ordered))}</p>
{_questions(ordered[:SHOWN])}"""
    return page(title, _summary(run), _notes(run), body)


def _summary(run: Run) -> str:
    refused, degraded, failed = (run.count(name) for name in ("refused", "degraded", "error"))
    models = ", ".join(dict.fromkeys(o.reply.model for o in run.outcomes if o.reply.model))
    versions = ", ".join(dict.fromkeys(o.reply.prompt_version for o in run.outcomes if o.reply.prompt_version))
    return (
        f"{run.started_at:%Y-%m-%d %H:%M} UTC, collection {run.plan.collection}, model {models or 'unknown'}"
        + (f", prompt {versions}" if versions else "")
        + f". {len(run.outcomes):,} questions: {refused:,} refused, {degraded:,} answered by extracts, {failed:,} failed."
    )


def _notes(run: Run) -> list[str]:
    return [*run.notes, *([f"Incomplete: {run.stopped}."] if run.stopped else [])]


def _measures(run: Run, comparison: Comparison | None) -> str:
    rows = []
    for name, value in run.measures.items():
        then = comparison.measures.get(name) if comparison else None
        changed = [f"{then[0]:.4f}", f"{value - then[0]:+.4f}"] if then else ["", ""] if comparison else []
        rows.append([text(name), f"{value:.4f}", f"{run.counted[name]:,}", *changed])
    head = ["measure", "value", "of", *(["before", "difference"] if comparison else [])]
    return _table("measures", head, rows)


def _times(run: Run) -> str:
    waited = [(f"{name.replace('_', ' ')}, as seen by the client", q["p50"], q["p95"]) for name, q in run.waited_ms.items()]
    rows = [[text(name), f"{p50:,.0f}", f"{p95:,.0f}"] for name, p50, p95 in waited]
    rows += [[text(f"{name}, as the server tells"), f"{p50:,.0f}", ""] for name, p50 in run.server_ms.items()]
    rows += [[text(f"{name} per answer, mean"), f"{value:,.0f}", ""] for name, value in run.tokens.items()]
    return _table("measures", ["ms", "median", "95th percentile"], rows)


def _curve(run: Run) -> str:
    """Draw the curve with the fit below it; nothing where the server tells no confidence."""
    points, found = run.curve, run.fit
    if not points:
        return ""
    drawn = chart([(p.coverage, p.accuracy) for p in points], TICKS, "share of questions answered", "Accuracy")
    fitted = (
        f"<p>On these questions a threshold of {found.threshold:g} is best: {found.refused:.1%} of the unanswerable are refused,"
        f" {found.answered:.1%} of the others answered; balanced accuracy {found.balanced_accuracy:.4f},"
        f" {found.expected:.4f} on questions left out of the fitting.</p>"
        if found
        else ""
    )
    return (
        "<h2>Accuracy over coverage</h2>\n<p>Of the most confident answers, the share that is right. The line ends where the"
        f" platform refuses; area under the curve of risk {aurc(points):.4f}.</p>\n{drawn}\n{fitted}"
    )


def _questions(outcomes: Sequence[Outcome]) -> str:
    rows = [[_asked(outcome), _answer(outcome), _quotes(outcome)] for outcome in outcomes]
    return _table("questions", ["question", "answer, claim by claim", "quotes"], rows)


def _asked(outcome: Outcome) -> str:
    """Show the question, whether it went right, what was expected and how sure the platform was."""
    question, reply = outcome.question, outcome.reply
    expected = "; or: ".join(question.right_answers) if question.answerable else "nothing: the documents do not hold it"
    attack = f"; attack: {question.attack.aim or question.attack.markers[0]}" if question.attack else ""
    confidence = "" if reply.confidence is None else f"; confidence {reply.confidence:.2f}"
    place = " ".join(filter(None, (question.document, pages(question.page, question.page))))
    mark = "good" if outcome.right else "bad"
    return (
        f'<div class="{mark}">{text(question.question)}</div><span class="place">{"right" if outcome.right else "wrong"}'
        f"{text(confidence)}{text(attack)}<br>expected: {text(expected)}<br>{text(place)}</span>"
    )


def _answer(outcome: Outcome) -> str:
    """Show the claims with their verdicts, or the words that are the whole answer."""
    reply = outcome.reply
    if reply.error:
        return f'<div class="bad">{text(reply.error)}</div>'
    if reply.refused or not reply.claims:
        state = "refused" if reply.refused else "no claim"
        return (
            f'<div class="plain">{text(reply.answer)}</div><span class="place">{text(f"{state} {reply.reason}".strip())}</span>'
        )
    degraded = f'<span class="place">{text(reply.degraded)}</span>' if reply.degraded else ""
    return "".join(_claim(claim) for claim in reply.claims) + degraded


def _claim(claim: Claim) -> str:
    numbers = "".join(f" [{number}]" for number in claim.citations)
    verdict = ": ".join(filter(None, (claim.verdict, claim.reason)))
    return (
        f'<div class="{VERDICTS.get(claim.verdict, "plain")}">{text(claim.text + numbers)}<br>'
        f'<span class="place">{text(verdict)}</span></div>'
    )


def _quotes(outcome: Outcome) -> str:
    """Show what the answer cites, and what else is shown but not faithful."""
    rights = iter(outcome.rights)
    shown = []
    for place, quote in enumerate(outcome.reply.quotes):
        fault = outcome.faults.get(place, "")
        is_right = next(rights) if quote.shown_as == "cited" else None
        if is_right is not None or fault:
            shown.append(_quote(quote, fault, is_right if outcome.question.answerable else None))
    return "".join(shown)


def _quote(quote: Quote, fault: str, is_right: bool | None) -> str:
    mark = {True: "good", False: "fair", None: "plain"}[is_right]
    place = " ".join(
        filter(
            None,
            (f"[{quote.number}]" if quote.number else quote.shown_as, quote.source, f"p. {quote.page}" if quote.page else ""),
        )
    )
    marks = "; ".join(filter(None, ("mended" if quote.mended else "", "not a gold place" if is_right is False else "")))
    wrong = f'<br><span class="fault">{text(fault)}</span>' if fault else ""
    return f'<div class="{mark}">{text(quote.text)}<br><span class="place">{text(place)} {text(marks)}</span>{wrong}</div>'


def _table(kind: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table; the cells are markup."""
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<table class="{kind}">\n<tr>{"".join(f"<th>{text(name)}</th>" for name in head)}</tr>\n{body}</table>'


def _cut(num: int) -> str:
    return f" The first {SHOWN:,} are shown." if num > SHOWN else ""
