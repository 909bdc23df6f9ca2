import pytest

from generation.typed.polarity import answer_of, denies

RULE = "Neither party may assign this Agreement without the prior written consent of the other, which shall not be withheld."


@pytest.mark.parametrize(
    ("question", "quote", "answer"),
    [
        ("May it be assigned without consent?", RULE, False),
        ("Is consent required to assign it?", RULE, True),
        ("Can the agreement be assigned?", "This Agreement shall not be assignable by either party without consent.", False),
        ("May it be assigned without consent?", "Any assignment without the prior consent of the other shall be void.", False),
        ("Does the agreement restrict assignment?", "Neither party may assign this Agreement.", True),
        ("Is there an anti-assignment clause?", RULE, True),
        ("Is there a right to renew?", "There is no right to renew this lease.", False),
        ("Is the license exclusive?", "Licensor grants a non-exclusive license.", False),
        ("Is the license exclusive?", "Licensor grants an exclusive license.", True),
        ("Is the consultant an employee?", "Consultant is not an employee of the Company.", False),
        ("Does it renew automatically?", "It shall renew automatically unless either party gives notice.", True),
        ("May unused leave be carried over?", "You may carry over no more than 240 hours of unused leave.", True),
        ("May it be ended for convenience?", "It may be ended for convenience, including, without limitation, by mail.", True),
        ("Must the consultant carry insurance?", "The Consultant may carry insurance.", None),
        ("Must the consultant carry insurance?", "The Consultant shall carry insurance.", True),
        ("Is insurance required?", RULE, None),
    ],
)
def test_what_a_quote_answers(question: str, quote: str, answer: bool | None) -> None:
    assert answer_of(question, quote) is answer


def test_of_languages_it_does_not_know_nothing_is_told() -> None:
    assert answer_of("Darf der Vertrag abgetreten werden?", "Der Vertrag darf nicht abgetreten werden.", "de") is None


def test_a_quote_denies_a_claim_that_it_negates() -> None:
    assert denies("The agreement may be assigned by either party.", RULE)
    assert not denies("The agreement may not be assigned by either party.", "This Agreement may not be assigned by a party.")
    assert not denies("Texas", "It is not governed by the laws of Texas.")
