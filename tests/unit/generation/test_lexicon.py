from generation.lexicon import OPPOSITES, PARTIES, SYNONYMS, singular, stem


def test_relations_hold_both_ways() -> None:
    for relation in (SYNONYMS, OPPOSITES):
        assert all(one in relation[other] for one, others in relation.items() for other in others)


def test_a_plural_or_possessive_is_its_word() -> None:
    assert [singular(word) for word in ("parties", "licensor's", "days", "business", "status", "gas")] == [
        "party", "licensor", "day", "business", "status", "gas",
    ]  # fmt: skip


def test_parties_that_share_a_root_stay_apart() -> None:
    assert {"licensor", "licensee", "employer", "employee"} <= PARTIES
    assert stem("licensee") in OPPOSITES[stem("licensor")]
