"""A question put to one state of the index: the passages that answer it best, with their scores in their reader's scope.

The index ranks with the scope's word weights and its own mean length; the scores of the best are then computed again by
the formula, from exact counts and lengths and the scope's mean length in the passage's language. So a score says nothing
about documents outside the scope.
"""

import heapq
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from tantivy import Query

from retrieval.language import detect
from retrieval.lexical import bm25
from retrieval.lexical.analysis import question_tokens
from retrieval.lexical.query import Question, Tokens
from retrieval.lexical.snapshot import Address, Hits, Snapshot, View, all_of, any_of, one_of, silent
from retrieval.lexical.tokens import is_spaceless, pairs, take_apart
from retrieval.stores.base import Ranking

MAX_TERMS = 192  # of a question that is longer still its rarest words
SPARE = 1.5  # as many times the passages wanted are scored exactly: the index's order is nearly that of the scores
MARK_GAIN = bm25.K1 + 1  # a reference weighs as much as its word could at most


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of the index: words with their weights, what speaks for a passage beside them, what it must meet.

    ``language`` is the one that the question is put in.
    """

    terms: list[tuple[str, float]]
    extras: list[Query]
    required: list[Query]
    language: str


def rank(view: View, plan: Plan, k: int, documents: Collection[UUID] | None = None) -> Ranking:
    """Return at most ``k`` passages with their scores, best first, ties by number; ``documents`` narrows the scope."""
    if not plan.terms and not plan.extras:
        return []
    narrowed = list(plan.required) if documents is None else [*plan.required, within(view.snapshot, documents)]
    hits = view.snapshot.hits(_wanted(view, plan, narrowed), max(k + 8, int(SPARE * k)))
    scored = _score(view, plan, [address for _, address in hits])
    return sorted(scored.items(), key=lambda pair: (-pair[1], pair[0]))[:k]


def scores(view: View, plan: Plan, nums: Sequence[int]) -> dict[int, float]:
    """Return the score of each of the passages; 0 for those without a word of the question, and outside the scope."""
    zeros = dict.fromkeys(nums, 0.0)
    if not nums or (not plan.terms and not plan.extras):
        return zeros
    found = view.snapshot.hits(all_of(_numbered(view.snapshot, nums), *view.filters, *plan.required), len(zeros))
    return zeros | _score(view, plan, [address for _, address in found])


def within(snapshot: Snapshot, documents: Collection[UUID]) -> Query:
    """Ask for passages of some documents."""
    return silent(one_of(snapshot.schema, "document", sorted(document.hex for document in documents)))


def make_plan(view: View, question: Question) -> Plan:
    """Weigh what is asked by what the scope holds; phrases that no passage holds are asked for as words alone."""
    snapshot = view.snapshot
    spoken = detect(question.text)
    counts = question_tokens(question.text, view.languages, spoken)
    weighed = [(token, counts[token] * weight) for token in _telling(snapshot, counts) if (weight := view.idf(token)) > 0]
    phrases = [_phrase(snapshot, phrase) for phrase in question.phrases]
    marks = [(snapshot.term("marks", mark), MARK_GAIN) for mark in question.marks]
    prefixes = [(_beginning(snapshot, prefix), 1.0) for prefix in question.prefixes]
    gains = [(query, gain * view.rarity(query)) for query, gain in [*((p, 1.0) for p in phrases), *marks, *prefixes]]
    required = [silent(phrase) for phrase in phrases]
    is_held = bool(required) and snapshot.count(*view.filters, *required) > 0
    return Plan(
        terms=sorted(weighed, key=lambda pair: -pair[1])[:MAX_TERMS],
        extras=[Query.const_score_query(query, gain) for query, gain in gains if gain > 0],
        required=required if is_held else [],
        language=spoken,
    )


def _telling(snapshot: Snapshot, counts: Mapping[str, int]) -> list[str]:
    """Keep the tokens that weigh most in the index as a whole, where counting all of them in the scope would take long."""
    if len(counts) <= MAX_TERMS:
        return list(counts)
    weights = {token: count * _own_idf(snapshot, token) for token, count in counts.items() if _is_held(snapshot, token)}
    return heapq.nlargest(2 * MAX_TERMS, weights, key=weights.__getitem__)


def _is_held(snapshot: Snapshot, token: str) -> bool:
    return bool(snapshot.searcher.doc_freq("words", token))


def _wanted(view: View, plan: Plan, within: Sequence[Query]) -> Query:
    """Ask for passages of the scope that hold any of the words, each weighing what it weighs in the scope."""
    snapshot = view.snapshot
    words = [
        Query.boost_query(snapshot.term("words", token), weight / max(_own_idf(snapshot, token), 1e-6))
        for token, weight in plan.terms
    ]
    wanted = any_of([*words, *plan.extras])
    return all_of(*view.filters, *within, wanted) if view.filters or within else wanted


def _score(view: View, plan: Plan, addresses: Sequence[Address]) -> dict[int, float]:
    """Compute the scores of passages by the formula; gives them by number."""
    if not addresses:
        return {}
    snapshot = view.snapshot
    nums, lengths, languages = (snapshot.values(field, addresses) for field in ("num", "length", "language"))
    words = np.maximum(np.array(lengths, dtype=np.float64), 1.0)
    means = np.array([view.mean_lengths[code] for code in languages])
    places = {(address.segment_ord, address.doc): place for place, address in enumerate(addresses)}
    among = silent(_numbered(snapshot, nums))
    total = np.zeros(len(addresses))
    for token, weight in plan.terms:
        query = snapshot.term("words", token)
        found, given = _placed(snapshot.hits(all_of(among, query), len(addresses)), places)
        if len(found):
            mean = snapshot.mean_length(query, addresses[found[0]])
            counts = bm25.counts_from(given, words[found], mean, _own_idf(snapshot, token))
            total[found] += weight * bm25.saturate(counts, words[found], means[found])
    for query in plan.extras:
        found, given = _placed(snapshot.hits(all_of(among, query), len(addresses)), places)
        total[found] += given
    return dict(zip(nums, total.tolist(), strict=True))


def _placed(hits: Hits, places: dict[tuple[int, int], int]) -> tuple[np.ndarray, np.ndarray]:
    """Give the hits' places among the passages, and their scores."""
    found = [places[address.segment_ord, address.doc] for _, address in hits]
    return np.array(found, dtype=np.intp), np.array([score for score, _ in hits])


def _own_idf(snapshot: Snapshot, token: str) -> float:
    """Tell the weight that the index itself gives a word."""
    return bm25.idf(snapshot.num_entries, snapshot.searcher.doc_freq("words", token))


def _numbered(snapshot: Snapshot, nums: Sequence[int]) -> Query:
    """Ask for passages by number; looking up each is far faster than a set of them."""
    return any_of([silent(Query.term_query(snapshot.schema, "num", num, index_option="basic")) for num in dict.fromkeys(nums)])


def _phrase(snapshot: Snapshot, tokens: Tokens) -> Query:
    if len(tokens) == 1:
        return snapshot.term("surface", tokens[0])
    return Query.phrase_query(snapshot.schema, "surface", list(tokens))


def _beginning(snapshot: Snapshot, beginning: str) -> Query:
    """Ask for the words that begin so; of writing without spaces, where no word ends, for the characters."""
    if is_spaceless(beginning):
        return _phrase(snapshot, tuple(pairs(beginning)))
    if take_apart(beginning).whole is None:
        return Query.regex_query(snapshot.schema, "surface", f"{re.escape(beginning)}.*")
    return Query.regex_query(snapshot.schema, "words", f":{re.escape(beginning)}.*")
