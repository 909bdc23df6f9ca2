"""Descriptions: of a contract its kind, parties and date; of anything else nothing."""

import datetime

import pytest

from core.types import ParsedDocument
from ingest.describe import Description, describe

CASES = [
    (
        "Exhibit 10.8 FORM OF TRADEMARK LICENSE AGREEMENT This TRADEMARK LICENSE AGREEMENT, is entered into as of"
        " September 3, 2019 by and between HERTZ INVESTMENT GROUP, LLC, a Delaware limited liability company, and"
        " HERTZ GROUP REALTY TRUST, INC., a",
        "FORM OF TRADEMARK LICENSE AGREEMENT", datetime.date(2019, 9, 3), {"hertz", "investment", "group", "realty"},
    ),
    (
        "SERVICES AGREEMENT, dated as of 1 April 2019, between Idan Maimon (“Maimon”) and Intellisense Solutions, Inc., a Nevada",
        "SERVICES AGREEMENT", datetime.date(2019, 4, 1), {"idan", "maimon", "intellisense", "solutions"},
    ),
    (
        "Mietvertrag zwischen der Müller Immobilien GmbH (Vermieter) und Anna Schmidt (Mieterin), Bonn, 3. März 2021",
        "Mietvertrag", datetime.date(2021, 3, 3), {"müller", "immobilien", "anna", "schmidt"},
    ),
    (
        "CONTRATO DE SERVICIOS entre Ferrer Internacional, S.A. y Luz García, de fecha 2 de enero de 2020",
        "CONTRATO", datetime.date(2020, 1, 2), {"ferrer", "internacional", "luz", "garcía"},
    ),
]  # fmt: skip


def described(text: str, title: str = "") -> Description:
    return describe(ParsedDocument(title, "text/plain", text, (), ()))


@pytest.mark.parametrize(("text", "kind", "dated", "words"), CASES)
def test_a_contract_tells_what_it_is(text: str, kind: str, dated: datetime.date, words: set[str]) -> None:
    description = described(text)
    assert (description.kind, description.dated) == (kind, dated)
    assert words <= description.words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Parental leave is agreed between you and your manager at Acme Corp.",
        "Selectmove Ltd offered to pay by instalments. The agreement between the parties was held not binding.",
        "Apple Inc. and Microsoft Corporation announced an alliance in 1997.",
        "\u202eTNEMEERGA" * 500,
    ],
)
def test_what_is_no_contract_is_not_described(text: str) -> None:
    found = described(text)
    assert (found.kind, found.names, found.dated) == ("", (), None)


def test_hostile_heads_are_read_in_no_time() -> None:
    for text in (
        "AGREEMENT between " + "A" * 100_000,
        "AGREEMENT between " + "A, B. & " * 20_000,
        "The of and " * 20_000 + "AGREEMENT",
    ):
        described(text)
    assert described("AGREEMENT between Acme Corp. and Bob Ltd, dated June 31, 2020").dated is None
