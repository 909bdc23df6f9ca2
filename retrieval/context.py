"""Choose the passages a model is given with a question: the best ones that fit, whole, neighbours joined into one.

A document is cut where chunks must end, often between a rule and its exception. Where both sides of a cut were found they are
put together again, with the very characters between them, so that model and reader get one readable passage.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.access import AccessScope, reading
from core.db.pool import Pool, transaction
from core.types import Context, Hit, Page
from retrieval.stores import passages

MAX_GAP_CHARS = 100  # between two chunks stand blanks and at most a mark or a page's number
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs what was found in a scope; reads what stands between neighbours, where there are any, in a transaction of its own."""

    pool: Pool
    scope: AccessScope

    def __call__(
        self, question: str, hits: Sequence[Hit], /, *, budget_tokens: int, count_tokens: Callable[[str], int]
    ) -> Context:
        """Keep hits in their order while they fit into ``budget_tokens``, never cutting one, and join neighbours.

        A hit too long for what is left is skipped and shorter ones after it may still fit. The first hit is always kept:
        chunks are bounded by the embedder's window, so it exceeds only a budget that is too small for any answer. A joined
        passage stands in the place of the best of its hits, and has its rank and score.
        """
        kept = fitting(hits, budget_tokens, count_tokens)
        pairs = neighbours(kept)
        if not pairs:
            return Context(question, tuple(kept))
        with transaction(self.pool) as connection, reading(connection, self.scope):
            between = passages.between(connection, pairs, self.scope)
        left = budget_tokens - sum(count_tokens(hit.text) for hit in kept)
        return Context(question, tuple(join(kept, affordable(between, left, count_tokens))))


def fitting(hits: Iterable[Hit], budget_tokens: int, count_tokens: Callable[[str], int]) -> list[Hit]:
    """Keep what fits."""
    kept: list[Hit] = []
    left = budget_tokens
    for hit in hits:
        num_tokens = count_tokens(hit.text)
        if num_tokens <= left or not kept:
            kept.append(hit)
            left -= num_tokens
    return kept


def neighbours(hits: Iterable[Hit]) -> list[Pair]:
    """Give the numbers of hits that follow each other closely in one section of one document."""
    return [(a.num, b.num) for run in _by_section(hits) for a, b in pairwise(run) if 0 <= b.start - a.end <= MAX_GAP_CHARS]


def affordable(between: Mapping[Pair, str], left: int, count_tokens: Callable[[str], int]) -> dict[Pair, str]:
    """Keep the gaps that fit into what the budget has left."""
    kept = {}
    for pair, gap in between.items():
        left -= (num_tokens := count_tokens(gap) if gap.strip() else 0)
        if left < 0:
            left += num_tokens
        else:
            kept[pair] = gap
    return kept


def join(hits: Sequence[Hit], between: Mapping[Pair, str]) -> list[Hit]:
    """Join the pairs whose text ``between`` holds; all else stays as it is and where it is."""
    made: list[Hit] = []
    for run in _by_section(hits):
        made.append(run[0])
        for before, hit in pairwise(run):
            gap = between.get((before.num, hit.num))
            if gap is None or before.end + len(gap) != hit.start:
                made.append(hit)
            else:
                made[-1] = _together(made[-1], gap, hit)
    return sorted(made, key=lambda hit: hit.rank)


def _by_section(hits: Iterable[Hit]) -> Iterable[list[Hit]]:
    sections = defaultdict(list)
    for hit in hits:
        sections[hit.document_id, hit.heading_path].append(hit)
    return [sorted(section, key=lambda hit: hit.start) for section in sections.values()]


def _together(a: Hit, gap: str, b: Hit) -> Hit:
    best = a if a.rank <= b.rank else b
    firsts = [page for page in (a.page_first, b.page_first) if page is not None]
    lasts = [page for page in (a.page_last, b.page_last) if page is not None]
    return replace(
        best,
        start=a.start,
        end=b.end,
        text=a.text + gap + b.text,
        page_first=min(firsts, default=None),
        page_last=max(lasts, default=None),
        pages=_pages([*a.pages, *b.pages]),
    )


def _pages(pages: Iterable[Page]) -> tuple[Page, ...]:
    """Make one page of two parts of it, each line once."""
    by_number: dict[int, Page] = {}
    for page in pages:
        known = by_number.get(page.number)
        lines = {line.start: line for line in (*(known.lines if known else ()), *page.lines)}
        by_number[page.number] = replace(page, lines=tuple(lines[start] for start in sorted(lines)))
    return tuple(by_number[number] for number in sorted(by_number))
