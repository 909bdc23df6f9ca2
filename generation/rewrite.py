"""A question in a conversation, rewritten to stand alone: "And sick leave?" finds nothing, being all there is to search by.

The model rewrites, the program distrusts: what is no single question, or is made of words that nobody used, is dropped
for the question as it was typed, and so is what does not come in time. The conversation is the caller's own word.
"""

import logging
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from core.errors import ModelError
from core.types import Turn
from generation import prompt
from generation.engines.base import Generator, Message
from generation.words import names, numbers, tokens

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0
MAX_TOKENS = 96
MAX_CHARS = 400  # of what is rewritten and of what is written; whoever writes more has said what is meant
KNOWN = 0.6  # least share of a rewritten question's words that the conversation holds
KEPT = 0.6  # least share of the question's own words that stay, save those that stand for others
STAND_INS = frozenset(tokens("one ones mine ours yours theirs same thing things about"))
ASKING = ("?", "？", "؟")
_LABEL = re.compile(r"\A(?:(?:[\w-]+\s+){0,2}question|rewritten)\s*:\s*", re.IGNORECASE)
_QUOTED = re.compile(r"""\A(["'“«„])(.*)["'”»“]\Z""")


def standalone(question: str, history: Sequence[Turn], generator: Generator, timeout_s: float = TIMEOUT_S) -> str:
    """Return the question as it would be put without ``history``, oldest turn first; as it is if there is no better.

    Takes ``timeout_s`` at most, waiting for the model included, and raises nothing that the generator raises.
    """
    if not history or len(question) > MAX_CHARS:
        return question
    written = _in_time(prompt.rewrite(question, history), generator, timeout_s)
    rewritten = _cleaned(written)
    kept = is_plausible(rewritten, question, history)
    logger.info("question.rewritten", extra={"num_turns": len(history), "num_chars": len(rewritten), "kept": kept})
    return rewritten if kept else question


def is_plausible(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    """Tell whether this may be the question, said in full: one line that asks, in the words of the conversation.

    An earlier question is none, though a small model likes to repeat it; numbers and names that nobody told are invented.

    >>> earlier = [Turn("How many days of annual leave are there?", "There are 30 days.")]
    >>> is_plausible("How many days of sick leave are there?", "And sick leave?", earlier)
    True
    >>> is_plausible("How many days of annual leave are there?", "And sick leave?", earlier)
    False
    """
    if not rewritten or len(rewritten) > MAX_CHARS or "\n" in rewritten or not _asks_once(rewritten, question):
        return False
    said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in history)])
    asked, words, known = (frozenset(tokens(text)) for text in (question, rewritten, said))
    repeats = words != asked and any(words == frozenset(tokens(turn.question)) for turn in history)
    own = asked - STAND_INS
    holds = len(words & known) >= KNOWN * len(words) and len(words & own) >= KEPT * len(own)
    return bool(words) and holds and not repeats and numbers(rewritten) | names(rewritten) <= known


def _asks_once(rewritten: str, question: str) -> bool:
    marks = sum(map(rewritten.count, ASKING))
    return marks <= max(1, sum(map(question.count, ASKING))) and (rewritten.endswith(ASKING) or not question.endswith(ASKING))


def _in_time(messages: Sequence[Message], generator: Generator, timeout_s: float) -> str:
    """Have the model write in a thread of its own, which closes the stream when nobody waits for it any more."""
    abandoned = threading.Event()
    thread = ThreadPoolExecutor(1, "rewrite")
    try:
        return thread.submit(_write, messages, generator, timeout_s, abandoned).result(timeout_s)
    except (ModelError, TimeoutError) as error:
        reason = str(error) or f"it took more than {timeout_s:g} s"
        logger.warning("question.not_rewritten", extra={"reason": reason})
        return ""
    finally:
        abandoned.set()
        thread.shutdown(wait=False, cancel_futures=True)


def _write(messages: Sequence[Message], generator: Generator, timeout_s: float, abandoned: threading.Event) -> str:
    """Read the model's writing; nothing of it if it was cut off, is longer than a question, or came too late."""
    text = ""
    with closing(generator.stream(messages, max_tokens=MAX_TOKENS, timeout_s=timeout_s)) as pieces:
        while True:
            try:
                text += next(pieces)
            except StopIteration as stop:
                return "" if stop.value.cut_off else text
            if abandoned.is_set() or len(text) > 2 * MAX_CHARS:
                return ""


def _cleaned(written: str) -> str:
    """Take off what small models put around a question.

    >>> _cleaned(' Standalone question: "How much sick leave?" ')
    'How much sick leave?'
    """
    text = _LABEL.sub("", written.strip())
    quoted = _QUOTED.match(text)
    return quoted[2].strip() if quoted else text
