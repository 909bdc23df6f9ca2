"""The door of lexical search: a question in, the passages of a scope that share its words out, ranked by BM25.

Opened once a process over a folder that all processes share. What is committed to PostgreSQL is found by the next search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Pool
from retrieval import language
from retrieval.lexical import ranking
from retrieval.lexical.analysis import surface_tokens
from retrieval.lexical.keeper import Keeper
from retrieval.lexical.query import parse
from retrieval.lexical.ranking import Plan, make_plan
from retrieval.lexical.snapshot import View, all_of
from retrieval.stores.base import Ranking

MEMORY_MB = 128


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one state of the index, within one scope: read and weighed once, however often it is put."""

    view: View
    plan: Plan

    @property
    def language(self) -> str:
        """The language that the question is put in."""
        return self.plan.language

    def rank(self, k: int, documents: frozenset[UUID] | None = None) -> Ranking:
        """Return at most ``k`` passages that share a word with the question, with their scores, best first.

        ``documents`` narrows the scope. A phrase in quotes must be in each passage, unless none holds it.
        """
        return ranking.rank(self.view, self.plan, k, documents)

    def scores(self, nums: Sequence[int]) -> dict[int, float]:
        """Return the score that :meth:`rank` gives each of these passages; 0 where it would not give it."""
        return ranking.scores(self.view, self.plan, nums)


class WordIndex:
    """The index of words; safe to use from many threads. Close it before the pool."""

    def __init__(self, pool: Pool, folder: Path, *, memory_mb: int = MEMORY_MB) -> None:
        language.load()
        self._keeper = Keeper(pool, folder, memory_mb=memory_mb)

    def ask(self, query: str, *, scope: AccessScope) -> Asked | None:
        """Put a question to the scope as it stands after the latest commit; None where there is nothing to ask yet.

        Takes a connection of its own: call it outside a transaction. Raises DependencyUnavailable if the database is away.
        """
        if not scope.class_ids:
            return None
        self._keeper.refresh()
        snapshot = self._keeper.snapshot
        if snapshot is None:
            return None
        view = snapshot.view(scope.class_ids)
        return Asked(view, make_plan(view, parse(query)))

    def holders(
        self, text: str, *, scope: AccessScope, documents: frozenset[UUID] | None = None, k: int = 10
    ) -> list[int] | None:
        """Return at most ``k`` passages of the scope that hold all words of the text, as they are written but for case.

        None where the index does not know all that is committed, and so cannot say that there is none. Takes a connection, and
        raises, as :meth:`ask` does.
        """
        if not scope.class_ids:
            return []
        is_complete = self._keeper.refresh()
        snapshot = self._keeper.snapshot
        if snapshot is None or not is_complete:
            return None
        words = [snapshot.term("surface", token) for token in dict.fromkeys(surface_tokens(text))]
        within = [] if documents is None else [ranking.within(snapshot, documents)]
        hits = snapshot.hits(all_of(*snapshot.view(scope.class_ids).filters, *within, *words), k)
        return snapshot.values("num", [address for _, address in hits])

    def close(self) -> None:
        """Stop following the database, and let another process write."""
        self._keeper.close()
