"""Languages are told from texts and questions, and not guessed where there is nothing to tell them from."""

import pytest

from retrieval.language import SAMPLE_CHARS, detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The notice period is one month.", "en"),
        ("Die Kündigungsfrist beträgt einen Monat.", "de"),
        ("El plazo de preaviso es de un mes.", "es"),
        ("Le délai de préavis est d'un mois.", "fr"),
        ("通知期限为一个月。", "zh"),
        ("通知期間は一ヶ月です。", "ja"),
        ("통지 기간은 한 달입니다.", "ko"),
        ("Срок уведомления составляет один месяц.", "ru"),
        ("本协议 (the Agreement) 由双方签订，自签字之日起生效。", "zh"),
    ],
)
def test_a_sentence_is_enough(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", " \n", "12.3", "Hertz", "?!", "AB-1234/5; 17", "name,num\nfoo,1\nbar,2", "\ud800\x00"])
def test_what_tells_nothing_is_of_no_language(text: str) -> None:
    assert detect(text) == "und"


def test_a_foreign_first_page_does_not_decide() -> None:
    page = "Die Kündigungsfrist beträgt einen Monat und beginnt mit dem Zugang. " * (SAMPLE_CHARS // 68)
    rest = "The notice period is one month and begins with receipt of the notice by the other party. " * 200
    assert detect(page + rest) == "en"
    assert detect(rest) == detect(rest) == "en"
