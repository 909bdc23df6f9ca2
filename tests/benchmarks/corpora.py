"""Public corpora written in the two forms that ``muniment eval retrieval`` reads, from the folder of data beside the project.

Each maker writes a folder of documents and a file of questions. Which text is a document's and what counts as found is the
set's own: character spans for contracts and chroma_chunking, documents for the others, a paragraph being one document.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[3] / "shared" / "data"
Json = dict[str, Any]


def contracts(data: Path, folder: Path) -> None:
    """40 contracts, 370 questions with spans."""
    spans(
        folder,
        {path.name: path.read_text(encoding="utf-8") for path in (data / "contracts_cuad40/txt").iterdir()},
        json.loads((data / "contracts_cuad40/span_queries.json").read_text(encoding="utf-8"))["tests"],
    )


def chunking(data: Path, folder: Path) -> None:
    """5 long texts of different kinds, 472 questions with spans."""
    texts = {path.stem + ".txt": path.read_text(encoding="utf-8") for path in (data / "chroma_chunking/corpora").iterdir()}
    limit = csv.field_size_limit(10**8)  # of the whole process, so it is put back
    with (data / "chroma_chunking/questions_df.csv").open(encoding="utf-8", newline="") as file:
        tests = [
            {
                "query": row["question"],
                "snippets": [
                    {"file_path": row["corpus_id"] + ".txt", "span": [gold["start_index"], gold["end_index"]]}
                    for gold in json.loads(row["references"])
                ],
            }
            for row in csv.DictReader(file)
        ]
    csv.field_size_limit(limit)
    spans(folder, texts, tests)


def banking(data: Path, folder: Path) -> None:
    """698 procedures of a bank, 97 tasks of 1,500 characters with the documents they need."""
    tasks = lines(data / "tau2_banking_kb/tasks_required_docs.jsonl")
    needed = next(name for name in tasks[0] if "doc" in name)
    beir(
        folder,
        ((row["_id"], row["title"], row["text"]) for row in lines(data / "tau2_banking_kb/corpus.jsonl")),
        [(row["instructions"], row[needed]) for row in tasks],
    )


def clapnq(data: Path, folder: Path) -> None:
    """600 passages of an encyclopedia, 300 questions that one of them answers."""
    files = {kind: lines(data / f"clapnq/annotated_data/dev/clapnq_dev_{kind}.jsonl") for kind in ("answerable", "unanswerable")}
    beir(
        folder,
        ((str(r["id"]), r["passages"][0]["title"], r["passages"][0]["text"]) for rows in files.values() for r in rows),
        [(row["input"], [str(row["id"])]) for row in files["answerable"]],
    )


def xquad(language: str) -> Callable[[Path, Path], None]:
    """240 paragraphs of an encyclopedia, 1,190 questions, in one language."""

    def make(data: Path, folder: Path) -> None:
        articles = json.loads((data / f"xquad/xquad.{language}.json").read_text(encoding="utf-8"))["data"]
        paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
        names = [hashlib.sha256(paragraph["context"].encode()).hexdigest()[:12] for paragraph in paragraphs]
        beir(
            folder,
            {name: (name, "", p["context"]) for name, p in zip(names, paragraphs, strict=True)}.values(),
            [(qa["question"], [name]) for name, p in zip(names, paragraphs, strict=True) for qa in p["qas"]],
        )

    return make


SETS: dict[str, Callable[[Path, Path], None]] = {
    "contracts_cuad40": contracts,
    "chroma_chunking": chunking,
    "tau2_banking_kb": banking,
    "clapnq": clapnq,
    "xquad_en": xquad("en"),
    "xquad_de": xquad("de"),
    "xquad_es": xquad("es"),
    "xquad_zh": xquad("zh"),
}


def spans(folder: Path, texts: dict[str, str], tests: list[Json]) -> None:
    """Write documents below ``corpus``, and ``queries.json``."""
    for name, text in texts.items():
        path = folder / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    (folder / "queries.json").write_text(json.dumps({"tests": tests}), encoding="utf-8")


def beir(folder: Path, documents: Iterable[tuple[str, str, str]], queries: list[tuple[str, list[str]]]) -> None:
    """Write the three files of the BEIR form; a question's documents all count alike."""
    corpus = folder / "corpus"
    (corpus / "qrels").mkdir(parents=True, exist_ok=True)
    write_lines(corpus / "corpus.jsonl", ({"_id": i, "title": title, "text": text} for i, title, text in documents))
    write_lines(corpus / "queries.jsonl", ({"_id": f"q{n}", "text": text} for n, (text, _) in enumerate(queries)))
    judged = [f"q{n}\t{document}\t1" for n, (_, wanted) in enumerate(queries) for document in wanted]
    (corpus / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n", encoding="utf-8")


def lines(path: Path) -> list[Json]:
    """Read a file of one JSON object a line."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_lines(path: Path, rows: Iterable[Json]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
