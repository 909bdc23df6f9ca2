import time

import pytest

from generation.typed.polarity import answer_of, bears, denies

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
        ("Is the fee refundable?", "The fee is nonrefundable.", False),
        ("Is the fee refundable?", "The fee is non-refundable.", False),
        ("Is the fee refundable?", "The fee shall hardly ever be refundable.", False),
        ("Is the fee refundable?", "The fee shall scarcely be refundable.", False),
        ("Is the fee refundable?", "The fee isn’t refundable.", False),
        ("Is the fee refundable?", "The fee, paid in the United States no later than May, is refundable.", True),
        ("Is the fee credited?", "The fee is refunded instead of credited.", False),
        ("Can liability exceed the fees?", "Liability shall not exceed the fees.", False),
        ("Is the license transferable?", "Licensor grants a nonexclusive, non-transferable, unlimited license.", False),
        ("Is the license perpetual?", "Licensor grants a nonexclusive, perpetual license.", True),
        ("Is there a license grant?", "Licensor grants a nonexclusive license.", True),
        ("Is there a license grant?", "Nothing in this Agreement shall grant a license.", None),
        ("Is there a right of first refusal?", "It shall not license without first offering a right of first refusal.", True),
        ("May Acme audit the books?", "Acme has the right, but not the duty, to audit the books.", True),
        ("Does it contain a non-compete clause?", "The Consultant may compete with the Company freely.", None),
        ("Is there an anti-assignment clause?", "It may be assigned only with consent.", True),
        ("Is there a non-exclusive license?", "Licensor grants an exclusive license.", None),
        ("Is there a non-exclusive license?", "Licensor grants a nonexclusive license.", True),
        ("Is there uncapped liability?", "Liability is capped.", None),
        ("Is there a liability cap?", "Liability is uncapped.", False),
        ("Is there a liability cap?", "Liability under this Agreement is not subject to any cap.", False),
        ("Is there a liability cap?", "In no event shall the liability of a party exceed the fees.", True),
        ("Is there a limitation of liability?", "Liability is unlimited.", False),
        ("Does it contain a non-compete clause?", "For the avoidance of doubt, no non-compete restriction shall apply.", False),
        ("Does it contain a non-compete clause?", "This Agreement contains no non-compete clause.", False),
        ("Does it contain a non-compete clause?", "The Consultant shall not compete with the Company.", True),
        ("Does it contain a non-compete clause?", "The non-compete clause shall not apply.", None),
        ("Is there an audit right?", "Licensor shall not be granted any audit right.", False),
        ("Is there an audit right?", "Licensor has no right to audit.", False),
        ("Is there an audit right?", "Licensor may not audit the books.", False),
        ("Is there an audit right?", "Licensee shall not obstruct any audit.", None),
        ("Is there an audit right?", "Licensor may audit the books not more than once a year.", True),
        ("Is there a confidentiality clause?", "The Recipient shall not disclose Confidential Information.", True),
        ("Does it include insurance?", "Insurance is not included.", False),
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


@pytest.mark.parametrize(
    ("answer", "quote", "question", "is_borne"),
    [
        ("Delaware", "This agreement is not governed by the law of Delaware.", "Which law governs?", False),
        ("Delaware", "It is governed by the law of New York, not the law of Delaware.", "Which law governs?", False),
        ("New York", "It is governed by the law of New York, not the law of Delaware.", "Which law governs?", True),
        ("New York", "It is governed by the law of New York without regard to conflicts of laws.", "Which law governs?", True),
        ("Delaware", "It is not, in any case, governed by the law of Delaware.", "Which law governs?", False),
        ("Delaware", "Acme is a Delaware corporation.", "Which law governs?", False),
        ("Delaware", "It is not governed by the law of Delaware.", "Which law does not govern?", True),
        ("Acme", "Neither Acme nor Bravo is liable.", "Who is liable?", False),
        ("Bravo", "Neither Acme nor Bravo is liable.", "Who is liable?", False),
        ("Acme", "Acme is liable; Bravo is not liable.", "Who is liable?", True),
        ("Bravo", "Acme is liable; Bravo is not liable.", "Who is liable?", False),
    ],
)
def test_a_short_answer_is_borne_by_a_clause_that_speaks_of_the_question_and_does_not_deny_it(
    answer: str, quote: str, question: str, is_borne: bool
) -> None:
    assert bears(answer, quote, question) is is_borne


@pytest.mark.parametrize("piece", ["no ", "un", "non-a ", " ", ", not ", "not be any a ", "no,", "non-compete ", "without "])
def test_no_quote_keeps_it_long(piece: str) -> None:
    quote = "Liability " + piece * (2_000 // len(piece)) + "cap"
    started = time.process_time()
    answer_of("Is there a liability cap?", quote)
    answer_of("Is liability capped?", quote)
    bears("cap", quote, "Is there a liability cap?")
    assert time.process_time() - started < 1
