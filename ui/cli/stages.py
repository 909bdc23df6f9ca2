"""How a search came to its hits, as a table: the rank and the score of each at every stage that saw it."""

from collections.abc import Sequence
from typing import Any

from ui.cli import output


def write_stages(hits: Sequence[dict[str, Any]]) -> None:
    """Print a row a hit and a column a stage, in the order in which the stages work; empty where a stage did not see the hit.

    Each cell names its stage, since a table has a head on a terminal only.
    """
    names = list(dict.fromkeys(stage["name"] for hit in hits for stage in hit["stages"]))
    output.write_table(("rank", *names, "passage"), ((str(hit["rank"]), *_cells(hit, names), _passage(hit)) for hit in hits))


def _cells(hit: dict[str, Any], names: Sequence[str]) -> list[str]:
    seen = {stage["name"]: f"{stage['name']} {stage['rank']} ({stage['score']:.3f})" for stage in hit["stages"]}
    return [seen.get(name, "") for name in names]


def _passage(hit: dict[str, Any]) -> str:
    return ", ".join(filter(None, (hit["title"], output.pages(hit["page_first"], hit["page_last"]))))
