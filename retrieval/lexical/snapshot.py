"""One state of the index, and what one scope sees of it: how many passages, how long, and how many hold a word.

These numbers are those of the scope, so that other people's documents change no score. They are counted once for a state.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property

import tantivy
from tantivy import Occur, Query

from retrieval.lexical import bm25, schema

Address = tantivy.DocAddress
Hits = list[tuple[float, Address]]
MAX_VIEWS = 200  # scopes whose numbers are kept at once


class Snapshot:
    """A state of the index; it stays as it is while the index goes on."""

    def __init__(self, searcher: tantivy.Searcher, fields: tantivy.Schema) -> None:
        self.searcher, self.schema = searcher, fields
        self._views: dict[frozenset[str], View] = {}

    def view(self, class_ids: Iterable[int]) -> "View":
        """Give what the classes' readers see; classes without passages change nothing."""
        seen = self._classes & {str(class_id) for class_id in class_ids}
        view = self._views.get(seen)
        if view is None:
            if len(self._views) >= MAX_VIEWS:
                self._views.clear()
            view = self._views[seen] = View(self, seen, is_all=seen == self._classes)
        return view

    def term(self, field: str, token: str) -> Query:
        """Ask for the passages with a token, scored by BM25 where it is of ``words``."""
        return Query.term_query(self.schema, field, token, index_option="freq" if field == "words" else "basic")

    def hits(self, query: Query, limit: int) -> Hits:
        """Give the best entries, best first."""
        return list(self.searcher.search(query, limit, count=False).hits)

    def count(self, *queries: Query) -> int:
        """Count the entries that meet all of the queries."""
        found: int = self.searcher.search(all_of(*queries), 1, count=True).count  # type: ignore[attr-defined]
        return found

    def values(self, field: str, addresses: Sequence[Address]) -> list[int]:
        """Give the numbers that entries hold in a field."""
        return [int(value or 0) for value in self.searcher.fast_field_values(field, list(addresses))]

    @cached_property
    def num_entries(self) -> int:
        """How many entries the index's own formula counts: those deleted count until their segment is rewritten."""
        return sum(self.searcher.doc_freq("kind", kind) for kind in (schema.PASSAGE, schema.CURSOR))

    @cached_property
    def has_deleted(self) -> bool:
        """Whether some of the entries counted are deleted."""
        return self.num_entries != self.searcher.num_docs

    def mean_length(self, query: Query, address: Address) -> float:
        """Tell the mean length that the index's own formula uses, from its account of one hit of a word."""
        if self._mean_length is None:
            account = json.loads(query.explain(self.searcher, address).to_json())
            self._mean_length = next(value for value, name in _details(account) if name.startswith("avgdl"))
        return self._mean_length

    _mean_length: float | None = None

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.searcher.terms_with_prefix("class", ""))


class View:
    """What a scope sees of a snapshot."""

    def __init__(self, snapshot: Snapshot, classes: frozenset[str], *, is_all: bool) -> None:
        self.snapshot = snapshot
        self.filters: list[Query] = [] if is_all else [silent(one_of(snapshot.schema, "class", sorted(classes)))]
        self._frequencies: dict[str, int] = {}

    @cached_property
    def _by_language(self) -> dict[int, tuple[int, float]]:
        """Count passages and words of each language."""
        wanted = {"languages": {"terms": {"field": "language", "size": 100}, "aggs": {"words": {"sum": {"field": "length"}}}}}
        found = self.snapshot.searcher.aggregate(all_of(*self.filters), wanted)["languages"]["buckets"]
        return {int(bucket["key"]): (int(bucket["doc_count"]), float(bucket["words"]["value"])) for bucket in found}

    @cached_property
    def num_passages(self) -> int:
        """How many passages the scope holds."""
        return sum(num for num, _ in self._by_language.values())

    @cached_property
    def languages(self) -> list[str]:
        """The languages whose stems the scope's passages hold."""
        return sorted(schema.language_of(code) for code in self._by_language)

    @cached_property
    def mean_lengths(self) -> dict[int, float]:
        """The mean length in words of the scope's passages, for each language's code."""
        return {code: max(words / num, 1.0) for code, (num, words) in self._by_language.items()}

    def idf(self, token: str) -> float:
        """Weigh a word by how many of the scope's passages hold it; 0 if none does."""
        frequency = self._frequencies.get(token)
        if frequency is None:
            frequency = self._count(token)
            if frequency:  # any text may be asked: what nobody wrote is not remembered
                self._frequencies[token] = frequency
        return bm25.idf(self.num_passages, frequency) if frequency else 0.0

    def rarity(self, query: Query) -> float:
        """Weigh what a query asks as :meth:`idf` weighs a word."""
        frequency = self.snapshot.count(*self.filters, silent(query))
        return bm25.idf(self.num_passages, frequency) if frequency else 0.0

    def _count(self, token: str) -> int:
        frequency = self.snapshot.searcher.doc_freq("words", token)
        if frequency == 0 or not (self.filters or self.snapshot.has_deleted):
            return int(frequency)
        return self.snapshot.count(*self.filters, silent(self.snapshot.term("words", token)))


def all_of(*queries: Query) -> Query:
    """Ask for what meets every query; the scores add up. Without a query: everything."""
    return Query.boolean_query([(Occur.Must, query) for query in queries]) if queries else Query.all_query()


def any_of(queries: Sequence[Query]) -> Query:
    """Ask for what meets one of the queries; the scores add up."""
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def silent(query: Query) -> Query:
    """Ask the same, with no say in the score."""
    return Query.const_score_query(query, 0.0)


def one_of(fields: tantivy.Schema, field: str, values: Sequence[str]) -> Query:
    """Ask for the entries with one of many values."""
    return Query.term_set_query(fields, field, values)


def _details(account: dict[str, object]) -> Iterable[tuple[float, str]]:
    """Walk through an account of a score."""
    yield float(str(account["value"])), str(account["description"])
    below = account.get("details")
    for part in below if isinstance(below, list) else ():
        yield from _details(part)
