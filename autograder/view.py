"""What is said of a verdict, before it becomes text or HTML."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograder.diagnose import UNMEASURED, explain_failure
from autograder.pictures import number
from autograder.text import clean
from autograder.verdict import Row, Verdict, pattern

__all__ = [
    "Group",
    "Output",
    "headline",
    "mark",
    "names",
    "outputs",
    "points",
    "sentence",
    "stopped",
    "stopped_everywhere",
    "to_explain",
    "why",
]

RIGHT, WRONG, PARTLY = "✓", "✗", "◐"
MAX_GROUPS = 2
MAX_OUTPUTS = 24
_NOT_FINITE = re.compile(r"`[^`]*`: (?:it is|\d+ of \d+ entries are) (?:NaN|inf)")
_AT_THE_EDGE = re.compile(r"right in general, wrong at the edge: .*?\. (?=\S)")


@dataclass(frozen=True)
class Group:
    """Wrong rows of one output that one sentence explains; the first is the one to show."""

    sentence: str
    rows: Sequence[Row]

    @property
    def text(self) -> str:
        """The sentence as it is shown."""
        return sentence(self.sentence, names(self.rows))


@dataclass(frozen=True)
class Output:
    """One output over all cases."""

    name: str
    rows: Sequence[Row]
    groups: Sequence[Group]

    @property
    def ok(self) -> bool:
        """Whether it is right in every case."""
        return all(r.ok for r in self.rows)

    @property
    def cases(self) -> str:
        """How many cases are right, in words."""
        n, right = len(self.rows), sum(r.ok for r in self.rows)
        if n == 1:
            return "" if self.rows[0].case.name == "your answers" else clean(self.rows[0].case.name, 60)
        if right == n:
            return f"{n} cases"
        what = "not reached" if all(r.comparison.problem == "failed" for r in self.rows if not r.ok) else "wrong"
        return f"{what} in {n - right} of {n} cases"

    @property
    def measured(self) -> str:
        """What was measured, or why nothing could be; where the cases differ, case by case."""
        cases: dict[str, list[str]] = {}
        for row in self.rows:
            cases.setdefault(clean(row.comparison.message, 200), []).append(clean(row.case.name, 60))
        if len(cases) == 1:
            return next(iter(cases))
        return "; ".join(f"{', '.join(names)}: {message}" for message, names in cases.items())

    @property
    def error(self) -> str:
        """The largest error over the cases, absolute, and relative to the largest expected entry."""
        if isinstance(self.rows[0].expected, (bool, str)):
            return "–"
        shown = [r.comparison for r in self.rows if not r.ok] or [r.comparison for r in self.rows]
        errors = [c for c in shown if c.problem in {"", "value", "dtype", "not finite"}]
        if not errors:
            return "–"
        worst = max(errors, key=lambda c: c.error if np.isfinite(c.error) else np.inf)
        if not np.isfinite(worst.error):
            return "∞" if worst.error > 0 else "–"
        if worst.error == 0:
            return "0"
        relative = f" ({_percent(worst.relative)})" if worst.relative and np.isfinite(worst.relative) else ""
        return f"{worst.error:.2g}{relative}"

    @property
    def expected(self) -> str:
        """Shape and dtype of the expected value, in the first case that is shown."""
        row = self.groups[0].rows[0] if self.groups else self.rows[0]
        return describe(row.expected)


def describe(value: object) -> str:
    """Return shape and dtype of an array, the kind of anything else."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{value.shape} {value.dtype}"
    if isinstance(value, (float, np.ndarray)):
        return "a number"
    names = {bool: "True or False", int: "an integer", str: "a word", list: "a list"}
    return names.get(type(value), "")


def outputs(verdict: Verdict) -> list[Output]:
    """Return the outputs in the order of the task, each with its wrong rows grouped by what explains them."""
    names = list(dict.fromkeys(r.output for r in verdict.rows))
    return [_output(name, [r for r in verdict.rows if r.output == name]) for name in names[:MAX_OUTPUTS]]


def _output(name: str, rows: list[Row]) -> Output:
    wrong = [r for r in rows if not r.ok and r.comparison.problem != "failed"]
    # Where the ordinary cases are wrong, the edges say nothing new.
    wrong = [r for r in wrong if not r.case.edge] or wrong
    groups: dict[str, list[Row]] = {}
    for row in wrong:
        groups.setdefault(pattern(row.diagnosis.replace(row.case.edge or " ", " ")), []).append(row)
    return Output(name, rows, [Group(g[0].diagnosis, g) for g in groups.values()][:MAX_GROUPS])


def to_explain(output: Output, verdict: Verdict, told: set[str]) -> tuple[list[Group], str]:
    """Return the groups that have more to say than the line of the output, and what to add to that line.

    ``told`` collects what has been said: one mistake often shows in several outputs, and is explained once.
    """
    if verdict.kind == "metric":
        return [], ""
    keys = [_keys(output.name, g.sentence) for g in output.groups]
    if keys and all(k & told for k in keys):
        return [], ", as above"
    told.update(*keys)
    if verdict.kind == "quiz":
        # "the answer is wrong" says no more than the mark.
        return [g for g in output.groups if g.sentence != f"`{output.name}`: {g.rows[0].comparison.message}"], ""
    return list(output.groups), ""


def _keys(output: str, sentence: str) -> set[str]:
    """Return what makes two sentences say the same: each without its output, and once without what a gradient is of.

    With both, `dx` may speak of `x` as an input that other outputs name too, or as its own, as `dw` does of `w`. How
    many entries of which output an overflow has spoilt is no difference.
    """
    plain = _NOT_FINITE.sub("not finite", sentence).replace(f"`{output}`", "``")
    return {pattern(plain), pattern(plain.replace(f"`{output[1:].strip()}`", "``"))}


def mark(verdict: Verdict) -> str:
    """Return ✓, ✗, or ◐ where a part of the points was earned."""
    return RIGHT if verdict.right else PARTLY if verdict.points > 0 else WRONG


def points(verdict: Verdict) -> str:
    """Return ``"3.33 of 5 points"``."""
    return f"{round(verdict.points, 2):g} of {verdict.out_of:g} point{'' if verdict.out_of == 1 else 's'}"


def headline(verdict: Verdict) -> str:
    """Return the verdict in a few words."""
    if verdict.right:
        return "all right"
    if verdict.shortcuts:
        return "a shortcut that this task does not allow"
    if not verdict.rows:
        return "not run"
    reached = [r for r in verdict.rows if r.comparison.problem != "failed"]
    if verdict.failure is not None and verdict.failure.kind == "NotImplementedError":
        return "still the stub"
    if stopped_everywhere(verdict):
        return "the code stops with an error"
    if not reached:
        reasons = [r for r in verdict.rows if not r.comparison.message.endswith(UNMEASURED)]
        return "not right yet" if reasons else "what it returns cannot be measured"
    if verdict.kind == "metric":
        return "not good enough yet" if verdict.failure is None else "the code stops with an error"
    found = outputs(verdict)
    wrong = [o.name for o in found if not o.ok]
    if all(r.case.edge for r in verdict.rows if not r.ok):
        return f"right in general, wrong at an edge: {listed(wrong)}"
    right = [o.name for o in found if o.ok]
    if not right and verdict.points > 0:
        return "right in part"
    if not right:
        return "nothing is right yet" if len(wrong) > 1 else "not right yet"
    if len(found) > 4:
        return f"{len(right)} of {len(found)} outputs right"
    return f"{listed(right)} right, {listed(wrong)} not"


def listed(names: Sequence[str]) -> str:
    """Return ``"a, b and c"``."""
    shown = [f"`{clean(n, 40)}`" for n in names]
    if len(shown) > 4:
        shown = [*shown[:3], f"{len(shown) - 3} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def sentence(text: str, names: Collection[str] = (), limit: int = 600) -> str:
    """Return a diagnosis as a sentence: with a full stop, and a capital letter unless it begins with a name.

    What stands before a diagnosis that shows at an edge alone is a sentence of its own.
    """
    shown = clean(text, limit).strip()
    if not shown:
        return ""
    edge = _AT_THE_EDGE.match(shown)
    parts = [shown[: edge.end()], shown[edge.end() :]] if edge else [shown]
    said = "".join(_begun(part, names) for part in parts)
    return said + ("" if said[-1] in ".?!…" else ".")


def _begun(text: str, names: Collection[str]) -> str:
    """Return the text with a capital letter, unless it begins with a name, a formula or a symbol such as p."""
    word = text.split()[0]
    symbol = (len(word) == 1 and word != "a") or "(" in word
    return text if word in names or "_" in word or symbol else text[0].upper() + text[1:]


def names(rows: Sequence[Row]) -> set[str]:
    """Return the names that sentences on these rows may begin with: of outputs and of inputs."""
    return {r.output for r in rows} | {name for r in rows for name in r.case.inputs}


def why(verdict: Verdict) -> str:
    """Return the first reason for lost points, nothing where none were lost."""
    return "" if verdict.right else sentence(next(iter(verdict.diagnoses), headline(verdict)), names(verdict.rows), 300)


def stopped(verdict: Verdict) -> tuple[str, str]:
    """Return what an error in the student's code means, and the error as Python reports it with its line."""
    failure = verdict.failure
    if failure is None:
        return "", ""
    meaning = explain_failure(replace(failure, line=None))
    if failure.kind in {"NotImplementedError", "Missing"}:
        return sentence(meaning), ""
    where = [] if failure.line is None else [f"line {failure.line}"]
    where += [f"in {clean(failure.function, 60)}"] if failure.function.isidentifier() else []
    lines = [" ".join(where)] if where else []
    lines += [f"    {clean(failure.source, 200).strip()}"] if failure.source.strip() else []
    message = clean(failure.message, 300).strip()
    kind = clean(failure.kind, 60)
    lines.append(f"{kind}: {message}" if message else kind)
    if meaning.rstrip(".") in {message.rstrip("."), f"{kind}: {message}".rstrip(". ")}:
        meaning = ""
    return sentence(meaning), "\n".join(lines)


def stopped_everywhere(verdict: Verdict) -> bool:
    """Whether the code stops with an error in every case, so that no output has anything to say."""
    return all(r.comparison.problem == "failed" and r.comparison.message == "not reached" for r in verdict.rows)


def only_there(verdict: Verdict) -> str:
    """Return what is special about the cases in which the code stops with an error, where something is."""
    failed = [r for r in verdict.rows if r.comparison.problem == "failed"]
    ordinary = [r for r in verdict.rows if not r.case.edge]
    if failed and ordinary and all(r.case.edge for r in failed):
        right = all(r.ok for r in ordinary)
        edges = ", ".join(dict.fromkeys(r.case.edge for r in failed))
        return sentence(f"{'right in general, wrong at' if right else 'it stops only at'} the edge: {edges}")
    # Another case's error would have another line than the one that is shown; what is said of the output has none.
    said = next((sentence(r.diagnosis) for r in failed if r.diagnosis.startswith(f"`{r.output}` ")), "")
    # An output may have the name of a function, of which the error itself is told.
    return "" if said == stopped(verdict)[0] else said


def answer(row: Row) -> str:
    """Return what was given as an answer, for a quiz."""
    value = row.actual
    if isinstance(value, np.ndarray) and value.ndim:
        return clean(str(value.tolist()) if value.size < 20 else f"an array of shape {value.shape}", 80)
    return clean(number(value), 80)


def _percent(relative: float) -> str:
    percent = 100 * relative
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %" if percent < 1000 else f"{relative:.2g} times"
