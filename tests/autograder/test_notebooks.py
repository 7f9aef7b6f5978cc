"""Every solution earns 100 %, every released notebook runs to its stubs and earns nothing."""

from __future__ import annotations

import pytest
from tiny import ROOT, read_release

from autograder.demo.class_ import solved
from autograder.reconcile import reconcile
from autograder.referee import grade_notebook
from autograder.task import exercise_names, load_exercise

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", exercise_names())
def test_the_solution_earns_everything(name):
    released = read_release(name)
    notebook, notes = reconcile(solved(ROOT / "solutions" / f"{name}.py", released), released)
    assert notes == []
    results = grade_notebook(notebook, load_exercise(name), "a secret")
    short = [(r.task, r.score, r.out_of, r.reasons) for r in results if r.score not in {None, r.out_of}]
    assert short == []
    assert {r.task for r in results if r.score is None} == {
        t.name for t in load_exercise(name).tasks.values() if t.kind == "written"
    }
    trouble = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]
    assert trouble == []
    stderr = [o.text for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.get("name") == "stderr"]
    assert stderr == []


@pytest.mark.parametrize("name", exercise_names())
def test_the_released_notebook_earns_nothing_and_says_why(name):
    released = read_release(name)
    notebook, _ = reconcile(released, released)
    results = grade_notebook(notebook, load_exercise(name), "a secret")
    assert [(r.task, r.score) for r in results] == [(t, 0.0) for t in load_exercise(name).tasks]
    assert all(r.reasons for r in results)
    errors = {o.ename for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"}
    # What follows from a stub: the stub itself, and names that its cell would have defined.
    assert errors <= {"NotImplementedError", "NameError"}
