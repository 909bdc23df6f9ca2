"""A page that an evaluation is drawn on: its frame and look, a chart, and text that stays text.

The page asks nothing of any network and runs no script.
"""

from collections.abc import Collection, Iterable, Sequence
from html import escape

from ui.cli.output import clean

WIDTH, HEIGHT, MARGIN = 640, 260, 44  # of a chart, in CSS pixels
Point = tuple[float, float]
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430;
background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
border-bottom: 1px solid #dde2e8 } th { font-weight: 600 }
.measures { width: auto; margin-bottom: 1rem } .measures td + td, .measures th + th { text-align: right }
.measures td { font-variant-numeric: tabular-nums } .measures td:first-child, .measures th:first-child { width: 11rem }
.failures { table-layout: fixed } .failures td { overflow-wrap: anywhere; font-size: .9rem }
.failures th:last-child { width: 7rem }
.place { color: #5a6675; font-size: .8rem } .note { background: #fff6dc; padding: .4rem .8rem }
svg { width: 100%; max-width: 44rem; height: auto } svg text { font-size: 12px; fill: #5a6675 }
"""


def page(title: str, summary: str, notes: Iterable[str], body: str) -> str:
    """Write the whole page; ``body`` is markup, all else is text."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{text(title)}</h1>
<p>{text(summary)}</p>
{"".join(f'<p class="note">{text(note)}</p>' for note in notes)}
{body}
</body>
</html>
"""


def chart(points: Sequence[Point], ticks: Collection[float], unit: str, name: str) -> str:
    """Draw values from 0 to 1 over a number of units, in order of that number; ``name`` says what they are of."""
    right = max(points[-1][0], *ticks)

    def at(x: float, y: float) -> str:
        return f"{MARGIN + x / right * (WIDTH - 2 * MARGIN):.1f},{HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN):.1f}"

    def label(x: float, y: float, words: str, anchor: str, dy: int) -> str:
        left, top = at(x, y).split(",")
        return f'<text x="{left}" y="{top}" dy="{dy}" text-anchor="{anchor}">{words}</text>'

    grid = "".join(f'<path d="M{at(0, y)} L{at(right, y)}" stroke="#dde2e8"/>' for y in (0, 0.25, 0.5, 0.75, 1))
    labels = "".join(label(0, y, f"{y:g}&#160;", "end", 4) for y in (0, 0.25, 0.5, 0.75, 1))
    labels += "".join(label(x, 0, f"{x:,g}", "middle", 18) for x in ticks) + label(right, 0, unit, "end", 36)
    line = " ".join(at(x, y) for x, y in points)
    dots = "".join('<circle cx="{}" cy="{}" r="3" fill="#1f5fa8"/>'.format(*at(x, y).split(",")) for x, y in points if x in ticks)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(name)} over {text(unit)}">{grid}{labels}'
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>{dots}</svg>'
    )


def text(text: str) -> str:
    """Make text safe to stand in the page: no markup, no control characters, nothing that turns the writing around.

    >>> text("<b>&\\u202e")
    '&lt;b&gt;&amp;\\ufffd'
    """
    return escape(clean(text))
