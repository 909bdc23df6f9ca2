"""Words alone, on the same questions in four languages: the paragraph that answers is among the first five."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.db.pool import Pool
from retrieval.lexical.index import WordIndex
from tests.fakes_ingest import SHARED
from tests.fakes_words import collection, document, rank, scope

FOLDER = SHARED / "xquad"
CHARS, STEP = 700, 600


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data sets are not here")
@pytest.mark.parametrize(("language", "floor"), [("en", 98.0), ("de", 97.5), ("es", 98.0), ("zh", 99.0)])
def test_gold_in_the_first_five(pool: Pool, words: WordIndex, language: str, floor: float) -> None:
    paragraphs = load(FOLDER / f"xquad.{language}.json")
    mine, paragraph_of = collection(pool), {}
    for number, paragraph in enumerate(paragraphs):
        text = paragraph["context"]
        pieces = [text[start : start + CHARS] for start in range(0, max(1, len(text) - CHARS + STEP), STEP)]
        _, nums = document(pool, mine, pieces, language=language)
        paragraph_of |= dict.fromkeys(nums, number)
    seen = scope(pool, mine)
    asked = [(question["question"], number) for number, p in enumerate(paragraphs) for question in p["qas"]]
    found = [number in {paragraph_of[num] for num, _ in rank(words, text, scope=seen, k=5)} for text, number in asked]
    assert 100 * sum(found) / len(found) >= floor


def load(path: Path) -> list[dict[str, Any]]:
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    return [paragraph for article in articles for paragraph in article["paragraphs"]]
