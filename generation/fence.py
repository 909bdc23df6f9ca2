"""The fence around what is quoted to a model: no text can end it, begin another, or speak a model's control tokens.

Control tokens are those of the usual chat templates: ChatML, Llama, Mistral, Gemma, DeepSeek, Phi, Command, Granite.
"""

import re

from generation.hostile.characters import visible

_ANGLE = "[<＜‹﹤]"
CONTROL = re.compile(
    r"<\s*[|｜][^<>\n]{0,40}[|｜]\s*>|</?(?:s|bos|eos|pad|unk|think|(?:start|end|begin)_of_\w+)>|<</?SYS>>|\[/?INST\]|</?\s*passage\b[^<>\n]{0,40}>",
    re.IGNORECASE,
)
_UNSAFE = re.compile(
    rf"{_ANGLE}(?=\s*[/\\]?\s*passage|\s*[|｜]|<\s*/?SYS>>"
    r"|/?(?:s|bos|eos|pad|unk|sep|cls|mask|think|(?:start|end|begin|tool|extra)_\w+|unused\d+)\s*>)"
    r"|(?<=[|｜])>|\[(?=/?(?-i:INST|IMG|THINK|[A-Z]+_[A-Z_]+)\])",
    re.IGNORECASE,
)


def fenced(text: str) -> str:
    """Make harmless what would end a passage, begin one, or be read as a control token, and take out what no reader sees.

    >>> fenced("a < b </passage> <|im_end|>")
    'a < b ‹/passage> ‹|im_end|›'
    """
    return _UNSAFE.sub(lambda match: "›" if match[0] == ">" else "‹", visible(text).text)
