"""The verifier alone: which corrupted claims it catches, which true ones it rejects, and how long an answer takes it.

``python -m tests.benchmarks.bench_verify [--half 0|1] [--misses N] [--similarity] [--seed N]``. Half 0 of the documents was
developed on, half 1 is what counts. A corrupted claim is caught if it is not supported, a true one rejected if it is not.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from generation.verify import Similarity, verify
from tests import claims


def embedder() -> Similarity:
    """The product's own, from the weights in models_dir."""
    from core import settings as core_settings
    from retrieval.embed import make_embedder

    made = make_embedder(core_settings.load())

    def embed(texts: Sequence[str]):
        return made.embed_documents([t[:1000] for t in texts])

    return embed


def main() -> None:
    """Print a row per kind of claim, and the sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", type=int)
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kind", default="")
    parser.add_argument("--corpus", default="")
    parser.add_argument("--similarity", action="store_true")
    options = parser.parse_args()
    similarity = embedder() if options.similarity else None
    labelled = claims.build(claims.documents(options.half), seed=options.seed)
    if Path(claims.__file__).with_name("paraphrases.jsonl").exists():
        labelled += claims.paraphrases()
    labelled = [c for c in labelled if options.kind in c.kind and c.corpus.startswith(options.corpus)]
    rows = defaultdict(lambda: [0, 0, 0])
    misses, spent = [], 0.0
    for one in labelled:
        start = time.perf_counter()
        found = verify(one.claim, one.passages, similarity=similarity)
        spent += time.perf_counter() - start
        row = rows[one.is_true, one.kind]
        row[0] += 1
        row[1] += found.verdict == "supported"
        row[2] += found.verdict == "partly"
        if (found.verdict == "supported") != one.is_true:
            misses.append((one, found))
    for (is_true, kind), (num, supported, partly) in sorted(rows.items()):
        print(f"{'true     ' if is_true else 'corrupted'} {kind:<22} {num:5}  supported {supported / num:6.1%}  partly {partly / num:6.1%}")
    for is_true, name in ((True, "true rejected"), (False, "corrupted caught")):
        nums = [r for (t, _), r in rows.items() if t == is_true]
        total, supported = sum(r[0] for r in nums), sum(r[1] for r in nums)
        if total:
            print(f"{name}: {(total - supported) / total:.1%} of {total}")
    print(f"{1000 * spent / max(1, len(labelled)):.1f} ms a claim, reading its passages included")
    by_kind = defaultdict(int)
    for one, found in misses:
        by_kind[one.kind] += 1
        if by_kind[one.kind] <= options.misses:
            print(f"\n[{one.kind}] {one.corpus} {found.verdict} {found.coverage:.2f} {found.reason}\n  C: {one.claim}\n  S: {one.source}")


if __name__ == "__main__":
    main()
