"""The answer while it grows: what of the model's writing is shown, and the citations the program attaches to it.

Pieces of text go in as the model writes them; text to show and citations come out. The first sentence is shown as it
comes, as far as its words are the question's and the passages' own; what is new in it, and every later one, only once it is
held against the passages; what nothing supports is no part of the answer, or is marked as such. A yes or no is never
shown, only the sentence that follows: small models say yes to nearly everything. Where the passage denies what that
sentence affirms, it is quoted. Markers such as [3] are taken out: what they point at is looked at first, and mended where
it is another passage that supports the sentence. How the writing is cut into pieces changes nothing but how early it is
shown.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from core.types import Citation, Claim, Quote, Verdict
from generation.citations import Check, Evidence
from generation.outgoing import Outgoing
from generation.sentences import least_end, next_end
from generation.verify import UNSAID

# How models point at passages: [2], [1, 3], [Passage 2], [doc1], (source 1), 【1】, [1](#1). A year or a list's (1) is none.
_POINTED = r"(?:passages?|sources?|docs?|documents?)"
_NUMBERS = rf"\^?(?:{_POINTED}\s*)?[1-9]\d{{0,2}}(?:\s*[,;&–-]\s*\^?(?:{_POINTED}\s*)?[1-9]\d{{0,2}})*"
_BRACKETS = rf"\[\s*{_NUMBERS}\s*\](?:\(#?[\w-]{{0,12}}\))?|【\s*{_NUMBERS}[^】\n]{{0,12}}】|\({_POINTED}\s*\d{{1,3}}\)"
_MARKER = re.compile(
    rf"""(?:(?<!\s)\s+|(?<=[\w.,;:!?%)\]】”"’'])|\A)({_BRACKETS})(?=[\s.,;:!?)…”"’'\[【–—-]|\Z)""", re.IGNORECASE
)
# What may yet become one, and the space before it, which goes with it.
_MAY_BE_MARKER = re.compile(
    r"(?<!\s)\s*(?:[\[【][\w\s^,;&–-]{0,30}(?:[\]】](?:\(#?[\w-]{0,12}\)?)?)?|\((?:[psd][a-z]{0,8})?\s*\d{0,3}\)?)?\Z",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"[\[【(]")  # a marker begins with one of these and perhaps space before it; most pieces have none
# What may come to say that the passages hold no answer, and so is not shown before it is whole.
_MAY_DISCLAIM = re.compile(
    r"\b(?:passages?|documents?|texts?|context|sources?|excerpts?|(?:provided|given|available) information)\b"
    r"(?: provided| given)? (?:do|does|did|is|are|has|have)(?: not|n['’]t)\b"
    r"|\b(?:not|n['’]t) (?:\w+ )?(?:stated|mentioned|specified|provided|given|found|included|available|clear)\b[^.]*"
    r"\b(?:passages?|documents?|text|context|sources?|excerpts?)\b"
    r"|\bI (?:do not|don['’]t|cannot|can['’]t|am not able|am unable)\b|^(?:not found|unknown)\b"
    r"|\bno (?:information|mention)\b",
    re.IGNORECASE,
)

_SOURCE = r"(?:passages?|documents?|texts?|context|sources?|excerpts?|(?:provided|given|available) information)"
_HOLD = r"(?:stat|mention|hold|held|contain|say|said|specif|provid|includ|indicat|giv|describ|address|discuss|list|clear|answer)"
_NOT = r"(?:do|does|did|is|are|was|were|has|have|can)(?:\s?not|n['’]t)"
_DISCLAIMER = re.compile(
    rf"\b{_SOURCE}(?: provided| given)? {_NOT}(?: \w+)?? (?:{_HOLD}\w*|have)\b"
    rf"|\b(?:not|n['’]t) (?:\w+ )?(?:{_HOLD}\w*|found|available)\b[^.]*\b(?:in|by|from) (?:\w+ )?{_SOURCE}\b"
    rf"|\b(?:there (?:is|was)|{_SOURCE} (?:{_HOLD}\w*|has|have)) no (?:\w+ )?(?:information|mention)\b"
    rf"|\bno (?:information|mention)\b[^.]* (?:is|was|are|were|be) (?:{_HOLD}\w*|found|available|made)\b"
    r"|\bI (?:do not|don['’]t|cannot|can['’]t|am not able to|am unable to)"
    r" (?:know|have|find|see|answer|provide|determine|tell|say|confirm|help|assist)\b|^(?:not found|unknown)\W*$",
    re.IGNORECASE,
)

_MAY_BE_YES_NO = re.compile(r"(?:y(?:e(?:s\b.*)?)?|n(?:o\b.*)?)$", re.IGNORECASE | re.DOTALL)
_YES_NO = re.compile(r"yes\b[\s,.;:!–—-]*|no(?:[,.;:!–—]+\s*|\s+[–—-]+\s*|$)", re.IGNORECASE)  # "No refunds" says no no
QUOTED = "The documents state: “{quote}”"
BESIDE = "what the passages say of it is beside the question"
BROKEN_OFF = "the model broke off"
DISCLAIMED = "the model does not know"
NOT_ALL_SHOWN = "not all of it may be shown"


class Draft:
    """An answer being written; ``text`` is what has been shown, ``claims`` its sentences and ``citations`` what stands behind
    them. A sentence that was left out before it was shown is a claim, too, of no width, where it would have stood. With
    ``keeps_unsupported`` sentences that nothing supports are shown and stay, marked by their verdict. ``bears`` tells whether
    quotes speak of what was asked; a sentence that is true and beside the question opens no answer."""

    def __init__(
        self,
        evidence: Evidence,
        outgoing: Outgoing,
        *,
        keeps_unsupported: bool = False,
        bears: Callable[[Sequence[Quote], Verdict], bool] = lambda quotes, verdict: True,
    ) -> None:
        self.text = ""
        self.claims: list[Claim] = []
        self.citations: list[Citation] = []
        self.closed = False  # nothing more the model writes will be shown
        self._evidence = evidence
        self._outgoing = outgoing
        self._keeps_unsupported = keeps_unsupported
        self._bears = bears
        self._markers = MarkerFilter(evidence)
        self._pending = ""  # written, not yet known to be a whole sentence
        self._num_shown = 0  # characters of it that are shown already
        self._first = True
        self._said_yes_or_no = False
        self._numbers: dict[Quote, int] = {}

    def add(self, piece: str) -> Iterator[str | Citation]:
        """Take what the model wrote next; gives what to show now and what can be cited now."""
        self._pending += self._markers.feed(piece)
        yield from self._settle_whole_sentences(grows=True)
        if self._first and not (self.closed or self._said_yes_or_no or self._is_held()):
            yield from self._show(least_end(self._pending))

    def end(self, *, cut_off: bool = False) -> Iterator[str | Citation]:
        """Take the end of the writing as the end of the last sentence, unless it was ``cut_off`` in a later one."""
        self._pending = (self._pending + self._markers.end()).rstrip()
        yield from self._settle_whole_sentences(grows=False)
        is_whole = self._first or not cut_off or next_end(f"{self._pending} A") == len(self._pending)
        if self._pending.strip() and is_whole and not self.closed:
            yield from self._settle(len(self._pending))
        elif not self.closed:
            self.break_off()

    @property
    def taken_out(self) -> list[str]:
        """Why something was taken out of what the model wrote, once for each time."""
        return [taken.reason for taken in self._outgoing.taken]

    def finished(self) -> "Finished":
        """Give what was shown, without what nothing supports unless that is to be kept, and everything's place in it."""
        left_out = [c for c in self.claims if c.start == c.end or (c.verdict == "unsupported" and not self._keeps_unsupported)]
        return Finished(self.text, tuple(self.claims), tuple(self.citations)).without(left_out)

    def break_off(self) -> None:
        """Leave out the sentence that is begun, if one is: it will not be whole."""
        self._leave_out(self._pending, BROKEN_OFF)

    def quote(self, quote: Quote, opening: str = QUOTED) -> Iterator[str | Citation]:
        """Let a passage speak in the model's place, in a sentence or paragraph of its own."""
        before = "\n\n" if self.text else ""
        said = opening.format(quote=" ".join(quote.text.split()))
        self.text += before + said
        yield before + said
        yield from self._settled(Check("supported", quotes=(quote,)), len(self.text) - len(said))

    def _settle_whole_sentences(self, *, grows: bool) -> Iterator[str | Citation]:
        if self._first and not self._num_shown:
            self._pending = self._pending.lstrip()
        while not self.closed and (end := next_end(self._pending, grows=grows)) is not None:
            yield from self._settle(end)

    def _settle(self, end: int) -> Iterator[str | Citation]:
        """Close the sentence that ends there: show what is still to be shown of it and cite what supports it."""
        claim = self._pending[:end].strip()
        if self._first and (said := _YES_NO.match(claim)):
            claim, self._said_yes_or_no = _capitalised(claim[said.end() :]), True
            self._pending, end = claim + self._pending[end:], len(claim)
        if claim and (presentable := self._outgoing.check(claim)) != claim:
            claim, end = self._replaced(presentable.strip(), end)
        if claim:
            yield from self._judge(claim, end)
            self._first = self._said_yes_or_no = False
        rest = self._pending[end:]
        self._pending, self._num_shown = rest.lstrip() if self._first else rest, 0

    def _is_held(self) -> bool:
        """Tell whether a first sentence must be whole before it is shown: it may not stand, or not all of it may be shown."""
        beginning = self._pending
        may_fall = _MAY_DISCLAIM.search(beginning) or _MAY_BE_YES_NO.match(beginning)
        return (
            bool(may_fall)
            or not re.search(r"\w", beginning)
            or not (self._outgoing.is_plain(beginning) and self._evidence.knows(beginning))
        )

    def _replaced(self, presentable: str, end: int) -> tuple[str, int]:
        """Put what may be shown of a sentence in its place; returns that and where it ends.

        Of one that is shown already in part no other part may be taken out: then nothing more of it is shown.
        """
        if not presentable.startswith(self._pending[: self._num_shown].strip()):
            presentable, self._first = "", False
        if not presentable:
            self._leave_out(self._pending[:end], NOT_ALL_SHOWN)
        self._pending = presentable + self._pending[end:]
        self._num_shown = min(self._num_shown, len(presentable))
        return presentable, len(presentable)

    def _judge(self, claim: str, end: int) -> Iterator[str | Citation]:
        pointed_at = self._markers.taken(len(self._pending) - end)
        check = self._evidence.check(claim, cited=pointed_at, affirmed=self._said_yes_or_no)
        is_kept = check.verdict != "unsupported" or (self._keeps_unsupported and not self._said_yes_or_no)
        if self._first and _is_hopeless(claim, check.quotes, self._evidence):
            self.closed = True
            self._leave_out(claim, DISCLAIMED if _DISCLAIMER.search(claim) else check.reason)
        elif not self.citations and not self._opens(check):
            self._leave_out(claim, BESIDE)
        elif self._first and check.denied_by:
            self.closed = True
            self._leave_out(claim, check.reason)
            yield from self.quote(check.denied_by)
        elif not is_kept:
            self._leave_out(claim, check.reason)
        elif self._first or not self._has_said(claim):
            yield from self._show(len(self._pending[:end].rstrip()))
            yield from self._settled(check, len(self.text) - len(claim))

    def _has_said(self, claim: str) -> bool:
        """Tell whether a claim that stays says this already; what is shown of one that does not stay depends on how it came."""
        said = (c for c in self.claims if self._keeps_unsupported or c.verdict != "unsupported")
        return any(claim in self.text[c.start : c.end] for c in said)

    def _leave_out(self, sentence: str, reason: str) -> None:
        """Mark what has been shown of a sentence as unsupported, or the place where it would have stood; what holds no word is
        no sentence. No reason repeats one that is a mere name or number."""
        if said := re.search(r"\w(?:.*\w)?", sentence, re.DOTALL):
            start = self.claims[-1].end if self.claims else 0
            start += len(self.text[start:]) - len(self.text[start:].lstrip())
            is_repeated = any(said[0] in quoted for quoted in re.findall("“(.*?)”", reason, re.DOTALL))
            self.claims.append(Claim(start, len(self.text), "unsupported", UNSAID if is_repeated else reason))

    def _opens(self, check: Check) -> bool:
        """Tell whether what would be cited first speaks of what was asked; nothing to cite is another matter."""
        if check.denied_by:
            return self._bears([check.denied_by], "supported")
        return not check.quotes or self._bears(check.quotes, check.verdict)

    def _show(self, end: int) -> Iterator[str]:
        if end > self._num_shown:
            shown = self._pending[self._num_shown : end]
            shown = shown if self.text else shown.lstrip()  # an opening that was withdrawn before it was shown
            self._num_shown = end
            self.text += shown
            yield shown

    def _settled(self, check: Check, claim_start: int) -> Iterator[Citation]:
        """Write down what was found of the claim that the text now ends with, and cite what supports it."""
        self.claims.append(Claim(claim_start, len(self.text), check.verdict, check.reason))
        for quote in check.quotes if check.verdict != "unsupported" else ():
            number = self._numbers.setdefault(quote, len(self._numbers) + 1)
            citation = Citation(number, quote, claim_start, len(self.text), check.mended)
            self.citations.append(citation)
            yield citation


@dataclass(frozen=True, slots=True)
class Finished:
    """A text with the places of its claims and citations, and why each sentence that is no part of it was left out."""

    text: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    left_out: tuple[str, ...] = ()

    def without(self, left_out: Collection[Claim]) -> "Finished":
        """Leave out some of the claims, none of them cited, and the space after them."""
        text, shifts, moved, end = "", [], 0, 0
        for claim in self.claims:
            if claim.start < claim.end and claim in left_out:
                text += self.text[end : claim.start]
                end = claim.end + len(self.text[claim.end :]) - len(self.text[claim.end :].lstrip())
                moved += end - claim.start
            shifts.append((claim.start, moved))
        place = dict(shifts)
        kept = [claim for claim in self.claims if claim not in left_out]
        return Finished(
            (text + self.text[end:]).rstrip(),
            tuple(replace(c, start=c.start - place[c.start], end=c.end - place[c.start]) for c in kept),
            tuple(
                replace(c, answer_start=c.answer_start - place[c.answer_start], answer_end=c.answer_end - place[c.answer_start])
                for c in self.citations
            ),
            tuple(claim.reason for claim in left_out),
        )


def _is_hopeless(claim: str, quotes: Sequence[Quote], evidence: Evidence) -> bool:
    """Tell whether the model says that it does not know, or opens with a number that stands nowhere."""
    disclaimer = _DISCLAIMER.search(claim)
    if disclaimer and not any(_plain(disclaimer[0]) in _plain(quote.text) for quote in quotes):
        return True
    return not quotes and evidence.invents(claim)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


class MarkerFilter:
    """Takes [n] out of a stream of text where it points at a passage, holding back only what may yet turn out to do so."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._before = ""  # the last character that was passed
        self._held = ""
        self._num_passed = 0
        self._pointers: list[tuple[int, int]] = []  # characters passed before a marker, and a passage it points at

    def feed(self, piece: str) -> str:
        """Take a piece; gives what certainly is no part of a marker, never ending in space."""
        self._held += piece
        if not _BRACKET.search(self._held):
            return self._pass(len(self._held.rstrip()))
        may_be = _MAY_BE_MARKER.search(self._held)
        return self._pass(may_be.start() if may_be else len(self._held))

    def end(self) -> str:
        """Give what is still held and no marker."""
        return self._pass(len(self._held)).rstrip()

    def taken(self, num_behind: int) -> frozenset[int]:
        """Give, once, the numbers taken out before the last ``num_behind`` characters that were passed."""
        place = self._num_passed - num_behind
        numbers = frozenset(number for at, number in self._pointers if at <= place)
        self._pointers = [(at, number) for at, number in self._pointers if at > place]
        return numbers

    def _pass(self, end: int) -> str:
        text, self._held = self._before + self._held[:end], self._held[end:]
        passed, start, at = "", len(self._before), 0
        for match in _MARKER.finditer(text) if _BRACKET.search(text) else ():
            if numbers := self._numbers_of(match[1]):
                passed, at = passed + text[at : match.start()], match.end()
                self._pointers += [(self._num_passed + len(passed) - start, number) for number in numbers]
        passed = (passed + text[at:])[start:]
        self._before, self._num_passed = text[-1:], self._num_passed + len(passed)
        return passed

    def _numbers_of(self, brackets: str) -> list[int]:
        """Read what brackets point at, which may be no passage that there is; nothing if a passage itself holds them."""
        numbers = [int(number) for number in re.findall(r"\d+", brackets.split("](", maxsplit=1)[0])]
        return [] if self._evidence.holds(brackets) else numbers
