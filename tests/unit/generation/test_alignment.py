from generation.alignment import align, are_opposites, is_denied
from generation.lexemes import read


def pairs(claim: str, evidence: str) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    one, other = read(claim), read(evidence)
    found = align(one, other)
    named = [{one[i].key: other[j].key for i, j in part.items()} for part in (found.agree, found.moved, found.rival)]
    return named[0], named[1], named[2]


def test_words_agree_in_order_and_then_out_of_order() -> None:
    agree, moved, _ = pairs("Leave expires in winter", "In winter, leave expires")
    assert agree == {"leave": "leave", "expire": "expire"}
    assert moved == {"winter": "winter"}


def test_a_number_in_the_place_of_another_is_its_rival() -> None:
    assert pairs("Rent is due in 60 days after notice", "Rent is due in 30 days after notice")[2] == {"60": "30"}


def test_parties_that_change_places_are_rivals_although_both_are_there() -> None:
    _, _, rival = pairs("Buyer shall pay Seller", "Seller shall pay Buyer")
    assert rival == {"buyer": "seller", "seller": "buyer"}


def test_synonyms_agree() -> None:
    assert pairs("The customer buys it", "The client purchases it")[0] == {"customer": "client", "buy": "purchase"}


def test_opposites_are_known() -> None:
    (one,), (other,), (denied,) = read("increase"), read("decrease"), read("nonexclusive")
    assert are_opposites(one, other)
    assert is_denied(read("exclusive")[0], denied)
    assert not is_denied(one, other)
