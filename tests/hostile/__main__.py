"""Try every technique in all its ways and print the table, in Markdown.

    python -m tests.hostile
    python -m tests.hostile --family "lie about the value"
    python -m tests.hostile --write docs/protection.md

The last one puts the table between the marks in that page. The exit status is not zero if anything is not as expected.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from tests.hostile.technique import FAMILIES, Family, Technique, Way, techniques  # noqa: E402

BEGIN, END = "<!-- the table: python -m tests.hostile --write -->", "<!-- end of the table -->"
Problems = Mapping[Way, str]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", action="append", choices=get_args(Family), help="only this one; may be given again")
    parser.add_argument("--write", type=Path, help="a page with the marks between which the table stands")
    asked = parser.parse_args(arguments)
    if asked.write and asked.family:
        parser.error("--write takes all families")
    found = {t.name: tried(t) for t in techniques(*(asked.family or ()))}
    text = tables(techniques(*(asked.family or ())), found)
    if asked.write:
        page = asked.write.read_text(encoding="utf-8")
        if page.count(BEGIN) != 1 or page.count(END) != 1:
            parser.error(f"{asked.write} has no place for the table between {BEGIN} and {END}")
        before, rest = page.split(BEGIN)
        asked.write.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    else:
        print(text)
    wrong = [
        p
        for t in techniques(*(asked.family or ()))
        for way, p in found[t.name].items()
        if bool(p) != (way == t.gap_way)
    ]
    print(*wrong, sep="\n", end="\n" * bool(wrong), file=sys.stderr)
    return 1 if wrong else 0


def tried(technique: Technique) -> Problems:
    """Try it in all ways; what ends in an error is a problem too."""
    problems: dict[Way, str] = {}
    for way in technique.ways:
        _tell(f"{technique.name} ({way})")
        try:
            problems[way] = technique.problem(way)
        except Exception as error:
            problems[way] = f"{way} of {technique.name!r}: {type(error).__name__}: {error}"
    _tell("")
    return problems


def _tell(what: str) -> None:
    """Show in a terminal what is being tried."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


def tables(shown: Sequence[Technique], found: Mapping[str, Problems]) -> str:
    """Return a table for each family, and a line that counts."""
    parts = []
    for family in FAMILIES:
        mine = [t for t in shown if t.family == family]
        if mine:
            head = "| technique | what it tries | what stops it | attack | layer off | permitted |\n| --- | --- | --- | --- | --- | --- |"
            rows = [_row(t, found[t.name]) for t in mine]
            parts.append("\n".join([f"### {family.capitalize()}", "", head, *rows]))
    attacks = [t for t in shown if t.attack]
    stopped = sum(not found[t.name]["attack"] for t in attacks)
    cases = sum(not found[t.name]["neighbour"] for t in shown)
    total = f"{len(attacks)} techniques, {stopped} stopped; {len(shown)} cases of what is permitted, {cases} with full marks."
    return "\n\n".join([*parts, total])


def _row(t: Technique, problems: Problems) -> str:
    if problems["control"]:
        return f"| {_cell(t.name)} | {_cell(t.tries)} | {_cell(t.layer)} | **the control failed** | | |"
    attack = (
        ""
        if t.attack is None
        else "stopped"
        if not problems["attack"]
        else f"**gap**: {t.gap}"
        if t.gap
        else "**succeeds**"
    )
    without = "" if t.without is None else "**stopped as well**" if problems["without"] else "succeeds"
    gap = f"**gap**: {t.gap}" if t.gap_way == "neighbour" else "**lost**"
    cells = [t.name, t.tries, t.layer, attack, without, gap if problems["neighbour"] else "full marks"]
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
