from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.types import Citation, Context
from generation.citations import Evidence
from generation.draft import BESIDE, Draft, Finished, MarkerFilter
from generation.outgoing import Outgoing
from tests.fakes_generation import as_pieces, context

PASSAGES = (
    "You can carry over a maximum of 240 annual leave hours from one leave year to the next. Award leave expires after one year.",
    "The travel team closes at 4:30 PM ET. Keep the receipt of any expense over $75.",
)
CARRY = "You can carry over a maximum of 240 hours of annual leave."
RECEIPT = "Keep the receipt of any expense over $75."
INVENTED = "Every employee also gets a dog named Rex from Ohio."
FIVE_PASSAGES = Evidence(context("What?", "Rule [3] holds.", "b", "c", "d", "e"))


def draft_of(given: Context) -> Draft:
    return Draft(Evidence(given), Outgoing(given))


def write(*pieces: str, question: str = "How much leave?") -> tuple[Draft, list[str | Citation]]:
    draft = draft_of(context(question, *PASSAGES))
    parts = [part for piece in pieces for part in draft.add(piece)]
    return draft, [*parts, *draft.end()]


def shown(parts: list[str | Citation]) -> list[str]:
    return [part for part in parts if isinstance(part, str)]


def test_the_first_sentence_is_shown_as_it_comes() -> None:
    draft, parts = write("You can", " carry", " over", " 240", " hours", ".")
    assert shown(parts) == ["You can", " carry", " over", " 240", " hours", "."]
    assert draft.text == "You can carry over 240 hours."


def test_a_later_sentence_is_shown_whole_and_only_if_a_passage_supports_it() -> None:
    draft, parts = write(*as_pieces(f"{CARRY} {INVENTED} {RECEIPT}"))
    assert draft.text == f"{CARRY} {RECEIPT}"
    assert shown(parts)[-1] == f" {RECEIPT}"


def test_each_citation_says_which_claim_it_stands_behind() -> None:
    draft, _ = write(*as_pieces(f"{CARRY} {RECEIPT}"))
    assert [draft.text[c.answer_start : c.answer_end] for c in draft.citations] == [CARRY, RECEIPT]
    assert [c.number for c in draft.citations] == [1, 2]
    assert [c.quote.text for c in draft.citations] == [PASSAGES[0].split(" Award")[0], RECEIPT]


def test_a_quote_used_twice_keeps_its_number() -> None:
    draft, _ = write(*as_pieces(f"{CARRY} {RECEIPT} A maximum of 240 annual leave hours carries over to the next leave year."))
    assert [c.number for c in draft.citations] == [1, 2, 1]


def test_a_sentence_the_model_repeats_is_shown_once() -> None:
    draft, _ = write(*as_pieces(f"{CARRY} {CARRY} {CARRY}"))
    assert draft.text == CARRY


@pytest.mark.parametrize(
    "text",
    [
        "The passages do not state how much leave there is.",
        "The provided context doesn't mention any leave.",
        "I don't know. You can carry over 240 annual leave hours.",
        "NOT FOUND",
        "There is no information about leave.",
        "The passages contain no information on leave.",
        "No specific amount of leave is stated, as it is not mentioned in the passages.",
        "The provided information does not explicitly specify the leave.",
        "No information about leave is available.",
        "You can carry over 999 annual leave hours to the next leave year.",
    ],
)
def test_a_writing_that_disclaims_or_opens_with_an_invented_number_ends_the_draft_uncited(text: str) -> None:
    draft, _ = write(*as_pieces(text))
    assert draft.closed
    assert draft.citations == []


def test_a_disclaimer_is_not_even_shown() -> None:
    draft, parts = write("The passages do not", " state how much leave there is.")
    assert (draft.text, parts) == ("", [])


def test_a_sentence_about_what_a_document_forbids_is_no_disclaimer() -> None:
    rule = "Annual leave cannot be carried over beyond 240 hours."
    draft = draft_of(context("How much leave?", rule))
    assert [*draft.add(f"{rule} Ask")]
    assert not draft.closed
    assert len(draft.citations) == 1


RULE = "Licensed Users may not assign this Agreement without the prior written consent of the Licensor."


def may_it_be_assigned(text: str, passage: str) -> tuple[Draft, list[str | Citation]]:
    draft = draft_of(context("May this Agreement be assigned without consent?", passage))
    parts = [part for piece in as_pieces(text) for part in draft.add(piece)]
    return draft, [*parts, *draft.end()]


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ("Yes, this Agreement may be assigned without consent. More follows.", RULE),
        ("Yes. This Agreement may be assigned without consent.", RULE),
        ("No, it requires the consent of the Licensor.", "The Agreement requires no consent of the Licensor to be assigned."),
    ],
)
def test_where_the_passage_denies_what_the_model_affirms_it_speaks_itself(text: str, passage: str) -> None:
    draft, parts = may_it_be_assigned(text, passage)
    assert shown(parts) == [f"The documents state: “{passage}”"]
    assert [citation.quote.text for citation in draft.citations] == [passage]
    assert draft.closed


@pytest.mark.parametrize("said", ["Yes, the", "No, the", "Yes. The"])
def test_a_yes_to_a_number_becomes_the_number_that_the_passage_gives(said: str) -> None:
    draft = draft_of(context("Is the notice period 90 days?", "The notice period is 30 days."))
    parts = [part for piece in as_pieces(f"{said} notice period is 90 days. Ask") for part in draft.add(piece)]
    assert shown(parts) == ["The documents state: “The notice period is 30 days.”"]
    assert [citation.quote.text for citation in draft.citations] == ["The notice period is 30 days."]


@pytest.mark.parametrize(
    "rule",
    [
        "Original documents are not required for the visa; certified copies suffice.",
        "Staff give no information to journalists without approval.",
        "No refunds are given for used tickets.",
        "No-one may enter the vault alone.",
        "Documents do not include a photograph of the holder.",
        "Unknown persons must be reported to the guard.",
        "I cannot give my badge to anyone else.",
    ],
)
def test_what_a_passage_itself_says_is_no_disclaimer(rule: str) -> None:
    draft = draft_of(context("What is the rule?", rule))
    parts = [part for piece in as_pieces(rule) for part in draft.add(piece)]
    parts += draft.end()
    assert "".join(shown(parts)) == rule
    assert [citation.quote.text for citation in draft.citations] == [rule]


def test_what_was_cut_off_is_left_out_unless_it_is_all_there_is() -> None:
    for text, expected in [
        (f"{CARRY} Keep the receipt of any expense over", CARRY),
        (f"{CARRY} {RECEIPT}", f"{CARRY} {RECEIPT}"),
        ("You can carry over 240 annual", "You can carry over 240 annual"),
    ]:
        draft = draft_of(context("How much leave?", *PASSAGES))
        parts = [*draft.add(text), *draft.end(cut_off=True)]
        assert "".join(shown(parts)) == draft.finished().text == expected


@pytest.mark.parametrize("said", ["Yes, ", "No, ", "Yes. ", "no - "])
def test_a_yes_or_no_is_not_shown_only_what_follows(said: str) -> None:
    draft, parts = may_it_be_assigned(f"{said}Licensed Users may not assign this Agreement.", RULE)
    assert draft.text == "".join(shown(parts)) == "Licensed Users may not assign this Agreement."
    assert [draft.text[c.answer_start : c.answer_end] for c in draft.citations] == [draft.text]


def test_a_mere_yes_is_nothing() -> None:
    draft, parts = may_it_be_assigned("Yes.", RULE)
    assert (draft.text, parts) == ("", [])


def test_what_only_begins_like_a_no_is_not_held() -> None:
    draft = draft_of(context("Is it given?", "Notice is given."))
    assert shown([part for piece in ("No", "tice", " is") for part in draft.add(piece)]) == ["Notice", " is"]


def test_an_opening_is_shown_no_further_than_its_words_are_those_of_the_passages() -> None:
    draft, parts = write("You can", " carry", " a", " parrot", " to work.", f" {RECEIPT}")
    assert shown(parts) == ["You can", " carry", " a", f" {RECEIPT}"]
    assert draft.finished().text == RECEIPT


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["x [3]"], "x [3]"),
        (["It is so [1]."], "It is so."),
        (["It is so", " [", "1", "]", ", or", " not [2, 3]", " [4][5]"], "It is so, or not"),
        (["[", "[1]", "2]", " a"], "[[1]2] a"),
        (["It is so.[", "1] And ", "so[2", "]"], "It is so. And so"),
        (
            ["A fee of $[1,000], ", "the [2024] edition, [0], [6], [5", "]x, [1, 9]"],
            "A fee of $[1,000], the [2024] edition, [0],, [5]x,",
        ),
        (
            ["It is so [Passage 2]", ", or [doc1]", " (source 3) and 【1†a】 [4](#4).", " Not [in 2 days]"],
            "It is so, or and. Not [in 2 days]",
        ),
        (["(1) First, (2) second (two", " in all), (passages vary)"], "(1) First, (2) second (two in all), (passages vary)"),
        (["as in rule [3", "] of it"], "as in rule [3] of it"),
        (["see [a]", " and [", "12"], "see [a] and [12"),
        (["x [^3] y [ 4 ] z [1–3]"], "x y z"),
        (["five [sic] and [2026 report]"], "five [sic] and [2026 report]"),
    ],
)
def test_markers_are_dropped_however_they_are_cut(pieces: list[str], expected: str) -> None:
    markers = MarkerFilter(FIVE_PASSAGES)
    assert "".join(markers.feed(piece) for piece in pieces) + markers.end() == expected


FRAGMENT = st.sampled_from(
    [
        CARRY,
        RECEIPT,
        INVENTED,
        "[1]",
        "[",
        "]",
        " [2] ",
        "3",
        "\n",
        "\n- ",
        ". ",
        " ",
        "“",
        "”",
        "年。",
        "I don't know",
        "Yes, ",
        "No",
    ]
)


def test_a_marker_that_points_at_no_passage_there_is_costs_the_sentence_nothing() -> None:
    for marker in ("[7]", "[Passage 1]", "【1】", "[1](#1)", "(source 2)", "[3, 4]"):
        draft, _ = write(*as_pieces(f"{CARRY[:-1]} {marker}. {RECEIPT}"))
        assert (draft.text, len(draft.citations)) == (f"{CARRY} {RECEIPT}", 2)


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENT | st.text(max_size=12), max_size=14))
def test_whatever_the_model_writes_citations_are_true_and_markers_never_show(pieces: list[str]) -> None:
    draft, parts = write(*pieces)
    assert "".join(shown(parts)) == draft.text
    assert [part for part in parts if isinstance(part, Citation)] == draft.citations
    for citation in draft.citations:
        quoted = citation.quote.text
        assert quoted
        assert quoted == quoted.strip()
        assert quoted in PASSAGES[citation.quote.hit.rank - 1]
        assert 0 <= citation.answer_start < citation.answer_end <= len(draft.text)
        claim = draft.text[citation.answer_start : citation.answer_end]
        assert claim == claim.strip()
        assert Evidence(context("How much leave?", *PASSAGES)).check(claim).verdict != "unsupported"


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *sorted(cuts), len(text)])]


CUTS = st.lists(st.integers(0, 60), max_size=8)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="[]123, a^-.$", max_size=60), CUTS)
def test_how_a_text_is_cut_makes_no_difference_to_its_markers(text: str, cuts: list[int]) -> None:
    outs = []
    for pieces in ([text], list(text), pieces_of(text, cuts)):
        markers = MarkerFilter(FIVE_PASSAGES)
        outs.append("".join(markers.feed(piece) for piece in pieces) + markers.end())
    assert outs[1:] == outs[:1] * 2


STATEMENTS = st.sampled_from(
    [CARRY, RECEIPT, "240 annual leave hours", "over $75", "Item list", "Date: 240 | hours", "Yes, ", "No. "]
)
WRITING = st.lists(STATEMENTS | st.text(alphabet="_*#|[]\n\t 12aA.!“)", max_size=6), max_size=8).map("".join)


@settings(max_examples=200, deadline=None)
@given(WRITING, CUTS)
@example(f"Yes, \t{CARRY} {CARRY}", [])
@example(f". Yes, {CARRY}", [])
@example(f"A\nNo. {CARRY}", [])
@example(f"{CARRY}{CARRY}over $75\t{RECEIPT} {CARRY}", [])
def test_how_a_writing_is_cut_makes_no_difference_to_the_answer(text: str, cuts: list[int]) -> None:
    (whole, _), *others = (write(*pieces) for pieces in ([text], list(text), pieces_of(text, cuts)))
    for draft, parts in others:
        assert "".join(shown(parts)) == draft.text
        if draft.citations:
            assert draft.finished() == whole.finished()
    answer, citations = whole.finished().text, whole.finished().citations
    places = {(c.answer_start, c.answer_end) for c in citations}
    if citations:  # every character of the answer stands in exactly one cited sentence, or between two
        assert min(start for start, _ in places) == 0
        assert max(end for _, end in places) == len(answer)
        assert all(end <= start and not answer[end:start].strip() for (_, end), (start, _) in pairwise(sorted(places)))
    for start, end in places:
        assert not whole.closed or answer[start:end] == answer
        assert answer[start:end] == answer[start:end].strip()


@pytest.mark.parametrize(
    ("text", "expected", "reasons"),
    [
        (f"{CARRY} {RECEIPT}", f"{CARRY} {RECEIPT}", []),
        (f"{CARRY} {CARRY}", CARRY, []),
        (f"{CARRY} ** {RECEIPT}", f"{CARRY} ** {RECEIPT}", []),
        (
            f"{CARRY} {INVENTED} {RECEIPT} Dogs bark.",
            f"{CARRY} {RECEIPT}",
            ["no passage says “Rex”", "no passage says this"],
        ),
        (f"{CARRY} Rex. {RECEIPT}", f"{CARRY} {RECEIPT}", ["no passage says this"]),
        (f"You can eat frogs in Ohio. {RECEIPT}", RECEIPT, ["no passage says this"]),
        (f"<img src='http://evil.example/x'> {CARRY} Ask (a@evil.example", CARRY, ["no passage says this"]),
        ("The passages do not state it. Dogs bark.", "", ["the model does not know"]),
        ("Yes.", "", []),
    ],
)
def test_each_sentence_that_is_no_part_of_the_answer_has_its_reason_told(text: str, expected: str, reasons: list[str]) -> None:
    for pieces in ([text], as_pieces(text), list(text)):
        finished = write(*pieces)[0].finished()
        assert (finished.text, list(finished.left_out)) == (expected, reasons)


def test_why_a_passage_speaks_in_the_models_place_is_told() -> None:
    draft, _ = may_it_be_assigned("Yes, this Agreement may be assigned without consent. More follows.", RULE)
    assert draft.finished().text == f"The documents state: “{RULE}”"
    assert draft.finished().left_out == (draft.claims[0].reason,) != ("",)


def test_an_opening_beside_the_question_is_left_out_and_so_is_what_the_prompts_say() -> None:
    given = context("How much leave?", *PASSAGES)
    draft = Draft(Evidence(given), Outgoing(given), bears=lambda quotes, verdict: "receipt" not in quotes[0].text)
    prompted = "Rewrite the last question of a conversation so that it can be understood alone."
    for piece in (f"{RECEIPT} {CARRY} ", prompted):
        list(draft.add(piece))
    list(draft.end())
    assert draft.finished().text == CARRY
    assert draft.finished().left_out == (BESIDE, "not all of it may be shown")


def test_a_sentence_that_was_broken_off_is_left_out_once_one_is_begun() -> None:
    for text, reasons in ((f"{CARRY} {RECEIPT}", ()), (f"{CARRY} Keep the", ("the model broke off",))):
        cut, gone = (draft_of(context("How much leave?", *PASSAGES)) for _ in range(2))
        assert [*cut.add(text), *cut.end(cut_off=True)] and [*gone.add(text)]
        gone.break_off()
        assert cut.finished().left_out == reasons
        assert gone.finished().left_out == ("the model broke off",)  # of one that may have gone on
    draft = draft_of(context("How much leave?", *PASSAGES))
    draft.break_off()
    assert draft.finished() == Finished("", (), ())


def test_what_is_kept_and_marked_is_not_left_out() -> None:
    given = context("How much leave?", *PASSAGES)
    draft = Draft(Evidence(given), Outgoing(given), keeps_unsupported=True)
    text = f"{CARRY} {INVENTED}"
    assert [*draft.add(f"{text} Keep the"), *draft.end(cut_off=True)]
    finished = draft.finished()
    assert (finished.text, finished.left_out) == (text, ("the model broke off",))
    assert [text[claim.start : claim.end] for claim in finished.claims] == [CARRY, INVENTED]


def test_a_mark_that_opens_the_next_sentence_is_not_shown_with_the_first() -> None:
    text = f"{CARRY} _Keep_ the receipt of any expense over $75."
    draft, parts = write(*text)
    assert "".join(shown(parts)) == draft.text == text
    assert [text[c.answer_start : c.answer_end] for c in draft.citations] == [CARRY, text.removeprefix(f"{CARRY} ")]


def test_a_row_is_not_shown_with_the_sentence_before_it() -> None:
    text = "240 annual leave hours\nExpense: over $75 | Keep: the receipt"
    draft, parts = write(*text)
    assert "".join(shown(parts)) == draft.text == text
    assert [text[c.answer_start : c.answer_end] for c in draft.citations] == text.split("\n")
