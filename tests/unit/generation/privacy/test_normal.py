"""What is found in a text's normal form is where it stands in the text."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from generation.privacy.found import Found
from generation.privacy.normal import normal

WIDE = "＠ａ１½ﬁ…e\u0301ｶﾞ \n"


def test_a_normal_text_is_left_as_it_is() -> None:
    read = normal("ann@example.org")
    assert (read.text, read.spans) == ("ann@example.org", None)
    assert read.in_original([Found(0, 3, "NAME"), Found(3, 15, "URL")]) == [Found(0, 3, "NAME"), Found(3, 15, "URL")]


def test_offsets_hold_where_lengths_change_both_ways() -> None:
    text = "½ e\u0301 ﬁ ann＠example.org"
    read = normal(text)
    assert read.text == "1⁄2 é fi ann@example.org"
    start = read.text.index("ann")
    (found,) = read.in_original([Found(start, len(read.text), "EMAIL")])
    assert text[found.start : found.end] == "ann＠example.org"


def test_half_of_a_character_is_all_of_it_once() -> None:
    assert normal("½").in_original([Found(0, 1, "AGE"), Found(2, 3, "ID")]) == [Found(0, 1, "AGE")]


@given(st.text(st.sampled_from(WIDE + "abc 1"), max_size=20) | st.text(max_size=20))
def test_every_character_comes_from_where_its_span_says(text: str) -> None:
    read = normal(text)
    if read.spans is None:
        assert read.text == text == unicodedata.normalize("NFKC", text)
        return
    assert len(read.spans) == len(read.text)
    for character, (start, end) in zip(read.text, read.spans, strict=True):
        assert character in unicodedata.normalize("NFKC", text[start:end])
    assert list(read.spans) == sorted(read.spans)
