"""Choose hits from a ranking so that they differ: no two overlap, and a short document is not shown over and over.

Of a document of three passages the second adds little: whoever reads the first has nearly read the document, and other
documents wait. Of a contract of ninety the second is as good as the first. So each further passage of a document costs a
share of its score, in proportion to how much of the document has been shown (docs/decisions/0012).
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from retrieval.stores.base import Ranking

COST = 8.0  # standard deviations of the fused score that the whole of a document costs


class Span(NamedTuple):
    """Where a passage stands: characters of a document, end exclusive, and how many passages that document has."""

    document_id: UUID
    start: int
    end: int
    num_passages: int

    def overlaps(self, other: "Span") -> bool:
        """Tell whether the two share a character."""
        return self.document_id == other.document_id and self.start < other.end and other.start < self.end


def choose(ranking: Ranking, spans: Mapping[int, Span], k: int, *, cost: float = COST) -> Ranking:
    """Take the best ``k`` of a ranking in the order to show them, passing over what overlaps a better one or has no span.

    The scores returned are those of the ranking, less what a passage costs that follows others of its document.
    """
    waiting = _by_document(ranking, spans)
    heap = [(-passages[0][1], number) for number, passages in enumerate(waiting)]
    heapq.heapify(heap)
    next_of = [0] * len(waiting)
    chosen: Ranking = []
    while heap and len(chosen) < k:
        negative, number = heapq.heappop(heap)
        passages = waiting[number]
        chosen.append((passages[next_of[number]][0], -negative))
        next_of[number] += 1
        if next_of[number] < len(passages):
            num, score = passages[next_of[number]]
            shown = next_of[number] / max(spans[num].num_passages, 1)
            heapq.heappush(heap, (cost * shown - score, number))
    return chosen


def _by_document(ranking: Ranking, spans: Mapping[int, Span]) -> Sequence[Ranking]:
    kept: dict[UUID, Ranking] = defaultdict(list)
    for num, score in ranking:
        if num in spans:
            others = kept[spans[num].document_id]
            if not any(spans[num].overlaps(spans[other]) for other, _ in others):
                others.append((num, score))
    return list(kept.values())
