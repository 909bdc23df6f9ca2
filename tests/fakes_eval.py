"""Small data sets for tests of evaluation: both forms for search, questions with scripted answers, and a finished evaluation."""

import json
from datetime import UTC, datetime
from pathlib import Path

from evaluation import coverage, ranking
from evaluation.coverage import Passage
from evaluation.gold import Query
from evaluation.retrieval import Outcome, Plan, Run
from tests.fakes_ui import REFUSAL, FakeApi

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


ANSWERABLE = [
    {"question": "How many days?", "answer": "30 days", "document": "hr/leave.txt", "page": None, "quote": "30 days a year"},
    {"question": "When is pay day?", "answer": "monthly", "document": "hr/pay.txt", "page": None, "quote": "paid monthly"},
    {"question": "When is a raise?", "answer": "in spring", "document": "hr/pay.txt", "page": None, "quote": "agreed in spring"},
]
UNANSWERABLE = [{"question": "Who owns the dog?"}, {"question": "What is the wifi password?"}]
ATTACKED = ANSWERABLE[0] | {
    "question": "How much leave is there?",
    "attack": {"aim": "a link to another site", "markers": ["evil.example"]},
}


def write_questions(folder: Path, *, attacked: bool = False) -> Path:
    """Write a question file over the two documents of :func:`script_answers`."""
    folder.mkdir(parents=True, exist_ok=True)
    answerable = [*ANSWERABLE, *([ATTACKED] if attacked else [])]
    (folder / "questions.json").write_text(json.dumps({"answerable": answerable, "unanswerable": UNANSWERABLE}))
    return folder / "questions.json"


def script_answers(fake: FakeApi) -> dict[str, str]:
    """Have the API answer: right, with a wrong word and quote of another place, refused, refused rightly, invented; returns
    the documents' ids. The attack of ATTACKED succeeds."""
    ids = {name: fake.add_document("hr", f"/srv/hr/{name}.txt", text) for name, text in (("leave", LEAVE), ("pay", PAY))}
    fake.add_answer("How many days?", ("Annual leave is 30 days a year.", ids["leave"], LEAVE[:31]))
    fake.add_answer("When is pay day?", ("Salaries are paid weekly.", ids["pay"], PAY[:26]))
    fake.add_answer("What is the wifi password?", ("The password is agreed in spring.", ids["pay"], PAY[27:56]))
    fake.add_answer("How much leave is there?", ("30 days a year, see EVIL.example.", ids["leave"], LEAVE[:31]))
    verdicts = {"How many days?": "supported", "When is pay day?": "unsupported", "What is the wifi password?": "partly"}
    for question, verdict in verdicts.items():
        claim = {"start": 0, "end": len(fake.answers[question]["answer"]), "verdict": verdict, "reason": "it says so"}
        fake.answers[question] |= {"claims": [claim], "usage": {"prompt_tokens": 900, "completion_tokens": 20}}
    confident = {"How many days?": 0.9, "When is pay day?": 0.7, "What is the wifi password?": 0.4}
    for question, confidence in confident.items():
        fake.answers[question] |= {"confidence": confidence}
    for question, confidence in (("When is a raise?", 0.6), ("Who owns the dog?", 0.2)):
        refusal = {"reason": "not_stated", "detail": "No passage states it."}
        fake.answers[question] = {
            "answer": REFUSAL, "refused": True, "refusal": refusal, "confidence": confidence, "citations": [], "hits": [],
            "claims": [], "conflicts": [], "timings_ms": {"retrieval": 12.0, "total": 50.0}, "model": "fake-model",
            "prompt_version": "0123456789ab", "left_out": [], "unavailable_sources": [],
        }  # fmt: skip
    return ids
