"""Yes or no, read off a quote: whether it affirms what a question asks, denies it, or tells neither.

Negations are counted in the question and in that part of the quote which speaks of the same thing; an even difference
affirms. Words that forbid or except count as negations ("void", "without", "unless"), so that "not without consent" requires
consent. A question whether there is some clause is affirmed by the clause, whatever that forbids. English; in other languages,
and where permission is asked and an obligation quoted or the other way round, nothing is told.
"""

import re

from generation.sentences import trimmed
from generation.words import tokens

_NEGATION = re.compile(
    r"\b(?:not|cannot|neither|never|none|nobody|nothing|without|unless|except(?! for the)"
    r"|no(?! (?:later|less|more|fewer) than\b)(?!\.?\s*\d)"
    r"|un(?:authori[sz]ed|enforceable|lawful|permitted)|anti-?\w+|non-(?!profit)\w+"
    r"|prohibit\w*|forbid\w*|ban(?:s|ned)?|restrict\w*|prevent\w*|preclud\w*"
    r"|void|invalid|waive[sd]?|exclud\w+|disclaim\w*|lacks?|fail(?:s|ed)?|refus\w+)\b|n['’]t\b",
    re.IGNORECASE,
)
_IDIOM = re.compile(
    r"\b(?:not limited to|without limitation|without limiting|if not|whether or not|not only|no doubt|without prejudice)\b",
    re.IGNORECASE,
)
_WHETHER_THERE_IS = re.compile(
    r"\b(?:is|are) there\b|\b(?:does|do)\b.*\b(?:contain|include|have|hold|provide for|impose|grant|cap|limit|address|mention)\b"
    r"|\b(?:clause|provision|restriction|covenant)\b",
    re.IGNORECASE,
)
_THERE_IS_NONE = re.compile(
    r"\b(?:there (?:is|are|shall be|will be)|has|have|grants?|contains?|includes?|imposes?) (?:no|not any|neither)\b",
    re.IGNORECASE,
)
_MUST = re.compile(r"\b(?:must|shall|obliged|obligated|required?|requires|have to|has to|duty)\b", re.IGNORECASE)
_MAY = re.compile(r"\b(?:may|can|allow\w*|permit\w*|entitled|free to|right to|authori[sz]ed)\b", re.IGNORECASE)
_CUT = re.compile(
    r";|:\s|\bprovided,? (?:however,? )?that\b|,?\s+(?:which|whose)\b|,\s+(?:and|but) (?=such\b|any\b|the\b)", re.IGNORECASE
)
_SAVE = re.compile(r"\b(?:unless|except|without|save)\b", re.IGNORECASE)
FEW_WORDS = 3
GENERIC = frozenset(
    tokens("agreement contract document clause section provision party parties allowed permitted required possible yes no text")
)


def answer_of(question: str, quote: str, language: str = "en") -> bool | None:
    """Tell what a quote answers to a yes-or-no question; None where it does not speak of it or could mean either.

    >>> rule = "Neither party may assign this Agreement without consent, which shall not be withheld."
    >>> answer_of("May it be assigned without consent?", rule), answer_of("Is consent required to assign it?", rule)
    (False, True)
    >>> answer_of("Is there an anti-assignment clause?", rule), answer_of("Is insurance required?", rule)
    (True, None)
    """
    if language not in {"en", "und", ""}:
        return None
    part = about(question, quote)
    if part is None:
        return None
    if _WHETHER_THERE_IS.search(question):
        return not _THERE_IS_NONE.search(part)
    if _other_modality(question, part):
        return None
    return (_count(question) - _count(part)) % 2 == 0


def denies(claim: str, quote: str) -> bool:
    """Tell whether a quote negates what a claim affirms, or the other way round; a claim of a few words affirms nothing.

    >>> rule = "The Agreement may not be assigned by Acme."
    >>> denies("The Agreement may be assigned.", rule), denies("Acme", rule)
    (True, False)
    """
    part = about(claim, quote) or quote
    return len(claim.split()) > FEW_WORDS and (_count(claim) - _count(part)) % 2 == 1


def about(question: str, quote: str) -> str | None:
    """Give the part of a quote that shares most words with a question; None if it shares none that mean anything."""
    asked = _meaning(question)
    best = max(_parts(quote), key=lambda part: len(asked & _meaning(part)), default="")
    for save in reversed(list(_SAVE.finditer(best))):  # "unless it is renewed" says nothing where nothing of it is asked
        if not asked & _meaning(best[save.end() :]) - _meaning(best[: save.start()]):
            best = best[: save.start()]
    return best if asked & _meaning(best) else None


def _meaning(text: str) -> frozenset[str]:
    return frozenset(tokens(re.sub(r"\b(?:anti|non|un)-?(?=\w{4})", " ", text, flags=re.IGNORECASE))) - GENERIC


def _parts(quote: str) -> list[str]:
    ends = [match.start() for match in _CUT.finditer(quote)]
    ranges = [trimmed(quote, a, b) for a, b in zip([0, *ends], [*ends, len(quote)], strict=True)]
    return [quote[a:b] for a, b in ranges if a < b]


def _count(text: str) -> int:
    """Count negations; "nor" goes on with one that came before, and what only sounds like one is none."""
    return len(_NEGATION.findall(_IDIOM.sub(" ", text)))


def _other_modality(question: str, part: str) -> bool:
    """Tell whether one of the two speaks of what must be, and the other only of what may be."""
    asks_must = bool(_MUST.search(question)) and not _MAY.search(question)
    says_may_only = bool(_MAY.search(part)) and not _MUST.search(part)
    return asks_must and says_may_only and not _NEGATION.search(part)
