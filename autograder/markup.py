"""The HTML of a card: tables and inline styles alone, so that it looks the same wherever a notebook is shown.

It needs no script, no style sheet and no drawing, survives the cleaning of notebooks, and reads on light and dark
ground alike. Colour never stands alone: each has its symbol. Whatever comes from a submission is escaped and short.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import numpy as np

from autograder import view
from autograder.pictures import Picture, picture, shape_picture, worst_entries
from autograder.text import clean
from autograder.verdict import Verdict
from autograder.view import Group, Output

__all__ = ["card_html", "notice_html", "summary_html"]

# Readable on white and on black; told apart by readers with any kind of colour vision.
GREEN, ORANGE, BLUE = "#0e9373", "#d0610f", "#2f7fc1"
TONES = {"✓": GREEN, "◐": ORANGE, "✗": ORANGE}
_WRONG = "text-align:center;line-height:15px;color:#fff"
CELLS = {
    "=": ("", "background:rgba(127,127,127,.22)", "right"),
    "+": ("+", f"{_WRONG};background:#c2570c", "too large"),
    "-": ("−", f"{_WRONG};background:#2166ac", "too small"),
    "?": ("?", f"{_WRONG};background:#7a3b9c", "not finite"),
}

LINE = "1px solid rgba(127,127,127,.28)"
MUTED = "opacity:.68"
MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
CODE = f"{MONO};font-size:.92em;background:rgba(127,127,127,.15);color:inherit;border-radius:3px;padding:0 .28em"
PRE = (
    f"{MONO};font-size:12.5px;line-height:1.5;background:rgba(127,127,127,.11);color:inherit;border:0;"
    "border-radius:5px;padding:.55em .8em;margin:.45em 0 0;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere"
)
TABLE = "border-collapse:collapse;border:0;margin:0;width:100%;font-size:13.5px;table-layout:auto"
CELL = (
    "text-align:left;line-height:1.5;vertical-align:baseline;padding:.34em .8em .34em 0;border:0;background:transparent"
)
# Only names keep to one line: on a narrow page the rest wraps, and the last column gives way first.
LAST = f"{CELL};padding-right:0;overflow-wrap:anywhere"
HEAD = f"{CELL};font-weight:400;font-size:12px;{MUTED}"
MAX_PICTURES = 3


def card_html(verdict: Verdict) -> str:
    """Return the verdict on one task as HTML."""
    parts = [_header(verdict), _table(verdict), _stopped(verdict), _remarks(verdict), _printed(verdict)]
    return _box("".join(p for p in parts if p), TONES[view.mark(verdict)])


def notice_html(text: str) -> str:
    """Return one sentence as HTML."""
    return _box(f'<div style="padding:.6em 0">{prose(view.sentence(text))}</div>', "rgba(127,127,127,.6)")


def summary_html(verdicts: Sequence[Verdict]) -> str:
    """Return the points of all tasks as HTML."""
    rows = "".join(_summary_row(v) for v in verdicts)
    earned, total = sum(v.points for v in verdicts), sum(v.out_of for v in verdicts)
    right = sum(v.right for v in verdicts)
    head = (
        f'<div style="font-weight:600;font-size:15px">{round(earned, 2):g} of {total:g} points</div>'
        f'<div style="{MUTED}">{right} of {len(verdicts)} tasks are all right</div>'
    )
    table = f'<table style="{TABLE};margin-top:.5em"><tbody>{rows}</tbody></table>'
    return _box(f'<div style="padding:.7em 0 .6em">{head}{table}</div>', GREEN if right == len(verdicts) else ORANGE)


def text(value: object, limit: int = 200) -> str:
    """Return ``value`` as text that is nothing but text."""
    return html.escape(clean(value, limit), quote=True)


def prose(value: str) -> str:
    """Return a sentence with what stands between backticks as code."""
    return re.sub(r"`([^`\n]+)`", rf'<code style="{CODE}">\1</code>', text(value, 800))


def _box(content: str, tone: str) -> str:
    return (
        f'<div style="max-width:760px;margin:.4em 0;padding:0 1.1em;border:{LINE};border-left:4px solid {tone};'
        f'border-radius:7px;font-size:14px;line-height:1.5">{content}</div>'
    )


def _header(verdict: Verdict) -> str:
    symbol = view.mark(verdict)
    return (
        '<div style="display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1.5em;padding:.65em 0 .5em">'
        f'<div><span style="color:{TONES[symbol]};font-weight:700">{symbol}</span>'
        f' <b style="font-size:15px">{text(verdict.task, 80)}</b>'
        f' <span style="{MUTED};margin-left:.5em">{_inline(view.headline(verdict))}</span></div>'
        f'<div style="white-space:nowrap;margin-left:auto">{_bar(verdict)} <b>{text(view.points(verdict))}</b></div>'
        "</div>"
    )


def _inline(value: str) -> str:
    return re.sub(r"`([^`\n]+)`", r"<b>\1</b>", text(value, 300))


def _bar(verdict: Verdict) -> str:
    """Draw the share of the points that was earned; the number beside it says the same."""
    share = verdict.points / verdict.out_of if verdict.out_of else 0.0
    filled = round(100 * min(max(share, 0.0), 1.0)) if share == share else 0
    return (
        '<span style="display:inline-block;width:64px;height:7px;border-radius:4px;background:rgba(127,127,127,.25);'
        f'overflow:hidden;vertical-align:baseline;margin-right:.35em"><span style="display:inline-block;height:7px;'
        f'width:{filled}%;background:{GREEN};vertical-align:top"></span></span>'
    )


# ---------------------------------------------------------------------------------------------------------------
# The outputs


def _table(verdict: Verdict) -> str:
    found = view.outputs(verdict)
    if not found or view.stopped_everywhere(verdict):
        return ""
    plain = verdict.kind in {"quiz", "metric"}
    names = {"": HEAD, "output": HEAD, " ": HEAD, "largest error": HEAD, "expected": f"{HEAD};padding-right:0"}
    head = "" if plain else "".join(f'<th style="{style}">{name.strip()}</th>' for name, style in names.items())
    left = [MAX_PICTURES]
    told: set[str] = set()
    rows = "".join(_output_rows(o, verdict, told, left) for o in found)
    hidden = len({r.output for r in verdict.rows}) - len(found)
    more = f'<div style="{MUTED};padding-bottom:.5em">and {hidden} more outputs</div>' if hidden else ""
    head = f'<thead><tr style="background:transparent;border-bottom:{LINE}">{head}</tr></thead>' if head else ""
    return f'<table style="{TABLE};border-top:{LINE}">{head}<tbody>{rows}</tbody></table>{more}'


def _output_rows(output: Output, verdict: Verdict, told: set[str], left: list[int]) -> str:
    groups, more = view.to_explain(output, verdict, told)
    symbol = "✓" if output.ok else "✗"
    first = output.rows[0]
    cells = [
        f'<td style="{CELL};width:1.1em;color:{TONES[symbol]};font-weight:700">{symbol}</td>',
        f'<td style="{CELL};{MONO};font-size:13px;font-weight:600;white-space:nowrap">{text(output.name, 60)}</td>',
    ]
    if verdict.kind == "quiz":
        given = "" if first.actual is None else f"you answer {view.answer(first)}"
        cells.append(f'<td colspan="3" style="{CELL};width:100%;{MUTED}">{text(given)}</td>')
    elif verdict.kind == "metric":
        cells.append(f'<td colspan="3" style="{CELL};width:100%">{prose(view.sentence(output.measured))}</td>')
    else:
        cells += [
            f'<td style="{CELL}">{text(output.cases + more)}</td>',
            f'<td style="{CELL};{MUTED}">{text(output.error)}</td>',
            f'<td style="{LAST};{MUTED}">{text(output.expected, 80)}</td>',
        ]
    row = f'<tr style="background:transparent">{"".join(cells)}</tr>'
    return row + "".join(_group_row(g, verdict, left) for g in groups)


def _group_row(group: Group, verdict: Verdict, left: list[int]) -> str:
    body = f"<div>{prose(group.text)}</div>" if group.sentence else ""
    if verdict.kind != "quiz":
        drawn, legend, note = _drawing(group) if left[0] > 0 else ("", "", "")
        left[0] -= bool(drawn)
        small = "font-size:12.5px;margin-top:.35em"
        body += drawn + (f'<div style="{small}">{legend}</div>' if legend else "")
        said = ". ".join(s for s in (_cases(group), note) if s)
        body += f'<div style="{small};{MUTED}">{text(said, 500)}</div>'
    return (
        f'<tr style="background:transparent"><td style="{CELL}"></td>'
        f'<td colspan="4" style="{CELL};padding:0 0 .75em;white-space:normal">{body}</td></tr>'
    )


def _cases(group: Group) -> str:
    names = [clean(r.case.name, 60) + (f" (edge: {clean(r.case.edge, 60)})" if r.case.edge else "") for r in group.rows]
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    return f"{'case' if len(group.rows) == 1 else 'cases'}: {'; '.join(names)}"


def _drawing(group: Group) -> tuple[str, str, str]:
    """Return the grid of the first row of the group beside the numbers that are furthest off, its legend and note."""
    row = group.rows[0]
    if row.comparison.problem == "shape":
        return _shapes(np.shape(row.actual), np.shape(row.expected)), "", ""
    numbers = _numbers(worst_entries(row.comparison, row.actual, row.expected))
    drawn = picture(row.comparison, row.actual, row.expected)
    if drawn is None:
        return _side_by_side([numbers]), "", ""
    return _side_by_side([_grid(drawn), numbers]), _legend(drawn), drawn.note


def _side_by_side(parts: Sequence[str]) -> str:
    shown = "".join(p for p in parts if p)
    style = "display:flex;flex-wrap:wrap;gap:.6em 2.2em;align-items:flex-start;margin-top:.5em"
    return f'<div style="{style}">{shown}</div>' if shown else ""


def _grid(drawn: Picture) -> str:
    rows = []
    for cells in drawn.cells:
        inner = "".join(f'<td style="padding:0;{CELLS[c][1]}">{CELLS[c][0]}</td>' for c in cells)
        rows.append(f'<tr style="height:15px;background:transparent">{inner}</tr>')
    columns = len(drawn.cells[0])
    table = (
        "border-collapse:separate;border-spacing:1px;border:0;margin:0;table-layout:fixed;"
        f"width:{16 * columns + 1}px;font:700 11px/15px sans-serif"
    )
    label = f"{len(drawn.cells)} by {columns} cells: {', '.join(CELLS[s][2] for s in drawn.symbols)}"
    return f'<table role="img" aria-label="{text(label)}" style="{table}"><tbody>{"".join(rows)}</tbody></table>'


def _legend(drawn: Picture) -> str:
    item = "white-space:nowrap;margin-right:.9em"
    box = "display:inline-block;width:13px;height:13px;border-radius:2px;font:700 10px/13px sans-serif"
    items = []
    for symbol in drawn.symbols:
        shown, colour, meaning = CELLS[symbol]
        items.append(
            f'<span style="{item}"><span style="{box};{colour}">{shown or "&nbsp;"}</span>'
            f' <span style="{MUTED}">{meaning}</span></span>'
        )
    return " ".join(items)


def _numbers(entries: Sequence[tuple[str, str, str]]) -> str:
    if not entries:
        return ""
    first = "entry" if entries[0][0] else ""
    title = f"{HEAD};padding:0 1.3em .1em 0"
    cell = f"{CELL};{MONO};font-size:12.5px;padding:.08em 1.3em .08em 0;white-space:nowrap"
    titles = "".join(f'<th style="{title}">{t}</th>' for t in (first, "yours", "expected"))
    rows = "".join(
        f'<tr style="background:transparent"><td style="{cell};{MUTED}">{text(index, 40)}</td>'
        f'<td style="{cell};font-weight:600">{text(given, 40)}</td><td style="{cell}">{text(due, 40)}</td></tr>'
        for index, given, due in entries
    )
    table = "border-collapse:collapse;border:0;margin:0;width:auto;font-size:12.5px"
    head = f'<thead><tr style="background:transparent">{titles}</tr></thead>'
    return f'<table style="{table}">{head}<tbody>{rows}</tbody></table>'


def _shapes(actual: tuple[int, ...], expected: tuple[int, ...]) -> str:
    outlines = [shape_picture(actual), shape_picture(expected)]
    parts = []
    for title, shape, drawn in zip(("yours", "expected"), (actual, expected), outlines, strict=True):
        grid = _grid(drawn) if drawn and all(outlines) else ""
        label = f'<span style="{MUTED}">{title}</span> {text(shape, 60)}'
        parts.append(f'<div><div style="font-size:12px;margin-bottom:.2em">{label}</div>{grid}</div>')
    return _side_by_side(parts)


# ---------------------------------------------------------------------------------------------------------------
# What else there is to say


def _stopped(verdict: Verdict) -> str:
    """Show an error as the student's own: what it means, their line, Python's words."""
    if verdict.failure is None:
        reason = prose(view.sentence(verdict.reason))
        return f'<div style="border-top:{LINE};padding:.55em 0 .8em">{reason}</div>' if reason else ""
    meaning, lines = view.stopped(verdict)
    left_out = [r for r in verdict.rows if r.comparison.problem == "failed"]
    cases = list(dict.fromkeys(clean(r.case.name, 60) for r in left_out))
    everywhere = len(left_out) == len(verdict.rows)
    where = "" if everywhere or not cases else f" in the case{'s' * (len(cases) > 1)} {'; '.join(cases[:3])}"
    # A stub, or what is not there, is no error that a line of theirs raises.
    title = "" if verdict.failure.kind in {"NotImplementedError", "Missing"} else f"Your code stops{where}"
    head = f'<div style="font-weight:600;color:{ORANGE}">{text(title)}</div>' if title else ""
    body = "".join(f"<div>{prose(s)}</div>" for s in (view.only_there(verdict), meaning) if s)
    pre = f'<pre style="{PRE}">{text(lines, 900)}</pre>' if lines else ""
    return f'<div style="border-top:{LINE};padding:.55em 0 .8em">{head}{body}{pre}</div>'


def _remarks(verdict: Verdict) -> str:
    if not verdict.remarks:
        return ""
    items = "".join(
        f'<div style="padding-left:1.1em">· {prose(view.sentence(r))}</div>' for r in list(verdict.remarks)[:5]
    )
    title = f'<div style="{MUTED}">Worth knowing, and costs nothing:</div>'
    return f'<div style="border-top:{LINE};padding:.5em 0 .7em;font-size:13px">{title}{items}</div>'


def _printed(verdict: Verdict) -> str:
    if not verdict.printed.strip():
        return ""
    lines = clean(verdict.printed, 2000).strip("\n")
    n = lines.count("\n") + 1
    summary = f'<summary style="{MUTED}">Your code printed {n} line{"s" * (n > 1)}</summary>'
    pre = f'<pre style="{PRE};max-height:16em;overflow:auto">{html.escape(lines)}</pre>'
    return f'<details style="border-top:{LINE};padding:.5em 0 .7em;font-size:13px">{summary}{pre}</details>'


def _summary_row(verdict: Verdict) -> str:
    symbol = view.mark(verdict)
    why = view.why(verdict)
    # The reason has a line of its own: beside the name and the points, a narrow page leaves it no room.
    said = f'<td style="{CELL}"></td><td colspan="2" style="{LAST};padding-top:0">{prose(why)}</td>'
    reason = f'<tr style="background:transparent">{said}</tr>' if why else ""
    earned = f'<span style="white-space:nowrap">{text(view.points(verdict))}</span>'
    return (
        f'<tr style="background:transparent;border-top:{LINE}">'
        f'<td style="{CELL};width:1.1em;color:{TONES[symbol]};font-weight:700">{symbol}</td>'
        f'<td style="{CELL};white-space:nowrap;font-weight:600">{text(verdict.task, 80)}</td>'
        f'<td style="{CELL};padding-right:0;width:99%;text-align:right">{_bar(verdict)} {earned}</td></tr>'
        f"{reason}"
    )
