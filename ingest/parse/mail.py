"""E-mail: its headers as text, its body (plain text, else HTML), then each attachment: parsed where we can, named where not.

Written on the standard library's email package, so that an attachment goes through the same door as any other file.
"""

import email.policy
import re
import tempfile
from collections.abc import Callable
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path

from core.errors import DocumentError
from core.types import ParsedDocument
from ingest.parse.draft import Draft
from ingest.parse.html import parse_markup
from ingest.parse.plain import decode
from ingest.parse.structure import elements_of

EML = "message/rfc822"
MAX_DEPTH = 3  # mails within mails
MAX_ATTACHMENTS = 100
MAX_HEADER_CHARS = 4000  # parsed of a header, since the email package takes quadratic time; a longer one is shown as it stands
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")

_parse_header = HeaderRegistry()
_POLICY = email.policy.default.clone(header_factory=lambda name, value: _parse_header(name, value[:MAX_HEADER_CHARS]))

Parse = Callable[[Path, str], ParsedDocument]


def parse_eml(path: Path, parse_attachment: Parse) -> ParsedDocument:
    """Parse a mail; ``parse_attachment`` is the door, given here so that mail does not import what imports it."""
    message = BytesParser(policy=_POLICY).parsebytes(path.read_bytes())
    assert isinstance(message, EmailMessage)  # what its policy makes; for the type checker
    draft = Draft()
    _add_message(draft, message, parse_attachment, depth=1)
    return draft.finish(EML, _header(message, "Subject"))


def _add_message(draft: Draft, message: EmailMessage, parse_attachment: Parse, depth: int) -> None:
    if subject := _header(message, "Subject"):
        draft.add("title" if depth == 1 else "heading", subject, level=depth)
    shown = [f"{name}: {value}" for name in _SHOWN_HEADERS if (value := _header(message, name))]
    draft.add("paragraph", "\n".join(shown))
    body = message.get_body(("plain", "html"))
    if body is not None:
        draft.add_document(_parse_body(body), levels_down=depth)
    for number, part in enumerate(message.iter_attachments(), start=1):
        if number > MAX_ATTACHMENTS:
            draft.add("note", f"More than {MAX_ATTACHMENTS} attachments: the rest was left out.")
            return
        _add_attachment(draft, part, number, parse_attachment, depth)


def _header(message: Message, name: str) -> str:
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if len(raw) > MAX_HEADER_CHARS:
        return " ".join(raw.split())
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):  # a header that the email package cannot parse
        return ""


def _parse_body(part: Message) -> ParsedDocument:
    data = _payload(part)
    if part.get_content_type() == "text/html":
        return parse_markup(_text(part, data).encode("utf-8", "replace"))
    draft = Draft()
    text = _text(part, data)
    for element in elements_of(text):
        draft.add(element.kind, text[element.start : element.end], level=element.level)
    return draft.finish("text/plain")


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message, data: bytes) -> str:
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(data.replace(b"\0", b" "))


def _add_attachment(draft: Draft, part: Message, number: int, parse_attachment: Parse, depth: int) -> None:
    name = " ".join((part.get_filename() or f"attachment {number}").split())
    draft.add("heading", f"Attachment: {name}", level=depth + 1)
    if part.get_content_type() == EML:
        inner = part.get_payload(0) if part.is_multipart() else None
        if isinstance(inner, EmailMessage) and depth < MAX_DEPTH:
            _add_message(draft, inner, parse_attachment, depth + 1)
        return
    try:
        draft.add_document(_parse_bytes(_payload(part), name, parse_attachment), levels_down=depth + 1)
    except DocumentError as error:
        draft.add("note", f"(not read: {error})")


def _parse_bytes(data: bytes, name: str, parse_attachment: Parse) -> ParsedDocument:
    suffix = re.sub(r"[^\w.]", "", Path(name).suffix)
    with tempfile.NamedTemporaryFile(suffix=suffix) as stream:
        stream.write(data)
        stream.flush()
        return parse_attachment(Path(stream.name), name)
