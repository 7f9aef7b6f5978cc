"""Make the verdict on one task: draw the cases, ask, compare with the reference, explain.

From plain values only: by ``check`` in the notebook, by the referee outside the submission's kernel.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder import inside
from autograder.compare import STEADY, Comparison, close, compare
from autograder.diagnose import UNMEASURED, Evidence, diagnose, explain_failure, quoted, unexplained
from autograder.inside import Answer
from autograder.shortcuts.rules import Shortcut, sentences
from autograder.task import Case, Exercise, Task
from autograder.verdict import Row, Verdict

__all__ = ["Ask", "judge", "prepare"]

EXPLAIN_SECONDS = 15.0
"""How long to look for the mistakes of one task; what is left then is told without its cause."""

MAX_KEPT = 256
"""Of how many tasks the cases and the right answers are kept for the next submission."""

_Prepared = tuple[Sequence[Case], Sequence[Answer] | None]
_KEPT: dict[tuple[int, int, str], tuple[_Prepared, Task, Callable[[], Any]]] = {}

Ask = Callable[[Sequence[Case]], Sequence[Answer]]
"""Runs the task's probe on the student's implementation, one answer a case."""


def prepare(exercise: Exercise, task: Task, seed: str) -> list[Case]:
    """Return the task's cases for ``seed``, with the reference's parameters where a module is asked for."""
    cases = task.draw(seed)
    if task.kind != "module":
        return cases
    return [replace(c, inputs=_with_parameters(exercise, task, c)) for c in cases]


def _expected(exercise: Exercise, task: Task, cases: Sequence[Case]) -> list[Answer]:
    """Return what the reference answers; the value of a metric needs none."""
    return [] if task.kind == "metric" else [expect(exercise, task, c.inputs, c.seed) for c in cases]


def _kept(exercise: Exercise, task: Task, seed: str) -> _Prepared:
    """Return the cases and what the reference answers, which are the same for every submission."""
    key = id(task), id(exercise.make_reference), seed
    if key not in _KEPT:
        while len(_KEPT) >= MAX_KEPT:
            del _KEPT[next(iter(_KEPT))]
        # The two are kept, too, so that nothing else gets their place in memory.
        cases = prepare(exercise, task, seed)
        _KEPT[key] = (cases, _expected(exercise, task, cases)), task, exercise.make_reference
    return _KEPT[key][0]


def _with_parameters(exercise: Exercise, task: Task, c: Case) -> dict[str, Any]:
    """Draw the parameters from the case's seed: where they come from must not depend on any framework's start."""
    import torch

    assert task.probe is not None
    rng = np.random.default_rng(c.seed)
    arguments = {k: v for k, v in c.inputs.items() if k not in {"x", "dout"}}
    module = task.probe(exercise.reference(task), **arguments)
    parameters = [
        rng.standard_normal(p.shape) * (0.3 if p.ndim < 2 else 1 / np.sqrt(np.prod(p.shape[1:])))
        for p in module.parameters()
    ]
    given: dict[str, Any] = {
        **c.inputs,
        "parameters": parameters,
        "parameter_names": [name for name, _ in module.named_parameters()],
    }
    if "dout" not in given:
        with torch.no_grad():
            shape = module(torch.as_tensor(given["x"], dtype=torch.float32)).shape
        given["dout"] = rng.standard_normal(tuple(shape))
    return given


def expect(exercise: Exercise, task: Task, inputs: Mapping[str, Any], seed: int = 0) -> Answer:
    """Run the probe on the reference: where the expected values come from."""
    assert task.probe is not None
    reference = exercise.reference(task)
    return inside.run(task.probe, reference, inputs, kind=task.kind, arrays=task.arrays, seed=seed)


def _expected_values(exercise: Exercise, task: Task, seed: int, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return expect(exercise, task, inputs, seed).values


def judge(exercise: Exercise, task: Task, ask: Ask, seed: str, *, device: str = "cpu", keep: bool = False) -> Verdict:
    """Draw the cases, ask the student's implementation, compare with the reference, explain.

    Parameters
    ----------
    ask
        Runs the probe on the implementation under judgement; it may raise nothing. With a forbidden shortcut in one
        of its answers the task earns nothing.
    seed
        Public in a notebook, secret in grading.
    keep
        Whether the cases and the right answers are kept for the next submission. Only where no code under judgement
        runs: in its own process it could change them.
    """
    found: list[Shortcut] = []

    def watching(cases: Sequence[Case]) -> Sequence[Answer]:
        answers = ask(cases)
        found.extend(s for a in answers for s in a.shortcuts if s.rule in task.forbid)
        return answers

    verdict = _judge(exercise, task, watching, seed, device, keep)
    if not found:
        return verdict
    said = sentences(found)
    return replace(verdict, points=0.0, reason="; ".join(said), shortcuts=tuple(said), failure=None)


def _judge(exercise: Exercise, task: Task, ask: Ask, seed: str, device: str, keep: bool) -> Verdict:
    cases, expected = _kept(exercise, task, seed) if keep else (prepare(exercise, task, seed), None)
    answers = list(ask(cases))
    if task.kind == "metric":
        return _judge_metric(task, cases, answers)
    if expected is None:
        expected = _expected(exercise, task, cases)
    for e in expected:
        if e.failure is not None:
            msg = f"the reference fails on its own task {task.name!r}: {e.failure.kind}: {e.failure.message}"
            raise RuntimeError(msg)
    rows = [
        _row(exercise, task, c, output, a, e, device)
        for c, a, e in zip(cases, answers, expected, strict=True)
        for output in e.values
    ]
    points = _points(task, rows)
    if points < task.points:
        rows = _explain(exercise, task, rows, cases, answers, expected, ask)
    failure = next((a.failure for a in answers if a.failure is not None), None)
    return Verdict(
        task.name,
        points,
        task.points,
        rows,
        reason=explain_failure(failure) if failure is not None else "",
        failure=failure,
        remarks=_remarks(task, rows, answers),
        printed=next((a.printed for a in answers if a.printed), ""),
        kind=task.kind,
    )


def _row(exercise: Exercise, task: Task, c: Case, output: str, answer: Answer, expected: Answer, device: str) -> Row:
    right = expected.values[output]
    if answer.failure is not None:
        return Row(output, c, Comparison("failed", "not reached"), None, right)
    actual = answer.values.get(output)
    form = answer.forms.get(output, "absent")
    rtol = None
    if task.kind == "quiz" and isinstance(right, (int, float)) and not isinstance(right, bool):
        right, rtol = float(right), task.rtol
    look = functools.partial(
        compare,
        actual,
        right,
        form=form,
        expected_form=expected.forms.get(output, "numpy"),
        device=device,
        factor=task.tolerance,
        ignore=c.ignore.get(output),
    )
    comparison = look(rtol=rtol)
    if comparison.ok and rtol is None and _single(actual) and not _single(right):
        closer = look(rtol=STEADY * task.tolerance)
        if not closer.ok and _steady(exercise, task, c, output, right):
            comparison = closer
    changed = _changed(c, answer) if task.pure else []
    if comparison.ok and changed:
        names = ", ".join(f"`{n}`" for n in changed)
        comparison = Comparison("changed", f"{names} was changed in place, which this task does not allow")
    return Row(output, c, comparison, actual, right)


def _single(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float32


def _steady(exercise: Exercise, task: Task, c: Case, output: str, right: Any) -> bool:
    """Whether the reference gives nearly the same where it computes in float32: then other code would, too."""
    inputs = {k: v.astype(np.float32) if getattr(v, "dtype", "") == np.float64 else v for k, v in c.inputs.items()}
    return close(expect(exercise, task, inputs, c.seed).values.get(output), right, STEADY / 4)


def _changed(c: Case, answer: Answer) -> list[str]:
    """Return the names of the arrays that are no longer what they were, compared here and not where the code runs."""
    arrays = {name: value for name, value in c.inputs.items() if isinstance(value, np.ndarray)}
    return [name for name, before in arrays.items() if not inside.same_array(answer.after.get(name), before)]


def _points(task: Task, rows: Sequence[Row]) -> float:
    """Each output earns its share: a wrong ordinary case costs all of it, a wrong edge only its own part."""
    outputs = list(dict.fromkeys(r.output for r in rows))
    total = sum(task.shares.get(o, 1.0) for o in outputs)
    earned = 0.0
    for output in outputs:
        mine = [r for r in rows if r.output == output]
        if all(r.ok for r in mine if not r.case.edge):
            earned += task.shares.get(output, 1.0) / total * sum(r.ok for r in mine) / len(mine)
    # A sum of shares may end a rounding error away from all points.
    share = 1.0 if all(r.ok for r in rows) and rows else min(earned, 1.0)
    return round(float(task.points * share), 4)


def _explain(
    exercise: Exercise,
    task: Task,
    rows: Sequence[Row],
    cases: Sequence[Case],
    answers: Sequence[Answer],
    expected: Sequence[Answer],
    ask: Ask,
) -> list[Row]:
    """Add a diagnosis to every wrong row."""
    again = _ask_again(rows, cases, answers, ask)
    by_case = {id(c): (a, e) for c, a, e in zip(cases, answers, expected, strict=True)}
    explained: list[Row] = []
    runs: dict[Any, Mapping[str, Any]] = {}
    deadline = time.monotonic() + EXPLAIN_SECONDS
    for row in rows:
        if row.ok:
            explained.append(row)
            continue
        if time.monotonic() > deadline:
            explained.append(replace(row, diagnosis=quoted(unexplained(task, row.output, row.comparison), task)))
            continue
        answer, right = by_case[id(row.case)]
        evidence = Evidence(
            task=task,
            case=row.case,
            output=row.output,
            comparison=row.comparison,
            actual=row.actual,
            expected=right.values,
            answer=answer,
            same_output=[r for r in rows if r.output == row.output],
            again=again.get(id(row.case)),
            rerun=functools.partial(_expected_values, exercise, task, row.case.seed),
            reference=functools.partial(exercise.reference, task),
            runs=runs,
            rows=rows,
        )
        explained.append(replace(row, diagnosis=diagnose(evidence)))
    return explained


def _ask_again(rows: Sequence[Row], cases: Sequence[Case], answers: Sequence[Answer], ask: Ask) -> dict[int, Answer]:
    """Ask the first wrong case once more, and the others only if the answer differs: then nothing is deterministic."""
    wrong = {id(r.case) for r in rows if not r.ok and r.comparison.problem != "failed"}
    asked = [(c, a) for c, a in zip(cases, answers, strict=True) if id(c) in wrong]
    again: dict[int, Answer] = {}
    for some in (asked[:1], asked[1:]):
        # Another seed, or a random generator would give the same "random" numbers again.
        found = ask([replace(c, seed=c.seed ^ 0x5EED) for c, _ in some]) if some else ()
        again |= {id(c): answer for (c, _), answer in zip(some, found, strict=False)}
        if all(_same_answer(before, again[id(c)]) for c, before in some if id(c) in again):
            break
    return again


def _same_answer(a: Answer, b: Answer) -> bool:
    return (
        a.failure == b.failure
        and a.values.keys() == b.values.keys()
        and all(compare(b.values[k], v).ok for k, v in a.values.items() if v is not None)
    )


def _judge_metric(task: Task, cases: Sequence[Case], answers: Sequence[Answer]) -> Verdict:
    failure = next((a.failure for a in answers if a.failure is not None), None)
    rows = [_metric_row(task, c, a) for c, a in zip(cases, answers, strict=True)]
    shares = [0.0 if r.actual is None else _share(task, r.actual) for r in rows]
    return Verdict(
        task.name,
        round(task.points * float(np.mean(shares or [0.0])), 4),
        task.points,
        rows,
        reason=explain_failure(failure) if failure is not None else "",
        failure=failure,
        remarks=_remarks(task, rows, answers),
        facts={task.measure_name: [r.actual for r in rows]},
        kind=task.kind,
    )


def _metric_row(task: Task, c: Case, answer: Answer) -> Row:
    """Measure one case; what cannot be measured has no value and says why."""
    assert task.measure is not None
    name = task.measure_name
    if answer.failure is not None:
        # The reason, given once for the whole task, is the error.
        return Row(name, c, Comparison("failed", "not reached"), None, task.full)
    try:
        value = float(task.measure(dict(answer.values), **c.private))
    except ValueError as error:
        reason = quoted(str(error), task)
        return Row(name, c, Comparison("failed", reason), None, task.full, reason)
    except Exception:  # what came back may be of any form, and the measure need not foresee each
        message = f"the {name} {UNMEASURED}"
        return Row(name, c, Comparison("failed", message), None, task.full, message)
    sign = "≥" if task.full > task.none else "≤"
    text = f"{value:.4g}, needed {sign} {task.full:g}"
    if _share(task, value) >= 1.0:
        return Row(name, c, Comparison("", text), value, task.full)
    return Row(name, c, Comparison("value", text), value, task.full, f"{name} {text}")


def _share(task: Task, value: float) -> float:
    if not np.isfinite(value):
        return 0.0
    return float(np.clip((value - task.none) / (task.full - task.none), 0.0, 1.0))


def _remarks(task: Task, rows: Sequence[Row], answers: Sequence[Answer]) -> tuple[str, ...]:
    """Return what is worth saying and costs nothing."""
    remarks = [remark for r in rows for remark in r.comparison.remarks]
    if not task.pure:
        changed = dict.fromkeys(name for a in answers for name in a.changed)
        remarks += [f"`{name}` is changed in place: whoever called your function has lost it" for name in changed]
    remarks += [w for a in answers for w in a.warned]
    return tuple(dict.fromkeys(remarks))[:5]
