"""``muniment eval``: measure search and answers on questions whose answers are known, and the model on tasks of the field.

Results go to standard output, or one JSON object; progress, notes and errors to standard error. Exit status: 0 measured
and at or above every floor, 1 below a floor or not measured, 2 a wrong option, 130 stopped by Ctrl-C.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from core import settings as core_settings
from core.errors import InvalidInput
from evaluation import beir, printed, saved
from evaluation.answers.command import answers
from evaluation.gold import Dataset
from evaluation.golden import golden
from evaluation.harness import harness
from evaluation.report import render
from evaluation.retrieval import Plan, Run, evaluate, measure_names
from evaluation.saved import Comparison
from evaluation.spans import load_spans
from ui.cli import output
from ui.cli.session import connected
from ui.cli.uploads import Interrupted

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure search and answers on your own questions.")

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


@app.callback()
def root() -> None:
    """Measure search and answers on your own questions."""


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
    as_json: printed.JsonOption = False,
    save: printed.SaveOption = None,
    compare: printed.CompareOption = None,
    floor: printed.FloorOption = None,
    report: printed.ReportOption = None,
) -> None:
    """Ingest a corpus, search for every question, and measure how much of the gold is found.

    The corpus goes into a collection made for this, which is deleted at the end. Every run is kept under HOME/eval.
    """
    home = core_settings.load().home
    with TemporaryDirectory(prefix="muniment-eval-") as scratch:
        dataset = _dataset(corpus, queries, Path(scratch))
        floors = printed.floors(floor, measure_names(dataset.queries, k))
        before = saved.load(compare) if compare else None
        run = _run(dataset, Plan(k, store, collection, keep, ranking))
        typer.echo(f"Saved as {saved.save_in_home(run.report(), home, run.started_at)}", err=True)
        if save:
            saved.save(run.report(), save)
        if report:
            saved.write_private(report, render(run, dataset, f"Retrieval over {corpus.resolve().name}"))
    comparison = saved.compare(before, run.report()) if before else None
    if as_json:
        printed.as_json(run.report(), comparison)
    else:
        _show(run, comparison)
    printed.hold(run.measures, floors)


app.command()(answers)
app.command()(golden)
app.command()(harness)


def _dataset(corpus: Path, queries: Path | None, scratch: Path) -> Dataset:
    if (corpus / beir.CORPUS).is_file():
        return beir.load_beir(corpus, queries, scratch)
    if queries is None:
        raise InvalidInput(f"{corpus} holds no {beir.CORPUS}, so --queries must name a file of questions with spans.")
    return load_spans(corpus, queries)


def _run(dataset: Dataset, plan: Plan) -> Run:
    try:
        with connected() as client:
            return evaluate(client, dataset, plan)
    except (Interrupted, KeyboardInterrupt) as error:
        typer.echo("Stopped; nothing was measured.", err=True)
        raise typer.Exit(130) from error


def _show(run: Run, comparison: Comparison | None) -> None:
    printed.measures(run.measures, comparison)
    output.write(
        f"{len(run.outcomes)} queries, {run.num_documents} documents, {run.num_passages} passages; those found have"
        f" {run.mean_passage_chars:.0f} characters on average\n"
        f"search took {run.latency_ms['p50']:.1f} ms (p50), {run.latency_ms['p95']:.1f} ms (p95)\n"
    )
    for note in run.notes:
        output.write(f"note: {note}\n")
    if comparison:
        printed.changes(comparison)
