"""``muniment eval retrieval``: measure search on questions whose answers are known.

Results go to standard output, or one JSON object; progress, notes and errors to standard error. Exit status: 0 measured
and at or above every floor, 1 below a floor or not measured, 2 a wrong option, 130 stopped by Ctrl-C.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from core import settings as core_settings
from core.errors import InvalidInput
from evaluation import beir, saved
from evaluation.gold import Dataset
from evaluation.golden import golden
from evaluation.report import render
from evaluation.retrieval import Plan, Run, evaluate, measure_names
from evaluation.saved import Comparison
from evaluation.spans import load_spans
from ui.cli import output
from ui.cli.session import connected
from ui.cli.uploads import Interrupted

NAMED_CHANGES = 10
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure retrieval on your own questions.")

CorpusOption = Annotated[Path, typer.Option(metavar="DIR", help="The documents: a folder of files, or of the BEIR form.")]
QueriesOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The questions; the folder's queries.jsonl if absent (BEIR form).")
]
StoreOption = Annotated[Literal["pgvector", "faiss"] | None, typer.Option(help="The vector store; the server's if absent.")]
RankingOption = Annotated[
    Literal["fused", "dense", "words"], typer.Option(help="By both sides, by vectors alone, or by words alone.")
]
KOption = Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="Passages to ask for.")]
CollectionOption = Annotated[
    str | None, typer.Option("--collection", "-c", help="Search this one; filled if it is not there yet.")
]
FloorOption = Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Fail if a measure is below; repeatable.")]


app.command()(golden)


@app.callback()
def root() -> None:
    """Measure retrieval on your own questions."""


@app.command()
def retrieval(
    *,
    corpus: CorpusOption,
    queries: QueriesOption = None,
    store: StoreOption = None,
    ranking: RankingOption = "fused",
    k: KOption = 64,
    collection: CollectionOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the collection that was made for this.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what --json prints to a file.")] = None,
    compare: Annotated[Path | None, typer.Option(metavar="FILE", help="Show what changed since a saved run.")] = None,
    floor: FloorOption = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Draw a page that can be passed on.")] = None,
) -> None:
    """Ingest a corpus, search for every question, and measure how much of the gold is found.

    The corpus goes into a collection made for this, which is deleted at the end. Every run is kept under HOME/eval.
    """
    home = core_settings.load().home
    with TemporaryDirectory(prefix="muniment-eval-") as scratch:
        dataset = _dataset(corpus, queries, Path(scratch))
        floors = _floors(floor or [], dataset, k)
        before = saved.load(compare) if compare else None
        run = _run(dataset, Plan(k, store, collection, keep, ranking))
        typer.echo(f"Saved as {saved.save_in_home(run.report(), home, run.started_at)}", err=True)
        if save:
            saved.save(run.report(), save)
        if report:
            saved.write_private(report, render(run, dataset, f"Retrieval over {corpus.resolve().name}"))
    comparison = saved.compare(before, run.report()) if before else None
    if as_json:
        output.write_json(run.report() | ({"comparison": comparison.report()} if comparison else {}))
    else:
        _show(run, comparison)
    failed = saved.below(run.measures, floors)
    for failure in failed:
        typer.echo(failure, err=True)
    if failed:
        raise typer.Exit(1)


def _dataset(corpus: Path, queries: Path | None, scratch: Path) -> Dataset:
    if (corpus / beir.CORPUS).is_file():
        return beir.load_beir(corpus, queries, scratch)
    if queries is None:
        raise InvalidInput(f"{corpus} holds no {beir.CORPUS}, so --queries must name a file of questions with spans.")
    return load_spans(corpus, queries)


def _floors(options: list[str], dataset: Dataset, k: int) -> dict[str, float]:
    try:
        return saved.parse_floors(options, measure_names(dataset.queries, k))
    except InvalidInput as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _run(dataset: Dataset, plan: Plan) -> Run:
    try:
        with connected() as client:
            return evaluate(client, dataset, plan)
    except (Interrupted, KeyboardInterrupt) as error:
        typer.echo("Stopped; nothing was measured.", err=True)
        raise typer.Exit(130) from error


def _show(run: Run, comparison: Comparison | None) -> None:
    if comparison:
        rows = [(name, f"{now:.4f}", f"{old:.4f}", f"{now - old:+.4f}") for name, (old, now) in comparison.measures.items()]
        output.write_table(("measure", "now", "before", "difference"), rows)
    else:
        output.write_table(("measure", "value"), ((name, f"{value:.4f}") for name, value in run.measures.items()))
    output.write(
        f"{len(run.outcomes)} queries, {run.num_documents} documents, {run.num_passages} passages; those found have"
        f" {run.mean_passage_chars:.0f} characters on average\n"
        f"search took {run.latency_ms['p50']:.1f} ms (p50), {run.latency_ms['p95']:.1f} ms (p95)\n"
    )
    for note in run.notes:
        output.write(f"note: {note}\n")
    if comparison:
        _show_changes(comparison)


def _show_changes(comparison: Comparison) -> None:
    for word, changes in (("worse", comparison.worse), ("better", comparison.better)):
        output.write(f"{len(changes)} of {comparison.num_shared} queries got {word} by {comparison.main}\n")
        for change in changes[:NAMED_CHANGES]:
            output.write(f"  {change.difference:+.4f} ({change.before:.4f} to {change.now:.4f})  {change.query}\n")
        if len(changes) > NAMED_CHANGES:
            output.write(f"  ... and {len(changes) - NAMED_CHANGES} more\n")
