"""Puts questions to the API, some at once, and lives with what goes wrong.

A server that is busy or just away is asked again a few times; a question that fails then has a reply that says why. Ctrl-C, a
key or collection that is refused, and an API that stays away end it: what was answered before is kept.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from evaluation.answers.reply import Reply, ask
from evaluation.datasets import Question
from ui.cli import progress
from ui.client import ApiError, Client

GONE = "API not reachable"
BUSY = 503
REFUSED = (401, 403, 404)  # no other question would fare better
TRIES = 5
WAIT_S = 2.0
INTERRUPTED = "stopped by Ctrl-C"


def put_all(client: Client, questions: Sequence[Question], collection: str, parallel: int) -> tuple[list[Reply], str]:
    """Give the replies, in order, and why they end early ("" if they do not); raises ApiError where there would be none."""
    replies: list[Reply] = []
    pool = ThreadPoolExecutor(parallel)
    running = [pool.submit(_put, client, question.question, collection) for question in questions]
    try:
        with progress.counted(len(questions), "questions") as tell:
            for number, future in enumerate(running, start=1):
                replies.append(future.result())
                tell(number, "asking")
    except KeyboardInterrupt:
        return _kept(replies, INTERRUPTED, KeyboardInterrupt())
    except ApiError as error:
        return _kept(replies, f"{error.title}: {error}", error)
    finally:
        pool.shutdown(cancel_futures=True)
    return replies, ""


def _kept(replies: list[Reply], reason: str, error: BaseException) -> tuple[list[Reply], str]:
    if not replies:
        raise error
    return replies, reason


def _put(client: Client, question: str, collection: str) -> Reply:
    """Ask until there is an answer or no hope of one; raises ApiError where no other question would fare better."""
    for left in reversed(range(TRIES)):
        try:
            return ask(client, question, collection)
        except ApiError as error:
            is_away = error.title == GONE
            if error.status in REFUSED or (is_away and not left):
                raise
            if not left or not (is_away or error.status == BUSY):
                return Reply(error=f"{error.title}: {error}")
            time.sleep(WAIT_S)
    raise AssertionError("the last try returns or raises")
