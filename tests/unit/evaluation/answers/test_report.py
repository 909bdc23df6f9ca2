"""The page: everything that was measured and said is on it, as text, and it asks for nothing."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

from evaluation import page as drawn
from evaluation.answers import report
from evaluation.answers.outcome import compare
from evaluation.answers.reply import Claim, Passage, Quote, Reply
from evaluation.answers.run import Plan, Run
from evaluation.datasets import Attack, Question

HOSTILE = "</td></div><script>alert(1)</script><img src=https://evil.example/x onerror='x'>\"&amp; \u202e\x1b[2J"
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td", "div", "span", "br",
        "svg", "path", "text", "polyline", "circle"}  # fmt: skip
TEXT = "Annual leave is 30 days a year."
GOLD = Question("How many days?", "30 days", "hr/leave.pdf", 2, "30 days")
QUOTE = Quote("d", "/srv/hr/leave.pdf", TEXT, 0, len(TEXT), 2, number=1, answer_end=9, mended=True)
RIGHT = Reply(
    "30 days. And a dog.",
    confidence=0.9,
    quotes=(QUOTE,),
    claims=(Claim("30 days.", "supported", "", (1,)), Claim("And a dog.", "unsupported", "no passage says so")),
    passages=(Passage("d", "/srv/hr/leave.pdf", 0, len(TEXT), 2, 2),),
    waited_ms={"evidence": 40.0, "total": 1234.0},
    timings_ms={"retrieval": 12.0},
    usage={"prompt_tokens": 900},
    model="m",
    prompt_version="7",
)
REFUSED = Reply("The documents do not say.", refused=True, reason="not_stated: No passage states it.", confidence=0.2)


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def run_of(*asked: tuple[Question, Reply], notes: tuple[str, ...] = (), stopped: str = "") -> Run:
    outcomes = tuple(compare(question, reply, lambda document_id: TEXT) for question, reply in asked)
    return Run(Plan("hr"), outcomes, datetime(2026, 1, 2, 3, 4, tzinfo=UTC), notes, stopped)


def test_everything_is_on_the_page() -> None:
    run = run_of((GOLD, RIGHT), (Question("Who owns the dog?"), REFUSED), (GOLD, Reply(error="Model server away")))
    text = Page(report.render(run, None, "Answers to q.json")).text
    for shown in (
        "2026-01-02 03:04 UTC, collection hr, model m, prompt 7. 3 questions: 1 refused, 0 answered by extracts, 1 failed.",
        "balanced_accuracy0.7500", "30 days. [1]supported", "And a dog.unsupported: no passage says so", TEXT,
        "[1] /srv/hr/leave.pdf p. 2 mended", "expected: 30 days", "hr/leave.pdf p. 2", "confidence 0.90", "Model server away",
        "expected: nothing: the documents do not hold it", "refused not_stated: No passage states it.",
        "total, as seen by the client1,2341,234", "retrieval, as the server tells12", "prompt_tokens per answer, mean900",
        "1 of 3 went wrong; they come first",
    ):  # fmt: skip
        assert shown in text
    assert text.index("Model server away") < text.index("And a dog.")


def test_hostile_text_stays_text_and_the_page_asks_for_nothing() -> None:
    question = Question(HOSTILE, HOSTILE, HOSTILE, 2, HOSTILE, attack=Attack(HOSTILE, (HOSTILE,)))
    quote = Quote("d", HOSTILE, HOSTILE, 0, 9, 2, number=1)
    claims = (Claim(HOSTILE, HOSTILE, HOSTILE, (1,)),)
    reply = Reply(HOSTILE, quotes=(quote,), claims=claims, model=HOSTILE, degraded=HOSTILE, timings_ms={HOSTILE: 1.0})
    refused = Reply(HOSTILE, refused=True, reason=HOSTILE)
    run = run_of((question, reply), (question, refused), (question, Reply(error=HOSTILE)), notes=(HOSTILE,), stopped=HOSTILE)
    html = report.render(run, None, HOSTILE)
    page = Page(html)
    assert page.tags <= TAGS
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href", "xlink:href")}
    assert "<script>alert(1)</script>" in page.text
    assert not set(html) & set("\u202e\x1b")
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert html.count("://") == html.count("https://evil.example")


def test_a_quote_that_is_not_faithful_is_shown_with_its_fault_even_where_it_was_only_marked() -> None:
    marked = Quote("d", "/srv/hr/leave.pdf", "31 days", 16, 23, 2, "marked")
    text = Page(report.render(run_of((GOLD, Reply("30 days.", quotes=(QUOTE, marked)))), None, "t")).text
    assert "something else at 16:23" in text
    assert "marked /srv/hr/leave.pdf p. 2" in text


def test_the_curve_is_drawn_inside_its_frame() -> None:
    invented = (Question("Who owns the dog?"), Reply("Ada does.", confidence=0.5))
    html = report.render(run_of((GOLD, RIGHT), invented), None, "t")
    svg = ElementTree.fromstring(re.search(r"<svg.*</svg>", html, re.DOTALL)[0])  # type: ignore[index]
    line = svg.find("polyline")
    assert line is not None
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert points == sorted(points)
    assert all(0 <= x <= drawn.WIDTH and 0 <= y <= drawn.HEIGHT for x, y in points)
    assert points[0][1] == drawn.MARGIN  # the surest answer is right, at the top
    assert points[1][1] == drawn.HEIGHT / 2
    assert "On these questions a threshold of 0.7 is best" in html
    assert "<svg" not in report.render(run_of((GOLD, Reply("30 days."))), None, "t")


def test_a_long_run_is_cut_and_says_so() -> None:
    html = report.render(run_of(*[(Question(f"question {n}"), REFUSED) for n in range(report.SHOWN + 5)]), None, "t")
    assert "The first 1,000 are shown." in html
    assert html.count("question ") == report.SHOWN
