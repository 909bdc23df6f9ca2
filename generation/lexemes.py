"""A text read as lexemes: its words, numbers, dates, names and the small words that turn a statement round, with places.

Offsets are characters into the text as it was given, whatever hyphens, ligatures and typographic marks it holds. Words
that say nothing are left out. Names and parties are told by their capitals and by the lexicon; a text in capitals has none.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from generation.lexicon import (
    CLASSES,
    DENYING_ABROAD,
    ENGLISH,
    OFFICES,
    ONLY_ABROAD,
    PARTIES,
    PHRASES,
    STOP,
    SURE_ABROAD,
    SWEEPING,
    WITHOUT_ABROAD,
    singular,
    stem,
)
from generation.quantities import DATE, NUMBER, TIME, WORD_NUMBER, Day, Quantity, clock, day, is_unit, measured, quantity

Kind = Literal["word", "name", "party", "number", "date", "period", "negation", "modals", "bounds", "quantifiers", "mute"]
_CARRIED = re.compile(r"\b(?:carr|roll|hand|turn|tak|took|left)\w*\s+(?:\w+\s+)?\Z", re.IGNORECASE)  # over: no bound of a number
OPERATORS = frozenset({"negation", "modals", "bounds", "quantifiers", "mute"})
FILLERS = frozenset({"name", "party", "number", "date", "period"})

ONE_TO_ONE = str.maketrans("‘’‚‛“”„‟«»‐‑‒–—―−\u00a0\u2007\u202f\u2009", '\'\'\'\'""""""-------    ')
_BREAK = r"(?:\u00ad|-[^\S\n]*\n\s*(?=[a-z]))"  # a word is cut here at the end of a line
_LETTERS = rf"[^\W\d_]+(?:{_BREAK}[^\W\d_]+)*"
_AMOUNT = (
    r"(?i:the\s+)?(?:[$€£]|\d|(?i:one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|sixty|ninety)\b)"
)
# A date or a number begins with one of the characters looked for before it; most words do not, and these patterns are long.
_SCANNER = re.compile(
    rf"(?P<url>\b(?:https?://|www\.)[^\s)>\]]+|\b[\w.+-]+@[\w-]+\.[\w.]+)|(?=[\dA-Zbisuy])(?P<date>{DATE})|(?P<time>{TIME})"
    rf"|(?=[-(\dA-Zm$€£¥])(?P<number>{NUMBER})|(?P<spoken>{WORD_NUMBER})"
    rf"(?P<again>\s*\(\s*{NUMBER.replace('?P<', '?P<again_')}\s*\)(?P<percents>\s*(?i:percent|per\s+cent)\b)?)?"
    rf"|(?P<phrase>\b(?i:{PHRASES})(?!\w|'t)|\b(?i:over|under)(?=\s+(?:{_AMOUNT})))|(?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
    rf"|(?P<word>(?:\b(?i:non|co|re|pre|sub|e)-)?{_LETTERS}(?:'(?:s|ve|ll|re|d|m|t)?(?!\w))?)"
    r"|(?P<boundary>[.;:!?()\[\]|]|,|--+|\s-\s|\n\s*\n|\n\s*[-*•])"
)
_CONTRACTED = {"can": "may", "could": "may", "won": "must", "must": "must", "should": "should", "would": "should", "need": "must"}
_PERIODS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "annually": "year",
    "annual": "year",
    "yearly": "year",
    "day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
    "hour": "hour",
    "hourly": "hour",
    "minute": "minute",
    "biweekly": "fortnight",
    "semiannually": "halfyear",
    "fortnight": "fortnight",
    "annum": "year",
}
_PLACES = "section|article|clause|paragraph|chapter|appendix|annex|exhibit|schedule|item|rule"
_LABELLED = re.compile(  # 3.1 after these is no 3.10: "Version 3.10", "Python 3.10"
    rf"(?:\b(?i:v|ver|version|rev|revision|release|edition|{_PLACES}|figure|table|part)\.?\s?|\b[A-Z][a-z]\w+\s)\Z"
)
_PLACED = re.compile(rf"\b(?:{_PLACES})\.?\s\Z|§\s?\Z", re.IGNORECASE)
_UNIT_REACH = 3  # how many words may stand between a number and its unit: "240 annual leave hours"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word or phrase of a text. ``key`` is what it is compared by, ``clause`` counts the marks before it."""

    start: int
    end: int
    text: str
    key: str
    stem: str
    kind: Kind
    clause: int
    value: Quantity | Day | str | None = None
    is_first: bool = False  # of its sentence, where a capital tells nothing
    is_large: bool = False


def read(text: str, *, clause: int = 0) -> list[Lexeme]:
    """Read a text as lexemes, in order; their clauses are counted from ``clause``.

    >>> [lexeme.key for lexeme in read("Acme shall not pay more than thirty (30) days' rent.")]
    ['acme', 'must', 'not', 'pay', 'over', '30', 'rent']
    """
    plain = text.translate(ONE_TO_ONE)
    shouts = _shouts(plain)
    found: list[Lexeme] = []
    opens = True
    for match in _SCANNER.finditer(plain):
        if match["boundary"]:
            clause += 1
            opens = opens or match[0].strip() not in {",", "(", ")", "[", "]"}
            continue
        found += _lexemes(match, clause, opens, shouts)
        opens = False
    found = _denying_abroad(found, SURE_ABROAD if is_english(plain) else DENYING_ABROAD)
    return _forbidding(_with_offices(_with_units(found, plain), plain))


def is_english(text: str) -> bool:
    """Tell whether a text of some length seems to be English.

    >>> is_english("The term is two years."), is_english("Der Vertrag endet nach zwei Jahren.")
    (True, False)
    """
    words = re.findall(r"[a-z']+", text.lower())
    return (
        bool(words)
        and len(re.findall(r"[^\W\d_]", text)) < 2 * sum(map(len, words))
        and sum(w in ENGLISH for w in words) >= len(words) / 12
    )


def _shouts(text: str) -> bool:
    """Tell whether capitals mean nothing here: a text, or a heading, in which most words have one."""
    words = [word for word in re.findall(r"[^\W\d_]{2,}", text) if word.lower() not in STOP]
    return len(words) > 3 and sum(word.isupper() for word in words) > 0.8 * len(words)


def _lexemes(match: re.Match[str], clause: int, opens: bool, shouts: bool) -> list[Lexeme]:
    start, end = match.span()
    if match["url"]:
        key = match[0].lower().rstrip(".,;")
        return [Lexeme(start, start + len(key), match[0], key, key, "word", clause)]
    if match["date"]:
        return [Lexeme(start, end, match[0], match[0], match[0], "date", clause, day(match[0]))]
    if match["time"] or match["number"] or match["spoken"]:
        return _numbers(match, clause)
    if match["phrase"]:
        return _operators(match, clause)
    if match["cjk"]:
        return [Lexeme(start, end, match[0], match[0], match[0], "word", clause)]
    return _words(match, clause, opens, shouts)


def _numbers(match: re.Match[str], clause: int) -> list[Lexeme]:
    start, end = match.span()
    if match["time"]:
        return [Lexeme(start, end, match[0], match[0], match[0], "number", clause, clock(match[0]))]
    if match["number"]:
        start += len(match[0]) - len(match[0].lstrip())
        value = quantity(match["number"])
        if value.value < 0 and _opens_line(match.string, start):  # the dash of a list
            value = replace(value, value=-value.value, size=-value.size)
        is_mark = not value.unit and bool(_PLACED.search(match.string, max(0, match.start() - 24), start))
        value = replace(value, is_label=_is_label(value, match), is_mark=is_mark)
        value = replace(value, unit="th") if match["ordinal"] else value
        text = match[0] + ")" * match[0].startswith("(")
        return [Lexeme(start, start + len(text.strip()), text.strip(), _plain(value), match[0], "number", clause, value)]
    return _spoken(match, clause)


def _opens_line(text: str, at: int) -> bool:
    return text[at] == "-" and not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _is_label(value: Quantity, match: re.Match[str]) -> bool:
    """Tell whether a bare number with a point is that of a version or a section."""
    if value.unit or "." not in value.digits or match["magnitude"] or "," in value.digits:
        return False
    return value.digits.count(".") > 1 or bool(_LABELLED.search(match.string, max(0, match.start() - 24), match.start()))


def _spoken(match: re.Match[str], clause: int) -> list[Lexeme]:
    """Read a number in words, and the one in brackets that may repeat it."""
    said = match["spoken"]
    value, end = quantity(said), match.end("spoken")
    found = []
    if match["again"]:
        again = quantity(re.sub(r"[()]", " ", match["again"]))
        if again.value == value.value:
            value, end = (again if again.unit else value), match.end("again")
        else:
            found = [Lexeme(end, match.end("again"), match["again"], _plain(again), match["again"], "number", clause, again)]
    if said.lower() in {"one", "half", "second"} and not match["again"]:
        return [Lexeme(match.start(), end, said, said.lower(), said.lower(), "mute", clause, value), *found]
    text = match.string[match.start() : end]
    return [Lexeme(match.start(), end, text, _plain(value), said, "number", clause, value), *found]


def _plain(value: Quantity) -> str:
    return f"{value.value.normalize():f}"


def _operators(match: re.Match[str], clause: int) -> list[Lexeme]:
    phrase = " ".join(match[0].lower().split())
    if phrase == "over" and _CARRIED.search(match.string, max(0, match.start() - 40), match.start()):
        return []
    family, name = CLASSES.get(phrase, ("bounds", phrase))
    start, end = match.span()
    found = [Lexeme(start, end, match[0], name, phrase, family, clause, name)]  # type: ignore[arg-type]
    contracted = "may" if phrase == "cannot" else _CONTRACTED.get(phrase.removesuffix("n't").removesuffix("'t"))
    if family == "negation" and contracted and phrase.endswith(("'t", "cannot")):
        found.insert(0, Lexeme(start, end, match[0], contracted, phrase, "modals", clause, contracted))
    return found


def _words(match: re.Match[str], clause: int, opens: bool, shouts: bool) -> list[Lexeme]:
    text, start, end = match[0], match.start(), match.end()
    word, low, surface = _folded(text)
    key = surface
    if low in STOP and not (word.isupper() and len(word) > 1 and not shouts):
        return []
    large = word[0].isupper() and not shouts
    kind: Kind = "word"
    if key in PARTIES:
        kind = "party"
    elif key in _PERIODS:
        kind, key = "period", _PERIODS[key]
    elif large and (not opens or (len(word) > 1 and not word[1:].islower())):
        kind = "name"
    return [Lexeme(start, end, text, key, surface if kind == "period" else stem(surface), kind, clause, None, opens, large)]


@lru_cache(maxsize=50_000)
def _folded(text: str) -> tuple[str, str, str]:
    """Give a word without the breaks in it, that in small letters, and what it is compared by."""
    word = unicodedata.normalize("NFKC", re.sub(_BREAK, "", text))
    low = re.sub(r"'\w*$", "", word.casefold())
    return word, low, singular(re.sub(r"^(non|co|re|pre|sub|e)-", r"\1", low))


def _with_units(lexemes: list[Lexeme], text: str) -> list[Lexeme]:
    """Give each number the unit that follows it, which is then no lexeme of its own where it stands next to it."""
    found: list[Lexeme] = []
    skip = -1
    for i, lexeme in enumerate(lexemes):
        if i == skip:
            continue
        if (anniversary := _anniversary(lexemes, i, text)) is not None:
            found.append(anniversary)
            skip = i + 1
            continue
        spoken_one = lexeme.kind == "mute" and lexeme.key in {"one", "half"}
        if (lexeme.kind == "number" or spoken_one) and isinstance(lexeme.value, Quantity) and lexeme.value.is_bare:
            at = _unit_after(lexemes, i, text)
            if at is not None:
                if at == i + 1:
                    skip = at
                end = lexemes[at].end if at == i + 1 else lexeme.end
                value = measured(lexeme.value, _unit(lexemes[at]))
                said = " ".join(text[lexeme.start : lexemes[at].end].split())
                lexeme = replace(lexeme, kind="number", end=end, text=said, value=value)  # noqa: PLW2901
            elif spoken_one:
                continue
        found.append(lexeme)
    return found


def _anniversary(lexemes: list[Lexeme], i: int, text: str) -> Lexeme | None:
    """Read "7th anniversary" as seven years."""
    one, two = lexemes[i], lexemes[i + 1] if i + 1 < len(lexemes) else None
    if two is None or two.key != "anniversary" or not isinstance(one.value, Quantity) or one.value.unit != "th":
        return None
    if text[one.end : two.start].strip():
        return None
    return replace(one, end=two.end, text=text[one.start : two.end], value=measured(replace(one.value, unit=None), "year"))


def _unit(lexeme: Lexeme) -> str:
    return lexeme.stem if lexeme.kind == "period" else lexeme.key


def _unit_after(lexemes: list[Lexeme], i: int, text: str) -> int | None:
    for j in range(i + 1, min(i + 2 + _UNIT_REACH, len(lexemes))):
        if re.search(r"[.;:!?]\s|\n\s*\n", text[lexemes[i].end : lexemes[j].start]) or lexemes[j].kind in {"modals", "date"}:
            return None
        if lexemes[j].kind == "number" and not re.fullmatch(
            r"\s*(?:-|to|or|and|through)\s*", text[lexemes[j - 1].end : lexemes[j].start]
        ):
            return None
        if lexemes[j].kind in {"period", "word"} and is_unit(_unit(lexemes[j])):
            return j
    return None


def _with_offices(lexemes: list[Lexeme], text: str) -> list[Lexeme]:
    """Take the word that says which team, department or officer for a part of the party's name."""
    found = list(lexemes)
    for i, (one, two) in enumerate(pairwise(lexemes)):
        if one.kind == "word" and two.key in OFFICES and text[one.end : two.start] == " ":
            found[i] = replace(one, kind="party")
    return found


def _forbidding(lexemes: list[Lexeme]) -> list[Lexeme]:
    """Tell "may not", "in no event may" and "not required to" from may and must."""
    found = list(lexemes)
    for i, (one, two) in enumerate(pairwise(lexemes)):
        if one.kind == "modals" and two.kind == "negation" and two.start - one.end < 4 and one.value != "should":
            optional = one.stem in {"need", "needn't"}
            found[i] = replace(one, value="optional" if optional else "forbid")
        elif one.stem in SWEEPING and two.kind == "modals" and two.value != "should":
            found[i + 1] = replace(two, value="forbid")
        elif one.kind == "negation" and two.kind == "modals" and two.value == "must" and two.stem.endswith((" to", "for")):
            found[i + 1] = replace(two, value="optional")
        elif one.kind == "negation" and two.kind == "modals" and two.value == "may" and two.stem.endswith(" to"):
            found[i + 1] = replace(two, value="forbid")
    return found


def _denying_abroad(lexemes: list[Lexeme], denying: frozenset[str]) -> list[Lexeme]:
    """Read the words of other languages that deny; "ne … pas" and "no … ningún" deny once, "nicht nur" not at all."""
    words = [lexeme.text.casefold() if len(lexeme.text) > 1 else lexeme.text for lexeme in lexemes]  # N. Main Street is no "n’"
    if denying.isdisjoint(words):
        return lexemes
    found: list[Lexeme] = []
    denied = -1  # the clause that is denied already
    for i, (lexeme, word) in enumerate(zip(lexemes, words, strict=True)):
        if word not in denying and lexeme.kind != "negation":
            found.append(lexeme)
        elif word in WITHOUT_ABROAD or (lexeme.clause != denied and not _is_only(lexemes, words, i, denying)):
            denied = denied if word in WITHOUT_ABROAD else lexeme.clause
            found.append(replace(lexeme, key="not", stem=word, kind="negation", value="not"))
    return found


def _is_only(lexemes: list[Lexeme], words: list[str], i: int, denying: frozenset[str]) -> bool:
    """Tell whether a denial at ``i`` says "not only", or "ne … que" without a "pas"."""
    reach = 4 if words[i] in {"ne", "n"} else 2
    for lexeme, word in list(zip(lexemes, words, strict=True))[i + 1 : i + reach]:
        if lexeme.clause != lexemes[i].clause or word in denying:
            return False
        if word in ONLY_ABROAD:
            return True
    return False
