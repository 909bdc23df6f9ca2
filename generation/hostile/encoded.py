"""Text that speaks to a model in disguise: base64, hexadecimal, percent signs, letters moved by thirteen, words spelt backwards.

What decodes to directives is found; keys, hashes and images, which decode to noise, are not.
"""

import base64
import binascii
import re
from codecs import encode
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import unquote

from generation.hostile import directives
from generation.hostile.lexicon import Does, Words
from generation.sentences import sentences

Found = tuple[Literal["encoded"], int, int]
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")  # of one in many lines, each line
_HEX = re.compile(
    r"\b[0-9a-fA-F]{32,}\b|\b(?:[0-9a-fA-F]{2}[ :]){15,}[0-9a-fA-F]{2}|(?:\\x[0-9a-fA-F]{2}){8,}|(?:\\u[0-9a-fA-F]{4}){8,}"
)
_PERCENT = re.compile(r"(?:[\w.,+-]*%[0-9A-Fa-f]{2}){6,}[\w.,+-]*")
_LETTERS = 0.85  # least share of letters and spaces in what was written to be read


def find(text: str, ranges: Sequence[tuple[int, int]], words: Words) -> list[Found]:
    """Find what decodes to text that speaks to a model."""
    return [("encoded", start, end) for start, end in (*_blobs(text), *_disguised(text, ranges, words))]


def _blobs(text: str) -> Iterator[tuple[int, int]]:
    for pattern, decode in ((_BASE64, _from_base64), (_HEX, _from_hex)):
        for match in pattern.finditer(text):
            if _speaks(decoded := decode(match[0])) or _is_prose(decoded):
                yield match.span()
    for match in _PERCENT.finditer(text) if "%" in text else ():
        if _speaks(unquote(match[0])):
            yield match.span()


def _disguised(text: str, ranges: Sequence[tuple[int, int]], words: Words) -> Iterator[tuple[int, int]]:
    for start, end in ranges:
        if any(word.does & Does.DISGUISED for word in words.within(start, end)):
            sentence = text[start:end]
            if _speaks(encode(sentence, "rot13")) or _speaks(sentence[::-1]):
                yield start, end


def _speaks(decoded: str) -> bool:
    return len(decoded) >= 12 and bool(directives.find(decoded, sentences(decoded), Words(decoded)))


def _is_prose(decoded: str) -> bool:
    """Nobody encodes a sentence for a reader."""
    letters = sum(c.isalpha() or c.isspace() for c in decoded)
    return len(decoded.split()) >= 4 and letters >= _LETTERS * len(decoded)


def _from_base64(blob: str) -> str:
    plain = blob.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _from_hex(blob: str) -> str:
    try:
        return bytes.fromhex(re.sub(r"0x|\\x|\\u00|[ :]", "", blob)).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return ""
