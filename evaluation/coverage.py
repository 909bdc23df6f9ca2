"""Measures of the characters found: how much of the gold the passages cover, and how much of the passages is gold.

Passages are in ranked order. Overlapping ones count once. What is measured over the first k passages depends on how long
passages are; what is measured within a number of characters does not, and so compares ways of cutting documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.gold import Query
from evaluation.metrics import Span, length, merge, overlap

CUTOFFS = (1, 2, 4, 5, 8, 16, 32, 64)
BUDGETS = (2000, 4000, 8000, 16000)  # characters
FIRST = (1, 5)  # places among which the right document and page are looked for
Spans = dict[str, list[Span]]  # by document, each list ordered and disjoint


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage found: its document's name, its characters in the document's text, its pages where there are any."""

    document: str
    start: int
    end: int
    score: float = 0.0
    page_first: int | None = None
    page_last: int | None = None
    text: str = ""


def names(queries: Sequence[Query], k: int) -> list[str]:
    """Name the measures that the queries' gold and ``k`` passages allow, in the order they are shown."""
    snippets = [snippet for query in queries for snippet in query.snippets]
    spans = [f"char_{name}@{cutoff}" for name in ("precision", "recall") for cutoff in CUTOFFS if cutoff <= k]
    spans += [f"recall@{budget}c" for budget in BUDGETS] + ["first_hit_precision"]
    documents = [f"right_document@{cutoff}" for cutoff in FIRST if cutoff <= k]
    pages = [f"right_page@{cutoff}" for cutoff in FIRST if cutoff <= k]
    return (
        (spans if any(map(_gold, queries)) else [])
        + (documents if snippets else [])
        + (pages if any(snippet.page for snippet in snippets) else [])
    )


def measure(query: Query, passages: Sequence[Passage], k: int) -> dict[str, float]:
    """Compute the measures that the query's gold allows, each between 0 and 1."""
    gold = _gold(query)
    values: dict[str, float] = {}
    if gold:
        for cutoff in (cutoff for cutoff in CUTOFFS if cutoff <= k):
            values[f"char_precision@{cutoff}"] = precision(passages[:cutoff], gold)
            values[f"char_recall@{cutoff}"] = recall(passages[:cutoff], gold)
        values |= {f"recall@{budget}c": recall(within(passages, budget), gold) for budget in BUDGETS}
        values["first_hit_precision"] = precision(passages[:1], gold)
    for cutoff in (cutoff for cutoff in FIRST if cutoff <= k and query.snippets):
        first = passages[:cutoff]
        values[f"right_document@{cutoff}"] = float(any(passage.document in query.documents for passage in first))
        if any(snippet.page for snippet in query.snippets):
            values[f"right_page@{cutoff}"] = float(any(_on_gold_page(query, passage) for passage in first))
    return values


def precision(passages: Iterable[Passage], gold: Spans) -> float:
    """Share of the passages' characters that are gold; 0 where nothing was found.

    >>> precision([Passage("a", 0, 10), Passage("b", 0, 10)], {"a": [(5, 25)]})
    0.25
    """
    found = _by_document(passages)
    num_found = sum(map(length, found.values()))
    return _num_common(found, gold) / num_found if num_found else 0.0


def recall(passages: Iterable[Passage], gold: Spans) -> float:
    """Share of the gold characters that the passages cover.

    >>> recall([Passage("a", 0, 10), Passage("b", 0, 10)], {"a": [(5, 25)]})
    0.25
    """
    return _num_common(_by_document(passages), gold) / sum(map(length, gold.values()))


def within(passages: Iterable[Passage], num_chars: int) -> list[Passage]:
    """Take passages in order until ``num_chars`` different characters are taken; the last one is cut.

    >>> [(p.start, p.end) for p in within([Passage("a", 0, 10), Passage("a", 5, 20), Passage("a", 30, 40)], 18)]
    [(0, 10), (10, 18)]
    """
    taken: list[Passage] = []
    covered: defaultdict[str, list[Span]] = defaultdict(list)
    left = num_chars
    for passage in passages:
        for start, end in _uncovered((passage.start, passage.end), covered[passage.document]):
            taken.append(Passage(passage.document, start, min(end, start + left)))
            left -= end - start
            if left <= 0:
                return taken
        covered[passage.document] = merge([*covered[passage.document], (passage.start, passage.end)])
    return taken


def curve(query: Query, passages: Sequence[Passage], budgets: Iterable[int]) -> list[float]:
    """Recall within each number of characters; nothing for a query whose gold has no spans."""
    gold = _gold(query)
    return [recall(within(passages, budget), gold) for budget in budgets] if gold else []


def _gold(query: Query) -> Spans:
    """Gather the gold characters by document; a query with a snippet that has no span has none, since some would be missing."""
    if not all(snippet.span for snippet in query.snippets):
        return {}
    return _merged((snippet.document, snippet.span) for snippet in query.snippets if snippet.span)


def _by_document(passages: Iterable[Passage]) -> Spans:
    return _merged((passage.document, (passage.start, passage.end)) for passage in passages)


def _merged(spans: Iterable[tuple[str, Span]]) -> Spans:
    gathered: defaultdict[str, list[Span]] = defaultdict(list)
    for document, span in spans:
        gathered[document].append(span)
    return {document: merge(spans) for document, spans in gathered.items()}


def _num_common(found: Spans, gold: Spans) -> int:
    return sum(overlap(spans, gold[document]) for document, spans in found.items() if document in gold)


def _uncovered(span: Span, covered: Iterable[Span]) -> list[Span]:
    """Cut what is covered out of a span.

    >>> _uncovered((0, 10), [(2, 4), (8, 12)])
    [(0, 2), (4, 8)]
    """
    start, end = span
    pieces = []
    for a, b in covered:
        if start < min(a, end):
            pieces.append((start, min(a, end)))
        start = max(start, b)
    return pieces + ([(start, end)] if start < end else [])


def _on_gold_page(query: Query, passage: Passage) -> bool:
    first, last = passage.page_first, passage.page_last or passage.page_first
    gold = {snippet.page for snippet in query.snippets if snippet.document == passage.document and snippet.page}
    return first is not None and last is not None and any(first <= page <= last for page in gold)
