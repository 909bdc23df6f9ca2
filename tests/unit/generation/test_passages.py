from generation.passages import Passages

TEXT = "Staff must not:\n- share passwords\n- lend badges\n\nBadges expire after 5 years. They are renewed for free."


def test_a_list_item_is_read_with_the_line_that_opens_its_list() -> None:
    passages = Passages([TEXT], ["Badges"])
    lend = passages.sentences[0][2]
    opening = passages.opening_of(lend)
    assert opening is not None
    assert passages.piece(lend, opening).text == "Staff must not: - lend badges"
    assert passages.opening_of(passages.sentences[0][3]) is None


def test_neighbours_are_the_sentences_before_and_behind() -> None:
    passages = Passages([TEXT, "Alone."], ["Badges", ""])
    assert [s.text for s in passages.neighbours(passages.sentences[0][4])] == ["Badges expire after 5 years."]
    assert passages.neighbours(passages.sentences[1][0]) == []


def test_clauses_and_lexemes_have_their_places_in_the_passage() -> None:
    passages = Passages([TEXT], ["Badges"])
    piece = passages.piece(*passages.sentences[0][3:])
    for (number, place), lexeme in zip(piece.places, piece.lexemes, strict=True):
        assert TEXT[place:].startswith(lexeme.text.split()[0])
        passage, start, end = passages.clause_at(number, place)
        assert (passage, start <= place < end) == (0, True)
