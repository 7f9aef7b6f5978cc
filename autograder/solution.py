"""A solution as a notebook: the text in ``solutions/`` with nbgrader's metadata made complete.

A solution is a Jupytext percent script with nbgrader's metadata in short form: ``{"grade_id": ..., "solution":
true}`` and the like. Here the rest is filled in. The points come from the task, and cell ids are derived from grade
ids, not drawn at random, so that the same text always gives the same notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.task import Exercise, load_exercise

__all__ = ["ReleaseError", "solution_notebook", "source_text", "write_source"]

LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


class ReleaseError(ValueError):
    """A solution cannot be released; the message says why."""


def solution_notebook(path: Path) -> NotebookNode:
    """Return the solution at ``path`` as a notebook with complete nbgrader metadata.

    Raises
    ------
    ReleaseError
        If a graded cell has no task, a task has no graded cell, or an id occurs twice.
    """
    exercise = load_exercise(path.stem)
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE})
    for cell, cell_id in zip(notebook.cells, _cell_ids(notebook.cells), strict=True):
        cell["id"] = cell_id
        cell.source = _trimmed(cell.source)
        if "nbgrader" in cell.metadata:
            cell.metadata = {"nbgrader": _complete(cell, exercise)}
        else:
            cell.metadata = {}
    _require_every_task(notebook, exercise)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def _trimmed(source: str) -> str:
    """Return a cell's source without the blank lines at its ends, which formatters of scripts put before functions."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", source).rstrip()


def _complete(cell: NotebookNode, exercise: Exercise) -> dict[str, Any]:
    """Return all of the cell's nbgrader metadata; the points are the task's, written nowhere else."""
    given = cell.metadata["nbgrader"]
    grade, solution = bool(given.get("grade")), bool(given.get("solution"))
    complete = {
        "schema_version": 3,
        "grade_id": given["grade_id"],
        "grade": grade,
        "solution": solution,
        "locked": not solution,
        "task": False,
        "cell_type": cell.cell_type,
    }
    if grade:
        if given["grade_id"] not in exercise.tasks:
            msg = f"{exercise.name}: the graded cell {given['grade_id']!r} has no task of that name"
            raise ReleaseError(msg)
        complete["points"] = float(exercise.tasks[given["grade_id"]].points)
    return complete


def _cell_ids(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Yield an id a cell: its grade id, or its place after the last cell that has one."""
    seen: set[str] = set()
    last, n = "start", 0
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id is None:
            n += 1
            yield f"{last}-{n}"[-64:]
            continue
        last, n = re.sub(r"[^a-zA-Z0-9_-]", "-", grade_id), 0
        if last in seen:
            msg = f"the grade_id {grade_id!r} occurs twice"
            raise ReleaseError(msg)
        seen.add(last)
        yield last


def _require_every_task(notebook: NotebookNode, exercise: Exercise) -> None:
    graded = {c.metadata["nbgrader"]["grade_id"] for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")}
    missing = [name for name in exercise.tasks if name not in graded]
    if missing:
        msg = f"{exercise.name}: no cell of the notebook grades {', '.join(missing)}"
        raise ReleaseError(msg)


def source_text(solution: Path) -> str:
    """Return the complete notebook of ``solution`` as it stands in a file."""
    return nbformat.writes(solution_notebook(solution)) + "\n"


def write_source(solution: Path, source: Path) -> Path:
    """Write the complete notebook of ``solution`` where nbgrader looks for it and return its path."""
    to = source / solution.stem / f"{solution.stem}.ipynb"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(source_text(solution), encoding="utf-8")
    return to
