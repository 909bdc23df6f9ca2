"""Whether an answer cites the right places, and whether what it cites supports what it says.

Right by gold: in a gold document, and there on the gold page, or of a passage that holds the gold quote. Support is that of
ALCE (Gao et al. 2023), with words and numbers in the place of their model of inference: it depends on nothing that the
platform's own verifier uses. A claim is supported if its citations' quotes have all its numbers and most of its words: of
the sentences that people wrote from what they had marked in a passage (CLAP NQ) 97 % are supported so by what they had
marked, and 1.5 % by the rest of the passage.
"""

from collections.abc import Iterable, Sequence

from evaluation.answers.fidelity import TextDoor
from evaluation.answers.reply import Claim, Quote, Reply
from evaluation.answers.words import content_words, numbers, share_of
from evaluation.datasets import Gold, Question, locate

SUPPORTING_SHARE = 0.7


def right(quote: Quote, question: Question, reply: Reply, text: TextDoor) -> bool:
    """Tell whether a citation is of a gold page or a gold passage."""
    return any(_is_of(quote, gold, reply, text) for gold in question.gold if gold.is_in(quote.source))


def _is_of(quote: Quote, gold: Gold, reply: Reply, text: TextDoor) -> bool:
    if gold.page is not None and quote.page == gold.page:
        return True
    document = text(quote.document_id)
    span = locate(gold.quote, document) if document and gold.quote else None
    if span is None:  # a gold quote that the platform's text lacks leaves the page to judge by, or else the document
        return gold.page is None
    ranges = [(p.start, p.end) for p in reply.passages if p.document_id == quote.document_id]
    holding = [(start, end) for start, end in ranges if start <= quote.start and quote.end <= end]
    return any(start < span[1] and span[0] < end for start, end in [(quote.start, quote.end), *holding])


def found(question: Question, reply: Reply) -> bool:
    """Tell whether a passage that was given is of a gold document, and of the gold page where it has one."""
    return any(
        gold.is_in(p.source) and (None in (gold.page, p.page_first) or _spans(p.page_first, p.page_last, gold.page))
        for gold in question.gold
        for p in reply.passages
    )


def _spans(first: int | None, last: int | None, page: int | None) -> bool:
    return first is not None and page is not None and first <= page <= (last or first)


def supports(claim: str, quotes: Iterable[str]) -> bool:
    """Tell whether quotes, taken together, hold a claim's numbers and most of its words.

    >>> supports("Notice is 90 days [1].", ["written notice of ninety days"])
    True
    >>> supports("Notice is 30 days.", ["written notice of ninety days"]), supports("Notice is 90 days.", [])
    (False, False)
    """
    given, said = content_words(" ".join(quotes)), _without_marks(claim)
    has_numbers = share_of(sorted(numbers(said)), given) == 1.0
    return bool(given) and has_numbers and share_of(content_words(said), given) >= SUPPORTING_SHARE


def needed(claim: Claim, quotes: Sequence[Quote]) -> list[bool]:
    """Tell of each quote of a claim whether it supports it: alone, or so that without it the others do not (ALCE's precision)."""
    texts = [quote.text for quote in quotes]
    together = supports(claim.text, texts)
    return [
        together and (supports(claim.text, [text]) or not supports(claim.text, texts[:i] + texts[i + 1 :]))
        for i, text in enumerate(texts)
    ]


def cited_by(claim: Claim, reply: Reply) -> list[Quote]:
    """Give the quotes that a claim cites."""
    return [quote for quote in reply.citations if quote.number in claim.citations]


def _without_marks(claim: str) -> str:
    """Leave out marks such as [1], whose numbers are not the claim's."""
    kept, depth = [], 0
    for character in claim:
        depth += character == "["
        kept.append("" if depth else character)
        depth -= character == "]" and depth > 0
    return "".join(kept)
