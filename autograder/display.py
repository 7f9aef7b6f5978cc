"""What a verdict looks like: a card in a notebook, plain text in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from autograder import view
from autograder.markup import card_html, notice_html, summary_html
from autograder.pictures import picture, worst_entries
from autograder.text import clean
from autograder.verdict import Verdict
from autograder.view import Group, Output

__all__ = ["Card", "Notice", "Summary", "card_html"]

WIDTH = 96
SYMBOLS = {"=": "·", "+": "+", "-": "−", "?": "?"}
LEGEND = {"=": "· right", "+": "+ too large", "-": "− too small", "?": "? not finite"}


class Card:
    """The verdict on one task."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __repr__(self) -> str:
        v = self.verdict
        head = f"{view.mark(v)} {clean(v.task, 80)}  {view.points(v)}  {_plain(view.headline(v))}"
        lines = [head, *_table(v), *_stopped(v)]
        if v.remarks:
            lines += ["  Worth knowing, and costs nothing:"]
            lines += [line for r in list(v.remarks)[:5] for line in _wrap(view.sentence(r), "    ", "  · ")]
        printed = clean(v.printed, 2000).strip().splitlines()
        if printed:
            lines += [f"  Your code printed {len(printed)} line{'s' * (len(printed) > 1)}: {printed[0][:70]}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return card_html(self.verdict)


class Summary:
    """The points of all tasks of an exercise."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self.verdicts = verdicts

    def __repr__(self) -> str:
        names = max((len(clean(v.task, 80)) for v in self.verdicts), default=0)
        lines = []
        for v in self.verdicts:
            lines.append(f"{view.mark(v)} {clean(v.task, 80):{names}}  {round(v.points, 2):>5g} of {v.out_of:g}")
            lines += _wrap(view.why(v), "    ")
        earned, total = sum(v.points for v in self.verdicts), sum(v.out_of for v in self.verdicts)
        return "\n".join([*lines, f"{round(earned, 2):g} of {total:g} points"])

    def _repr_html_(self) -> str:
        return summary_html(self.verdicts)


class Notice:
    """One sentence."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "\n".join(_wrap(view.sentence(self.text), ""))

    def _repr_html_(self) -> str:
        return notice_html(self.text)


def _plain(text: str) -> str:
    return text.replace("`", "")


def _wrap(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        _plain(text), WIDTH, initial_indent=indent if first is None else first, subsequent_indent=indent
    )


def _wrap_code(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, initial_indent="    ", subsequent_indent="      ", drop_whitespace=False)


def _table(verdict: Verdict) -> list[str]:
    if view.stopped_everywhere(verdict):
        return []
    found = view.outputs(verdict)
    told: set[str] = set()
    explained = [view.to_explain(o, verdict, told) for o in found]
    columns = [_columns(o, verdict, more) for o, (_, more) in zip(found, explained, strict=True)]
    widths = [max(len(c[i]) for c in columns) for i in range(len(columns[0]))] if columns else []
    lines = []
    for output, cells, (groups, _) in zip(found, columns, explained, strict=True):
        row = "  ".join(f"{c:{w}}" for c, w in zip(cells, widths, strict=True))
        lines.append(f"  {'✓' if output.ok else '✗'} {row}".rstrip())
        for group in groups:
            lines += _group(group, drawn=verdict.kind != "quiz")
    return lines


def _columns(output: Output, verdict: Verdict, more: str) -> list[str]:
    name = clean(output.name, 40)
    if verdict.kind == "quiz":
        return [name, "" if output.rows[0].actual is None else f"you answer {view.answer(output.rows[0])}"]
    if verdict.kind == "metric":
        return [name, output.measured]
    return [name, output.cases + more, f"error {output.error}", f"expected {output.expected}"]


def _group(group: Group, *, drawn: bool) -> list[str]:
    lines = _wrap(group.text, "      ")
    if not drawn:
        return lines
    row = group.rows[0]
    names = [clean(r.case.name, 60) for r in group.rows]
    more = f", and {len(names) - 3} more" if len(names) > 3 else ""
    lines += _wrap(f"case{'s' * (len(names) > 1)}: {'; '.join(names[:3])}{more}", "        ", "      ")
    if row.comparison.problem == "shape":
        return [*lines, f"      yours {np.shape(row.actual)}, expected {np.shape(row.expected)}"]
    shown = picture(row.comparison, row.actual, row.expected)
    grid = [" ".join(SYMBOLS[c] for c in cells) for cells in shown.cells] if shown else []
    worst = worst_entries(row.comparison, row.actual, row.expected)
    entries = [("entry" if worst and worst[0][0] else "", "yours", "expected"), *worst]
    wide = [max(len(e[i]) for e in entries) for i in range(3)]
    numbers = (
        ["  ".join(f"{c:>{w}}" for c, w in zip(e, wide, strict=True)) for e in entries] if len(entries) > 1 else []
    )
    lines += _beside(grid, numbers)
    if shown:
        lines.append(f"      {'   '.join(LEGEND[s] for s in shown.symbols)}")
        lines += _wrap(shown.note, "      ") if shown.note else []
    return lines


def _beside(left: list[str], right: list[str]) -> list[str]:
    wide = max((len(line) for line in left), default=0)
    gap = "     " if left else ""
    n = max(len(left), len(right))
    pairs = zip(left + [""] * (n - len(left)), right + [""] * (n - len(right)), strict=True)
    return [f"      {a:{wide}}{gap}{b}".rstrip() for a, b in pairs]


def _stopped(verdict: Verdict) -> list[str]:
    if verdict.failure is None:
        return _wrap(view.sentence(verdict.reason), "  ") if verdict.reason else []
    meaning, lines = view.stopped(verdict)
    said = [line for s in (view.only_there(verdict), meaning) for line in _wrap(s, "  ")]
    return said + [part for line in lines.splitlines() for part in _wrap_code(line)]
