"""What the instructor reads after a run: ``grades.csv``, the class table, the histogram, what was misunderstood.

Percentages are of the points that the referee decides; points that wait for a person are counted apart. Whatever
comes from a submission (names, reasons) is shown as plain text, without control characters.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from rich import box
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder import durable
from autograder.submission import Kind, Outcome, TaskResult
from autograder.text import clean

__all__ = [
    "Mistake",
    "class_table",
    "histogram",
    "mistakes",
    "outcome_counts",
    "percent",
    "print_report",
    "write_grades",
]

BINS = [*range(0, 100, 10), 100]
SIGNS = {"graded": ("✓", "green"), "partly graded": ("◐", "yellow"), "refused": ("✗", "red")}


def percent(outcome: Outcome) -> float | None:
    """Return the share of the referee's points that were earned, 0 to 100; None where there are none to earn."""
    if outcome.out_of:
        return 100.0 * outcome.score / outcome.out_of
    return 0.0 if outcome.kind == "refused" else None


def outcome_counts(outcomes: Iterable[Outcome]) -> dict[Kind, int]:
    """Return how many submissions ended in each kind of outcome, every kind included."""
    counted = Counter(o.kind for o in outcomes)
    return {kind: counted[kind] for kind in get_args(Kind)}


# ---------------------------------------------------------------------------------------------------------------
# grades.csv


def write_grades(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write one row a submission; the file is replaced whole, or not at all.

    The columns are student, exercise, outcome, score, out_of, percent, by_hand (points that wait for a person),
    reason and notes, then the score of each task: empty where it waits for a person or belongs to another exercise.
    No cell is taken for a formula by a spreadsheet.
    """
    names = _task_columns(outcomes)
    header = ["student", "exercise", "outcome", "score", "out_of", "percent", "by_hand", "reason", "notes"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, *map(_cell, names.values())])
    for o in outcomes:
        share = percent(o)
        fixed = [o.student, o.exercise, o.kind, o.score, o.out_of, None if share is None else round(share, 2)]
        scores = {(o.exercise, r.task): r.score for r in o.results}
        rest = [o.by_hand, o.reason, "; ".join(o.notes), *(scores.get(key) for key in names)]
        writer.writerow([_cell(value) for value in (*fixed, *rest)])
    durable.write(path, text.getvalue())


def _task_columns(outcomes: Iterable[Outcome]) -> dict[tuple[str, str], str]:
    """Return a heading for every task; the exercise is named where two have a task of the same name."""
    keys = list(dict.fromkeys((o.exercise, r.task) for o in sorted(outcomes, key=_by_name) for r in o.results))
    uses = Counter(task for _, task in keys)
    return {(exercise, task): task if uses[task] == 1 else f"{exercise}/{task}" for exercise, task in keys}


_FORMULA = re.compile(r"(^|[;|\t])(\s*)(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet may see a formula: at the beginning of a cell, or of what it takes for one."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{round(value, 4):g}"
    # Spreadsheets run what begins like a formula; tabs and line breaks in front of it are gone by now.
    return _FORMULA.sub(r"\1\2'", _clean(str(value)))


def _clean(text: str) -> str:
    """Return one line without terminal escapes, control characters, and marks that turn the reading direction."""
    return " ".join(clean(text, 2000).split())


def _by_name(outcome: Outcome) -> tuple[str, str]:
    return outcome.exercise, outcome.student


# ---------------------------------------------------------------------------------------------------------------
# The class


def class_table(outcomes: Sequence[Outcome]) -> Table:
    """Return a table of all submissions, exercise by exercise, with what each one lost."""
    table = _table()
    table.add_column("Student", max_width=23, no_wrap=True, overflow="ellipsis")
    table.add_column("Points", justify="right", no_wrap=True)
    table.add_column("%", justify="right", no_wrap=True)
    table.add_column(width=10, no_wrap=True)
    table.add_column(width=1, no_wrap=True)
    table.add_column("What was lost, and why", ratio=1)
    for exercise in _exercises(outcomes):
        table.add_section()
        mine = sorted((o for o in outcomes if o.exercise == exercise), key=_by_name)
        by_hand = max(o.by_hand for o in mine)
        waiting = f"{by_hand:g} more points wait for a person" if by_hand else ""
        table.add_row(Text(exercise, "bold cyan"), "", "", "", "", Text(waiting, "dim"))
        for outcome in mine:
            table.add_row(*_class_row(outcome))
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), expand=True, header_style="bold")


def _exercises(outcomes: Iterable[Outcome]) -> list[str]:
    return sorted({o.exercise for o in outcomes})


def _class_row(o: Outcome) -> list[RenderableType]:
    share = percent(o)
    sign, colour = SIGNS[o.kind]
    points = Text.assemble(f"{o.score:.4g}", (f" / {o.out_of:g}", "dim"))
    # What ended early is read in full here; all the rest is in the feedback.
    lost = Text(_lost(o.results), "dim", no_wrap=True, overflow="ellipsis")
    return [
        Text(_clean(o.student)),
        points if o.results else Text("–", "dim"),
        Text("–" if share is None else f"{_floor(share)}"),
        _bar(share or 0.0),
        Text(sign, colour),
        Text(_clean(o.reason), colour) if o.reason else lost,
    ]


def _floor(share: float) -> int:
    """Return whole percents, rounded so that 100 stands for all points alone."""
    return 100 if share >= 100 else min(round(share), 99)


def _bar(share: float) -> Text:
    filled = _floor(share) // 10
    colour = "green" if filled == 10 else "yellow" if filled >= 5 else "red"
    return Text.assemble(("━" * filled, colour), ("╌" * (10 - filled), "bright_black"))


def _lost(results: Iterable[TaskResult]) -> str:
    """Return the tasks that lost points, the largest loss first, the first with its reason."""
    losses = [(r.out_of - r.score, r) for r in results if r.score is not None and r.score < r.out_of]
    losses.sort(key=lambda pair: -pair[0])
    parts = [f"{r.task} −{loss:.3g}" for loss, r in losses]
    if losses and losses[0][1].reasons:
        parts[0] += f" ({losses[0][1].reasons[0]})"
    return _clean(", ".join(parts))


def histogram(outcomes: Sequence[Outcome]) -> Columns:
    """Return bars by steps of ten percent, a picture an exercise; all points are a step of their own."""
    return Columns([_bars(e, [o for o in outcomes if o.exercise == e]) for e in _exercises(outcomes)], padding=(1, 4))


def _bars(exercise: str, outcomes: Sequence[Outcome], width: int = 22) -> Table:
    shares = [s for s in map(percent, outcomes) if s is not None]
    counts = Counter(_floor(s) // 10 for s in shares)
    mean = f"mean {sum(shares) / len(shares):.0f} %" if shares else ""
    table = Table(box=None, show_header=False, pad_edge=False, title_justify="left", title_style="")
    table.title = Text.assemble((exercise, "bold cyan"), "  ", (mean, "dim"))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(width=width + 4, no_wrap=True)
    most = max(counts.values(), default=1)
    for step in reversed(BINS):
        n = counts[step // 10]
        colour = "green" if step == 100 else "yellow" if step >= 50 else "red"
        bar = Text("█" * max(round(width * n / most), 1 if n else 0), colour)
        table.add_row("100 %" if step == 100 else f"{step}–{step + 9} %", bar.append(f" {n}" if n else "", "default"))
    return table


# ---------------------------------------------------------------------------------------------------------------
# What was misunderstood


@dataclass(frozen=True)
class Mistake:
    """A reason for lost points, and how many of those who handed the task in share it."""

    exercise: str
    task: str
    reason: str
    count: int
    out_of: int


def mistakes(outcomes: Iterable[Outcome]) -> list[Mistake]:
    """Return the reasons for lost points, the most common first; what could not be run says nothing and is left out."""
    ran: Counter[tuple[str, str]] = Counter()
    reasons: Counter[tuple[str, str, str]] = Counter()
    for o in outcomes:
        for r in o.results:
            if o.kind == "refused" or not r.ran or r.score is None:
                continue
            ran[o.exercise, r.task] += 1
            reasons.update((o.exercise, r.task, reason) for reason in dict.fromkeys(map(_clean, r.reasons)))
    found = [Mistake(e, t, reason, n, ran[e, t]) for (e, t, reason), n in reasons.items()]
    return sorted(found, key=lambda m: (-m.count, m.exercise, m.task, m.reason))


def _mistakes_table(found: Sequence[Mistake]) -> Table:
    table = _table()
    table.add_column("Students", justify="right", no_wrap=True)
    table.add_column("Task", no_wrap=True, overflow="ellipsis", max_width=30)
    table.add_column("What went wrong", ratio=1)
    for m in found:
        count = Text.assemble(str(m.count), (f" of {m.out_of}", "dim"))
        table.add_row(count, Text.assemble((f"{m.exercise[:2]} ", "dim"), _clean(m.task)), Text(m.reason))
    return table


# ---------------------------------------------------------------------------------------------------------------
# All of it


def print_report(
    console: Console, outcomes: Sequence[Outcome], *, files: Mapping[str, Path] | None = None, top: int = 12
) -> None:
    """Print the class table, the counts, the histogram, the ``top`` most common mistakes, and where the files lie.

    Parameters
    ----------
    files
        What to point to: ``{"grades": path, "feedback": path}``.
    """
    if not outcomes:
        console.print("Nothing was handed in.")
        return
    console.print(class_table(outcomes))
    console.print(Padding(_counts_line(outcomes), (1, 0, 0, 0)))
    console.print(Padding(histogram(outcomes), (1, 0)))
    found = mistakes(outcomes)
    if found:
        console.print(Text("What was misunderstood\n", "bold"))
        console.print(_mistakes_table(found[:top]))
        if len(found) > top:
            console.print(Text(f"… and {len(found) - top} more, each in its student's feedback", "dim"))
    if files:
        console.print(Padding(_files_table(files), (1, 0, 0, 0)))


def _counts_line(outcomes: Sequence[Outcome]) -> Text:
    line = Text(f"{len(outcomes)} submissions" if len(outcomes) != 1 else "1 submission", "bold")
    for kind, n in outcome_counts(outcomes).items():
        sign, colour = SIGNS[kind]
        line.append("   ").append(f"{sign} {n} {kind}", colour if n else "dim")
    waiting = sum(o.by_hand for o in outcomes)
    if waiting:
        line.append("   ").append(f"✎ {waiting:g} points wait for a person", "cyan")
    return line


def _files_table(files: Mapping[str, Path]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, path in files.items():
        table.add_row(Text(what), Text(str(path)))
    return table
