"""Texts as the words that measures compare: no case, no punctuation, numbers written one way.

Two readings. ``squad_words`` is that of the SQuAD evaluation (Rajpurkar et al. 2016), for its token F1. ``content_words``
also leaves out the words that carry little and writes numbers in digits, so that "ninety (90) days'" and "90 days" agree;
words of denial stay. Scripts without spaces count a character as a word, as in MLQA's evaluation.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

ARTICLES = frozenset(("a", "an", "the"))
LITTLE = ARTICLES | {
    "am", "and", "any", "are", "as", "at", "be", "been", "being", "by", "can", "do", "does", "for", "from", "had", "has", "have",
    "in", "into", "is", "it", "its", "may", "must", "of", "on", "or", "shall", "should", "that", "their", "there", "these",
    "they", "this", "those", "to", "under", "was", "were", "which", "who", "will", "with", "you", "your",
}  # fmt: skip
UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
WORD = re.compile(r"\d+(?:\.\d+)?|[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+")
SEPARATED = re.compile(r"(?<=\d)[,\u2019' \u00a0\u202f](?=\d{3}(?!\d))")  # of thousands
APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc](?=\w)")


def squad_words(text: str) -> list[str]:
    """Split into words as SQuAD does: small letters, without punctuation and articles.

    >>> squad_words("The notice-period is 1,000 days.")
    ['noticeperiod', 'is', '1000', 'days']
    """
    kept = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c)[0] not in "PS")
    return [word for word in WORD.findall(kept) if word not in ARTICLES]


def content_words(text: str) -> list[str]:
    """Split into the words that say something, numbers in digits.

    >>> content_words("You must give ninety (90) days' written notice, not CDN$1,500.00.")
    ['give', '90', '90', 'days', 'written', 'notice', 'not', 'cdn', '1500']
    """
    plain = SEPARATED.sub("", unicodedata.normalize("NFKC", text).casefold())
    return [word for word in _counted(WORD.findall(APOSTROPHE.sub("", plain))) if word not in LITTLE]


def numbers(text: str) -> set[str]:
    """Give the numbers that a text names.

    >>> sorted(numbers("two hundred and forty hours by October 17, or 75%"))
    ['17', '240', '75']
    """
    return {word for word in content_words(text) if word[0].isdigit()}


def holds(words: Sequence[str], part: Sequence[str]) -> bool:
    """Tell whether the words hold the part, in one piece.

    >>> holds(["at", "most", "240", "hours"], ["240", "hours"]), holds(["240"], [])
    (True, False)
    """
    return bool(part) and any(list(words[i : i + len(part)]) == list(part) for i in range(len(words) - len(part) + 1))


def f1(left: Sequence[str], right: Sequence[str]) -> float:
    """Harmonic mean of the shares of each one's words that the other has; repeated words count as often as both have them.

    >>> f1(["give", "90", "days"], ["90", "days", "notice"])
    0.6666666666666666
    """
    return 2 * _shared(left, right) / (len(left) + len(right)) if left and right else float(list(left) == list(right))


def share_of(wanted: Sequence[str], given: Sequence[str]) -> float:
    """Share of the wanted words, each counted once, that are given; 1.0 of none.

    >>> share_of(["90", "90", "days"], ["90"])
    0.5
    """
    return len({*wanted} & {*given}) / len({*wanted}) if wanted else 1.0


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    return (Counter(left) & Counter(right)).total()


def _counted(words: Sequence[str]) -> list[str]:
    """Write runs of number words as one number, and numbers without trailing zeros behind the point.

    >>> _counted(["two", "hundred", "and", "forty", "hours", "1.50", "one"])
    ['240', 'hours', '1.5', '1']
    """
    done: list[str] = []
    at = 0
    while at < len(words):
        value, length = _number_at(words, at)
        done.append(str(value) if length else _plain(words[at]))
        at += length or 1
    return done


def _number_at(words: Sequence[str], at: int) -> tuple[int, int]:
    """Read the number word or words at a place; gives the number and how many words it took, 0 if there is none."""
    total, current, last, length = 0, 0, "", 0
    for offset, word in enumerate(words[at:]):
        if (word in UNITS and last in ("", "tens", "scale")) or (word in TENS and last in ("", "scale")):
            current += UNITS.get(word, 0) + TENS.get(word, 0)
            last = "units" if word in UNITS else "tens"
        elif word in SCALES and last and not (word == "hundred" and current > 99):
            total, current = (total, current * 100) if word == "hundred" else (total + current * SCALES[word], 0)
            last = "scale"
        elif not (word == "and" and last == "scale"):
            break
        if word != "and":
            length = offset + 1
    return total + current, length


def _plain(word: str) -> str:
    """Write a number in one way.

    >>> _plain("1.50"), _plain("007"), _plain("x")
    ('1.5', '7', 'x')
    """
    if not word[0].isdigit():
        return word
    whole, _, rest = word.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")
