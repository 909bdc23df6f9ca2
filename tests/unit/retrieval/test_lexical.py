"""BM25 in SQL against BM25 in numpy, and every kind of text as a query."""

from collections import Counter
from uuid import UUID

import numpy as np
import pytest

from core.db.pool import Connection
from retrieval import lexical
from retrieval.stores import passages
from tests.fakes_retrieval import FakeEmbedder, add_collection, add_document, make_chunks, nums, real_texts, scope_of

EMBEDDER = FakeEmbedder(window_tokens=100_000)


def fill(connection: Connection, texts: list[str], title: str = "") -> tuple[UUID, list[int]]:
    """Index each text as a chunk; returns the collection and the passages' numbers in the texts' order."""
    collection_id = add_collection(connection, EMBEDDER.model_id)
    chunks = make_chunks(add_document(connection, collection_id), texts)
    passages.add(connection, collection_id, EMBEDDER.model_id, title, chunks, EMBEDDER.embed_documents(texts))
    return collection_id, nums(connection, chunks)


def words(connection: Connection, text: str) -> list[str]:
    """Stem a text word by word with the dictionary itself, not with to_tsvector, and drop its stop words."""
    query = """
        SELECT lexeme FROM ts_parse('default', %s) AS token, LATERAL unnest(CASE
            WHEN tokid IN (1, 10, 11, 16, 17) THEN ts_lexize('english_stem', token)
            WHEN tokid IN (12, 13, 14, 18) THEN NULL
            ELSE ts_lexize('simple', token) END) AS lexeme
    """
    return [row["lexeme"] for row in connection.execute(query, (text,)).fetchall()]


def brute_force(texts: list[list[str]], query: list[str], k1: float = 1.2, b: float = 0.75) -> np.ndarray:
    """Score every text by the formula of BM25, one word at a time."""
    counts = [Counter(text) for text in texts]
    lengths = np.array([len(text) for text in texts])
    scores = np.zeros(len(texts))
    for word in set(query):
        frequency = np.array([count[word] for count in counts])
        num_with = np.count_nonzero(frequency)
        idf = np.log(1 + (len(texts) - num_with + 0.5) / (num_with + 0.5))
        scores += idf * frequency * (k1 + 1) / (frequency + k1 * (1 - b + b * lengths / lengths.mean()))
    return scores


@pytest.mark.parametrize(
    "question",
    [
        "How many hours of sick leave can be advanced to an employee?",
        "travel",
        "the contractors' agreement, and leaves of absence",
    ],
)
def test_scores_are_those_of_the_formula(connection: Connection, question: str) -> None:
    texts = [text.replace("/", " ").replace("-", " ") for text in real_texts()[:150]]  # no compound tokens: the oracle is plain
    collection_id, ids = fill(connection, texts)
    expected = brute_force([words(connection, text) for text in texts], words(connection, question))
    found = lexical.rank(connection, question, scope=scope_of(connection, collection_id), k=1000)
    assert found
    assert dict(found) == pytest.approx({ids[i]: expected[i] for i in np.flatnonzero(expected)}, rel=1e-5)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_title_and_headings_are_searched(connection: Connection) -> None:
    collection_id, ids = fill(connection, ["Twenty days a year."], title="Handbook of vacations")
    assert [num for num, _ in lexical.rank(connection, "vacation?", scope=scope_of(connection, collection_id), k=5)] == ids


def test_other_peoples_documents_neither_appear_nor_change_scores(connection: Connection) -> None:
    mine, ids = fill(connection, ["the notice period is a month", "the licence fee is due"])
    before = lexical.rank(connection, "notice period", scope=scope_of(connection, mine), k=5)
    fill(connection, ["notice period notice period"] * 20)
    assert lexical.rank(connection, "notice period", scope=scope_of(connection, mine), k=5) == before
    assert [num for num, _ in before] == ids[:1]


def test_an_empty_scope_finds_nothing(connection: Connection) -> None:
    fill(connection, ["the notice period is a month"])
    assert lexical.rank(connection, "notice", scope=scope_of(connection), k=5) == []


def test_stop_words_alone_find_nothing(connection: Connection) -> None:
    collection_id, _ = fill(connection, ["to be or not to be"])
    assert lexical.rank(connection, "to be or not", scope=scope_of(connection, collection_id), k=5) == []


@pytest.mark.parametrize(
    "question",
    [
        "notice'; DROP TABLE chunks; --",
        "notice & | ! <-> ( ) :* 'a' : \\",
        "o'neill's \"notice\" \\' \\\\ %s %(k)s {} $1",
        "'notice' | ''",
        "\0notice\0\0",
        "noti\u200bce notice\ud7ff\U0010ffff",
        "https://example.org/a?b=1&c='2' someone@example.org /etc/passwd -12.5e3 notice",
        "notice " * 570,
        " ".join(f"word{i} notice" for i in range(300)),
        "x" * 3000 + " notice",
    ],
)
def test_any_text_is_a_safe_query(connection: Connection, question: str) -> None:
    collection_id, ids = fill(connection, ["the notice period is a month", "the licence fee is due"])
    assert lexical.rank(connection, question, scope=scope_of(connection, collection_id), k=5)[0][0] == ids[0]


def test_a_word_with_quotes_and_backslashes_matches_itself(connection: Connection) -> None:
    assert lexical.any_of(["a'b", "c\\d"]) == r"'a''b' | 'c\\d'"
    row = connection.execute("SELECT %s::tsquery::text AS query", (lexical.any_of(["a'b", "c\\d", "e | f"]),)).fetchone()
    assert row == {"query": r"'a''b' | 'c\\d' | 'e | f'"}
