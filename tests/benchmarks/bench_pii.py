"""Prints how much of labelled personal data is found, kind by kind:  python -m tests.benchmarks.bench_pii [FILE] [--misses N]

FILE is a JSON list of ``{full_text, spans: [{entity_type, start_position, end_position}]}``; by default Presidio's own synthetic
sentences. A span counts as found if every letter and digit of it is in something that would be replaced, whatever it is taken
for: that is what keeps it from leaving. ``with dates`` counts what is found with the setting privacy.dates on. Half of the
templates (even numbers) were looked at when the patterns were written, so the other half is printed beside it.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.privacy.found import Found
from generation.privacy.personal import Finder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "pii_presidio" / "data" / "synth_dataset_v2.json"
NOT_PERSONAL = {"DATE_TIME", "TITLE"}  # a date or a title alone is nobody's


@dataclass
class Recall:
    """How many labelled spans of each type there are, and how many of them are found."""

    labelled: Counter[str]
    found: Counter[str]
    found_with_dates: Counter[str]
    num_chars: int = 0
    num_replaced: int = 0
    num_replaced_labelled: int = 0

    def of(self, types: Iterable[str], *, dates: bool = False) -> float:
        """Tell the share found of all spans of these types."""
        types = list(types)
        found = self.found_with_dates if dates else self.found
        return sum(found[t] for t in types) / max(1, sum(self.labelled[t] for t in types))

    @property
    def personal(self) -> list[str]:
        """The types that are personal data by themselves."""
        return [t for t in self.labelled if t not in NOT_PERSONAL]


def measure(finder: Finder, sentences: Iterable[dict[str, Any]], misses: list[str] | None = None) -> Recall:
    """Find personal data in labelled sentences and count."""
    recall = Recall(Counter(), Counter(), Counter())
    for sentence in sentences:
        text = sentence["full_text"]
        found = finder.find(text)
        personal, dated = covered(found, dates=False), covered(found, dates=True)
        labelled: set[int] = set()
        for span in sentence["spans"]:
            chars = {i for i in range(span["start_position"], span["end_position"]) if text[i].isalnum()}
            labelled |= chars
            recall.labelled[span["entity_type"]] += 1
            recall.found[span["entity_type"]] += chars <= personal
            recall.found_with_dates[span["entity_type"]] += chars <= dated
            if misses is not None and not chars <= dated:
                misses.append(f"{span['entity_type']}: {span['entity_value']!r} in {text[:120]!r}")
        replaced = {i for i in personal if text[i].isalnum()}
        recall.num_chars += sum(map(str.isalnum, text))
        recall.num_replaced += len(replaced)
        recall.num_replaced_labelled += len(replaced & labelled)
    return recall


def covered(found: Iterable[Found], *, dates: bool) -> set[int]:
    """Give the places of all characters that would be replaced."""
    return {i for one in found if dates or one.kind != "DATE" for i in range(one.start, one.end)}


def report(name: str, recall: Recall) -> None:
    """Print a table."""
    print(f"\n{name}: {sum(recall.labelled.values())} spans")
    for kind, number in recall.labelled.most_common():
        print(f"  {kind:20} {number:5}  {recall.of([kind]):.3f}  with dates {recall.of([kind], dates=True):.3f}")
    print(f"  {'personal data':20} {sum(recall.labelled[t] for t in recall.personal):5}  {recall.of(recall.personal):.3f}")
    print(f"  {'all labels':20} {sum(recall.labelled.values()):5}  {recall.of(recall.labelled):.3f}", end="")
    print(f"  with dates {recall.of(recall.labelled, dates=True):.3f}")
    precision = recall.num_replaced_labelled / max(1, recall.num_replaced)
    print(f"  characters replaced: {recall.num_replaced / recall.num_chars:.3f}, of them labelled: {precision:.3f}")


def main() -> None:
    """Measure a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=DATA)
    parser.add_argument("--misses", type=int, default=0, help="print so many spans that are not found")
    arguments = parser.parse_args()
    sentences = json.loads(arguments.file.read_text(encoding="utf-8"))
    finder, misses = Finder(), list[str]()
    finder.find("Ann Lee")  # what is loaded at the first call
    started = time.perf_counter()
    report("all", measure(finder, sentences, misses))
    elapsed_s = time.perf_counter() - started
    for half, name in ((0, "templates looked at"), (1, "templates not looked at")):
        report(name, measure(finder, [s for s in sentences if s.get("template_id", 1) % 2 == half]))
    num_chars = sum(len(s["full_text"]) for s in sentences)
    print(f"\n{1000 * elapsed_s / len(sentences):.1f} ms a text of {num_chars / len(sentences):.0f} characters")
    print("".join(f"\n{miss}" for miss in misses[:: max(1, len(misses) // max(1, arguments.misses))] if arguments.misses))


if __name__ == "__main__":
    main()
