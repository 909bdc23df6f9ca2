"""Whether an answer says what the gold answer says, by words and numbers alone: no model judges here.

An answer is correct if one of the right answers is in it. A short one (up to SHORT words that say something) must stand in
it in one piece, or have enough of its words there; each of its numbers must be there. A long one, which no two people write
alike, must agree with it by F1: of the people who wrote the answers of CLAP NQ 86 % agree so with another's answer to the same
question, and of the sentences of the same passages that they left aside 1.5 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.answers.words import content_words, f1, holds, numbers, share_of, squad_words

SHORT = 12
SHORT_SHARE = 0.6
LONG_F1 = 0.35


@dataclass(frozen=True, slots=True)
class Correctness:
    """How an answer compares with the right answer that is nearest to it; each but ``correct`` from 0 to 1."""

    token_f1: float
    contained: float
    numbers: float
    correct: bool


NOTHING = Correctness(0.0, 0.0, 0.0, False)


def judge(answer: str, right: Sequence[str]) -> Correctness:
    """Compare an answer with each right answer, and take the best of each measure.

    >>> judge("Either party may end it by giving 90 days' written notice.", ["ninety (90) days written notice"]).correct
    True
    >>> judge("Either party may end it by giving 30 days' written notice.", ["ninety (90) days written notice"]).correct
    False
    """
    judged = [_judge(answer, gold) for gold in right]
    if not judged:
        return NOTHING
    return Correctness(
        max(one.token_f1 for one in judged),
        max(one.contained for one in judged),
        max(one.numbers for one in judged),
        any(one.correct for one in judged),
    )


def _judge(answer: str, gold: str) -> Correctness:
    said, wanted = content_words(answer), content_words(gold)
    contained = _contained(answer, gold) or (len(wanted) > 1 and holds(said, wanted))
    all_numbers = share_of(sorted(numbers(gold)), said)
    enough = f1(said, wanted) >= LONG_F1 if len(wanted) > SHORT else len(wanted) > 1 and share_of(wanted, said) >= SHORT_SHARE
    correct = contained or (enough and (all_numbers == 1.0 or len(wanted) > SHORT))
    return Correctness(f1(squad_words(answer), squad_words(gold)), float(contained), all_numbers, correct)


def _contained(answer: str, gold: str) -> bool:
    """Tell whether the gold answer stands in the answer in one piece; yes and no only count where the answer begins.

    >>> _contained("There is no fee.", "no"), _contained("No, there is none.", "no")
    (False, True)
    """
    said, wanted = squad_words(answer), squad_words(gold)
    return said[:1] == wanted if wanted in (["yes"], ["no"]) else holds(said, wanted)
