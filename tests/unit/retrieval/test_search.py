"""The door: a question in, the scope's best passages out, whatever the question holds."""

import time
from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from core.access import AccessScope
from core.db.pool import Pool, transaction
from core.errors import InvalidInput, ModelMismatch, ModelUnavailable
from retrieval.filters import Filters
from retrieval.lexical.index import WordIndex
from retrieval.names import naming_words
from retrieval.question import MAX_CHARS
from retrieval.rerank import Rerank
from retrieval.search import Search
from retrieval.stores import passages
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_rerank import FakeReranker
from tests.fakes_retrieval import (
    FakeEmbedder,
    add_collection,
    add_document,
    make_chunks,
    real_texts,
    scope_of,
)

EMBEDDER = FakeEmbedder(window_tokens=5000)
TEXTS = ["The notice period is one month.", "Sick leave of 240 hours may be advanced.", "The licensee pays a fee of $12,000."]


def scope(pool: Pool, *collection_ids: UUID) -> AccessScope:
    with transaction(pool) as connection:
        return scope_of(connection, *collection_ids)


def fill(pool: Pool, texts: list[str], *, step: int | None = None) -> UUID:
    """Index texts as the chunks of one document; returns its collection."""
    with transaction(pool) as connection:
        collection_id = add_collection(connection, EMBEDDER.model_id)
        chunks = make_chunks(add_document(connection, collection_id), texts, step=step)
        vectors = EMBEDDER.embed_documents(texts)
        passages.add(connection, collection_id, EMBEDDER.model_id, chunks, vectors)
    return collection_id


def contract(pool: Pool, *parties: str) -> UUID:
    """Index a contract that names its parties; returns its collection."""
    collection_id = fill(pool, [f"This Supply Agreement is made between {' and '.join(parties)}.", "Invoices are due in May."])
    with transaction(pool) as connection:
        row = connection.execute("SELECT document_id FROM documents WHERE collection_id = %s", (collection_id,)).fetchone()
        assert row is not None
        connection.execute("UPDATE documents SET names = %s WHERE document_id = %s", (list(parties), row["document_id"]))
        tokens = sorted(frozenset[str]().union(*map(naming_words, parties)))
        connection.execute(
            "INSERT INTO document_names (token, document_id) SELECT unnest(%s::text[]), %s", (tokens, row["document_id"])
        )
    return collection_id


ACME = "When are invoices due under the agreement between Acme Widgets Inc. and Zenith Ltd?"


def test_a_name_that_the_scope_does_not_hold_is_told_and_one_that_it_holds_is_not(pool: Pool, words: WordIndex) -> None:
    search, bravo = Search(pool, EMBEDDER, PgVectorStore(), words), contract(pool, "Bravo GmbH", "Zenith Ltd")
    with_acme = scope(pool, bravo, contract(pool, "Acme Widgets Inc.", "Zenith Ltd"))
    assert search(ACME, scope=with_acme, k=3).note is None
    hits = search(ACME, scope=scope(pool, bravo), k=3)
    assert hits.note == "None of the documents searched is named “Acme Widgets Inc.”."
    assert len(hits) == 2, "it is found all the same"
    assert search("When are invoices due?", scope=scope(pool, bravo), k=3).note is None


def test_a_name_that_a_passage_speaks_of_is_not_told(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, [*TEXTS, "We buy widgets of Acme."]))
    assert Search(pool, EMBEDDER, PgVectorStore(), words)("What does Acme Widgets Inc. deliver?", scope=seen, k=3).note is None


def test_what_is_told_does_not_depend_on_what_lies_outside_the_scope(pool: Pool, words: WordIndex) -> None:
    search, mine, nothing = Search(pool, EMBEDDER, PgVectorStore(), words), fill(pool, TEXTS), fill(pool, [])
    told = []
    for _ in range(2):  # before the others have the contract, and after
        told.append([search(ACME, scope=scope(pool, *which), k=3) for which in ((mine,), (nothing,), ())])
        contract(pool, "Acme Widgets Inc.", "Zenith Ltd")
    before, after = told
    assert before == after
    notes = [[hits.note for hits in answers] for answers in told]
    assert notes == [["None of the documents searched is named “Acme Widgets Inc.” or “Zenith Ltd”."] * 3] * 2


def test_the_passage_asked_for_comes_first(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    hits = Search(pool, EMBEDDER, PgVectorStore(), words)("how long is the notice period", scope=seen, k=2)
    assert hits[0].text == TEXTS[0]
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[0].score > hits[1].score


def test_a_stranger_finds_nothing(pool: Pool, words: WordIndex) -> None:
    fill(pool, TEXTS)
    search = Search(pool, EMBEDDER, PgVectorStore(), words)
    assert search("notice period", scope=scope(pool), k=5) == []
    assert search("notice period", scope=scope(pool, uuid4()), k=5) == []
    mine = fill(pool, ["The canteen opens at noon."])
    assert {hit.text for hit in search("notice period", scope=scope(pool, mine), k=5)} == {"The canteen opens at noon."}


def test_few_candidates_still_give_k_hits(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, [f"paragraph {i} on notice periods" for i in range(30)]))
    assert len(Search(pool, EMBEDDER, PgVectorStore(), words, candidates=2)("notice periods", scope=seen, k=20)) == 20


def test_hits_do_not_overlap(pool: Pool, words: WordIndex) -> None:
    text = " ".join(real_texts())[:4000]
    seen = scope(pool, fill(pool, [text[i : i + 400] for i in range(0, 3600, 100)], step=100))
    hits = Search(pool, EMBEDDER, PgVectorStore(), words)("leave employee hours", scope=seen, k=10)
    ranges = sorted((hit.start, hit.end) for hit in hits)
    assert len(ranges) >= 5
    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))


@pytest.mark.parametrize("question", ["", "   \n\t", "\0", "\0 \0"])
def test_an_empty_question_is_refused(pool: Pool, words: WordIndex, question: str) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        Search(pool, EMBEDDER, PgVectorStore(), words)(question, scope=scope(pool, uuid4()), k=5)


def test_an_endless_question_is_refused_with_the_limit(pool: Pool, words: WordIndex) -> None:
    with pytest.raises(InvalidInput, match=f"100000 characters; ask in at most {MAX_CHARS}"):
        Search(pool, EMBEDDER, PgVectorStore(), words)("x" * 100_000, scope=scope(pool, uuid4()), k=5)


@pytest.mark.parametrize(
    "question",
    ["notice\0period", "notice \ud800 period", "'); DROP TABLE chunks; -- notice period", "notice period " * 290, "notice & ! |"],
)
def test_any_text_is_a_question(pool: Pool, words: WordIndex, question: str) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    assert Search(pool, EMBEDDER, PgVectorStore(), words)(question, scope=seen, k=3)[0].text == TEXTS[0]


def test_a_hit_tells_how_it_got_here_when_asked(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    search = Search(pool, EMBEDDER, PgVectorStore(), words)
    first, *_, last = search("notice period", scope=seen, k=3, explain=True)
    assert [(stage.name, stage.rank) for stage in first.stages] == [("dense", 1), ("words", 1), ("fused", 1)]
    assert first.stages[2].score == pytest.approx(first.score)
    assert "words" not in {stage.name for stage in last.stages}
    assert all(hit.stages == () for hit in search("notice period", scope=seen, k=3))


def test_each_side_can_search_alone(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    search = Search(pool, EMBEDDER, PgVectorStore(), words)
    by_words = search.by("words")("notice period", scope=seen, k=3, explain=True)
    assert [hit.text for hit in by_words] == [TEXTS[0]]
    assert {stage.name for stage in by_words[0].stages} == {"words", "fused"}
    by_vectors = search.by("dense")("notice period", scope=seen, k=3, explain=True)
    assert len(by_vectors) == 3
    assert {stage.name for hit in by_vectors for stage in hit.stages} == {"dense", "fused"}


def test_a_question_in_a_language_the_embedder_does_not_know_leans_on_words(pool: Pool, words: WordIndex) -> None:
    texts = [
        "Die Kündigungsfrist beträgt einen Monat.",
        "Der Urlaub beträgt dreißig Tage im Jahr.",
        "Die Kantine öffnet um neun.",
    ]
    seen = scope(pool, fill(pool, texts))
    question = "Wie lang ist die Kündigungsfrist, wenn der Urlaub noch nicht genommen wurde?"
    shares = {}
    for spoken in (frozenset[str](), frozenset({"de"}), frozenset({"en"})):
        search = Search(pool, EMBEDDER, PgVectorStore(), words, languages=spoken)
        hits = search(question, scope=seen, k=3, explain=True)
        stages = {hit.text: {stage.name: stage.score for stage in hit.stages} for hit in hits}
        shares[spoken] = {text: stage["fused"] for text, stage in stages.items()}
    assert shares[frozenset()] == pytest.approx(shares[frozenset({"de"})])
    assert shares[frozenset({"en"})] != pytest.approx(shares[frozenset({"de"})])


def test_filters_narrow_and_named_documents_come_first(pool: Pool, words: WordIndex) -> None:
    with transaction(pool) as connection:
        collection_id = add_collection(connection, EMBEDDER.model_id)
        made = [add_document(connection, collection_id, source=f"/{name}.txt") for name in ("acme", "bravo", "notes")]
        for document_id in made:
            chunks = make_chunks(document_id, ["The notice period is a month.", "The agreement binds both."])
            vectors = EMBEDDER.embed_documents([chunk.text for chunk in chunks])
            passages.add(connection, collection_id, EMBEDDER.model_id, chunks, vectors)
            connection.execute("UPDATE documents SET num_chunks = 2 WHERE document_id = %s", (document_id,))
        for document_id, name in zip(made, ("Acme Corp.", "Bravo Ltd"), strict=False):
            connection.execute("UPDATE documents SET names = %s WHERE document_id = %s", ([name], document_id))
            connection.execute("INSERT INTO document_names VALUES (%s, %s)", (name.split()[0].lower(), document_id))
        seen = scope_of(connection, collection_id)
    search = Search(pool, EMBEDDER, PgVectorStore(), words)
    hits = search("What notice period is there in the agreement with Bravo Ltd?", scope=seen, k=6)
    assert [hit.document_id for hit in hits][:2] == [made[1], made[1]]
    assert len({hit.chunk_id for hit in hits}) == len(hits) == 6
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    only = search("notice period with Bravo Ltd", scope=seen, k=6, filters=Filters(source="/notes.txt"))
    assert {hit.document_id for hit in only} == {made[2]}


def test_the_note_on_a_name_is_about_what_is_searched(pool: Pool, words: WordIndex) -> None:
    with transaction(pool) as connection:
        collection_id = add_collection(connection, EMBEDDER.model_id)
        for name in ("bravo", "notes"):
            document_id = add_document(connection, collection_id, source=f"/{name}.txt")
            chunks = make_chunks(document_id, [f"What {name} says of notice."])
            passages.add(connection, collection_id, EMBEDDER.model_id, chunks, EMBEDDER.embed_documents([chunks[0].text]))
        seen = scope_of(connection, collection_id)
    search, question = Search(pool, EMBEDDER, PgVectorStore(), words), "What is the notice period in the lease with Bravo Ltd?"
    assert search(question, scope=seen, k=2).unknown_names == ()
    assert search(question, scope=seen, k=2, filters=Filters(source="/notes.txt")).unknown_names == ("Bravo Ltd",)


def test_punctuation_alone_breaks_nothing(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    assert len(Search(pool, EMBEDDER, PgVectorStore(), words)("?!", scope=seen, k=3)) == 3


def reranked(pool: Pool, words: WordIndex, reranker: FakeReranker, *, candidates: int = 50) -> Search:
    rerank = Rerank(reranker, candidates=candidates, timeout_s=10, back_off_s=60)
    return Search(pool, EMBEDDER, PgVectorStore(), words, rerank=rerank)


class Shortest(FakeReranker):
    """Likes short texts, so that its order is none that words or vectors give; looks at the pool while it scores."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool, self.num_lent = pool, -1

    def count_lent(self) -> int:
        time.sleep(0.01)
        stats = self.pool.get_stats()
        return stats["pool_size"] - stats["pool_available"]

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        super().score(query, texts)
        self.num_lent = min(self.count_lent() for _ in range(20))  # the index of words may have one for a moment
        return [-float(len(text)) for text in texts]


def test_a_reranker_orders_the_best_of_the_ranking_and_holds_no_connection(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    reranker = Shortest(pool)
    hits = reranked(pool, words, reranker)(" how long is the notice period", scope=seen, k=3, explain=True)
    assert [hit.text for hit in hits] == sorted(TEXTS, key=len)
    assert reranker.num_lent == 0
    ((query, texts),) = reranker.asked
    assert (query, sorted(texts)) == ("how long is the notice period", sorted(TEXTS))
    stages = [{stage.name: stage for stage in hit.stages} for hit in hits]
    assert [stage["rerank"].rank for stage in stages] == [1, 2, 3]
    assert [stage["rerank"].score for stage in stages] == [-float(len(hit.text)) for hit in hits]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_below_what_the_reranker_sees_the_order_is_the_fused_one(pool: Pool, words: WordIndex) -> None:
    texts = [f"the notice period of contract {'very ' * (30 - i)}{i}" for i in range(12)]
    seen = scope(pool, fill(pool, texts))
    query = "notice period of contract"
    fused = Search(pool, EMBEDDER, PgVectorStore(), words)(query, scope=seen, k=12)
    hits = reranked(pool, words, Shortest(pool), candidates=4)(query, scope=seen, k=12)
    assert sorted((h.text for h in fused[:4]), key=len) == [h.text for h in hits[:4]]
    assert [h.text for h in fused[4:]] == [h.text for h in hits[4:]]


def test_a_reranker_that_fails_costs_no_search_its_hits(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    plain = Search(pool, EMBEDDER, PgVectorStore(), words)("how long is the notice period", scope=seen, k=3, explain=True)
    failing = reranked(pool, words, FakeReranker(error=ModelUnavailable("away")))
    assert failing("how long is the notice period", scope=seen, k=3, explain=True) == plain


def test_a_reranker_sees_nothing_outside_the_scope(pool: Pool, words: WordIndex) -> None:
    fill(pool, ["The notice period of the others is a secret."])
    reranker = FakeReranker()
    reranked(pool, words, reranker)("how long is the notice period", scope=scope(pool, fill(pool, TEXTS)), k=3)
    assert sorted(reranker.asked[0][1]) == sorted(TEXTS)


def test_another_model_is_refused(pool: Pool, words: WordIndex) -> None:
    seen = scope(pool, fill(pool, TEXTS))
    with pytest.raises(ModelMismatch, match=r"fake@0.*other@1"):
        Search(pool, FakeEmbedder("other@1"), PgVectorStore(), words)("notice", scope=seen, k=3)
