"""Words made comparable: what a claim and a passage share is counted in these tokens.

Stems are the first six letters of a word without a plural's ending, which brings "governed" and "governing" together
without a dictionary of any language; numbers and months are brought to one form; scripts without spaces count by the character.
"""

import re
from functools import lru_cache

_TOKEN = re.compile(r"(\d+(?:[.,]\d+)*)(?:st|nd|rd|th)?|([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])|([^\W\d_]+)")
_STEM_CHARS = 6
_UNITS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_MONTHS = ("january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december")
_NORMAL = {
    **{word: str(number) for number, word in enumerate(_UNITS, 2)},
    **{word: str(10 * number) for number, word in enumerate(_TENS, 2)},
    **{month: month[:3] for month in _MONTHS},
    "sept": "sep",
}
# English function words. In other languages their being everywhere gives them next to no weight.
_STOP = frozenset(
    """a an the of to in on at by for from with as is are was were be been being it its this that these those and or but if
    than then there their they them he she his her you your we our us i my do does did can could may might will would shall
    should must has have had not cannot no yes such any all also which who whom whose what when where how""".split()  # noqa: SIM905
)


def tokens(text: str) -> list[str]:
    """Reduce a text to its tokens, in order.

    >>> tokens("The Agreement lasts twelve (12) months from 3rd March, $1,000.00")
    ['agreem', 'last', '12', '12', 'month', '3', 'mar', '1000']
    """
    found = []
    for number, character, word in _TOKEN.findall(text.casefold()):
        if number:
            found.append(re.sub(r"\.0+$", "", number.replace(",", "")))
        elif word not in _STOP:
            found.append(character or _NORMAL.get(word) or _stem(word))
    return found


@lru_cache(maxsize=4096)
def token_set(sentence: str) -> frozenset[str]:
    """Give the tokens of a sentence of a passage, each once; they are wanted when evidence is shown, and again for claims."""
    return frozenset(tokens(sentence))


def _stem(word: str) -> str:
    if word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:_STEM_CHARS]


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text, whether written in digits or as words.

    >>> sorted(numbers("two of 1,500 on May 3rd"))
    ['1500', '2', '3']
    """
    return frozenset(token for token in tokens(text) if token[0].isdigit())


def names(text: str) -> frozenset[str]:
    """The words written large, save the first, as tokens.

    >>> sorted(names("The law of Indiana governs"))
    ['indian']
    """
    words = re.findall(r"[^\W\d_]+", text)[1:]
    return frozenset(tokens(" ".join(word for word in words if word[0].isupper()))) - numbers(text)
