"""The index of words against BM25 in numpy: scores, scopes, languages, and what a question can ask for."""

import random
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import numpy as np
import pytest

from core.db.pool import Pool, transaction
from retrieval.lexical import analysis
from retrieval.lexical.analysis import analyse, question_tokens
from retrieval.lexical.index import WordIndex
from tests.fakes_retrieval import real_texts
from tests.fakes_words import collection, document, rank, scope, scores

QUESTIONS = [
    "How many hours of sick leave can be advanced to an employee?",
    "travel",
    "the contractors' agreement, and leaves of absence",
    "employee employee employee 18F",
]


def brute_force(texts: Sequence[str], question: str, language: str = "en") -> np.ndarray:
    """Score every text by the formula of BM25, one word at a time, each as often as the question holds it."""
    counts = [Counter(analyse(language, ["", text]).words.split()) for text in texts]
    lengths = np.array([count.total() for count in counts])
    scores = np.zeros(len(texts))
    for word, times in question_tokens(question, [language], language).items():
        frequency = np.array([count[word] for count in counts])
        num_with = np.count_nonzero(frequency)
        idf = np.log(1 + (len(texts) - num_with + 0.5) / (num_with + 0.5))
        scores += times * idf * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
    return scores


def expected(texts: Sequence[str], nums: Sequence[int], question: str) -> dict[int, float]:
    scores = brute_force(texts, question)
    return {nums[i]: scores[i] for i in np.flatnonzero(scores)}


@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_are_those_of_the_formula(pool: Pool, words: WordIndex, question: str) -> None:
    texts, mine = real_texts()[:300], collection(pool)
    _, nums = document(pool, mine, texts, language="en")
    found = rank(words, question, scope=scope(pool, mine), k=1000)
    assert found
    assert dict(found) == pytest.approx(expected(texts, nums, question), rel=1e-5)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert scores(words, question, nums, scope=scope(pool, mine)) == pytest.approx(
        dict(zip(nums, brute_force(texts, question), strict=True)), rel=1e-5
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_of_many_the_best_are_found(pool: Pool, words: WordIndex, question: str) -> None:
    texts, mine = real_texts(), collection(pool)
    _, nums = document(pool, mine, texts, language="en")
    scores = brute_force(texts, question)
    found = rank(words, question, scope=scope(pool, mine), k=10)
    best = np.sort(scores)[::-1][:10]
    assert [score for _, score in found] == pytest.approx(list(best[best > 0]), rel=1e-5)
    assert dict(found) == pytest.approx({num: scores[nums.index(num)] for num, _ in found}, rel=1e-5)


@pytest.mark.parametrize("question", QUESTIONS)
def test_other_peoples_documents_neither_appear_nor_change_scores(pool: Pool, words: WordIndex, question: str) -> None:
    texts, mine, theirs = real_texts()[:100], collection(pool), collection(pool)
    _, nums = document(pool, mine, texts, language="en")
    seen = scope(pool, mine)
    before = rank(words, question, scope=seen, k=1000)
    document(pool, theirs, ["sick leave travel contractor employee " * 50, "agreement"] * 40, language="en")
    document(pool, theirs, ["Der Angestellte hat Urlaub"], language="de")
    gone, _ = document(pool, mine, ["sick leave travel"], language="en")
    assert len(rank(words, question, scope=scope(pool, mine, theirs), k=1000)) > len(before)
    with transaction(pool) as connection:
        connection.execute("DELETE FROM documents WHERE document_id = %s", (gone,))
    after = rank(words, question, scope=seen, k=1000)
    assert [num for num, _ in after] == [num for num, _ in before]
    assert dict(after) == pytest.approx(dict(before), rel=1e-5)
    assert scores(words, question, nums, scope=seen) == pytest.approx(dict.fromkeys(nums, 0.0) | dict(before), rel=1e-5)


def test_scores_of_passages_outside_the_scope_are_none(pool: Pool, words: WordIndex) -> None:
    mine, theirs = collection(pool), collection(pool)
    document(pool, mine, ["the notice period"])
    _, nums = document(pool, theirs, ["the notice period"])
    assert rank(words, "notice", scope=scope(pool, mine), k=5)
    assert scores(words, "notice", [*nums, 10**12], scope=scope(pool, mine)) == {nums[0]: 0.0, 10**12: 0.0}
    assert scores(words, "notice", nums, scope=scope(pool)) == {nums[0]: 0.0}
    assert scores(words, "notice", [], scope=scope(pool, mine)) == {}


def test_an_empty_scope_finds_nothing(pool: Pool, words: WordIndex) -> None:
    document(pool, collection(pool), ["the notice period is a month"])
    assert rank(words, "notice", scope=scope(pool), k=5) == []
    assert rank(words, "notice", scope=scope(pool, collection(pool)), k=5) == []


def test_documents_narrow_the_scope_and_open_nothing(pool: Pool, words: WordIndex) -> None:
    mine, theirs = collection(pool), collection(pool)
    first, nums = document(pool, mine, ["the notice period"])
    document(pool, mine, ["the notice period"])
    other, _ = document(pool, theirs, ["the notice period"])
    seen = scope(pool, mine)
    assert [num for num, _ in rank(words, "notice", scope=seen, k=5, documents=frozenset([first, other]))] == nums
    assert rank(words, "notice", scope=seen, k=5, documents=frozenset([uuid4()])) == []
    assert rank(words, "notice", scope=seen, k=5, documents=frozenset()) == []


def test_title_and_headings_are_searched(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    _, nums = document(pool, mine, ["Twenty days a year."], title="Handbook of vacations", headings=["Part-time staff"])
    for question in ("vacation?", "part-time", '"handbook of vacations"', '"part time staff"'):
        assert [num for num, _ in rank(words, question, scope=scope(pool, mine), k=5)] == nums
    assert (
        scores(words, '"staff twenty"', nums, scope=scope(pool, mine))[nums[0]]
        < scores(words, '"part-time staff"', nums, scope=scope(pool, mine))[nums[0]]
    )


def test_a_question_reads_the_documents_of_every_language_in_scope(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    texts = {
        "en": "Either party may terminate the licences of Hertz.",
        "de": "Die Hertz-Lizenzen können gekündigt werden, die Kündigungsfrist beträgt einen Monat.",
        "es": "Las licencias de Hertz terminan con un preaviso.",
        "zh": "赫兹公司的许可证通知期限为一个月。",
        "ja": "ハーツ社の契約期間は一年です。",
    }
    nums = {language: document(pool, mine, [text], language=language)[1][0] for language, text in texts.items()}
    seen = scope(pool, mine)

    def best(question: str) -> int:
        return rank(words, question, scope=seen, k=5)[0][0]

    assert best("licence terminated") == nums["en"]
    assert best("Kündigung") == best("Wie lange ist die Kündigungsfrist?") == nums["de"]
    assert best("licencia con preaviso") == nums["es"]
    assert best("通知期限") == nums["zh"]
    assert best("契約期間は") == nums["ja"]
    assert {num for num, _ in rank(words, "the licence of Hertz", scope=seen, k=5)} >= {nums["en"], nums["de"], nums["es"]}


def test_quoted_phrases_are_in_every_hit_unless_no_passage_holds_them(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    texts = ["the notice period is a month", "the period of notice is a month", "a notice, Period: a month", "a month"]
    _, nums = document(pool, mine, texts)
    seen = scope(pool, mine)
    assert {num for num, _ in rank(words, '"notice period" month', scope=seen, k=5)} == {nums[0], nums[2]}
    assert [num for num, _ in rank(words, '"to the of" "period of notice"', scope=seen, k=5)][:1] == nums[1:2]
    assert {num for num, _ in rank(words, '"month notice"', scope=seen, k=5)} == set(nums)
    assert scores(words, '"notice period" month', nums, scope=seen)[nums[3]] == 0
    assert [num for num, _ in rank(words, '"the notice period is a"', scope=seen, k=5)] == nums[:1]
    theirs = collection(pool)
    document(pool, theirs, ["month notice"])
    assert len(rank(words, '"month notice"', scope=seen, k=5)) == 4  # another's passage that holds it does not tell


def test_a_reference_finds_that_very_part(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    texts = [
        "12.30 Termination. Section section section, see clause 112.3",
        "12.3 Termination. Either party may terminate.",
        "Under section 1.12.3 the section is void.",
        "the fee is 12.3 percent of the section",
        "Wie in § 4 Abs. 2 bestimmt",
        "Wie in § 4 Abs. 1 und § 2 bestimmt",
        "Subject to Article 5(b) the fee is due",
        "Subject to Article 5(a) the fee is due",
    ]
    _, nums = document(pool, mine, texts, language="en")
    seen = scope(pool, mine)
    for question, place in [("What does Section 12.3 say?", 1), ("§ 4 Abs. 2", 4), ("Article 5(b)", 6), ("article 5(a)", 7)]:
        assert rank(words, question, scope=seen, k=8)[0][0] == nums[place], question
    assert {num for num, _ in rank(words, "12.3", scope=seen, k=2)} == {nums[1], nums[3]}


def test_part_numbers_and_names_match_whole_and_by_parts(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    texts = [
        "order AB-1234/5 now",
        "order AB 1234 and 5 now",
        "order 1234 now",
        "Mr O’Neill of Muni S.p.A.",
        "Mr Neill",
        "a Form 10-K",
    ]
    _, nums = document(pool, mine, texts)
    seen = scope(pool, mine)
    assert [num for num, _ in rank(words, "AB-1234/5", scope=seen, k=5)] == [nums[0], nums[1], nums[2]]
    assert [num for num, _ in rank(words, "o'neill", scope=seen, k=5)] == [nums[3], nums[4]]
    assert rank(words, "S.P.A.", scope=seen, k=5)[0][0] == nums[3]
    assert rank(words, "10-K", scope=seen, k=5)[0][0] == nums[5]


def test_beginnings_of_words(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    _, nums = document(pool, mine, ["Hertzian waves", "Hertz Corporation", "part AB-1299", "a hearse"])
    seen = scope(pool, mine)
    assert {num for num, _ in rank(words, "Hertz*", scope=seen, k=5)} == {nums[0], nums[1]}
    assert [num for num, _ in rank(words, "AB-12*", scope=seen, k=5)] == [nums[2]]
    assert rank(words, "Hertzog*", scope=seen, k=5) == []


def test_stop_words_alone_find_nothing(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    document(pool, mine, ["to be or not to be"])
    assert rank(words, "to be or not", scope=scope(pool, mine), k=5) == []
    assert len(rank(words, '"or not to be"', scope=scope(pool, mine), k=5)) == 1


@pytest.mark.parametrize(
    "question",
    [
        "notice'; DROP TABLE chunks; --",
        "notice & | ! <-> ( ) :* 'a' : \\",
        "o'neill's \"notice\" \\' \\\\ %s %(k)s {} $1",
        "words:notice AND kind:cursor OR class:[* TO *] notice^1000 notice~2 /n.*/ {!func}",
        "'notice' | ''",
        '"notice" "nowhere"',
        "\0notice\0\0",
        "noti\u200bce notice\ud7ff\U0010ffff \ud800",
        "https://example.org/a?b=1&c='2' someone@example.org /etc/passwd -12.5e3 notice",
        "notice " * 570,
        " ".join(f"word{i} notice" for i in range(300)),
        "x" * 3000 + " notice",
        "n* no* not* notic* (((((* [a-z]* notice",
        "| |* :: ^noti en:notic notice \t\r\n\x0b\x1c\x85\u2028",
    ],
)
def test_any_text_is_a_safe_query(pool: Pool, words: WordIndex, question: str) -> None:
    mine = collection(pool)
    _, nums = document(pool, mine, ["the notice period is a month", "the licence fee is due"])
    assert rank(words, question, scope=scope(pool, mine), k=5)[0][0] == nums[0]


def test_any_text_is_a_safe_passage(pool: Pool, words: WordIndex) -> None:
    mine, generator = collection(pool), random.Random(5)
    alphabet = "aA1 .-'/:|^*\"\t\n\u0301\u200b\u3042\u4e2d\U00020000\ufb01é\u2028\x1f#+_"
    texts = ["".join(generator.choices(alphabet, k=200)) + " needle" for _ in range(200)]
    _, nums = document(pool, mine, [*texts, "x" * 70_000 + " needle", "税" * 70_000])
    assert {num for num, _ in rank(words, "needle", scope=scope(pool, mine), k=1000)} == set(nums[:-1])
    for text, num in zip(texts[:20], nums, strict=False):
        assert scores(words, text, [num], scope=scope(pool, mine))[num] > 0


def test_whether_one_passage_of_the_scope_holds_all_words(pool: Pool, words: WordIndex) -> None:
    mine, theirs = collection(pool), collection(pool)
    document(pool, mine, ["Acme sells T&B widgets.", "Zenith buys."], title="Supply")
    document(pool, theirs, ["Initech is secret."])
    seen = scope(pool, mine)
    for text, held in [
        ("widgets ACME", True),
        ("t&b", True),
        ("supply zenith", True),
        ("acme zenith", False),
        ("initech", False),
    ]:
        assert bool(words.holders(text, scope=seen)) is held, text
    assert words.holders("acme", scope=scope(pool, collection(pool))) == []
    assert words.holders("acme", scope=scope(pool)) == []


def test_all_that_begins_so_is_found_however_much_there_is(pool: Pool, words: WordIndex) -> None:
    mine, others = collection(pool), collection(pool)
    document(pool, others, [f"part AB-12{n:03}" for n in range(300)], language="en")
    _, nums = document(pool, mine, [f"part AB-129{n:02}" for n in range(100)] + ["part AB-13", "part 1299"], language="en")
    found = {num for num, _ in rank(words, "AB-12*", scope=scope(pool, mine), k=1000)}
    assert set(nums[:100]) <= found
    best = [num for num, _ in rank(words, "AB-12*", scope=scope(pool, mine), k=100)]
    assert set(best) == set(nums[:100])


def test_what_anybody_may_ask_is_not_remembered_for_ever(pool: Pool, words: WordIndex) -> None:
    mine = collection(pool)
    document(pool, mine, ["a needle"], language="en")
    seen = scope(pool, mine)
    for number in range(20):
        rank(words, ".".join(f"w{number}x{n}" for n in range(2000)), scope=seen, k=5)
    snapshot = words._keeper.snapshot
    assert snapshot is not None
    view = snapshot.view(seen.class_ids)
    assert len(view._frequencies) <= 10
    assert all(len(run) <= analysis.MAX_CACHED_CHARS for run in analysis._analyser("en")._cached)
