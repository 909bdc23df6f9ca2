"""Small data sets of both forms for tests of retrieval evaluation, and a finished evaluation of one."""

import json
from datetime import UTC, datetime
from pathlib import Path

from evaluation import coverage, ranking
from evaluation.coverage import Passage
from evaluation.gold import Query
from evaluation.retrieval import Outcome, Plan, Run

LEAVE = "Annual leave is 30 days a year.\nSick leave is counted apart.\n"
PAY = "Salaries are paid monthly.\nA raise is agreed in spring.\n"
DOCUMENTS = {"leave": ("Leave", LEAVE), "pay/1": ("Pay", PAY)}
QUERIES = {"q1": "annual leave days", "q2": "salaries monthly"}
QRELS = {"q1": "leave", "q2": "pay/1"}


def write_beir(folder: Path) -> Path:
    """Write two documents and two queries of the BEIR form."""
    (folder / "qrels").mkdir(parents=True)
    documents = ({"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items())
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (folder / "queries.jsonl").write_text("".join(json.dumps({"_id": i, "text": text}) + "\n" for i, text in QUERIES.items()))
    rows = "".join(f"{query}\t{document}\t1\n" for query, document in QRELS.items())
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}")
    return folder


def write_spans(folder: Path) -> tuple[Path, Path]:
    """Write two text files and two questions with spans; returns the corpus and the question file."""
    corpus, questions = folder / "corpus", folder / "questions.json"
    corpus.mkdir(parents=True)
    (corpus / "leave.txt").write_text(LEAVE)
    (corpus / "pay.txt").write_text(PAY)
    tests = [
        {"query": "annual leave days", "snippets": [{"file_path": "hr/leave.txt", "span": [0, 31]}]},
        {"query": "salaries monthly", "snippets": [{"file_path": "hr/pay.txt", "span": [0, 26], "answer": PAY[:26]}]},
    ]
    questions.write_text(json.dumps({"tests": tests}))
    return corpus, questions


def run_of(*found: tuple[Query, list[Passage]], k: int = 64, notes: tuple[str, ...] = ()) -> Run:
    """Make a finished evaluation of queries and the passages found for each; each took 10 ms longer than the one before."""
    queries = [query for query, _ in found]
    ranked = ranking.measure(queries, [[p.document for p in passages] for _, passages in found], k)
    outcomes = tuple(
        Outcome(query, tuple(passages), 10.0 * n, (row if query.relevance else {}) | coverage.measure(query, passages, k))
        for n, ((query, passages), row) in enumerate(zip(found, ranked, strict=True), start=1)
    )
    return Run(Plan(k), outcomes, 2, 7, datetime(2026, 1, 2, 3, 4, 5, 678, UTC), notes)
