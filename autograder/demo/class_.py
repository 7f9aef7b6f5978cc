"""The demo class: submissions made from the solutions, as a real class hands them in.

Nobody is invented: every submission is named after what it is.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course import Course
from autograder.demo.variants import Variant, variants
from autograder.reconcile import grade_id
from autograder.solution import solution_notebook
from autograder.submission import Limits

__all__ = ["LIMITS", "MARKER", "Student", "make_class", "mistakes", "solved"]

MARKER = ".autograder-demo"
LIMITS = Limits(cell_seconds=20, total_seconds=200)
MISTAKES_EACH = 5
WHOLE = "03_affine_layer"
"""The exercise that is handed in with every mistake and in every strange state; the others with one mistake a task."""


@dataclass(frozen=True)
class Student:
    """One submission of the class. ``right`` says whether the work itself is right and must earn everything."""

    name: str
    exercise: str
    text: str
    right: bool = False
    file_name: str = ""

    def write(self, to: Path) -> Path:
        """Hand the submission in below ``to``, in nbgrader's layout."""
        path = to / self.name / self.exercise / (self.file_name or f"{self.exercise}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, encoding="utf-8")
        return path


def make_class(to: Path, course: Course, solutions: Path) -> list[Student]:
    """Write the whole class below ``to``, made from the notebooks that ``course`` releases, and return it."""
    students = [s for path in sorted(solutions.glob("*.py")) for s in _students(path, course)]
    for student in students:
        student.write(to)
    return students


def solved(solution: Path, released: NotebookNode) -> NotebookNode:
    """Return the released notebook with the solution's answers filled in, as a student would have it."""
    sources = {grade_id(c): c.source for c in solution_notebook(solution).cells if grade_id(c) is not None}
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        if grade_id(cell) is not None and cell.metadata["nbgrader"]["solution"]:
            cell.source = re.sub(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", "", sources[grade_id(cell)], flags=re.M)
    return notebook


def _students(solution: Path, course: Course) -> Iterator[Student]:
    """Yield one exercise's share of the class."""
    name = solution.stem
    course.ensure_released(solution)
    released = nbformat.read(course.release_of(name), as_version=4)
    right = solved(solution, released)
    short = name[:2]

    def student(label: str, notebook: NotebookNode, *, is_right: bool = False, file_name: str = "") -> Student:
        return Student(f"{short}-{label}", name, nbformat.writes(notebook), is_right, file_name)

    yield student("right", right, is_right=True)
    yield student("blank", released)
    for n, some in enumerate(_packed([v for v in variants(name) if v.right]), start=1):
        yield student(f"right-too-{n}", _with(right, *some), is_right=True)
    for n, some in enumerate(_packed(mistakes(name), MISTAKES_EACH), start=1):
        yield student(f"mistakes-{n}", _with(right, *some))
    if name == WHOLE:
        for label, is_right, change in STRANGE:
            yield student(label, change(right, released), is_right=is_right)
        yield student("wrong-file-name", right, is_right=True, file_name="Untitled1 (final).ipynb")
        for label, text in BROKEN.items():
            yield Student(f"{short}-{label}", name, text)


def mistakes(exercise: str) -> list[Variant]:
    """Return the wrong variants that the class makes: all of them, or the first of each task."""
    wrong = [v for v in variants(exercise) if not v.right]
    if exercise == WHOLE:
        return wrong
    return [v for n, v in enumerate(wrong) if v.task not in {w.task for w in wrong[:n]}]


def _with(notebook: NotebookNode, *changes: Variant) -> NotebookNode:
    """Return the notebook with the sources of ``changes`` in place of its own."""
    sources = {cell: source for change in changes for cell, source in change.cells.items()}
    changed = copy.deepcopy(notebook)
    for cell in changed.cells:
        name = grade_id(cell)
        if name in sources:
            cell.source = sources.pop(str(name)).strip("\n")
    if sources:
        msg = f"{changes[0].name} replaces cells that do not exist: {', '.join(sources)}"
        raise ValueError(msg)
    return changed


def _packed(some: Sequence[Variant], most: int | None = None) -> list[list[Variant]]:
    """Hand variants out to as few students as can have them, at most so many each; a cell has but one source."""
    packs: list[list[Variant]] = []
    for variant in some:
        for pack in packs:
            if len(pack) != most and _fits(variant, pack):
                pack.append(variant)
                break
        else:
            packs.append([variant])
    return packs


def _fits(variant: Variant, pack: Sequence[Variant]) -> bool:
    """Whether each mistake of the pack is still seen with this one beside it."""
    hidden = any(variant.task in v.breaks or v.task in variant.breaks for v in pack)
    taken = {cell for v in pack for cell in v.cells}
    return not hidden and taken.isdisjoint(variant.cells)


# ---------------------------------------------------------------------------------------------------------------
# What else a class hands in


def _answer_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the student's code cells, in order."""
    return [
        c
        for c in notebook.cells
        if c.cell_type == "code" and grade_id(c) is not None and c.metadata["nbgrader"]["solution"]
    ]


def _graded_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("grade")]


Change = Callable[[NotebookNode, NotebookNode], NotebookNode]


def _edit(edit: Callable[[NotebookNode, NotebookNode], None]) -> Change:
    """Make a change of a function that edits a copy in place."""

    def change(right: NotebookNode, released: NotebookNode) -> NotebookNode:
        notebook = copy.deepcopy(right)
        edit(notebook, released)
        return notebook

    return change


def _half_done(notebook: NotebookNode, released: NotebookNode) -> None:
    stubs = {grade_id(c): c.source for c in released.cells}
    cells = _answer_cells(notebook)
    for cell in cells[len(cells) // 2 :]:
        cell.source = stubs[grade_id(cell)]


def _syntax_error(notebook: NotebookNode, _: NotebookNode) -> None:
    cell = _answer_cells(notebook)[1]
    cell.source = cell.source.replace("):", ") ->:", 1)


def _import_error(notebook: NotebookNode, _: NotebookNode) -> None:
    cell = _answer_cells(notebook)[2]
    cell.source = "import a_package_that_is_not_installed\n\n" + cell.source


def _noisy(notebook: NotebookNode, _: NotebookNode) -> None:
    noise = (
        'import sys\nimport warnings\n\nprint("starting")\nprint("50 %", file=sys.stderr)\nwarnings.warn("careful")\n'
    )
    for cell in _answer_cells(notebook):
        cell.source = noise + cell.source


def _endless_loop(notebook: NotebookNode, _: NotebookNode) -> None:
    cell = _answer_cells(notebook)[3]
    cell.source = (
        "import time\n\nwhile True:\n    try:\n        time.sleep(0.1)\n    except BaseException:\n        pass\n"
    )


def _exits(notebook: NotebookNode, _: NotebookNode) -> None:
    cell = _answer_cells(notebook)[2]
    cell.source = "import os\n\nos._exit(0)\n" + cell.source


def _exits_when_asked(notebook: NotebookNode, _: NotebookNode) -> None:
    """Leave functions that end the process when they are called."""
    cell = _answer_cells(notebook)[0]
    for name in re.findall(r"^def (\w+)", cell.source, flags=re.M):
        cell.source += f'\n\n{name} = lambda *args, **options: __import__("os")._exit(0)'


def _deleted(notebook: NotebookNode, _: NotebookNode) -> None:
    gone = {id(_answer_cells(notebook)[1]), id(_graded_cells(notebook)[1]), id(_graded_cells(notebook)[3])}
    notebook.cells = [c for c in notebook.cells if id(c) not in gone]


def _duplicated(notebook: NotebookNode, _: NotebookNode) -> None:
    for cell in (_answer_cells(notebook)[0], _graded_cells(notebook)[0]):
        notebook.cells.insert(notebook.cells.index(cell), copy.deepcopy(cell))
    _fresh_ids(notebook)


def _changed_locked(notebook: NotebookNode, released: NotebookNode) -> None:
    _half_done(notebook, released)
    for cell in _graded_cells(notebook):
        cell.source = 'print("all right")\n1000.0'


def _changed_points(notebook: NotebookNode, released: NotebookNode) -> None:
    _half_done(notebook, released)
    for cell in _graded_cells(notebook):
        cell.metadata["nbgrader"]["points"] = 1000


def _forged(notebook: NotebookNode, released: NotebookNode) -> None:
    """Patch everything that a score might be read from, and answer nothing."""
    _half_done(notebook, released)
    notebook.cells.insert(2, new_code_cell(FORGERY))
    _fresh_ids(notebook)


NOISE = """\
import sys
import warnings

print("starting")
print("50 %", file=sys.stderr)
warnings.warn("careful")
"""

FORGERY = '''\
import autograder.check
import autograder.inside
import numpy as np


class Agreeable:
    """Says that it equals everything."""

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return np.zeros(1)


np.allclose = np.array_equal = lambda *args, **kwargs: True
autograder.check.check_task = lambda *args, **kwargs: 1000.0
autograder.inside.run = lambda *args, **kwargs: autograder.inside.Answer({"out": Agreeable()})
1000.0
'''


def _fresh_ids(notebook: NotebookNode) -> None:
    for n, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{n}"


STRANGE: list[tuple[str, bool, Change]] = [
    ("half-done", False, _edit(_half_done)),
    ("syntax-error", False, _edit(_syntax_error)),
    ("import-error", False, _edit(_import_error)),
    ("noisy-but-right", True, _edit(_noisy)),
    ("endless-loop", False, _edit(_endless_loop)),
    ("exits-the-process", False, _edit(_exits)),
    ("exits-when-asked", False, _edit(_exits_when_asked)),
    ("deleted-cells", False, _edit(_deleted)),
    ("duplicated-cells", True, _edit(_duplicated)),
    ("changed-locked-cells", False, _edit(_changed_locked)),
    ("changed-points", False, _edit(_changed_points)),
    ("forged-score", False, _edit(_forged)),
]

BROKEN = {
    "not-json": "This is my homework. It does not open, but it ran on my machine.\n",
    "empty-file": "",
    "another-course": nbformat.writes(
        nbformat.v4.new_notebook(cells=[new_code_cell("print('signals and systems')", id="one")])
    ),
}
