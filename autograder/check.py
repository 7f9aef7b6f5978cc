"""The student's side: ``check("affine_backward")`` in a notebook or a terminal.

It needs no instructor's package, writes nothing to stderr and raises nothing at the student.
"""

from __future__ import annotations

import difflib
import functools
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from autograder import inside
from autograder.display import Card, Notice, Summary
from autograder.inside import Answer, Implementation, with_shortcuts
from autograder.judge import judge
from autograder.shortcuts import Shortcut, asked
from autograder.shortcuts.live import notebook_of
from autograder.task import PUBLIC_SEED, Case, Exercise, Task, UnknownExercise, load_exercise
from autograder.verdict import Verdict, refuse

__all__ = ["Check"]


class Check:
    """Checks the tasks of one exercise on the names of the notebook that calls it.

    Parameters
    ----------
    exercise
        The exercise's name, e.g. ``"03_affine_layer"``.
    names
        Where the implementation is looked up; the caller's own global names where not given.
    seed
        Draws the cases. Grading uses another one, so passing here with a memorised answer passes only here.

    Examples
    --------
    >>> check = Check("03_affine_layer")  # doctest: +SKIP
    >>> check("affine_forward")  # doctest: +SKIP
    """

    def __init__(self, exercise: str, names: Mapping[str, Any] | None = None, *, seed: str = PUBLIC_SEED) -> None:
        self._names = names
        self._seed = seed
        self._exercise: Exercise | None = None
        self._problem = ""
        try:
            self._exercise = load_exercise(exercise)
        except UnknownExercise as error:
            self._problem = str(error)

    def __call__(self, task: str | None = None) -> None:
        """Show the verdict on ``task``, or the points of all tasks where none is named."""
        if os.environ.get("AUTOGRADER_CHECK") == "off":
            _show(Notice("being graded: the referee asks from outside"))
            return
        names = self._names if self._names is not None else sys._getframe(1).f_globals
        _show(self._card(task, names) if task is not None else self._summary(names))

    def verdict(self, task: str, names: Mapping[str, Any] | None = None) -> Verdict:
        """Return the verdict on ``task`` instead of showing it."""
        if self._exercise is None:
            raise UnknownExercise(self._problem)
        if names is None:
            names = self._names if self._names is not None else sys._getframe(1).f_globals
        return check_task(self._exercise, self._exercise.tasks[task], names, self._seed)

    def _card(self, task: str, names: Mapping[str, Any]) -> Any:
        if self._exercise is None:
            return Notice(self._problem)
        if not isinstance(task, str):
            return Notice("name the task in quotes, as in check('affine_forward')")
        if task not in self._exercise.tasks:
            near = difflib.get_close_matches(task, self._exercise.tasks, n=1)
            advice = f"do you mean {near[0]!r}?" if near else f"its tasks are: {', '.join(self._exercise.tasks)}"
            return Notice(f"there is no task {task!r} in {self._exercise.name}; {advice}")
        if self._exercise.tasks[task].kind == "written":
            return Notice(f"{task} is a written answer: a person will read it.")
        return Card(check_task(self._exercise, self._exercise.tasks[task], names, self._seed))

    def _summary(self, names: Mapping[str, Any]) -> Any:
        if self._exercise is None:
            return Notice(self._problem)
        tasks = [t for t in self._exercise.tasks.values() if t.kind != "written"]
        return Summary([check_task(self._exercise, t, names, self._seed) for t in tasks])


def check_task(exercise: Exercise, task: Task, names: Mapping[str, Any], seed: str) -> Verdict:
    """Return the verdict on ``task`` for the implementation that ``names`` holds."""
    impl = Implementation(names)
    shortcuts = functools.cache(functools.partial(_shortcuts, task, names))

    def ask(cases: Sequence[Case]) -> list[Answer]:
        assert task.probe is not None
        run = functools.partial(inside.run, task.probe, impl, kind=task.kind, arrays=task.arrays)
        answers = [run(c.inputs, seed=c.seed, forbid=task.forbid, pure=task.pure) for c in cases]
        return with_shortcuts(answers, shortcuts())

    with warnings.catch_warnings():
        # What the student's code warns of is kept by `run`; the grader's own warnings are not the student's.
        warnings.simplefilter("ignore")
        try:
            return judge(exercise, task, ask, seed)
        except ModuleNotFoundError:
            return refuse(task, "the reference is not installed here: this task is checked by the grader")
        except KeyboardInterrupt:
            return refuse(task, "the check was interrupted: run it again")
        except Exception as error:
            return refuse(task, f"the check itself failed ({type(error).__name__}: {error}); please report this")


def _shortcuts(task: Task, names: Mapping[str, Any]) -> list[Shortcut]:
    """Return the forbidden shortcuts in the code as it stands."""
    if not task.forbid or task.probe is None:
        return []
    return notebook_of(names, inside.is_students).shortcuts(asked(inside.probe_source(task.probe)), task.forbid)


def _show(report: Any) -> None:
    """Display in a notebook, print in a terminal."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(report)
        return
    try:
        print(report)
    except UnicodeEncodeError:  # a terminal that knows no ✓
        encoding = sys.stdout.encoding or "ascii"
        print(repr(report).encode(encoding, "replace").decode(encoding))
