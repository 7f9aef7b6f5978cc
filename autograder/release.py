"""From ``solutions/`` to ``exercises/``: one text notebook in, the student's notebook out.

The solution goes through nbgrader's own ``generate_assignment``, in a course that is thrown away afterwards. Then the
cells that cannot run before the steps above them are written get a tag, so that "Run All" goes on behind them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course import Course
from autograder.task import UnknownExercise, exercise_names

__all__ = ["MAY_FAIL", "release"]

MAY_FAIL = "raises-exception"
"""The tag by which Jupyter knows that an error in a cell is no reason to leave out the cells after it."""


def release(solutions: Path, to: Path, names: Sequence[str] = ()) -> list[Path]:
    """Make the student's notebooks of the named exercises (of all, where none is named) in ``to``.

    Returns
    -------
    list of Path
        The notebooks written, ``to/<name>/<name>.ipynb``.
    """
    chosen = list(names) or [n for n in exercise_names() if (solutions / f"{n}.py").exists()]
    for name in chosen:
        if name not in exercise_names() or not (solutions / f"{name}.py").exists():
            msg = f"there is no exercise {name!r} in {solutions}; the exercises are: {', '.join(exercise_names())}"
            raise UnknownExercise(msg)
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        course = Course(Path(scratch))
        for name in chosen:
            made = course.generate(solutions / f"{name}.py")
            target = to / name / f"{name}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_forgiving(made), encoding="utf-8")
            written.append(target)
    return written


def _forgiving(path: Path) -> str:
    """Return the notebook at ``path`` with the tag on every cell that an unwritten step can make fail.

    These are the experiments behind the first step, and the steps that are not functions: their stub itself raises.
    Grading knows nothing of it: reconciling takes every locked cell from the course's own release, as it stands there.
    """
    notebook = nbformat.read(path, as_version=4)
    begun = False
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        begun = begun or bool(marks.get("solution"))
        if cell.cell_type == "code" and begun and not marks.get("grade") and _may_fail(cell, marks):
            cell.metadata["tags"] = [MAY_FAIL]
    return nbformat.writes(notebook) + "\n"


def _may_fail(cell: NotebookNode, marks: NotebookNode) -> bool:
    return not marks.get("solution") or "\nraise NotImplementedError()" in f"\n{cell.source}"
