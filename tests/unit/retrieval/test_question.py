"""Questions: any text is one, and a long one is compared in parts."""

import numpy as np
import pytest

from core.errors import InvalidInput
from retrieval.question import MAX_PARTS, PART_TOKENS, checked, embed, parts_of
from tests.fakes_retrieval import FakeEmbedder

EMBEDDER = FakeEmbedder(window_tokens=256)


def test_a_short_question_has_no_parts() -> None:
    question = embed("how long is the notice period?", EMBEDDER)
    assert not question.is_long
    assert question.parts.shape == (0, EMBEDDER.dimension)
    vectors = EMBEDDER.embed_documents(["notice period", "leave"])
    assert np.allclose(question.cosines(vectors), vectors @ question.whole)


def test_a_long_question_counts_by_the_whole_and_by_its_best_part() -> None:
    sentences = [" ".join([topic] * 100) + "." for topic in ("travel", "leave", "parking", "laptops")]
    question = embed(" ".join(sentences), EMBEDDER)
    assert len(question.parts) == len(sentences)
    vectors = EMBEDDER.embed_documents(["parking", "elephants"])
    whole, parts = vectors @ question.whole, vectors @ question.parts.T
    assert np.allclose(question.cosines(vectors), (whole + parts.max(axis=1)) / 2)
    assert question.cosines(vectors)[0] > whole[0]


@pytest.mark.parametrize("text", ["a " * 5000, "word. " * 3000, "\n\n" + "x" * 5000, "。" * 2000])
def test_parts_are_bounded_and_hold_the_beginning(text: str) -> None:
    parts = parts_of(text.strip(), EMBEDDER.count_tokens)
    assert len(parts) <= MAX_PARTS
    assert not parts or text.strip().startswith(parts[0][:10])
    assert all(len(part.split()) <= PART_TOKENS or len(part.split(". ")) == 1 for part in parts)


def test_any_text_becomes_safe_and_none_is_refused() -> None:
    assert checked(" a\0b \ud800 ") == "a b ?"
    for empty in ("", " \n", "\0"):
        with pytest.raises(InvalidInput, match="empty"):
            checked(empty)
