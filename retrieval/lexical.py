"""Search by words: BM25 over the stemmed words of title, headings and text, inside PostgreSQL.

A chunk's words are its ``lexemes`` (to_tsvector 'english'); a word's count in it is the number of its positions. The
number of chunks, their average length and the words' document frequencies are those of the scope, so another owner's
documents change no score. Any text is a safe query: it is parsed as a document is, never as query syntax.
"""

from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from retrieval.stores.base import Ranking

K1, B = 1.2, 0.75  # term saturation and length normalisation, the usual values

TERMS = "SELECT tsvector_to_array(to_tsvector('english', %s)) AS terms"

# setweight + ts_filter leave only the query's words in a chunk's vector, so that few are unnested: 4 times faster.
BM25 = """
    WITH scope AS (
        SELECT count(*)::float8 AS num_chunks, sum(num_lexemes)::float8 / count(*) AS mean_length
          FROM chunks WHERE class_id = ANY(%(class_ids)s)
    ), occurrences AS MATERIALIZED (
        SELECT num, num_lexemes, (word).lexeme, cardinality((word).positions)::float8 AS frequency
          FROM (SELECT num, num_lexemes, unnest(ts_filter(setweight(lexemes, 'A', %(terms)s), '{a}')) AS word
                  FROM chunks
                 WHERE class_id = ANY(%(class_ids)s) AND lexemes @@ %(any_term)s::tsquery
                   AND (%(documents)s::uuid[] IS NULL OR document_id = ANY(%(documents)s))) AS matches
    ), inverse AS (
        SELECT lexeme, ln(1 + (num_chunks - count(*) + 0.5) / (count(*) + 0.5)) AS idf
          FROM occurrences CROSS JOIN scope GROUP BY lexeme, num_chunks
    )
    SELECT num,
           sum(idf * frequency * (%(k1)s + 1) / (frequency + %(k1)s * (1 - %(b)s + %(b)s * num_lexemes / mean_length))) AS score
      FROM occurrences JOIN inverse USING (lexeme) CROSS JOIN scope
     GROUP BY num ORDER BY score DESC, num LIMIT %(k)s
"""


def rank(connection: Connection, query: str, *, scope: AccessScope, k: int, documents: frozenset[UUID] | None = None) -> Ranking:
    """Return at most ``k`` passages of the scope that share a word with the query, with their BM25 scores, best first.

    Each distinct word counts once; stop words not at all. ``score = sum of idf * tf * (k1 + 1) / (tf + k1 * (1 - b +
    b * length / mean))`` with ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` (Robertson and Zaragoza 2009, with the
    idf of Lucene, which is never negative).
    """
    class_ids = list(scope.class_ids)
    terms = find_terms(connection, query)
    if not class_ids or not terms:
        return []
    values = {
        "class_ids": class_ids,
        "terms": terms,
        "any_term": any_of(terms),
        "documents": None if documents is None else list(documents),
        "k1": K1,
        "b": B,
        "k": k,
    }
    rows = connection.execute(BM25, values).fetchall()
    return [(row["num"], row["score"]) for row in rows]


def find_terms(connection: Connection, text: str) -> list[str]:
    """Return the distinct stemmed words of a text, without stop words. PostgreSQL's text holds no NUL: it is a space."""
    row = connection.execute(TERMS, (text.replace("\0", " "),)).fetchone()
    assert row is not None
    terms: list[str] = row["terms"]
    return terms


def any_of(terms: list[str]) -> str:
    r"""Write a tsquery that matches any of the words, each quoted so that none is syntax.

    >>> print(any_of(["staff", "o'neill", "a\\b"]))
    'staff' | 'o''neill' | 'a\\b'
    """
    return " | ".join("'" + term.replace("\\", "\\\\").replace("'", "''") + "'" for term in terms)
