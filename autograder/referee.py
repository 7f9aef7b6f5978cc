"""The referee: outside the submission's kernel, it asks, compares, and writes the score itself.

At each graded cell the inputs go in, plain values come out, and the verdict is made here. What the notebook
printed, displayed or says about itself decides nothing: the cell's outputs are replaced by the referee's own, of
which nbgrader reads exactly one number between 0 and the cell's points.
"""

from __future__ import annotations

import copy
import functools
import secrets
import time
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import determine_grade
from traitlets import Float, Unicode

from autograder import wire
from autograder.display import Card, card_html
from autograder.experiments import Step, left_out
from autograder.inside import Answer, Failure, probe_source, with_shortcuts
from autograder.judge import judge
from autograder.kernel import KernelLost, KernelSession, KernelTrouble, kernel_session
from autograder.reconcile import grade_id
from autograder.shortcuts import Notebook, Shortcut, asked
from autograder.submission import Limits, TaskResult
from autograder.task import Case, Exercise, Task, load_exercise
from autograder.verdict import Verdict, refuse

__all__ = ["RUNS", "Referee", "grade_notebook", "read_answers"]

ASK = "__import__('autograder.inside', fromlist=['respond']).respond({request!r})"

NOT_RUN = "(not run: nothing that is graded depends on this cell)\n"

RUNS = 2
"""How often a submission is run whose kernel ended though it need not be to blame."""


def grade_notebook(
    notebook: NotebookNode,
    exercise: Exercise,
    seed: str,
    *,
    limits: Limits | None = None,
    device: str = "cpu",
    released: NotebookNode | None = None,
) -> list[TaskResult]:
    """Run a reconciled notebook and grade it in place; a pure function of its arguments.

    Where its kernel was killed from outside, it is run again from its beginning.

    Parameters
    ----------
    notebook
        Every released cell once, in order (see :mod:`autograder.reconcile`).
    seed
        Secret: the cases are drawn from it.
    device
        Where torch tasks run, ``"cpu"`` or ``"cuda"``.
    released
        The notebook that students were given. Its experiments, where they are left as they were, are not run if nothing
        that is graded needs them and no pictures are wanted; without it, everything is run.

    Returns
    -------
    list of TaskResult
        One per task of the exercise, in its order, whatever the submission does.

    Raises
    ------
    KernelLost, SandboxError
        If this machine did not start a kernel, or did not keep it running: the submission is not to blame.
    """
    limits = limits or Limits()
    spared = set() if released is None or limits.pictures else _spared(notebook, exercise, released)
    lost: KernelLost | None = None
    for run in range(1, RUNS + 1):
        graded = copy.deepcopy(notebook)
        try:
            with kernel_session(limits, exercise.provides) as session:
                results = _run_and_judge(session, graded, exercise, seed, device, spared)
        except KernelLost as error:
            lost = error
            continue
        # Killed each time: it may well have done that itself, so that it stands.
        if run == RUNS or not session.killed:
            notebook.cells = graded.cells
            return results
    msg = f"its kernel was lost {RUNS} times: {lost}"
    raise KernelLost(msg)


def _run_and_judge(
    session: KernelSession,
    notebook: NotebookNode,
    exercise: Exercise,
    seed: str,
    device: str,
    spared: Container[int],
) -> list[TaskResult]:
    results: dict[str, TaskResult] = {}
    read = Notebook()
    reading = any(task.forbid for task in exercise.tasks.values())
    for n, cell in enumerate(notebook.cells):
        task = exercise.tasks.get(grade_id(cell) or "")
        if task is not None and task.kind == "written":
            results[task.name] = _unless_blank(cell, task)
        elif cell.cell_type != "code":
            continue
        elif task is not None and cell.metadata["nbgrader"]["grade"]:
            verdict = _judge(session, exercise, task, seed, device, read)
            write_verdict(cell, verdict)
            results[task.name] = TaskResult.of(verdict)
        elif n in spared:
            cell.execution_count = None
            cell.outputs = nbformat.from_dict([{"output_type": "stream", "name": "stdout", "text": NOT_RUN}])
        else:
            session.run_cell(cell)
            if reading:
                read.add(cell.source, failed=any(o.output_type == "error" for o in cell.outputs))
    return [results.get(t.name, TaskResult(t.name, None, t.points)) for t in exercise.tasks.values()]


def _spared(notebook: NotebookNode, exercise: Exercise, released: NotebookNode) -> set[int]:
    """Return the places of the experiments that stand there as they were released and are used by nothing."""
    given = {cell.source for cell in released.cells if _is_experiment(cell)}
    steps: dict[int, Step] = {}
    for n, cell in enumerate(notebook.cells):
        task = exercise.tasks.get(grade_id(cell) or "")
        if task is not None and task.probe is not None:
            steps[n] = Step(asks=_asked(probe_source(task.probe)))
        elif cell.cell_type == "code":
            steps[n] = Step(cell.source, experiment=_is_experiment(cell) and cell.source in given)
    places = list(steps)
    return {places[n] for n in left_out(list(steps.values()))}


def _is_experiment(cell: NotebookNode) -> bool:
    """Whether a cell is neither locked nor to be filled in nor graded."""
    return cell.cell_type == "code" and "nbgrader" not in cell.metadata


@functools.lru_cache(256)
def _asked(source: str) -> frozenset[str]:
    return frozenset(asked(source))


def _unless_blank(cell: NotebookNode, task: Task) -> TaskResult:
    """Leave a written answer to a person, as nbgrader does, unless there is none."""
    score, _ = determine_grade(cell)
    reasons = ("no answer was written",) if score == 0 else ()
    return TaskResult(task.name, None if score is None else float(score), task.points, reasons)


def _judge(session: KernelSession, exercise: Exercise, task: Task, seed: str, device: str, read: Notebook) -> Verdict:
    source = probe_source(task.probe) if task.probe is not None else ""
    where = device if task.arrays == "torch" else "cpu"

    def ask(cases: Sequence[Case]) -> list[Answer]:
        token = secrets.token_hex(16)
        request = wire.dumps(
            {
                "token": token,
                "probe": source,
                "kind": task.kind,
                "arrays": task.arrays,
                "device": where,
                "forbid": list(task.forbid),
                "pure": task.pure,
                "cases": [{"inputs": dict(c.inputs), "seed": c.seed} for c in cases],
            }
        )
        reply = session.ask(ASK.format(request=request), wire.MIME, task.seconds)
        return with_shortcuts(read_answers(reply, token, len(cases)), shortcuts)

    try:
        shortcuts = read.shortcuts(_asked(source), task.forbid) if task.forbid else []
        return judge(exercise, task, ask, seed, device=where, keep=True)
    except KernelTrouble as trouble:
        return refuse(task, f"no answer: {trouble}")
    except wire.WireError as error:
        return refuse(task, f"the answer could not be read: {error}")


def read_answers(reply: str, token: str, n: int) -> list[Answer]:
    """Return the answers in ``reply``; every field is checked, for the sender is not trusted.

    Raises
    ------
    WireError
        If the reply is not of the agreed form or does not answer the question that ``token`` names.
    """
    message = wire.loads(reply)
    if not isinstance(message, dict) or message.get("token") != token:
        msg = "it does not answer the question that was asked"
        raise wire.WireError(msg)
    answers = message.get("answers")
    if not isinstance(answers, list) or len(answers) != n:
        msg = f"{n} answers were expected"
        raise wire.WireError(msg)
    return [_read_answer(a) for a in answers]


def _read_answer(a: Any) -> Answer:
    if not isinstance(a, dict):
        msg = "an answer is not a set of named values"
        raise wire.WireError(msg)
    values, forms, failure, after = a.get("values"), a.get("forms"), a.get("failure"), a.get("after")
    if not isinstance(values, dict) or not isinstance(forms, dict):
        msg = "an answer has no values"
        raise wire.WireError(msg)
    return Answer(
        values=values,
        forms={k: _short(v, 200) for k, v in forms.items()},
        failure=_read_failure(failure),
        changed=tuple(_short(c, 100) for c in _list(a.get("changed"))[:20]),
        printed=_short(a.get("printed"), 2000),
        warned=tuple(_short(w, 300) for w in _list(a.get("warned"))[:5]),
        shortcuts=tuple(_read_shortcut(s) for s in _list(a.get("shortcuts"))[:10] if isinstance(s, dict)),
        after=after if isinstance(after, dict) else {},
    )


def _read_shortcut(s: dict[str, Any]) -> Shortcut:
    line = s.get("line")
    return Shortcut(
        _short(s.get("rule"), 100),
        _short(s.get("what"), 100),
        line if type(line) is int else None,
        _short(s.get("function"), 100),
    )


def _read_failure(failure: Any) -> Failure | None:
    if failure is None:
        return None
    f = failure if isinstance(failure, dict) else {}
    line = f.get("line")
    return Failure(
        _short(f.get("kind"), 100) or "Error",
        _short(f.get("message"), 500),
        line if type(line) is int else None,
        _short(f.get("source"), 200),
        _short(f.get("function"), 100),
    )


def _short(value: Any, length: int) -> str:
    return value[:length] if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def write_verdict(cell: NotebookNode, verdict: Verdict) -> None:
    """Replace the cell's outputs by the card and the score, in the one form that nbgrader reads as it stands.

    nbgrader takes a negative, unreadable or missing score for full marks, anything on stderr for none, and ends
    the submission at a score above the points; a built-in float between 0 and the points is none of these.
    """
    points = min(max(float(verdict.points), 0.0), float(verdict.out_of))
    if points != points:
        points = 0.0
    cell.execution_count = None
    # Written out, for nbformat looks through each output that it makes.
    shown = {"text/html": card_html(verdict), "text/plain": repr(Card(verdict))}
    score = {"text/plain": repr(points)}
    cell.outputs = nbformat.from_dict(
        [
            {"output_type": "display_data", "data": shown, "metadata": {"autograder": "verdict"}},
            {"output_type": "execute_result", "data": score, "metadata": {}, "execution_count": None},
        ]
    )


class Referee(NbGraderPreprocessor):
    """nbgrader's execution step, replaced: runs the submission and grades it, as ``autograder grade`` does."""

    course = Unicode("", help="The course's directory, where the secret seed lies.").tag(config=True)
    device = Unicode("auto", help="Where torch tasks run: auto, cpu or cuda.").tag(config=True)
    cell_seconds = Float(Limits.cell_seconds, help="Seconds that one cell may take.").tag(config=True)
    total_seconds = Float(Limits.total_seconds, help="Seconds that one submission may take.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Run and grade the notebook."""
        from autograder.course import Course
        from autograder.feedback import sanitize_notebook

        exercise = load_exercise(resources["nbgrader"]["assignment"])
        seed = Course(Path(self.course)).kept_seed()
        limits = Limits(cell_seconds=self.cell_seconds, total_seconds=self.total_seconds)
        started = time.perf_counter()
        grade_notebook(nb, exercise, seed, limits=limits, device=choose_device(self.device))
        self.log.info("Graded in %.1f s", time.perf_counter() - started)
        return sanitize_notebook(nb), resources


def choose_device(asked: str) -> str:
    """Return ``"cpu"`` or ``"cuda"`` for ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Raises
    ------
    ValueError
        If ``"cuda"`` is asked for and there is none, or the name is another one.
    """
    if asked == "cpu":
        return "cpu"
    if asked not in {"auto", "cuda"}:
        msg = f"the device is auto, cpu or cuda, not {asked!r}"
        raise ValueError(msg)
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if asked == "cuda":
        msg = "no CUDA device was found: take --device cpu, or auto"
        raise ValueError(msg)
    return "cpu"
