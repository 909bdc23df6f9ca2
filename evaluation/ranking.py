"""Measures of a ranking of documents, by the library that the field uses (ir-measures over trec_eval's code).

A ranking is documents' names, best first. Two are measured: over documents, where each stands at its best passage, and
over passages, where a document's further passages take up places and earn nothing. With ``gain = grade`` and a discount of
``log2(rank + 1)``, nDCG is trec_eval's.
"""

from collections.abc import Mapping, Sequence

import ir_measures

from evaluation.gold import Query

CUTOFFS = (1, 5, 10, 20, 50)
MEASURES = {"recall": ir_measures.R, "ndcg": ir_measures.nDCG, "mrr": ir_measures.RR, "hit": ir_measures.Success}


def names(k: int) -> list[str]:
    """Name the measures that ``k`` passages allow, in the order they are shown."""
    return [f"{prefix}{name}@{cutoff}" for prefix in ("", "passage_") for name in MEASURES for cutoff in CUTOFFS if cutoff <= k]


def measure(queries: Sequence[Query], found: Sequence[Sequence[str]], k: int) -> list[dict[str, float]]:
    """Compute each query's measures; ``found`` holds, for each query, the document of each passage found, best first."""
    rows: list[dict[str, float]] = [dict.fromkeys(names(k), 0.0) for _ in queries]
    numbers = [_numbers([*query.relevance, *one]) for query, one in zip(queries, found, strict=True)]
    relevance = {str(q): {numbers[q][name]: grade for name, grade in query.relevance.items()} for q, query in enumerate(queries)}
    passages = [[numbers[q][name] for name in one] for q, one in enumerate(found)]
    for prefix, ranked in (("", [list(dict.fromkeys(one)) for one in passages]), ("passage_", map(_once, passages))):
        run = {str(q): _scored(one) for q, one in enumerate(ranked)}
        asked = {MEASURES[name] @ cutoff: f"{prefix}{name}@{cutoff}" for name in MEASURES for cutoff in CUTOFFS if cutoff <= k}
        for metric in ir_measures.iter_calc(list(asked), relevance, run):
            rows[int(metric.query_id)][asked[metric.measure]] = float(metric.value)
    return rows


def _numbers(documents: Sequence[str]) -> dict[str, str]:
    """Number documents: the library keeps names as C strings, which not every name can be."""
    return {name: str(number) for number, name in enumerate(dict.fromkeys(documents))}


def _once(documents: Sequence[str]) -> list[str]:
    """Keep each document's first place; its further places go to names that no document has.

    >>> _once(["7", "8", "7"])
    ['7', '8', 'place 2']
    """
    places: dict[str, int] = {}
    for place, name in enumerate(documents):
        places.setdefault(name, place)
    return [name if places[name] == place else f"place {place}" for place, name in enumerate(documents)]


def _scored(documents: Sequence[str]) -> Mapping[str, float]:
    """Give falling scores: the library ranks by score alone, and breaks ties by name."""
    return {name: float(len(documents) - place) for place, name in enumerate(documents)}
