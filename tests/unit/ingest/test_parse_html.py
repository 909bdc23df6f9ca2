"""HTML and mail: visible text in order, nothing hidden, attachments through the same door."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from core.errors import UnreadableDocument
from core.types import ParsedDocument
from ingest.parse.parse import parse
from tests.fakes_ingest import Leaf, Show, assert_lawful, pdf_of

PAGE = """<!doctype html><html><head><title>Travel &amp; Leave</title><style>p {color: red}</style></head><body>
<h1>Leave</h1><p>Staff may <b>carry</b> over<br>26 days.<script>alert(1)</script></p>
<ul><li>one <ul><li>inner</li></ul></li><li>two</li></ul>
<h2>Rates</h2>
<table><tr><th>Town</th><th>Rate</th></tr><tr><td rowspan=2>Bonn</td><td>10</td></tr><tr><td>20</td></tr></table>
<pre>x = 1
  y = 2</pre><div style="display: none">secret</div><div hidden>secret</div><!-- secret -->
bare words<figcaption>A caption</figcaption>
</body></html>"""


def parsed(folder: Path, name: str, data: bytes) -> ParsedDocument:
    path = folder / "blob"
    path.write_bytes(data)
    found = parse(path, name)
    assert_lawful(found)
    return found


def shown(document: ParsedDocument) -> list[tuple[str, int | None, str]]:
    return [(e.kind, e.level, document.text[e.start : e.end]) for e in document.elements]


def test_visible_text_with_structure(tmp_path: Path) -> None:
    document = parsed(tmp_path, "a.html", PAGE.encode())
    assert document.title == "Travel & Leave"
    assert shown(document) == [
        ("heading", 1, "Leave"),
        ("paragraph", None, "Staff may carry over\n26 days."),
        ("list_item", None, "- one"),
        ("list_item", None, "- inner"),
        ("list_item", None, "- two"),
        ("heading", 2, "Rates"),
        ("table", None, "Town | Rate\nBonn | 10\nBonn | 20"),
        ("code", None, "x = 1\n  y = 2"),
        ("paragraph", None, "bare words"),
        ("paragraph", None, "A caption"),
    ]


def test_declared_encoding_and_entities(tmp_path: Path) -> None:
    page = '<html><head><meta charset="utf-8"></head><body><p>Gr\u00f6\u00dfe &euro; 5 &#x1F600;</p></body></html>'
    assert parsed(tmp_path, "a.html", page.encode()).text == "Größe € 5 \U0001f600"


def test_page_nested_too_deep_is_refused_not_emptied(tmp_path: Path) -> None:
    assert parsed(tmp_path, "a.html", b"<html>" + b"<div>" * 1500 + b"kept").text == "kept"
    with pytest.raises(UnreadableDocument, match="nested"):
        parsed(tmp_path, "a.html", b"<html>" + b"<div>" * 100_000 + b"lost" + b"</div>" * 100_000)


def test_tables_that_lay_out_a_page_are_walked_and_say_everything_once(tmp_path: Path) -> None:
    data = "<table><tr><th>Town<th>Rate<tr><td>Bonn<td>10</table>"
    for _ in range(3):
        data = f"<table><tbody><tr><td>{data}</td></tr></tbody></table>"
    page = (
        f"<table><tr><td><h2>Rates</h2>as agreed</td></tr><tr hidden><td>secret</td></tr><tr><td>{data} after</td></tr></table>"
    )
    assert shown(parsed(tmp_path, "a.html", page.encode())) == [
        ("heading", 2, "Rates"),
        ("paragraph", None, "as agreed"),
        ("table", None, "Town | Rate\nBonn | 10"),
        ("paragraph", None, "after"),
    ]


def test_a_table_in_a_cell_is_text_of_that_cell(tmp_path: Path) -> None:
    page = (
        "<table><tr><td>menu</td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr><tr><td>x</td><td>y</td></tr></table>"
    )
    assert parsed(tmp_path, "a.html", page.encode()).text == "menu | a b\nx | y"


def test_page_without_text_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="No text"):
        parsed(tmp_path, "a.html", b"<html><body><img src=x><script>only()</script></body></html>")


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["To"] = "bob@example.org"
    message["Date"] = "Mon, 03 Nov 2025 10:00:00 +0000"
    message["Subject"] = "Grüße and the lease"
    message.set_content("Dear Bob,\n\nthe lease is attached.\n")
    return message


def test_mail_headers_body_and_subject(tmp_path: Path) -> None:
    document = parsed(tmp_path, "a.eml", mail().as_bytes())
    assert document.title == "Grüße and the lease"
    assert document.text.startswith(
        "Grüße and the lease\n\nFrom: Ann <ann@example.org>\nTo: bob@example.org\nDate: Mon, 03 Nov 2025"
    )
    assert document.text.endswith("Dear Bob,\n\nthe lease is attached.")


def test_mail_in_html_only(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Note"
    message.set_content("<p>Größe <b>5</b></p>", subtype="html")
    assert parsed(tmp_path, "a.eml", message.as_bytes()).text.endswith("Größe 5")


def test_attachments_are_parsed_or_named(tmp_path: Path) -> None:
    message = mail()
    message.add_attachment(
        pdf_of([Leaf([Show(72, 700, "Rent is 900 euro.")])]), maintype="application", subtype="pdf", filename="lease.pdf"
    )
    message.add_attachment(b"\x89PNG\r\n\x1a\n\0", maintype="image", subtype="png", filename="photo.png")
    inner = EmailMessage()
    inner["Subject"] = "Forwarded"
    inner.set_content("the inner body")
    message.add_attachment(inner)
    document = parsed(tmp_path, "a.eml", message.as_bytes())
    assert "Attachment: lease.pdf\n\nRent is 900 euro." in document.text
    assert "Attachment: photo.png\n\n(not read: " in document.text
    assert "Forwarded" in document.text and "the inner body" in document.text
    assert document.pages == ()


def test_header_too_long_to_parse_is_shown_as_it_stands(tmp_path: Path) -> None:
    many = ", ".join(f"ann{i}@example.org" for i in range(500))
    text = parsed(tmp_path, "a.eml", f"From: a@example.org\nSubject: s\nTo: {many}\n\nthe body\n".encode()).text
    assert f"To: {many}\nSubject: s\n\nthe body" in text


def test_broken_mail_is_still_read(tmp_path: Path) -> None:
    broken = b"From: x\xff\r\nSubject: =?utf-8?q?bro\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nthe body\xe9 stands\r\n"
    assert "the body" in parsed(tmp_path, "a.eml", broken).text


def test_mail_of_endless_depth_is_bounded(tmp_path: Path) -> None:
    nested = b"From: a@b.example\r\nSubject: s\r\n"
    for i in range(2000):
        nested += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
    try:
        assert parsed(tmp_path, "a.eml", nested + b"\r\nx\r\n").text
    except UnreadableDocument as error:
        assert "nested" in str(error)
