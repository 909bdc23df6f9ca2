"""The verifier alone: which corrupted claims it catches, which true ones it rejects, how long an answer takes it.

``python -m tests.benchmarks.bench_verify [--half 0|1] [--documents N] [--misses N] [--similarity]``. Half 0 of the documents
was developed on, half 1 is what counts. A corrupted claim is caught if it is not supported, a true one rejected if it is
not. ``--similarity`` adds the product's embedder. False alarms of the search for contradictions are counted over
neighbouring passages of different documents, which as good as never contradict each other.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core import settings as core_settings
from core.errors import WeightsError
from core.types import Context
from generation.citations import Evidence
from generation.conflicts import conflicts
from generation.verify import Finding, Similarity, Verifier
from retrieval.embed import make_embedder
from tests import claims
from tests.fakes_generation import hit

Judged = list[tuple[claims.Labelled, Finding]]
ANSWER_WORDS = 200
NUM_PASSAGES = 5


def embedder() -> Similarity:
    """The product's own, from the weights in models_dir."""
    made = make_embedder(core_settings.load(), threads=2)

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return made.embed_documents([text[:700] for text in texts])

    return embed


def chosen(half: int | None, num: int) -> list[claims.Document]:
    """At most ``num`` documents of each corpus, spread over it."""
    by_corpus = defaultdict(list)
    for document in claims.documents(half):
        by_corpus[document.corpus].append(document)
    return [d for docs in by_corpus.values() for d in docs[:: max(1, len(docs) // num)][:num]]


def report(judged: Judged, misses: int) -> None:
    """Print a row per kind of claim, the sums, and some that were judged wrongly."""
    rows = defaultdict(Counter)
    wrong = defaultdict(list)
    for one, found in judged:
        rows[one.is_true, one.kind][found.verdict] += 1
        if (found.verdict == "supported") != one.is_true:
            wrong[one.kind].append((one, found))
    for (is_true, kind), row in sorted(rows.items()):
        label = "true     " if is_true else "corrupted"
        print(
            f"{label} {kind:<22} {row.total():5}  "
            + "  ".join(f"{v} {row[v] / row.total():6.1%}" for v in ("supported", "partly"))
        )
    for is_true, name in ((False, "corrupted caught"), (True, "true rejected")):
        total = sum((row for (truth, _), row in rows.items() if truth == is_true), Counter())
        print(f"{name}: {1 - total['supported'] / max(1, total.total()):.1%} of {total.total()}")
    for one, found in (pair for pairs in wrong.values() for pair in pairs[:misses]):
        print(f"\n[{one.kind}] {one.corpus}: {found.verdict} {found.coverage:.2f} {found.reason}")
        print(f"  claim:  {one.claim}\n  source: {one.source}")


def answer_ms(labelled: list[claims.Labelled], similarity: Similarity | None) -> list[float]:
    """Time for answers of 200 words over 5 passages they were not read from before, half of the claims corrupted."""
    times = []
    pool = [one for one in labelled if one.kind != "moved"]
    for at in range(0, len(pool) - 20, 20):
        passages = [f"{at}. {p}" for one in pool[at : at + NUM_PASSAGES] for p in one.passages[:1]]
        answer: list[str] = []
        for one in pool[at : at + 20]:
            if sum(len(claim.split()) for claim in answer) < ANSWER_WORDS:
                answer.append(one.claim)
        start = time.perf_counter()
        verifier = Verifier(passages, similarity=similarity)
        for claim in answer:
            verifier.check(claim)
        times.append(1000 * (time.perf_counter() - start))
    return times


def timed(similarity: Similarity | None) -> Iterator[tuple[str, Similarity | None]]:
    """Give what answers are timed with: nothing but words, and the embedder, as the API does, where its weights are here."""
    yield "by words", None
    try:
        yield "with the embedder", similarity or embedder()
    except WeightsError as error:
        print(f"with the embedder not measured: {error}")


def false_alarms(documents: list[claims.Document]) -> tuple[int, int]:
    """Count the questions for which a contradiction is told, and all: each over the most alike passages of 5 documents."""
    told = asked = 0
    for corpus in sorted({d.corpus for d in documents}):
        docs = [d for d in documents if d.corpus == corpus]
        for n, document in enumerate(docs):
            passage = document.text[500:1400]
            others = [(claims._nearest(passage, d.text)[0], d.name) for d in docs[n + 1 : n + 5]]
            hits = [
                replace(hit(text, rank=rank, title=name), document_id=UUID(int=rank))
                for rank, (text, name) in enumerate([(passage, document.name), *others], 1)
                if text.strip()
            ]
            context = Context("", tuple(hits))
            evidence = Evidence(context)
            for sentence in evidence.passages.sentences[0] if hits and passage.strip() else []:
                asked += 1
                told += bool(conflicts(evidence.check(sentence.text).quotes, context, evidence.passages))
    return told, asked


def main() -> None:
    """Judge the labelled set and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", type=int, default=1)
    parser.add_argument("--documents", type=int, default=14)
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--similarity", action="store_true")
    options = parser.parse_args()
    similarity = embedder() if options.similarity else None
    documents = chosen(options.half, options.documents)
    built = claims.build(documents, seed=options.seed, per_document=2)
    labelled = [*built, *claims.paraphrases()]
    report([(one, Verifier(one.passages, similarity=similarity).check(one.claim)) for one in labelled], options.misses)
    for name, judge in timed(similarity):
        times = sorted(answer_ms(built, judge))
        shown = f"{times[len(times) // 2]:.0f} ms median, {times[-1]:.0f} ms at most, of {len(times)}"
        print(f"{ANSWER_WORDS}-word answers {name}: {shown}")
    told, asked = false_alarms(documents)
    print(f"contradictions told falsely: {told} of {asked} sentences")


if __name__ == "__main__":
    main()
