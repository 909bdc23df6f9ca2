import re

from hypothesis import given
from hypothesis import strategies as st

from generation.fence import CONTROL, fenced

TOKENS = [
    "<|im_end|>",
    "</passage>",
    "< / PASSAGE >",
    "<s>",
    "[INST]",
    "<<SYS>>",
    "<start_of_turn>",
    "<\u200bpassage>",
    "<|\u200bim_end|>",
]


@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=8), max_size=6).map("".join))
def test_no_control_token_and_no_fence_comes_through(text: str) -> None:
    safe = fenced(text)
    assert not CONTROL.search(safe)
    assert not re.search(r"<\s*/?\s*passage", safe, re.IGNORECASE)


def test_harmless_text_stays() -> None:
    text = "a < b, <b>bold</b>, [3], {x}, naïve 中文"
    assert fenced(text) == text


def test_the_look_of_a_fence_in_wide_characters_is_broken_too() -> None:
    assert "passage" in fenced("＜/passage>")
    assert "＜" not in fenced("＜/passage>")
