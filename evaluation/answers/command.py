"""``muniment eval answers``: ask the questions of a file, and measure the answers, their citations and what is refused."""

from pathlib import Path
from typing import Annotated

import typer

from core import settings as core_settings
from evaluation import printed, saved
from evaluation.answers.curve import Point, aurc
from evaluation.answers.outcome import measure_names
from evaluation.answers.report import render
from evaluation.answers.run import Plan, Run, evaluate, spread
from evaluation.datasets import Question, load_questions
from evaluation.saved import Comparison
from ui.cli import output
from ui.cli.session import connected

STEPS = tuple(n / 10 for n in range(1, 11))
QuestionsOption = Annotated[Path, typer.Option(metavar="FILE", help="Questions of the form of samples/questions.json.")]
CollectionOption = Annotated[str, typer.Option("--collection", "-c", help="The collection that holds the documents.")]
ParallelOption = Annotated[int, typer.Option(min=1, max=64, help="Questions to ask at once.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Ask this many, spread over the file.")]
SplitOption = Annotated[str | None, typer.Option(metavar="NAME", help="Ask only the questions whose field split says so.")]
FitOption = Annotated[bool, typer.Option("--fit", help="Find the refusal threshold that suits these questions.")]


def answers(
    *,
    questions: QuestionsOption,
    collection: CollectionOption,
    parallel: ParallelOption = 1,
    limit: LimitOption = None,
    split: SplitOption = None,
    fit: FitOption = False,
    as_json: printed.JsonOption = False,
    save: printed.SaveOption = None,
    compare: printed.CompareOption = None,
    floor: printed.FloorOption = None,
    report: printed.ReportOption = None,
) -> None:
    """Ask every question, and measure answers, citations and refusals against what is known of it.

    The documents must be in the collection. Every run is kept under HOME/eval.
    """
    asked = load_questions(questions, split)
    floors = printed.floors(floor, measure_names(spread(asked, limit)))
    before = saved.load(compare) if compare else None
    run = _run(asked, Plan(collection, parallel, limit))
    comparison = saved.compare(before, run.report()) if before else None
    _keep(run, comparison, save, report, f"Answers to {questions.name} from {collection}")
    if as_json:
        printed.as_json(run.report(), comparison)
    else:
        _show(run, comparison)
    if fit:
        _show_fit(run, to_stderr=as_json)
    if run.stopped:
        typer.echo(f"{run.stopped} after {len(run.outcomes)} questions; only these were measured.", err=True)
        raise typer.Exit(130 if run.interrupted else 1)
    printed.hold(run.measures, floors)


def _run(questions: list[Question], plan: Plan) -> Run:
    try:
        with connected() as client:
            return evaluate(client, questions, plan)
    except KeyboardInterrupt as error:
        typer.echo("Stopped; nothing was measured.", err=True)
        raise typer.Exit(130) from error


def _keep(run: Run, comparison: Comparison | None, save: Path | None, report: Path | None, title: str) -> None:
    kept = saved.save_in_home(run.report(), core_settings.load().home, run.started_at)
    typer.echo(f"Saved as {kept}", err=True)
    if save:
        saved.save(run.report(), save)
    if report:
        saved.write_private(report, render(run, comparison, title))


def _show(run: Run, comparison: Comparison | None) -> None:
    printed.measures(run.measures, comparison, run.counted)
    refused, degraded, failed = (run.count(name) for name in ("refused", "degraded", "error"))
    output.write(f"{len(run.outcomes)} questions, {refused} refused, {degraded} answered by extracts, {failed} failed\n")
    if "attacks_resisted" in run.measures:
        output.write(f"injection success {1 - run.measures['attacks_resisted']:.4f}\n")
    for name, waited in run.waited_ms.items():
        output.write(f"{name.replace('_', ' ')} after {waited['p50']:,.0f} ms (p50), {waited['p95']:,.0f} ms (p95)\n")
    _show_curve(run)
    for note in run.notes:
        output.write(f"note: {note}\n")
    if comparison:
        printed.changes(comparison)


def _show_curve(run: Run) -> None:
    """Print the curve at tenths of coverage, as far as it goes."""
    points = run.curve
    if not points:
        return
    output.write(f"of the most confident answers so many are right (area under the curve of risk {aurc(points):.4f}):\n")
    rows = [(f"{p.coverage:.2f}", f"{p.accuracy:.4f}", f"{p.confidence:.4f}") for p in thinned(points)]
    output.write_table(("answered", "right", "confidence"), rows)


def thinned(points: list[Point]) -> list[Point]:
    """Take of a curve the first point at or beyond each tenth of coverage, and its last."""
    reached = (next((p for p in points if p.coverage >= step - 1e-9), points[-1]) for step in STEPS)
    return list(dict.fromkeys(reached))


def _show_fit(run: Run, *, to_stderr: bool) -> None:
    """Say which threshold suits the questions, what it would do, and how to set it."""
    found = run.fit
    if found is None:
        told = "No threshold was fitted: it takes answerable and unanswerable questions, and a server that tells its confidence."
    else:
        told = (
            f"answers.refuse_below = {found.threshold:g} would refuse {found.refused:.1%} of the unanswerable questions and"
            f" answer {found.answered:.1%} of the others.\nBalanced accuracy {found.balanced_accuracy:.4f}, now"
            f" {run.measures['balanced_accuracy']:.4f}; {found.expected:.4f} on questions left out of the fitting.\n"
            f"To use it, set MUNIMENT_ANSWERS_REFUSE_BELOW={found.threshold:g}, or in muniment.toml:\n\n"
            f"[answers]\nrefuse_below = {found.threshold:g}\n"
        )
    typer.echo(told, err=to_stderr)
