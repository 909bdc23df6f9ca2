"""Text that speaks to a model in disguise: base64, hexadecimal, percent signs, letters moved by thirteen, words spelt backwards.

What decodes to directives is found; keys, hashes and images, which decode to noise, are not.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import unquote

from generation.hostile import directives
from generation.sentences import sentences

Found = tuple[Literal["encoded"], int, int]
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/_-]{20,}(?:\s?[A-Za-z0-9+/_-]{20,})*={0,2}")
_HEX = re.compile(r"(?<!\w)(?:0x)?(?:[0-9a-fA-F]{2}[ :]?){16,}(?!\w)|(?:\\x[0-9a-fA-F]{2}){8,}|(?:\\u[0-9a-fA-F]{4}){8,}")
_PERCENT = re.compile(r"(?:[\w.,+-]*%[0-9A-Fa-f]{2}){6,}[\w.,+-]*")
_ROTATED = re.compile(r"\b(?:vtaber|qvfertneq|sbetrg|vafgehpgvba|cebzcg|nffvfgnag|bireevqr|erirny|erfcba[qf])\w*", re.IGNORECASE)
_BACKWARDS = re.compile(
    r"\b(?:erongi|dragersid|tegrof|snoitcurtsni|noitcurtsni|tpmorp|tnatsissa|edirrevo|laever|dnopser)\b", re.IGNORECASE
)
_LETTERS = 0.85  # least share of letters and spaces in what was written to be read


def find(text: str) -> list[Found]:
    """Find what decodes to text that speaks to a model."""
    return [("encoded", start, end) for start, end in _ranges(text)]


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for pattern, decode in ((_BASE64, _from_base64), (_HEX, _from_hex)):
        for match in pattern.finditer(text):
            if _speaks(decoded := decode(match[0])) or _is_prose(decoded):
                yield match.span()
    for match in _PERCENT.finditer(text) if "%" in text else ():
        if _speaks(unquote(match[0])):
            yield match.span()
    for pattern, turn in ((_ROTATED, lambda line: codecs.decode(line, "rot13")), (_BACKWARDS, lambda line: line[::-1])):
        for match in pattern.finditer(text):
            start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
            end = len(text) if end < 0 else end
            if _speaks(turn(text[start:end])):
                yield start, end


def _speaks(decoded: str) -> bool:
    return len(decoded) >= 12 and bool(directives.find(decoded, sentences(decoded)))


def _is_prose(decoded: str) -> bool:
    """Nobody encodes a sentence for a reader."""
    letters = sum(c.isalpha() or c.isspace() for c in decoded)
    return len(decoded.split()) >= 4 and letters >= _LETTERS * len(decoded)


def _from_base64(blob: str) -> str:
    plain = re.sub(r"\s", "", blob).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _from_hex(blob: str) -> str:
    try:
        return bytes.fromhex(re.sub(r"0x|\\x|\\u00|[ :]", "", blob)).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return ""
