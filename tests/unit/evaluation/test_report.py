import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evaluation import page as drawn
from evaluation import report
from evaluation.coverage import Passage
from evaluation.gold import Dataset, Names, Query, Snippet
from evaluation.retrieval import Run
from tests.fakes_eval import run_of
from ui.cli.walk import Found

HOSTILE = "</td><script>alert(1)</script><img src=https://evil.example/x onerror='x'>\"&amp; \u202e\x1b[2J"
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td", "span", "br",
        "svg", "path", "text", "polyline", "circle"}  # fmt: skip


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


def hostile_run(name: str) -> Run:
    snippet = Snippet(name, (0, 100), 3, text=HOSTILE)
    query = Query(HOSTILE, HOSTILE, snippets=(snippet, snippet))
    return run_of((query, [Passage(HOSTILE, 0, 10, 0.5, 1, 2, text=HOSTILE)]), notes=(HOSTILE,))


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    (tmp_path / "d.md").write_text(HOSTILE)
    return Dataset({"d": Found(str(tmp_path / "d.md"))}, Names({"d.md": "d"}), ())


def test_hostile_text_stays_text(dataset: Dataset) -> None:
    graded = run_of((Query("1", HOSTILE, {"d": 1, "gone": 1}), [Passage(HOSTILE, 0, 10, text=HOSTILE)]))
    for run in (hostile_run(HOSTILE), graded):
        html = report.render(run, dataset, HOSTILE)
        page = Page(html)
        assert page.tags <= TAGS
        assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href", "xlink:href")}
        assert "<script>alert(1)</script>" in page.text  # as text it is all there
        assert not set(html) & set("\u202e\x1b")


def test_the_page_asks_for_nothing(dataset: Dataset) -> None:
    html = report.render(hostile_run("plain.txt"), dataset, "Retrieval")
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "@import" not in html
    assert html.count("://") == html.count("https://evil.example")  # in the text that was quoted, and nowhere else


def test_measures_failures_and_what_came_first_are_shown(dataset: Dataset) -> None:
    good = Query("1", "good question", snippets=(Snippet("a.txt", (0, 10), text="gold text"),))
    bad = Query("2", "bad question", snippets=(Snippet("b.txt", (5, 9), 3, text="what was sought"),))
    passages = [Passage("a.txt", 0, 10, 0.9, text="found text"), Passage("a.txt", 10, 30, 0.1)]
    text = Page(report.render(run_of((good, passages), (bad, passages)), dataset, "Retrieval over hr")).text
    assert "Retrieval over hr" in text
    assert "2 queries over 2 documents in 7 passages" in text
    assert "1 of 2 queries has recall@8000c below 0.5" in text
    failures = text.partition("Queries that went badly")[2]
    for shown in ("bad question", "b.txt 5:9 p. 3", "what was sought", "a.txt 0:10", "found text"):
        assert shown in failures
    assert "good question" not in failures
    assert re.search(r"measure@2000c@4000c@8000c@16000c\s*recall0\.5000", text)
    assert re.search(r"char_precision0\.5000", text)


def test_a_query_that_found_nothing_and_long_texts(dataset: Dataset) -> None:
    query = Query("1", "q", snippets=(Snippet("b.txt", (0, 9000), text="x" * 9000),))
    text = Page(report.render(run_of((query, [])), dataset, "t")).text
    assert "nothing" in text
    assert "x" * 400 + " ..." in text
    assert "x" * 401 not in text


def test_no_failures_make_no_table(dataset: Dataset) -> None:
    html = report.render(run_of((Query("1", "q", {"d": 1}), [Passage("d", 0, 5)])), dataset, "t")
    assert "0 of 1 queries have ndcg@10 below 0.5." in html
    assert "what came first" not in html


def test_only_the_worst_are_shown(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SHOWN_FAILURES", 2)
    queries = [Query(str(n), f"question {n}", {"d": 1}) for n in range(3)]
    places = [10, 0, 5]  # of the gold document among what was found
    found = [[*(Passage(f"x{i}", 0, 5) for i in range(place)), Passage("d", 0, 5)] for place in places]
    html = report.render(run_of(*zip(queries, found, strict=True)), dataset, "t")
    assert "2 of 3 queries" in html
    assert html.index("question 0") < html.index("question 2")
    assert "question 1" not in html


@pytest.mark.parametrize("query", [Query("1", "q", {"a": 1}), Query("1", "q", snippets=(Snippet("a", (0, 8000)),))])
def test_the_curve_is_drawn_inside_its_frame_and_never_falls(query: Query, dataset: Dataset) -> None:
    html = report.render(run_of((query, [Passage("a", 0, 4000), Passage("a", 4000, 9000)])), dataset, "t")
    svg = ElementTree.fromstring(re.search(r"<svg.*</svg>", html, re.DOTALL)[0])  # type: ignore[index]
    line = svg.find("polyline")
    assert line is not None
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert points == sorted(points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert all(0 <= x <= drawn.WIDTH and 0 <= y <= drawn.HEIGHT for x, y in points)
    assert points[-1][1] == drawn.MARGIN  # a recall of 1 is at the top


def test_gold_of_pages_alone_has_no_curve(dataset: Dataset) -> None:
    html = report.render(run_of((Query("1", "q", snippets=(Snippet("a", page=2),)), [])), dataset, "t")
    assert "<svg" not in html
    assert "right_page@1 below 0.5" in html
