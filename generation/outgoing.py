"""What may be shown of a text, before it is: no address, picture or markup that the sources do not hold, nothing of our prompts.

Sentences go in; what of them may be shown comes out, and what was taken out with the reason. A source's flagged ranges count as
no source, so an address that a hostile sentence brings along is taken out too. Whoever shows a sentence before it is whole asks
whether its beginning is plain: what was once shown cannot be taken back. Nothing here calls a model.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from core.types import Context
from generation.fence import CONTROL
from generation.hostile.characters import visible
from generation.hostile.markup import ACTIVE
from generation.hostile.withhold import given
from generation.prompt import TEXTS

Reason = Literal["link", "picture", "markup", "hidden", "control", "encoded", "prompt"]
PROMPT_WORDS = 7  # so many in a row, of the prompts and not of the sources, are no accident

_TLD = (
    r"(?:com|net|org|info|biz|xyz|io|ai|dev|app|site|online|top|club|shop|store|live|gov|edu|mil|tech|cloud|link|page|zip|mov"
    r"|security|[a-z]{2})"
)
_LINK = re.compile(
    r"\bh(?:tt|xx)ps?\s?:\s?[/\\]{2}[^\s<>\"'）)\]]+"
    r"|\b(?:ftp|ws|wss|file|mailto|tel|sms|javascript|vbscript|data)\s?:(?=\S)[^\s<>\"')\]]+"
    r"|(?<![\w@/.])//[\w-]+\.[^\s<>\"')\]]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|(?<![\w@.-])(?i:www\.)?(?:[\w-]+(?:\.|\[\.\]))+{_TLD}\b(?![.\w-]*\w)(?:[/?#][^\s<>\"')\]]*)?"
)
_PICTURE = re.compile(r"!\[([^\]\n]*)\]\s*(?:\(([^)\n]*)\)?|\[[^\]\n]*\])")
_MARKDOWN = re.compile(r"\[([^\]\n]*)\]\(\s*([^)\n]*)\)?|^\s*\[[^\]\n]+\]:\s*(\S+).*$", re.MULTILINE)
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|iframe)\b.*?(?:</\1\s*>|\Z)|</?[A-Za-z][^<>]*>"
    r"|<(?:img|a|svg|object|embed|link|form|input|video|meta|base)\b[^<>]*(?=<|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_BLOB_CHAR = "[A-Za-z0-9+/_-]"
_BLOB = re.compile(
    rf"(?<![\w+/=])(?={_BLOB_CHAR}*\d)(?={_BLOB_CHAR}*[a-z])(?={_BLOB_CHAR}*[A-Z]){_BLOB_CHAR}{{24,}}={{0,2}}"
    r"|(?<!\w)[0-9a-fA-F]{40,}(?!\w)"
)
_TRAILING = ".,;:!?'\"*_"


_PLAIN = re.compile(r"(?!.*(?:\w{24}|\w\.\w*[a-z]))[\w\s.,;:!?'\"’‘“”()%$€£&*§–—-]*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that was not shown, and why."""

    reason: Reason
    text: str


@dataclass
class Outgoing:
    """The check on one answer's way out, for the sources (and the question) that it was given."""

    context: Context
    taken: list[Taken] = field(default_factory=list)

    def is_plain(self, beginning: str) -> bool:
        """Tell whether the beginning of a sentence may be shown before its end is known: nothing of it can be taken out."""
        return bool(_PLAIN.match(beginning)) and not self._is_of_prompts(beginning)

    def check(self, text: str) -> str:
        """Give what of a text, of one sentence or more, may be shown; what may not is noted in ``taken``."""
        if self._is_of_prompts(text):
            self.taken.append(Taken("prompt", text))
            return ""
        shown = self._without("hidden", visible(text).text, text)
        while (cleared := self._cleared(shown)) != shown:  # what is left may come together to something else
            shown = cleared
        return shown if shown.strip(" \n.,;:!?()[]\"'") or not text.strip() else ""

    def _cleared(self, shown: str) -> str:
        shown = CONTROL.sub(lambda match: self._take("control", match[0]), shown)
        shown = _PICTURE.sub(self._picture, shown)
        shown = _MARKDOWN.sub(self._reference, shown)
        shown = _TAG.sub(self._tag, shown)
        shown = ACTIVE.sub(lambda match: self._take("markup", match[0]), shown)
        shown = _LINK.sub(lambda match: self._kept(match[0]), shown)
        return _BLOB.sub(lambda match: match[0] if match[0] in self._sources else self._take("encoded", match[0]), shown)

    def _take(self, reason: Reason, text: str) -> str:
        self.taken.append(Taken(reason, text))
        return ""

    def _without(self, reason: Reason, shown: str, text: str) -> str:
        if shown != text:
            self.taken.append(Taken(reason, text))
        return shown

    def _kept(self, link: str) -> str:
        bare = link.rstrip(_TRAILING)
        return link if self._is_known(bare) else self._take("link", bare) + link[len(bare) :]

    def _is_known(self, link: str) -> bool:
        return _forms(link)[0] in self._addresses

    def _picture(self, match: re.Match[str]) -> str:
        address = (match[2] or "").split(maxsplit=1)
        return match[0] if address and self._is_known(address[0]) else self._take("picture", match[0])

    def _reference(self, match: re.Match[str]) -> str:
        address = (match[2] or match[3] or "").split(maxsplit=1)
        if address and (self._is_known(address[0].strip("<>")) or match[0] in self._sources):
            return match[0]
        self._take("link", match[0])
        return match[1] or ""

    def _tag(self, match: re.Match[str]) -> str:
        return match[0] if match[0] in self._sources and not ACTIVE.search(match[0]) else self._take("markup", match[0])

    def _is_of_prompts(self, text: str) -> bool:
        said = _runs([text]) & _OF_PROMPTS
        return bool(said and said - _runs([self._sources]))

    @cached_property
    def _sources(self) -> str:
        return "\n".join([self.context.question, *(f"{hit.title}\n{given(hit)}" for hit in self.context.hits)])

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(address for match in _LINK.finditer(self._sources) for address in _forms(match[0]))


def _forms(link: str) -> Sequence[str]:
    """An address without what may be left out, and its host, which may be named alone."""
    bare = re.sub(r"^(?:h(?:tt|xx)ps?\s?:\s?)?[/\\]{2}|^mailto:", "", link.casefold().replace("[.]", ".")).rstrip(_TRAILING + "/")
    bare = bare.removeprefix("www.")
    return bare, re.split(r"[/?#]", bare, maxsplit=1)[0]


def _runs(texts: Iterable[str]) -> frozenset[tuple[str, ...]]:
    runs: set[tuple[str, ...]] = set()
    for text in texts:
        found = re.findall(r"\w+", text.casefold())
        runs.update(tuple(found[i : i + PROMPT_WORDS]) for i in range(len(found) - PROMPT_WORDS + 1))
    return frozenset(runs)


_OF_PROMPTS = _runs(re.sub(r"\{\w+\}", "\n", text) for text in TEXTS.values())
