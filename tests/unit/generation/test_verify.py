from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.lexemes import read
from generation.verify import Verifier, stripped, verify
from tests import claims

LEAVE = (
    "You can carry over a maximum of 240 annual leave hours from one leave year to the next. "
    "Award leave expires one year after it is issued. Staff must not share passwords with anyone."
)
RENT = (
    "Licensee shall pay Licensor within thirty (30) days after receipt of an invoice. This Agreement may not be assigned by "
    "Licensee without prior written consent of Licensor. The rate is 5% for Acme and 7% for Sunwai."
)


@pytest.mark.parametrize(
    "claim",
    [
        "You can carry over up to 240 hours of annual leave.",
        "According to the handbook, award leave expires 12 months after it is issued.",
        "Passwords must never be shared by staff with anyone.",
        "Licensor must be paid by Licensee within 30 days of receiving an invoice.",
        "The Licensee may assign the Agreement only with the prior written consent of the Licensor.",
        "The rate for Sunwai is seven percent.",
        "Staff must not share passwords with anyone. Award leave expires one year after it is issued.",
    ],
)
def test_what_the_passages_say_in_other_words_is_supported(claim: str) -> None:
    found = verify(claim, [LEAVE, RENT])
    assert (found.verdict, found.reason) == ("supported", "")
    assert found.ranges


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("You can carry over up to 420 hours of annual leave.", "the passage says “240 annual leave hours”, not “420 hours”"),
        (
            "You can carry over at least 240 annual leave hours to the next leave year.",
            "the passage says “a maximum”, not “at least”",
        ),
        ("Award leave expires one year before it is issued.", "the passage says “after”, not “before”"),
        ("Award leave expires one month after it is issued.", "the passage says “one year”, not “one month”"),
        ("Staff may share passwords with anyone.", "the passage says “not”"),
        (
            "Licensor shall pay Licensee within thirty (30) days after receipt of an invoice.",
            "the passage says “Licensee”, not “Licensor”",
        ),
        ("Licensee may pay Licensor within 30 days after receipt of an invoice.", "the passage says “shall”, not “may”"),
        ("This Agreement may be assigned by Licensee without prior written consent of Licensor.", "the passage says “not”"),
        (
            "Contoso shall pay Licensor within thirty (30) days after receipt of an invoice.",
            "the passage says “Licensee”, not “Contoso”",
        ),
        ("Staff must not share passwords with Contoso Ltd.", "no passage says “Contoso”"),
        ("The rate is 5% for Acme and 9% for Sunwai.", "the passage says “7%”, not “9%”"),
        ("Passengers board through the front door.", "no passage says this"),
        ("...", "it says nothing that could be checked"),
        ("Award leave expires one year after it is issued. Staff may share passwords with anyone.", "the passage says “not”"),
    ],
)
def test_what_they_do_not_say_is_unsupported_and_the_reason_tells_why(claim: str, reason: str) -> None:
    found = verify(claim, [LEAVE, RENT])
    assert (found.verdict, found.reason) == ("unsupported", reason)
    assert not found.ranges


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Licensor shall be liable for damages.", "In no event shall Licensor be liable for damages."),
        ("The Company is liable for loss.", "Under no circumstances is the Company liable for loss."),
        ("The tenant owes the deposit.", "It is false that the tenant owes the deposit."),
        ("The tenant broke the window.", "The tenant denies that it broke the window."),
        ("The policy covers flood damage.", "The policy excludes flood damage."),
        ("Revenue rose in 2020.", "Revenue fell in 2020."),
        ("The court upheld the ruling.", "The court overturned the ruling."),
        ("The board accepted the offer.", "The board refused the offer."),
        ("Rent is paid in arrears.", "Rent is paid in advance."),
        ("Rent is paid in advance.", "Rent is paid in arrears."),
        ("Few employees attended the meeting.", "Many employees attended the meeting."),
    ],
)
def test_a_denial_and_an_opposite_are_no_support(claim: str, passage: str) -> None:
    assert verify(claim, [passage]).verdict == "unsupported"
    assert verify(passage, [passage]).verdict == "supported"


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Store at 18 degrees.", "Store at -18 degrees Celsius."),
        ("The balance was 500.", "The balance was -500."),
        ("The balance was 500.", "The balance was −500."),
        ("The balance was $500.", "The balance was ($500)."),
        ("Version 3.1 is required.", "Version 3.10 is required."),
        ("Python 3.1 is required.", "Python 3.10 is required."),
        ("Rule 14.2.1 applies to visitors.", "Rule 14.2.10 applies to visitors."),
    ],
)
def test_a_number_of_another_sign_or_version_is_another(claim: str, passage: str) -> None:
    assert verify(claim, [passage]).verdict == "unsupported"
    assert verify(passage, [passage]).verdict == "supported"


def test_a_sum_is_the_same_with_fewer_decimals_and_in_accounting_s_brackets() -> None:
    assert verify("The rate is 3.5%.", ["The rate is 3.50%."]).verdict == "supported"
    assert verify("The balance was -$500.", ["The balance was ($500)."]).verdict == "supported"
    assert verify("The fee is $500.", ["The fee ($500) is due."]).verdict == "supported"


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The employee gets 13 days in the first year.", "The employee gets 13 days after the first year."),
        ("The employee gets 13 days in the 2nd year.", "The employee gets 13 days after the 2nd year."),
        ("The employee gets 13 days in the third year.", "The employee gets 13 days before the third year."),
        ("The plant opened in 2019.", "The plant opened after 2019."),
    ],
)
def test_after_a_time_is_not_in_it(claim: str, passage: str) -> None:
    assert verify(claim, [passage]).verdict == "unsupported"
    assert verify(passage, [passage]).verdict == "supported"


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        (
            "The employee gets 13 days in the first year.",
            "The employee gets 13 days in the first year and 20 after the first year.",
        ),
        ("The employee gets 20 days following the first year.", "The employee gets 20 days after the first year."),
        ("The invoice must be paid within 30 days of termination.", "The invoice must be paid 30 days after termination."),
        ("Members vest on completing 5 years.", "Members vest after five (5) years."),
        ("Notice must be given by March 1, 2020.", "Notice must be given before March 1, 2020."),
    ],
)
def test_a_time_may_be_told_by_other_words(claim: str, passage: str) -> None:
    assert verify(claim, [passage]).verdict == "supported"


def test_in_no_event_says_what_shall_not_says() -> None:
    assert verify("Licensor shall not be liable.", ["In no event shall Licensor be liable."]).verdict == "supported"
    assert verify("In no event shall Licensor be liable.", ["Licensor shall not be liable."]).verdict == "supported"
    assert verify("The policy does not include flood damage.", ["The policy excludes flood damage."]).verdict == "supported"


def test_two_denials_of_two_things_do_not_undo_each_other() -> None:
    passages = ["Only people on flexible work schedules can earn and use credit hours."]
    assert verify("Credit hours do not run out if you do not use them.", passages).verdict == "unsupported"
    assert verify("Credit hours cannot run out if you do not use them.", passages).verdict == "unsupported"
    assert verify("Leave is not denied without a reason.", ["Leave is denied for a reason only."]).verdict == "supported"


def test_a_contradiction_is_not_mended_by_what_another_sentence_says() -> None:
    passages = [
        "Members may invite guests to the pool. Visitors must register guests at the gate, and members may not invite visitors."
    ]
    assert verify("Members may not invite guests to the pool.", passages).verdict == "unsupported"


def test_a_denial_is_found_in_the_sentence_that_denies() -> None:
    passages = ["Do not turn off the computer. By turning off the computer evidence is lost."]
    assert verify("You must not turn off the computer.", passages).verdict == "supported"
    assert verify("You must turn off the computer.", passages).verdict == "unsupported"


def test_a_list_item_is_judged_with_its_opening() -> None:
    passages = ["Visitors must not:\n- bring laptops into the vault\n- take photographs of the vault"]
    assert verify("Visitors must not take photographs of the vault.", passages).verdict == "supported"
    assert verify("Visitors may take photographs of the vault.", passages).verdict == "unsupported"


@pytest.mark.parametrize(
    ("claim", "passage", "verdict"),
    [
        ("Der Urlaub beträgt 30 Tage im Jahr.", "Der Urlaub beträgt für alle Mitarbeiter 30 Tage im Jahr.", "supported"),
        ("Der Urlaub beträgt 28 Tage im Jahr.", "Der Urlaub beträgt für alle Mitarbeiter 30 Tage im Jahr.", "unsupported"),
        ("El contrato termina el 5 de mayo de 2020.", "El contrato con la empresa termina el 5 de mayo de 2020.", "supported"),
        ("年假为15天。", "员工的年假为15天。", "supported"),
        ("年假为10天。", "员工的年假为15天。", "unsupported"),
    ],
)
def test_other_languages_are_judged_by_numbers_names_and_words(claim: str, passage: str, verdict: str) -> None:
    assert verify(claim, [passage]).verdict == verdict


@pytest.mark.parametrize(
    ("affirmed", "denied"),
    [
        ("Der Mieter hat Anspruch auf Rückzahlung.", "Der Mieter hat keinen Anspruch auf Rückzahlung."),
        ("Der Mieter zahlt die Kaution.", "Der Mieter zahlt die Kaution nicht."),
        ("Die Untervermietung ist zulässig.", "Die Untervermietung ist nicht zulässig."),
        ("Le locataire paie la caution.", "Le locataire ne paie pas la caution."),
        ("Le salarié a droit à une prime.", "Le salarié n’a aucun droit à une prime."),
        ("El inquilino paga la fianza.", "El inquilino no paga la fianza."),
        ("El inquilino tiene derecho a indemnización.", "El inquilino no tiene ningún derecho a indemnización."),
        ("Il conduttore paga la cauzione.", "Il conduttore non paga la cauzione."),
        ("De huurder betaalt de borg.", "De huurder betaalt de borg niet."),
        ("De huurder heeft recht op terugbetaling.", "De huurder heeft geen recht op terugbetaling."),
    ],
)
def test_a_denial_in_another_language_is_told_from_what_it_denies(affirmed: str, denied: str) -> None:
    assert verify(affirmed, [denied]).verdict == "unsupported"
    assert verify(denied, [affirmed]).verdict == "unsupported"
    assert verify(affirmed, [affirmed]).verdict == "supported"
    assert verify(denied, [denied]).verdict == "supported"


def test_denials_that_say_the_same_in_another_language_agree() -> None:
    assert verify("El inquilino no tiene derecho alguno.", ["El inquilino no tiene ningún derecho."]).verdict == "supported"
    assert verify("Der Mieter zahlt nicht die Kaution.", ["Der Mieter zahlt die Kaution nicht."]).verdict == "supported"


def test_an_embedder_helps_where_wording_differs_but_never_against_a_number() -> None:
    passages = ["Personnel have to hand back every item the firm lent them before their final 3 days."]

    def alike(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.ones((len(texts), 1), dtype=np.float32)

    claim = "Staff must hand back all borrowed items belonging to their workplace in their last {} days."
    assert verify(claim.format(3), passages).verdict == "partly"
    assert Verifier(passages, similarity=alike).check(claim.format(3)).verdict == "supported"
    assert Verifier(passages, similarity=alike).check(claim.format(4)).verdict == "unsupported"


def test_who_says_it_is_no_part_of_what_is_said() -> None:
    assert stripped("1. The policy states that rent is due.") == "rent is due."


def rates(labelled: list[claims.Labelled]) -> tuple[float, float]:
    """Shares of the corrupted that are caught and of the true that are rejected."""
    supported = {True: [0, 0], False: [0, 0]}
    for one in labelled:
        found = verify(one.claim, one.passages).verdict == "supported"
        supported[one.is_true][0] += found
        supported[one.is_true][1] += 1
    return 1 - supported[False][0] / supported[False][1], 1 - supported[True][0] / supported[True][1]


def test_the_floors_hold_on_paraphrases_by_hand() -> None:
    caught, rejected = rates(claims.paraphrases())
    assert caught >= 0.95
    assert rejected <= 0.05


def test_the_floors_hold_on_the_documents_not_developed_on() -> None:
    documents = claims.documents(half=1)
    by_corpus = [[d for d in documents if d.corpus == corpus] for corpus in sorted({d.corpus for d in documents})]
    chosen = [d for docs in by_corpus for d in docs[:: max(1, len(docs) // 8)]]
    labelled = claims.build(chosen, per_document=2)
    assert len(labelled) > 50
    caught, rejected = rates(labelled)
    assert caught >= 0.95
    assert rejected <= 0.05


@pytest.mark.parametrize(
    ("claim", "passage", "verdict"),
    [
        ("The alliance may be left after 7 years.", "7) Term. The alliance may be left after a time.", "unsupported"),
        ("Section 7 is about the term of the alliance.", "7) About the term of the alliance.", "supported"),
        ("The alliance ends after 7 years.", "The alliance ends after seven (7) years.", "supported"),
        ("The alliance ends after 7 years.", "At any time after the 7th anniversary the alliance ends.", "supported"),
        (
            "The alliance may be left after 7 years.",
            "It is wide.\n7. Term. The alliance may be left after a time.",
            "unsupported",
        ),
        ("The alliance may be left after 7 years.", "## 7. The alliance may be left after a time", "unsupported"),
        ("The alliance may be left after 7 years.", "**7.** The alliance may be left after a time", "unsupported"),
        ("The alliance may be left after 7 years.", "Section 7. The alliance may be left after a time.", "unsupported"),
        ("There are 7 directors of the alliance.", "7) Directors of the alliance are elected.", "unsupported"),
        ("There are 5 days of annual leave.", "5) Days of annual leave are approved.", "unsupported"),
        ("Employees work 7.5 hours on Monday.", "Hours that employees work: Monday 7.5, Friday 6.5.", "supported"),
    ],
)
def test_the_number_of_a_section_is_no_amount(claim: str, passage: str, verdict: str) -> None:
    assert verify(claim, [passage]).verdict == verdict


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The annual fee charged by Northern Trust is $500.", "Southern Trust charges an annual fee of $500."),
        ("The salary of Maria Lopez is $90,000.", "Carlos Lopez has a salary of $90,000."),
        ("The salary of Maria Lopez is $90,000.", "The salary of Lopez, Carlos is $90,000."),
    ],
)
def test_of_a_name_that_the_question_gave_the_first_word_must_be_there(claim: str, passage: str) -> None:
    given = {key for lexeme in read(claim) for key in (lexeme.key, lexeme.stem)}
    assert Verifier([passage]).check(claim, given=given).verdict != "supported"


@pytest.mark.parametrize(
    ("passage", "verdict"),
    [
        ("SIERRA carries liability insurance of $5 million under this Agreement.", "supported"),
        ("Sierra Services carries liability insurance of $5 million.", "unsupported"),
        ("ENVISION carries liability insurance of $5 million and names SIERRA.", "unsupported"),
    ],
)
def test_of_a_name_that_the_question_gave_a_passage_may_say_one_word(passage: str, verdict: str) -> None:
    claim = "Sierra Mountain Minerals carries liability insurance of $5 million."
    asked = {"sierra", "mountain", "mineral", "liability", "insurance", "carry"}
    assert Verifier([passage]).check(claim, given=asked).verdict == verdict
