"""The rules by which a sentence is found to direct a model: which kinds of words stand together, in which order, how near.

No rule rests on one word: telling to leave rules aside needs the verb, the rules and which of them; speaking to an assistant
needs the assistant and something it is to say; shaping an answer needs somebody's answer and what is to be done to it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from generation.hostile.lexicon import Does, Word

Kind = Literal["override", "addressed", "answer", "reveal", "role"]

NEAR = 8  # words
_STRONG_LABEL = re.compile(
    r"<\s*[|｜]\s*\w+\s*[|｜]\s*>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?s>(?=\s*\[?INST|\W*$)"
    r"|</?\s*(?:system|assistant|instructions?|system[_-]prompt|user_query|passage|documents?|context|prompt)\b[^<>\n]{0,40}>"
    r"|(?:^|\n)\s*#{2,}\s*(?:(?:system|assistant|new|user|override|ai|human)\s+(?:instructions?|prompts?|messages?|override)\b"
    r"|(?:instructions?|prompt|system|assistant|response|human|user)\s*:)"
    r"|(?:^|\n|\W{2})(?-i:END|BEGIN|End|Begin|START|Start) of (?:the )?(?:context|prompt|instructions?|conversation|passages?)\b"
    r"|(?:^|\n|[\[({<*=#-]{2})[\[({<*=#-]*\s*(?:begin|end|start|new|updated?|important|admin|urgent|override|system)[^\n\])}>*=#]{0,30}"
    r"(?:instructions?|prompt|system|context|directive|override|admin|query|documents?|message|command)\w*\s*[\])}>*=#-]{2,}",
    re.IGNORECASE,
)
_MARKS = ("<", "[", "##", "--", "==", "**", "{", "BEGIN", "END", "Begin")
_TURN = re.compile(
    r"\W{0,8}(?:(?:new|updated?|important|urgent|your|actual|real) )*"
    r"(?:system|assistant|user|human|developer|admin(?:istrator)?|operator|instructions?|prompt|task|objective)"
    r"(?: (?:prompt|message|instructions?|notes?|notice|override|update|command|mode|directive|alert|task))*\W{0,4}[:：>]",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“”«»「『'‘]\s*\w|[:：]\s*\S")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a part of one, with its words."""

    text: str
    start: int
    end: int
    words: Sequence[Word]
    does: int  # what any of its words may do

    def places(self, does: int) -> list[int]:
        """Tell which of its words may do this, by their numbers."""
        return [place for place, word in enumerate(self.words) if word.does & does]


def may_speak(s: Sentence) -> bool:
    """Tell, quickly, whether a sentence holds the words of any rule."""
    does = s.does
    for one, two, three in _NEEDS:
        if does & one and does & two and does & three:
            return True
    return any(mark in s.text for mark in _MARKS)


def kind_of(s: Sentence) -> Kind | None:
    """Tell how a sentence speaks to a model, if it does."""
    if any(mark in s.text for mark in _MARKS) and _STRONG_LABEL.search(s.text):
        return "role"
    does = s.does
    for (one, two, three), (kind, _, rule) in zip(_NEEDS, _RULES, strict=True):
        if does & one and does & two and does & three and rule(s):
            return kind
    return None


def _overrides(s: Sentence) -> bool:
    """The verb, the rules and which of them, near each other; or the verb and "the above" and no more."""
    if s.places(Does.OVERRIDE)[0] <= 1 and any(_bids(s, act) for act in s.places(Does.SPEAK) if act > 1):
        return True  # ignore that and say ...
    denied = s.places(Does.NOT)
    rules, earlier = s.places(Does.RULES), s.places(Does.EARLIER)
    for verb in s.places(Does.OVERRIDE):
        if any(0 < verb - place <= 3 for place in denied):
            continue
        near = [place for place in rules if abs(place - verb) <= NEAR and place != verb]
        if any(abs(place - other) <= NEAR // 2 for place in near for other in earlier):
            return True
    return False


def _addresses(s: Sentence) -> bool:
    """A machine (or an assistant of no trade) that must, or is bidden to, say something; or "if you are" one."""
    who = _machines(s) or [place for place in s.places(Does.ASSISTANT) if _is_nobodys(s, place)]
    if any(_YOU_ARE.search(s.text[: s.words[place].start - s.start]) for place in who):
        return True
    speaks = s.places(Does.SPEAK | Does.CHANGE)
    if _is_called(s, who) and (speaks or s.does & Does.OVERRIDE):
        return True
    if who and any(abs(only - act) <= 2 for only in s.places(Does.ONLY) for act in s.places(Does.SPEAK)):
        return True
    orders = [(place, must) for place in who for must in s.places(Does.MUST) if 0 < must - place <= NEAR // 2]
    return any(0 <= act - must <= NEAR // 2 for _, must in orders for act in speaks)


def _machines(s: Sentence) -> list[int]:
    """Where a machine that reads is spoken of: an AI, a chatbot, a language model, an automated reader."""
    pairs = [p for p in s.places(Does.MACHINE) if p and s.words[p - 1].does & Does.ARTIFICIAL]
    return [*s.places(Does.MODEL), *pairs]


def _is_nobodys(s: Sentence, place: int) -> bool:
    """An assistant by no trade: "the assistant", not "the executive assistant"."""
    return not place or bool(s.words[place - 1].does & Does.ARTICLE) or s.text[s.words[place].start - s.start :][1:2] in "'’"


def _assumes_role(s: Sentence) -> bool:
    """You are now somebody else; act as one; from now on."""
    return bool(_ROLE.search(s.text))


_YOU_ARE = re.compile(r"\b(?:you(?: are|['’]re)|du bist|vous êtes|eres|sei)\b(?:\s+\w+){0,3}\s*\Z", re.IGNORECASE)
_ROLE = re.compile(
    r"(?:^|[.!?:;,*>]\s)\W*you(?: are|['’]re) (?:now|no longer) "
    r"(?!ready|able|done|in|on|at|logged|eligible|set|connected|enrolled|required)"
    r"|\b(?:pretend|imagine|act|behave|respond|role-?play)\b[^.\n]{0,20}"
    r"\b(?:you are|you have no|as (?:if you|an? (?:ai|unrestricted|uncensored|evil)))"
    r"|\b(?:from (?:now|this point) on|henceforth|from this point,)\W[^.\n]{0,40}\b(?:your|act|answers?|respon\w+|repl\w+)\b",
    re.IGNORECASE,
)


def _is_called(s: Sentence, who: Sequence[int]) -> bool:
    """Whether one is called by name at the beginning: "AI:", "Dear assistant,", "Note to AI agents: ..."."""
    for place in who:
        if place > 5:
            return False
        after = s.text[s.words[place].end - s.start :].lstrip()
        rest = after.split(":", 1)[0].split()
        colon = after.find(":")
        if (
            after[:1] in (":", "：")
            or (colon > 0 and after[colon : colon + 2] != ":/" and len(rest) <= 3)
            or (after[:1] in (",", "，", "、") and place <= 2)
        ):
            return True
    return False


def _shapes_answer(s: Sentence) -> bool:
    """Somebody's answer and what is to be done to it."""
    if any(word.does & Does.SENDING for word in s.words[:4]) and not s.does & (Does.LANGUAGE | Does.LETTERS):
        return False
    acts = [act for act in s.places(Does.CHANGE | Does.SPEAK | Does.RESPELL) if _bids(s, act)]
    bidden = s.does & Does.MUST or _has_no_subject(s)
    return any((bidden and s.words[output].does & Does.OUTPUT) or any(act != output for act in acts) for output in _outputs(s))


def _outputs(s: Sentence) -> list[int]:
    """Where the sentence speaks of an answer that is somebody's to give: yours, every, the generated."""
    return [
        output
        for owner, most, outputs in (
            (Does.YOUR, 3, Does.OUTPUT),
            (Does.YOUR, 1, Does.WORDING),
            (Does.EVERY, 2, Does.OUTPUT),
            (Does.ARTIFICIAL, 1, Does.OUTPUT),
        )
        for mine in s.places(owner)
        for output in s.places(outputs)
        if 0 <= output - mine <= most and _is_owned(s, mine, output)
    ]


def _has_no_subject(s: Sentence) -> bool:
    """Whether an English sentence can be nothing but a bidding: it begins with no condition or noun, and no verb is finite."""
    if not s.text[:1].isalpha() or len(s.words) < 4 or s.words[0].does & Does.STARTING:
        return False
    return not s.does & Does.FINITE


def _bids(s: Sentence, act: int) -> bool:
    """Whether a verb is a bidding: in English at the beginning of a clause or after must or please; elsewhere its form tells."""
    if act <= 1 or act == len(s.words) - 1 or not s.words[act].does & Does.ENGLISH:
        return True
    if any(word.does & (Does.MUST | Does.ONLY | Does.NOT) for word in s.words[max(0, act - 2) : act]):
        return True
    begins = s.words[act].start - s.start
    return (
        bool(s.text[s.words[act - 1].end - s.start : begins].strip())
        or s.text[begins].isupper()
        or (s.words[act - 1].text in ("and", "then", "to") and bool(s.words[0].does & (Does.MUST | Does.NOT | Does.OVERRIDE)))
        or [word.text for word in s.words[act - 2 : act]] == ["you", "to"]
    )


def _begins_clause(s: Sentence, place: int) -> bool:
    """Whether a word begins the sentence, or what follows a mark, and, please or must."""
    if not place or s.words[place - 1].does & Does.MUST or s.words[place - 1].text in ("and", "then", "you", "given"):
        return True
    return bool(s.text[s.words[place - 1].end - s.start : s.words[place].start - s.start].strip())


def _is_owned(s: Sentence, mine: int, output: int) -> bool:
    """Whether nothing else is spoken of between: "your final answer", not "your company's answer"."""
    between = s.text[s.words[mine].end - s.start : s.words[output].start - s.start]
    return not any(mark in between for mark in ",;:.'’()")


def _respells(s: Sentence) -> bool:
    """Letters to be replaced, left out or put in another order, or another language to be used, as a bidding."""
    if "|" in s.text or not s.words:
        return False
    first = s.words[0].does | (s.words[1].does if len(s.words) > 1 else 0)
    if first & Does.REPLYING:
        return bool(s.does & (Does.LANGUAGE | Does.LETTERS))
    return bool(first & Does.RESPELL and s.does & Does.LETTERS)


def _dictates(s: Sentence) -> bool:
    """Such and such words are to be said, and only they."""
    for act in s.places(Does.SPEAK):
        if act and s.words[act - 1].does & Does.UNBIDDEN:
            continue
        bare = any(0 < abs(only - act) <= 2 for only in s.places(Does.ONLY))
        told = any(0 < place - act <= 4 for place in s.places(Does.LITERAL | Does.ASKER))
        quoted = bool(_QUOTED.search(s.text))
        dictating = s.words[act].text in _DICTATING and not s.text[s.words[act].end - s.start :].lstrip().startswith("to ")
        if told and ((bare and (quoted or act <= 3)) or (quoted and dictating and act <= 1)):
            return True
        if dictating and act <= 4 and _bids(s, act) and any(word.text in _SUCH for word in s.words[act + 1 : act + 4]):
            return True
        if dictating and 0 < act < len(s.words) - 1 and s.words[act - 1].does & Does.ONLY and _begins_clause(s, act - 1):
            return True
    return False


_TELLING = frozenset(
    (
        "tell",
        "inform",
        "ask",
        "warn",
        "convince",
        "urge",
        "assure",
        "advise",
        "encourage",
        "answer",
        "respond",
        "reply",
        "say",
        "suggest",
    )
)
_DICTATING = frozenset(("say", "print", "output", "write", "repeat", "respond", "reply", "answer", "echo", "emit"))
_ASKED = frozenset(("question", "questions", "query", "queries", "prompt", "prompts"))
_SUCH = frozenset(("word", "words", "phrase", "string", "sentence"))


def _answers_question(s: Sentence) -> bool:
    """The question that was asked, or every one, is to be answered so, or not at all: a document knows of none."""
    texts = [word.text for word in s.words]
    if any(one in ("every", "each", "all") and other in _ASKED for one, other in pairwise(texts)):
        return True
    for act in s.places(Does.REPLYING)[:1]:
        if act <= 3 and [word.text for word in s.words[act + 1 : act + 3]] == ["the", "question"]:
            return True
    return False


def _reveals(s: Sentence) -> bool:
    """What a model was told is to be repeated."""
    if s.text.rstrip().endswith(("?", "？")):
        return any(0 < secret - mine <= 3 for mine in s.places(Does.YOUR) for secret in s.places(Does.SECRET))
    denied = s.places(Does.NOT)
    for act in s.places(Does.REVEAL):
        if not _bids(s, act) or any(0 < act - place <= 3 for place in denied):
            continue
        for secret in s.places(Does.SECRET):
            if 0 < secret - act <= NEAR + 2 and any(act < place <= secret for place in s.places(Does.YOUR | Does.EARLIER)):
                return True
    return False


def _bids_while_reading(s: Sentence) -> bool:
    """When summarising this document, mention ..."""
    for reading in s.places(Does.READING)[:1]:
        near = any(0 < place - reading <= 4 for place in s.places(Does.DOCUMENT | Does.OUTPUT))
        if near and reading <= 6 and any(act > reading and _bids(s, act) for act in s.places(Does.SPEAK | Does.CHANGE)):
            return True
    return False


def _tells_asker(s: Sentence) -> bool:
    """Who asks is to be told something, by whoever answers."""
    acts = [act for act in s.places(Does.SPEAK) if not s.words[act].does & Does.ENGLISH or s.words[act].text in _TELLING]
    return bool(acts) and acts[0] <= 2 and any(0 < asker - acts[0] <= 3 for asker in s.places(Does.ASKER))


def _poses(s: Sentence) -> bool:
    """A line that begins as a turn of a conversation does, and bids."""
    return bool(_TURN.match(s.text)) and any(_bids(s, act) for act in s.places(Does.SPEAK | Does.OVERRIDE | Does.CHANGE) if act)


_RULES: tuple[tuple[Kind, tuple[int, ...], Callable[[Sentence], bool]], ...] = (
    ("override", (Does.OVERRIDE, Does.RULES | Does.SPEAK, Does.EARLIER | Does.SPEAK), _overrides),
    ("role", (Does.SPEAK | Does.OVERRIDE | Does.CHANGE,), _poses),
    ("addressed", (Does.MODEL | Does.ASSISTANT | Does.MACHINE, Does.SPEAK | Does.CHANGE | Does.OVERRIDE), _addresses),
    ("role", (Does.YOUR | Does.OUTPUT | Does.MACHINE | Does.MODEL | Does.MUST | Does.SPEAK | Does.CHANGE,), _assumes_role),
    ("answer", (Does.YOUR | Does.EVERY | Does.ARTIFICIAL, Does.OUTPUT | Does.WORDING), _shapes_answer),
    ("answer", (Does.LETTERS | Does.LANGUAGE, Does.RESPELL | Does.REPLYING), _respells),
    ("answer", (Does.SPEAK, Does.LITERAL | Does.ASKER | Does.ONLY), _dictates),
    ("answer", (Does.REPLYING | Does.OUTPUT,), _answers_question),
    ("reveal", (Does.REVEAL | Does.YOUR, Does.SECRET, Does.YOUR | Does.EARLIER), _reveals),
    ("answer", (Does.READING, Does.DOCUMENT | Does.OUTPUT, Does.SPEAK | Does.CHANGE), _bids_while_reading),
    ("addressed", (Does.ASKER, Does.SPEAK), _tells_asker),
)
_NEEDS = [(*needs, *(-1,) * (3 - len(needs))) for _, needs, _ in _RULES]  # every rule with three: any word fulfils -1
