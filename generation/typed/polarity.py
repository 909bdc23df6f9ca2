"""Yes or no, read off a quote: whether it affirms what a question asks, denies it, or tells neither.

Negations are counted in the question and in that part of the quote which speaks of the same thing; an even difference
affirms. Words that forbid or except count as negations ("void", "without", "unless"), so that "not without consent" requires
consent. A question whether there is some clause is affirmed by the clause, whatever that forbids, unless the clause itself is
denied. English; in other languages, and where permission is asked and an obligation quoted or the other way round, nothing is
told.
"""

import re

from generation.sentences import trimmed
from generation.typed.negation import alike, count
from generation.words import tokens

_WHETHER_THERE_IS = re.compile(
    r"\b(?:is|are) there\b|\b(?:does|do)\b.*\b(?:contain|include|have|hold|provide for|impose|grant|cap|limit|address|mention)\b"
    r"|\b(?:clause|provision|restriction|covenant)\b",
    re.IGNORECASE,
)
_CLAUSE = r"(?:clause|provision|restriction|covenant|prohibition|cap|limit|limitation)s?"
_BAR = rf"{_CLAUSE}|(?:anti|non)-?\w{{3,}}"
_BAR_OF_AN_ACT = re.compile(r"\b(?:anti-?\w{3,}|non?-?(?:compet|solicit|disclos|disparag|circumvent|assign)\w*)", re.IGNORECASE)
_ASKS_FOR_A_BAR = re.compile(rf"\b(?:{_CLAUSE}|restrict|prohibit|forbid)\b|{_BAR_OF_AN_ACT.pattern}", re.IGNORECASE)
_CONDITION = re.compile(r"\b(?:only|consent|approval|subject to)\b", re.IGNORECASE)
_NONE_OF = re.compile(
    r"\b(?P<said>no|not|nor|neither|lacks?|hardly|waive[sd]?)\s+"
    r"(?P<granted>(?:be|been|is|subject|to|have|has|any|a|an|the|such|grant|contain|includ|impos|provid|creat)\w{0,3}\s+)?"
    r"(?:(?:be|been|is|subject|to|have|has|any|a|an|the|such|grant|contain|includ|impos|provid|creat)\w{0,3}\s+){0,3}"
    r"(?P<what>(?:(?!(?:shall|may|will|must|can|is|are|be|event|case|circumstances?|party|parties)\b)[\w-]+[ ,]*){1,3})",
    re.IGNORECASE,
)
_UN = re.compile(r"\bun(\w+)ed\b", re.IGNORECASE)
_DOES_NOT_APPLY = re.compile(
    r"\b(?:not|never|hardly|cannot)\s+(?:be\s+)?(?:appl\w+|exist\w*|included|granted|imposed)\b"
    r"|\bintentionally (?:deleted|omitted)\b",
    re.IGNORECASE,
)
_MUST = re.compile(r"\b(?:must|shall|obliged|obligated|required?|requires|have to|has to|duty)\b", re.IGNORECASE)
_MAY = re.compile(r"\b(?:may|can|allow\w*|permit\w*|entitled|free to|right to|authori[sz]ed)\b", re.IGNORECASE)
_CUT = re.compile(
    r";|:\s|\bprovided,? (?:however,? )?that\b|,?\s(?:which|whose)\b|,\s+(?:and|but) (?=such\b|any\b|the\b)", re.IGNORECASE
)
_SAVE = re.compile(r"\b(?:unless|except|without|save|excluding|other than|rather than|instead of|in lieu of)\b", re.IGNORECASE)
_TURN = re.compile(
    r";|[.!?]\s|\bprovided,? (?:however,? )?that\b|,\s+(?=(?:not|and not|nor)\b)"
    r"|,?\s(?=(?:but|which|whose|rather than|instead of|other than|unless|except|without|save)\b)",
    re.IGNORECASE,
)
_KNOWN = frozenset({"en", "und", ""})
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
    if language not in _KNOWN:
        return None
    part = about(question, quote)
    if part is None:
        return None
    if _WHETHER_THERE_IS.search(question):
        return _there_is(question, part, quote)
    if _other_modality(question, part):
        return None
    return _is_even(question, part)


def denies(claim: str, quote: str) -> bool:
    """Tell whether a quote negates what a claim affirms, or the other way round; a claim of a few words affirms nothing.

    >>> rule = "The Agreement may not be assigned by Acme."
    >>> denies("The Agreement may be assigned.", rule), denies("Acme", rule)
    (True, False)
    """
    part = about(claim, quote) or quote
    return len(claim.split()) > FEW_WORDS and not _is_even(claim, part)


def bears(answer: str, quote: str, question: str, language: str = "en") -> bool:
    """Tell whether a short answer stands in a clause that speaks of what is asked, and does not deny it; a long one may.

    >>> law = "This agreement is not governed by the law of Delaware but by the law of Texas."
    >>> bears("Delaware", law, "Which law governs?"), bears("Texas", law, "Which law governs?")
    (False, True)
    """
    if len(answer.split()) > FEW_WORDS or language not in _KNOWN:
        return True
    words, asked = set(tokens(answer)), _meaning(question)
    clauses = [(clause, set(tokens(clause))) for clause in _pieces(_TURN, quote)]
    holding = [clause for clause, found in clauses if words <= found] or [clause for clause, found in clauses if words & found]
    speaking = [clause for clause in holding if not asked or asked & _meaning(clause)]
    return any(count(clause, asked) == 0 or count(question, asked) > 0 for clause in speaking)


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
    return _pieces(_CUT, quote)


def _pieces(cut: re.Pattern[str], quote: str) -> list[str]:
    ends = [match.start() for match in cut.finditer(quote)]
    ranges = [trimmed(quote, a, b) for a, b in zip([0, *ends], [*ends, len(quote)], strict=True)]
    return [quote[a:b] for a, b in ranges if a < b]


def _is_even(question: str, part: str) -> bool:
    asked = _meaning(question)
    return (count(question, asked) - count(part, asked)) % 2 == 0


def _there_is(question: str, part: str, quote: str) -> bool | None:
    """Tell whether there is a clause, which is one whatever it forbids, or a right, which what is denied is not."""
    if _there_is_none(question, part):
        return False
    if not _ASKS_FOR_A_BAR.search(question):
        return True if _is_even(question, part) else None
    is_free = count(quote, _meaning(question)) == 0 and not _CONDITION.search(quote)
    if _DOES_NOT_APPLY.search(part) or (is_free and _BAR_OF_AN_ACT.search(question)):
        return None  # what an act is free of does not bar it
    return True


def _there_is_none(question: str, part: str) -> bool:
    """Tell whether what is denied is the thing asked for: of a clause that forbids, the clause and not what it forbids."""
    asked = _meaning(question)
    asks_for_bar = bool(_ASKS_FOR_A_BAR.search(question))
    if asks_for_bar and any(alike(word, asked) for word in _UN.findall(part)):
        return True
    denied = [_denied(match) for match in _NONE_OF.finditer(part)]
    if asks_for_bar:
        denied = [what for what in denied if re.search(rf"\b(?:{_BAR})\b", what, re.IGNORECASE)]
    return any(asked & _meaning(what) for what in denied)


def _denied(match: re.Match[str]) -> str:
    """Give the words that a negation denies: "no audit right", "not be granted any audit right", but "not obstruct" an audit."""
    is_verb = match["said"].lower() in {"not", "nor", "neither", "hardly"} and not match["granted"]
    return match["what"].split()[0] if is_verb else match["what"]


def _other_modality(question: str, part: str) -> bool:
    """Tell whether one of the two speaks of what must be, and the other only of what may be."""
    asks_must = bool(_MUST.search(question)) and not _MAY.search(question)
    says_may_only = bool(_MAY.search(part)) and not _MUST.search(part)
    return asks_must and says_may_only and not count(part, _meaning(question))
