"""The documents a question writes of as one writes of a document by name, whether or not anybody has such a document.

Three ways of writing count: an agreement with its parties ("the lease between Hertz and Realty", "the Hertz lease"), a company
with its legal form ("Acme Widgets Inc."), and a document by its title in quotes ('the policy "Travel abroad"'). Whatever else is
written large may be anything. What is found is compared with the names of the scope's documents (retrieval/names.py) and with
their words; of what neither knows the asker is told.
"""

import re

MAX_MENTIONS = 5
MAX_CHARS = 100

# What documents with parties call themselves; of a name it says nothing.
KINDS = frozenset(
    """agreement contract lease amendment addendum deed memorandum mou nda license licence settlement indenture guaranty vertrag
    vereinbarung contrato acuerdo convenio contrat""".split()  # noqa: SIM905
)
_KIND = rf"(?:{'|'.join(sorted(KINDS))}|\w+vertrag|\w+vereinbarung)"
_FORM = (
    r"(?:Inc|Incorporated|LLC|L\.L\.C|Ltd|Limited|Corp|Corporation|GmbH|AG|KG|SE|S\.A\.?S?|S\.L|SAS|PLC|plc|LLP|L\.P|LP|N\.V|NV"
    r"|B\.V|BV|Pty|Aktiengesellschaft|Oy|ApS|S\.p\.A|S\.r\.l)"
)
_LARGE = (
    r"(?<!\w)[a-z]?[A-Z0-9À-ÖØ-Þ][\w&.'’/\-]{0,40}"  # iMine, too; bounded, as all that repeats is, so that no question takes long
)
_RUN = rf"{_LARGE}(?:,?\s+(?:{_LARGE}|&|(?:of|the|de|du|von|for)(?=\s+[A-Z]))){{0,12}}"
_AND = r"(?i:and|und|y|et)"
_BETWEEN = re.compile(
    rf"\b(?i:{_KIND})\b[^;?!]{{0,60}}?\b(?i:between|among|zwischen|entre)\b:?\s+(?i:the\s+|der\s+|die\s+|la\s+|el\s+)?"
    rf"({_RUN}(?:\s*[,(/]?\s+(?:{_AND}|d/b/a)\s+(?:the\s+)?{_RUN}){{0,8}})"
)
_COMPANY = re.compile(rf"(?:{_LARGE}(?:,?\s+|\s+(?:of|and|&|the)\s+(?=[A-Z]))){{1,6}}?(?:{_FORM}|{_FORM.upper()})\b\.?")
_TITLED = re.compile(
    r"\b(?:document|file|agreement|contract|policy|procedure|report|handbook|manual|guide|memo|letter|lease|dokument|richtlinie)"
    r"(?:\s+(?:titled|entitled|called|named))?\s+(?:\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»)",
    re.IGNORECASE,
)
_OF_PARTY = re.compile(
    rf"\b(?i:{_KIND})\s+(?i:with|mit|con)\s+(?i:the\s+|der\s+|la\s+)?(?P<after>{_RUN})"
    rf"|\b(?i:the|our|der|den|dem|unser)\s+(?P<before>{_RUN}\s+(?i:{_KIND}))\b"
)
_APART = re.compile(rf"\s*(?:,?\s+(?:{_AND}|d/b/a)\s+(?:the\s+)?|/\s+|[;()])\s*")
# Words that begin a question and not a name, though they are written large there.
_OPENING = re.compile(
    r"^(?:(?:Are|At|By|Can|Consider|Could|Describe|Did|Do|Does|Explain|Find|For|From|Give|Had|Has|Have|How|If|In|Is|List|May|Must|On"
    r"|Per|Shall|Should|Show|Since|Summari[sz]e|Tell|The|To|Under|Was|Were|What|When|Where|Which|Who|Whom|Whose|Why|Will|With|Would"
    r"|Darf|Hat|Ist|Kann|Muss|Wann|Was|Welche|Wer|Wie|Wo|Der|Die|Das)\s+)+"
)


def mentioned(question: str) -> tuple[str, ...]:
    """Give the names, as they are written, each once, in order; at most MAX_MENTIONS.

    >>> mentioned("Under the lease between Hertz Group and Realty Trust, Inc., who pays?")
    ('Hertz Group', 'Realty Trust, Inc.')
    >>> mentioned('Does Acme Widgets LLC pay? And the policy "Travel abroad"?'), mentioned("Who wrote Java?")
    (('Acme Widgets LLC', 'Travel abroad'), ())
    """
    parties = list(_BETWEEN.finditer(question))
    found = [(match.start(1), part) for match in parties for part in _APART.split(match.group(1))]
    for match in _COMPANY.finditer(question):
        if not any(party.start(1) <= match.start() < party.end(1) for party in parties):
            found.append((match.start(), _OPENING.sub("", match.group())))
    for match in _OF_PARTY.finditer(question):
        if not any(party.start() < match.end() and match.start() < party.end() for party in parties):
            found.append((match.start(), match["after"] or match["before"]))
    found += [(match.start(), next(filter(None, match.groups()))) for match in _TITLED.finditer(question)]
    names = (part.strip(" ,:") for _, part in sorted(found, key=lambda pair: pair[0]))
    return tuple(dict.fromkeys(name for name in names if 0 < len(name) <= MAX_CHARS))[:MAX_MENTIONS]
