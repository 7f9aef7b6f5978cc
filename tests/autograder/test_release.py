"""The committed exercises are what a release makes, and hold no answer."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tiny import ROOT, read_release

from autograder.course import Course
from autograder.reconcile import grade_id, reconcile
from autograder.release import MAY_FAIL, release
from autograder.solution import ReleaseError, solution_notebook
from autograder.task import UnknownExercise, exercise_names, load_exercise

SOLUTIONS = ROOT / "solutions"
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("release")
    release(SOLUTIONS, to)
    return to


def test_every_exercise_has_a_solution_and_a_release():
    names = exercise_names()
    assert names == sorted(p.stem for p in SOLUTIONS.glob("*.py"))
    assert names == sorted(p.name for p in (ROOT / "exercises").iterdir())


@pytest.mark.parametrize("name", exercise_names())
def test_the_committed_exercise_is_what_a_release_makes(name, made):
    committed = (ROOT / "exercises" / name / f"{name}.ipynb").read_bytes()
    assert committed == (made / name / f"{name}.ipynb").read_bytes(), "run `make release` and commit exercises/"


def test_a_second_release_is_the_same_to_the_byte(made, tmp_path):
    (again,) = release(SOLUTIONS, tmp_path, ["03_affine_layer"])
    assert again.read_bytes() == (made / "03_affine_layer" / "03_affine_layer.ipynb").read_bytes()


def _answers(name: str) -> list[str]:
    """Every two lines in a row of a solution region, and every line of a written answer.

    One line alone ("with torch.no_grad():") may stand in any program.
    """
    found = []
    for cell in solution_notebook(SOLUTIONS / f"{name}.py").cells:
        for region in REGION.findall(cell.source):
            lines = [line.strip() for line in region.splitlines() if line.strip()]
            found += [f"{one}\n{two}" for one, two in pairwise(lines)]
            found += lines if len(lines) == 1 else []
        nbgrader = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and nbgrader.get("solution"):
            found += [line.strip() for line in cell.source.splitlines()]
    return [answer for answer in found if len(answer) > 18]


@pytest.mark.parametrize("name", exercise_names())
def test_no_answer_occurs_in_the_exercise(name):
    answers = _answers(name)
    assert len(answers) > 20
    text = "\n".join(line.strip() for c in read_release(name).cells for line in c.source.splitlines() if line.strip())
    assert [a for a in answers if a in text] == []
    assert "SOLUTION" not in text


@pytest.mark.parametrize("name", exercise_names())
def test_cells_of_the_exercise(name):
    notebook = read_release(name)
    nbformat.validate(notebook)
    ids = [grade_id(c) for c in notebook.cells if grade_id(c)]
    assert len(ids) == len(set(ids))
    exercise = load_exercise(name)
    graded = {grade_id(c): c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")}
    assert list(graded) == [t for t in graded if t in exercise.tasks]
    assert set(graded) == set(exercise.tasks)
    for task in exercise.tasks.values():
        assert graded[task.name].metadata["nbgrader"]["points"] == task.points
        if task.kind != "written":
            assert graded[task.name].source == f'check("{task.name}")'
    assert all(not c.get("outputs") for c in notebook.cells)


def _read(made: Path, name: str) -> nbformat.NotebookNode:
    return nbformat.read(made / name / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", exercise_names())
def test_no_cell_begins_or_ends_with_a_blank_line(name, made):
    assert [c.source for c in _read(made, name).cells if c.source != c.source.strip("\n")] == []


@pytest.mark.parametrize("name", exercise_names())
def test_what_can_fail_before_a_step_is_written_says_so(name, made):
    cells = _read(made, name).cells
    before = list(takewhile(lambda c: not c.metadata.get("nbgrader", {}).get("solution"), cells))
    tagged = [c for c in cells if MAY_FAIL in c.metadata.get("tags", [])]
    assert grade_id(before[1]) == "setup"
    assert [c for c in before if "tags" in c.metadata] == []
    for cell in cells[len(before) :]:
        marks = cell.metadata.get("nbgrader", {})
        is_function = marks.get("solution") and "\nraise NotImplementedError" not in cell.source
        may = cell.cell_type == "code" and not marks.get("grade") and not is_function
        assert (cell in tagged) is may, cell.source


def test_run_all_goes_on_behind_steps_that_are_not_written(made, tmp_path):
    def run(notebook: nbformat.NotebookNode) -> list[str]:
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
        return [o.get("ename", "") for c in notebook.cells for o in c.get("outputs", [])]

    released = _read(made, "06_second_order_optimization")
    assert "NotImplementedError" in run(released)
    assert [c for c in released.cells if c.cell_type == "code" and c.execution_count is None] == []

    untagged = _read(made, "06_second_order_optimization")
    for cell in untagged.cells:
        cell.metadata.pop("tags", None)
    with pytest.raises(CellExecutionError, match="NotImplementedError"):
        run(untagged)


def test_a_tag_is_no_change_of_a_locked_cell(made, tmp_path):
    name = "06_second_order_optimization"
    released = nbformat.read(Course(tmp_path).generate(SOLUTIONS / f"{name}.py"), as_version=4)
    graded, notes = reconcile(_read(made, name), released)
    assert notes == []
    assert [c for c in graded.cells if "tags" in c.metadata] == []


def test_names_of_tasks_are_the_fields_of_one_course():
    for name in exercise_names():
        exercise = load_exercise(name)
        assert exercise.points == sum(t.points for t in exercise.tasks.values()) > 0
        assert exercise.name == name


def test_an_unknown_exercise_is_named_with_those_that_exist(tmp_path):
    with pytest.raises(UnknownExercise, match="03_affine_layer"):
        release(SOLUTIONS, tmp_path, ["99_nothing"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace('"affine_forward", "grade"', '"affine_forwards", "grade"'), "has no task of that name"),
        (lambda t: t.replace('"affine_forward", "grade": true', '"affine_forward", "locked": true'), "no cell of"),
        (lambda t: t.replace('"affine_forward_code"', '"setup"'), "occurs twice"),
    ],
)
def test_a_solution_that_does_not_fit_its_tasks_is_refused(change, message, tmp_path):
    text = (SOLUTIONS / "03_affine_layer.py").read_text(encoding="utf-8")
    changed = tmp_path / "03_affine_layer.py"
    changed.write_text(change(text), encoding="utf-8")
    assert change(text) != text
    with pytest.raises(ReleaseError, match=message):
        solution_notebook(changed)
