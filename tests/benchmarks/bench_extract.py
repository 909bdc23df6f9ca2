"""Extraction by a real model from contracts that lawyers labelled (CUAD): precision and recall of typed values.

``python -m tests.benchmarks.bench_extract [--collection samples] [--owner admin] [--questions law date ...] [--out FILE]`` reads
contracts of samples/ where they are indexed, over the database and the model server that the settings name (CONTRIBUTING.md
tells how to name a running platform's), and the labels from ../shared/data or ``--labels``; without them it measures nothing.
A value counts as right if it is what the label says and its quote stands in the document; a question whose answer the contract
does not hold should be told as not there. It takes some 50 calls of the model.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from api.lifespan import Services, open_services
from core.access import AccessScope, Principal, scope_for
from core.db.pool import transaction
from core.settings import PROJECT_ROOT, load
from generation.extract import Extracted, Extracting, extract
from generation.typed.dates import dates
from generation.typed.question import Question
from generation.words import tokens
from ingest import documents
from retrieval.context import Packer
from retrieval.filters import Filters
from retrieval.opening import Opening

LABELS = PROJECT_ROOT.parent / "shared" / "data" / "contracts_cuad40" / "labels.jsonl"
CONTRACTS = {  # a sample's name, and how the name of its contract begins in the labels
    "bravatek-sibannac": "SIBANNAC",
    "coral-gold": "CORALGOLD",
    "imine-sunwai": "ImineCorp",
    "medalist-gunston": "MEDALIST",
    "mercata-football": "MERCATA",
}
PARTIES = Question("parties", "Who are the parties to this agreement?", "party")
DATE = Question("date", "What is the date of this agreement?", "date")
EXPIRY = Question("expiry", "On which date does this agreement expire?", "date")
LAW = Question("law", "Which state's or province's law governs this agreement?", "text")
ASSIGN = Question("assign", "May this agreement be assigned without consent?", "yes_no")
ESCROW = Question("escrow", "Source code escrow", "clause")
CATEGORIES = {
    PARTIES: "Parties", DATE: "Agreement Date", EXPIRY: "Expiration Date", LAW: "Governing Law", ASSIGN: "Anti-Assignment",
    ESCROW: "Source Code Escrow",
}  # fmt: skip
WITH_EXPIRY = {"bravatek-sibannac", "coral-gold"}


@dataclass(frozen=True)
class Outcome:
    """One question put to one contract, what the labels say, and whether what came out is right."""

    contract: str
    question: str
    state: str
    value: Any
    gold: Any
    is_right: bool
    reason: str
    quotes: tuple[str, ...]
    seconds: float


def gold_of(question: Question, label: dict[str, Any]) -> Any:
    """Say what the labels hold: of dates only those the contract writes out, of a permission that it is refused."""
    clauses = [clause["text"] for clause in label["clauses"]]
    if question.kind == "date":
        return next((found.readings[0] for clause in clauses for found in dates(clause) if len(found.readings[0]) == 10), None)
    if question is ASSIGN:
        return False if label["present"] else None
    if question is LAW:
        return label["answer"].partition(",")[0] or None
    return clauses or None


def is_right(question: Question, extracted: Extracted, gold: Any, text: str) -> bool:
    """Compare with the labels; a quote that does not stand in the document makes anything wrong."""
    value: Any = extracted.value
    if not all(text[quote.start : quote.end] == quote.text for quote in extracted.quotes):
        return False
    if gold is None or value is None:
        return extracted.state in {"not_found", "unverified"} if gold is None else False
    if question.kind == "party":
        known = [set(tokens(name)) for name in gold if len(tokens(name)) > 1]
        named = [set(tokens(name)) for name in value]
        return all(any(name <= k or k <= name for k in known) for name in named) and len(named) >= 2
    if question is LAW:
        return set(tokens(gold)) <= set(tokens(value))
    return bool(value == gold)


def outcomes(
    services: Services, scope: AccessScope, document_id: UUID, name: str, labels: dict[str, Any], wanted: Sequence[str]
) -> Iterator[Outcome]:
    """Put the questions to one contract."""
    with transaction(services.pool) as connection:
        text = documents.document_text(connection, scope, document_id)
    asked = [q for q in CATEGORIES if q.question_id in wanted and (q is not EXPIRY or name in WITH_EXPIRY)]
    settings, started = services.settings, time.perf_counter()
    events = extract(
        asked,
        scope=scope,
        search=partial(services.search, filters=Filters(documents=frozenset({document_id}))),
        opening=Opening(services.pool, scope, document_id),
        pack=Packer(services.pool, scope),
        generator=services.generator,
        context_tokens=settings.search.context_tokens,
        window_tokens=settings.llm.window_tokens,
    )
    for event in events:
        if isinstance(event, Extracting):
            found = event.extracted
            gold = gold_of(found.question, labels[CATEGORIES[found.question]])
            right, seconds = is_right(found.question, found, gold, text), time.perf_counter() - started
            quotes = tuple(quote.text for quote in found.quotes)
            made = Outcome(name, found.question.question_id, found.state, found.value, gold, right, found.reason, quotes, seconds)
            said = f"{made.value}, gold {str(gold)[:60]}" if made.state == "found" else f"gold {str(gold)[:60]}: {made.reason}"
            print(
                f"{name:18} {made.question:8} {made.state:10} {'right' if right else 'WRONG'} {seconds:5.0f} s  {said}",
                flush=True,
            )
            yield made
            started = time.perf_counter()


def summary(found: Sequence[Outcome]) -> str:
    """Precision over values told, recall over values there are, and how often an absence was told."""
    told, there = [o for o in found if o.state == "found"], [o for o in found if o.gold is not None]
    absent = [o for o in found if o.gold is None]
    right, recalled = sum(o.is_right for o in told), sum(o.is_right for o in there)
    lines = [
        f"values told: {len(told)}, right {right} (precision {right / max(1, len(told)):.2f})",
        f"values there are: {len(there)}, found {recalled} (recall {recalled / max(1, len(there)):.2f})",
        f"absent: {len(absent)}, told as a value {sum(o.state == 'found' for o in absent)}",
        f"states: {dict(Counter(o.state for o in found))}",
        f"seconds a question: {sum(o.seconds for o in found) / max(1, len(found)):.0f}",
    ]
    for question in CATEGORIES:
        own = [o for o in found if o.question == question.question_id]
        lines.append(f"  {question.question_id:8} {question.kind:7} right {sum(o.is_right for o in own)} of {len(own)}")
    return "\n".join(lines)


def main() -> int:
    """Run; 0 also where there is nothing to run on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--collection", default="samples")
    parser.add_argument("--owner", default="admin")
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--questions", nargs="+", default=[question.question_id for question in CATEGORIES])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    settings = load()
    if not arguments.labels.exists() or settings.database.url is None or settings.broker.url is None:
        print("extraction: not measured; it needs MUNIMENT_DATABASE_URL, MUNIMENT_BROKER_URL, MUNIMENT_LLM_URL and the labels.")
        return 0
    rows = [json.loads(line) for line in arguments.labels.read_text(encoding="utf-8").splitlines()]
    found: list[Outcome] = []
    with open_services(settings) as services:
        with transaction(services.pool) as connection:
            scope = scope_for(connection, Principal(arguments.owner, UUID(int=0)), arguments.collection)
            listed = documents.list_documents(connection, scope, limit=500)
        for name, begins in CONTRACTS.items():
            document = next((d for d in listed if Path(d.source).stem.startswith(name)), None)
            labels = {r["category"]: r for r in rows if r["contract"].startswith(f"txt/{begins}")}
            if document is not None:
                found += outcomes(services, scope, document.document_id, name, labels, arguments.questions)
    print(summary(found))
    if arguments.out:
        arguments.out.write_text(json.dumps([asdict(o) for o in found], indent=1, default=str), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
