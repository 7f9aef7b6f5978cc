"""Make a submitted notebook agree with the one that was released, by ``grade_id``.

Locked cells come back as they were released, deleted ones are restored in their place, of duplicated ones the
student's latest answer counts and the others stay as plain cells, changed points and types are set right. What
the student added stays where it stands. The result has every released cell once, in the released order.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

__all__ = ["Reconcile", "grade_id", "reconcile"]


def grade_id(cell: NotebookNode) -> str | None:
    """Return the cell's ``grade_id``, or None where it has none that is a text."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    found = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return found if isinstance(found, str) else None


@dataclass
class _Placed:
    """A released cell, the student's source for it, and the cells they put after it."""

    cell: NotebookNode
    after: list[NotebookNode]


def reconcile(submitted: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return the notebook that is graded, and a note for everything that had to be set right."""
    notes: list[str] = []
    known = {grade_id(c): c for c in released.cells if grade_id(c) is not None}
    answers, extras = _sort(submitted.cells, known, notes)

    cells: list[NotebookNode] = list(extras.get(None, []))
    for cell in released.cells:
        name = grade_id(cell)
        if name is None:
            # Text and experiments between the tasks: the student's own copies are among the extras.
            continue
        restored = copy.deepcopy(cell)
        if name not in answers:
            notes.append(f"the cell `{name}` was missing and was restored")
        elif cell.metadata["nbgrader"]["solution"]:
            restored.source = _text(answers[name].get("source"))
        elif _text(answers[name].get("source")) != cell.source:
            notes.append(f"the locked cell `{name}` was changed and was restored")
        if name in answers:
            notes += _changed_metadata(name, answers[name], cell)
        cells += [restored, *extras.get(name, [])]
    notebook = nbformat.from_dict(
        {"cells": cells, "metadata": copy.deepcopy(released.metadata), "nbformat": 4, "nbformat_minor": 5}
    )
    _unique_cell_ids(notebook.cells)
    return notebook, notes


def _sort(
    cells: Sequence[NotebookNode], known: dict[str | None, NotebookNode], notes: list[str]
) -> tuple[dict[str, NotebookNode], dict[str | None, list[NotebookNode]]]:
    """Split the submitted cells into the answers by grade id and, after each of these, the student's own cells."""
    answers: dict[str, NotebookNode] = {}
    extras: dict[str | None, list[NotebookNode]] = {}
    last: str | None = None
    for cell in cells:
        name = grade_id(cell)
        if name not in known or name is None:
            extras.setdefault(last, []).append(_plain(cell))
            continue
        if name not in answers:
            answers[name] = cell
        else:
            notes.append(f"the cell `{name}` occurs more than once; the latest changed one counts")
            latest, other = _latest(answers[name], cell, known[name])
            answers[name] = latest
            if known[name].metadata["nbgrader"]["solution"]:
                # Kept where the first stood: helper functions defined in it are still defined.
                extras.setdefault(last, []).append(_plain(other))
        last = name
    return answers, extras


def _latest(first: NotebookNode, second: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, NotebookNode]:
    """Return the copy that counts and the other one: an untouched stub never hides an answer."""
    if _text(second.get("source")) == released.source:
        return first, second
    return second, first


def _changed_metadata(name: str, cell: NotebookNode, released: NotebookNode) -> list[str]:
    notes = []
    given, right = cell["metadata"]["nbgrader"], released.metadata["nbgrader"]
    if "points" in right and given.get("points") != right["points"]:
        notes.append(f"the points of `{name}` were changed and were set back to {right['points']:g}")
    notes += [
        f"the setting `{key}` of `{name}` was changed and was set back"
        for key in ("grade", "solution", "locked")
        if given.get(key) != right[key]
    ]
    if cell.get("cell_type") != released.cell_type:
        notes.append(f"the type of the cell `{name}` was changed and was set back to {released.cell_type}")
    return notes


def _plain(cell: NotebookNode) -> NotebookNode:
    """Return a cell of the student's own, with nothing in it but its type and its source."""
    kind = cell.get("cell_type")
    plain: dict[str, Any] = {
        "id": "",
        "cell_type": kind if kind in {"code", "markdown"} else "raw",
        "metadata": {},
        "source": _text(cell.get("source")),
    }
    if kind == "code":
        plain |= {"execution_count": None, "outputs": []}
    made: NotebookNode = nbformat.from_dict(plain)
    return made


def _text(source: Any) -> str:
    """Return a cell's source as text; hand-made notebooks hold lists of lines, and stranger things."""
    if isinstance(source, list):
        source = "".join(s for s in source if isinstance(s, str))
    # Half a surrogate pair is legal JSON and no text: it could be sent to no kernel.
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""


def _unique_cell_ids(cells: Sequence[NotebookNode]) -> None:
    """Give the student's own cells ids that depend on nothing but their place, so that grading repeats itself."""
    for n, cell in enumerate(cells):
        name = grade_id(cell)
        cell["id"] = f"own-{n}" if name is None else cell["id"]


class Reconcile(NbGraderPreprocessor):
    """nbgrader's first step of grading: :func:`reconcile` with the release of this course."""

    course = Unicode("", help="The course's directory.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the reconciled notebook; what was set right goes into its metadata and the log."""
        from autograder.course import Course

        exercise = resources["nbgrader"]["assignment"]
        course = Course(Path(self.course))
        released = nbformat.read(course.release_of(exercise), as_version=4)
        notebook, notes = reconcile(nb, released)
        for note in notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        return notebook, resources
