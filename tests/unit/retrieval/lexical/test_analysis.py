"""Passages and questions meet in the same tokens, each language in its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from retrieval.lexical.analysis import STEMMERS, STUB_CHARS, analyse, question_tokens, surface_tokens


def words(language: str, text: str) -> set[str]:
    return set(analyse(language, [text]).words.split())


@pytest.mark.parametrize(
    ("language", "passage", "question"),
    [
        ("en", "Employees are entitled to leaves", "employee entitlement to leave"),
        ("de", "die Häuser in der Straße", "haus strasse"),
        ("de", "Frau Müller", "Mueller"),
        ("de", "die Kündigungsfrist", "Kündigung"),
        ("es", "las pensiones", "pension"),
        ("fr", "les congés payés", "conge paye"),
        ("ru", "сроки уведомления", "срок уведомление"),
        ("zh", "机器学习的方法", "机器学习"),
        ("ja", "契約期間は一年です", "契約期間"),
        ("ko", "통지 기간", "기간"),
        ("und", "notices", "notice"),
        ("vi", "hợp đồng", "hop dong"),
        ("en", "part AB-1234/5 of O'Neill", "ab-1234/5 o’neill"),
        ("en", "part AB-1234/5", "1234"),
    ],
)
def test_a_question_meets_its_passage(language: str, passage: str, question: str) -> None:
    assert set(question_tokens(question, [language], language)) & words(language, passage)


def test_the_same_letters_in_two_languages_are_two_words() -> None:
    assert not words("en", "gift") & words("de", "gift")
    assert {"de:gift", "en:gift"} <= set(question_tokens("gift", ["de", "en"], "en"))


def test_numbers_and_joined_words_are_of_all_languages() -> None:
    assert {":12", ":12.3"} <= words("en", "12.3") & words("de", "12.3") & words("zh", "12.3")


def test_stop_words_of_the_question_are_none_of_another_language() -> None:
    assert list(question_tokens("what is in the notice", ["nl", "pl"], "en")) == ["nl:notice", "nl:^noti", "pl:notic"]


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_function_words_are_left_out(language: str) -> None:
    text = {"en": "to be or not to be", "de": "so oder so nicht das", "es": "es de la que"}[language]
    assert analyse(language, [text]).length == 0
    assert analyse(language, [text]).surface


def test_only_compounding_languages_have_stubs() -> None:
    assert f"de:^{'kundigungsfrist'[:STUB_CHARS]}" in words("de", "Kündigungsfrist")
    assert not [token for token in words("en", "termination") if "^" in token]


def test_phrases_do_not_go_from_heading_to_text() -> None:
    assert analyse("en", ["Notice", "period"]).surface == "notice | period"
    assert surface_tokens("Notice | period") == ["notice", "period"]


def test_length_is_the_number_of_tokens() -> None:
    analysed = analyse("de", ["Kündigung", "§ 4 Abs. 2 der Müller-AG, Teil AB-12"])
    assert analysed.length == len(analysed.words.split())
    assert analysed.marks.split() == ["4(2)", "4"]


def test_every_language_that_has_a_stemmer_analyses_from_many_threads() -> None:
    texts = [f"word{i} Wörter palabras слова {i}" for i in range(200)]
    for language in [*STEMMERS, "zh", "und", "vi"]:
        alone = [analyse(language, [text]) for text in texts]
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(lambda text, name=language: analyse(name, [text]), texts)) == alone  # type: ignore[misc]
