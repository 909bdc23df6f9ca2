"""Whether every quote that is shown stands where it claims to stand: looked up in the document's text, to the letter.

The text is the API's, of the key that evaluates. A quote is faithful if the text has it at its offsets, a passage holds it (one
that was given to the model; for what is marked while it is at work, one that was shown), and its page is one of that passage's.
"""

from collections.abc import Callable
from functools import cache

from evaluation.answers.reply import Passage, Quote, Reply
from ui.client import ApiError, Client

TextDoor = Callable[[str], str | None]


def text_door(client: Client) -> TextDoor:
    """Read documents' texts, each once; None for one that is not there, or not for this key."""

    @cache
    def text(document_id: str) -> str | None:
        try:
            return client.document_text(document_id)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    return text


def faults(reply: Reply, text: TextDoor) -> dict[int, str]:
    """Say what is wrong with the quotes that are not faithful, by their place among the reply's."""
    found = {
        number: _fault(quote, reply.seen if quote.shown_as == "marked" else reply.passages, text)
        for number, quote in enumerate(reply.quotes)
    }
    return {number: fault for number, fault in found.items() if fault}


def _fault(quote: Quote, passages: tuple[Passage, ...], text: TextDoor) -> str:
    document = text(quote.document_id)
    if document is None:
        return "its document cannot be read"
    if not 0 <= quote.start < quote.end or document[quote.start : quote.end] != quote.text:
        return f"its document has something else at {quote.start}:{quote.end}"
    holding = [p for p in passages if p.document_id == quote.document_id and p.start <= quote.start and quote.end <= p.end]
    if not holding:
        return "no passage that was given holds it"
    if not any(_has_page(passage, quote.page) for passage in holding):
        return f"its passage does not stand on page {quote.page}"
    return ""


def _has_page(passage: Passage, page: int | None) -> bool:
    if passage.page_first is None or page is None:
        return passage.page_first is None and page is None
    return passage.page_first <= page <= (passage.page_last or passage.page_first)
