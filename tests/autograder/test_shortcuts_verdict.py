"""A forbidden shortcut costs all points of its task, in a student's check and in grading, and the reason is given."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nbgrader.utils import determine_grade
from tiny import AFFINE, DOUBLE, TINY, points_of, tiny_notebook

from autograder import wire
from autograder.check import check_task
from autograder.display import Card, Summary, card_html
from autograder.feedback import write_feedback
from autograder.inside import Answer
from autograder.judge import judge
from autograder.referee import grade_notebook, read_answers
from autograder.shortcuts import Shortcut
from autograder.submission import Limits, Outcome
from autograder.task import Exercise, load_exercise
from autograder.verdict import Verdict

FORBIDDEN = ("numpy.einsum", "numpy.tensordot", "autograd", "loops")
REASON = "`np.einsum` is what this task asks you to write (line 8 of `affine_backward`)"


def forbidding(*forbid: str) -> Exercise:
    tasks = {name: replace(task, forbid=forbid) for name, task in TINY.tasks.items()}
    return replace(TINY, tasks=tasks)


STRICT = forbidding(*FORBIDDEN)
EINSUM = AFFINE.replace("x.T @ dout", 'np.einsum("nd,nm->dm", x, dout)')
LOOP = AFFINE.replace("x.T @ dout", "sum(np.outer(a, b) for a, b in zip(x, dout))")


def grade(affine: str = AFFINE, exercise: Exercise = STRICT, **cells: str) -> tuple[list[Any], Any]:
    notebook = tiny_notebook(affine, **cells)
    return grade_notebook(notebook, exercise, "secret", limits=Limits(cell_seconds=20, trusted=True)), notebook


# ---------------------------------------------------------------------------------------------------------------
# In grading

HIDDEN = """
exec(__import__("base64").b64decode({code!r}))
"""


def test_a_shortcut_costs_its_task_and_no_other() -> None:
    results, notebook = grade(EINSUM)
    assert points_of(results) == {"affine_backward": 0.0, "double": 2.0}
    assert results[0].reasons == (REASON,)
    assert results[0].ran
    assert determine_grade(notebook.cells[-2]) == (0.0, 3.0)
    card = notebook.cells[-2].outputs[0].data
    assert "np.einsum is what this task asks you to write (line 8 of affine_backward)." in card["text/plain"]
    assert "a shortcut that this task does not allow" in card["text/html"]


def test_the_same_work_earns_everything_where_nothing_is_forbidden() -> None:
    assert points_of(grade(EINSUM, TINY)[0]) == {"affine_backward": 3.0, "double": 2.0}
    assert points_of(grade(LOOP, forbidding("autograd"))[0]) == {"affine_backward": 3.0, "double": 2.0}


OFF = {
    "profiling switched off": "import sys\nsys.setprofile(None)\nsys.setprofile = lambda *_: None",
    "the traps replaced": (
        "import contextlib, autograder.inside as i\n"
        "i.watched = lambda *_: contextlib.nullcontext([])\n"
        "import autograder.shortcuts.traps as t\nt._Trap._note = lambda *_, **__: None"
    ),
    "the rules replaced": "import autograder.shortcuts.rules as r, autograder.shortcuts.traps as t\n"
    "r._breaks = lambda *_: False\nt.broken = lambda *_: ''",
    "the answer replaced": (
        "import autograder.inside as i\nplain = i.answer_to_message\n"
        "i.answer_to_message = lambda a: {**plain(a), 'shortcuts': []}"
    ),
    "nonsense in the answer": (
        "import autograder.inside as i\nplain = i.answer_to_message\n"
        "i.answer_to_message = lambda a: {**plain(a), 'shortcuts': [3, None, {'rule': 5}, {'line': 'x'}] * 99}"
    ),
}


@pytest.mark.parametrize("name", OFF)
def test_reading_does_not_depend_on_the_traps(name: str) -> None:
    results, _ = grade(EINSUM, last=OFF[name])
    assert points_of(results) == {"affine_backward": 0.0, "double": 2.0}
    assert results[0].reasons == (REASON,)


def test_what_is_put_together_at_run_time_is_seen() -> None:
    import base64

    code = base64.b64encode(EINSUM.encode())
    results, _ = grade(HIDDEN.format(code=code))
    assert points_of(results) == {"affine_backward": 0.0, "double": 2.0}
    assert "`np.einsum` is what this task asks you to write" in results[0].reasons[0]


def test_a_definition_that_never_ran_hides_nothing() -> None:
    decoy = "raise SystemExit\n" + AFFINE
    assert points_of(grade(EINSUM, last=decoy)[0])["affine_backward"] == 0.0


FAIR = {
    "an experiment in an extra cell": {
        "first": EINSUM + "\nfor n in range(3):\n    affine_forward(np.ones((2, 2)), np.ones((2, 2)), 1)"
    },
    "a loop that draws": {"last": "def show(x):\n    for row in x:\n        print(row)\nshow([1, 2])"},
    "a word in a comment": {"affine": AFFINE + "\n# np.einsum would do it: for n in range(3)\n"},
    "magics and a broken cell": {"first": "%matplotlib inline\n!true", "last": "def (:\n    np.einsum"},
}


@pytest.mark.parametrize("name", FAIR)
def test_what_the_task_does_not_reach_costs_nothing(name: str) -> None:
    results, _ = grade(**FAIR[name])
    assert points_of(results) == {"affine_backward": 3.0, "double": 2.0}, results


def test_shortcuts_in_an_answer_are_bounded() -> None:
    sent = {"rule": "loops" * 99, "what": "x" * 10**4, "line": True, "function": ["f"]}
    answer = {"values": {}, "forms": {}, "shortcuts": [sent] * 1000 + ["text"]}
    (read,) = read_answers(wire.dumps({"token": "t", "answers": [answer]}), "t", 1)
    assert len(read.shortcuts) == 10
    assert (len(read.shortcuts[0].rule), len(read.shortcuts[0].what)) == (100, 100)
    assert read.shortcuts[0].line is None
    assert read.shortcuts[0].function == ""


def test_what_a_task_does_not_forbid_costs_nothing_whatever_the_answer_says() -> None:
    task = TINY.tasks["double"]

    def ask(cases: Any) -> list[Answer]:
        found = (Shortcut("loops", "for loop", 1, "double"),)
        return [Answer({"out": 2 * c.inputs["x"]}, {"out": "numpy"}, shortcuts=found) for c in cases]

    assert judge(TINY, task, ask, "s").right
    assert judge(TINY, replace(task, forbid=("loops",)), ask, "s").points == 0


# ---------------------------------------------------------------------------------------------------------------
# What is shown


def verdict_on(affine: str) -> Verdict:
    names: dict[str, Any] = {}
    exec(affine, names)
    return check_task(STRICT, STRICT.tasks["affine_backward"], names, "public")


def test_card_summary_and_feedback_say_why(tmp_path: Path) -> None:
    verdict = verdict_on(EINSUM)
    assert verdict.points == 0
    assert not verdict.right
    assert all(r.ok for r in verdict.rows)
    assert verdict.diagnoses == [REASON]
    text = repr(Card(verdict))
    assert text.startswith("✗ affine_backward  0 of 3 points  a shortcut that this task does not allow")
    assert "np.einsum is what this task asks you to write (line 8 of affine_backward)." in text
    assert "np.einsum is what this task asks you to write" in repr(Summary([verdict]))
    assert "is what this task asks you to write" in card_html(verdict)
    results, _ = grade(EINSUM)
    page = write_feedback(tmp_path / "none.ipynb", Outcome("ada", "tiny", "graded", results=tuple(results)), tmp_path)
    assert "is what this task asks you to write (line 8 of <code>affine_backward</code>)" in page.read_text()


def test_a_mistake_is_still_explained() -> None:
    verdict = verdict_on(EINSUM.replace("dout.sum(axis=0)", "dout.mean(axis=0)"))
    assert verdict.points == 0
    assert verdict.diagnoses[0] == REASON
    assert len(verdict.diagnoses) > 1


def test_a_shortcut_that_ends_in_an_error_is_named_first() -> None:
    verdict = verdict_on(EINSUM.replace("return dout", "1 / 0; return dout").replace('"nd,nm->dm"', '"nd,nm->dm"'))
    assert verdict.points == 0
    assert "ZeroDivisionError" in str(verdict.diagnoses) or "division by 0" in str(verdict.diagnoses)


# ---------------------------------------------------------------------------------------------------------------
# In a student's own notebook


def test_a_script_is_read(tmp_path: Path) -> None:
    """Outside of a notebook the sources are the files of the functions."""
    script = tmp_path / "work.py"
    script.write_text(
        "import sys\nsys.path.insert(0, sys.argv[1])\n"
        f"{EINSUM}\n"
        "from test_support import STRICT\n"
        "from autograder.check import check_task\n"
        "import contextlib, autograder.inside\n"
        "autograder.inside.watched = lambda *_: contextlib.nullcontext([])\n"
        "print(check_task(STRICT, STRICT.tasks['affine_backward'], globals(), 'public').diagnoses)\n"
    )
    assert REASON.replace("line 8", "line 10") in run_beside(script, tmp_path)


def test_a_notebook_is_read_cell_by_cell(tmp_path: Path) -> None:
    """The latest definition counts, and cells are known by what was run."""
    script = tmp_path / "session.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, sys.argv[1])
        from IPython.core.interactiveshell import InteractiveShell
        from test_support import STRICT
        import contextlib, autograder.inside
        autograder.inside.watched = lambda *_: contextlib.nullcontext([])
        shell = InteractiveShell.instance()
        from autograder.check import check_task
        def check():
            names = shell.user_ns
            verdict = check_task(STRICT, STRICT.tasks["affine_backward"], names, "public")
            print(verdict.points, verdict.diagnoses)
        for cell in ({EINSUM!r}, {AFFINE!r}, "%time 1 + 1", {EINSUM!r}):
            shell.run_cell(cell, store_history=True)
            check()
        """)
    )
    lines = [line for line in run_beside(script, tmp_path).splitlines() if line.startswith(("0", "3"))]
    assert [line.split()[0] for line in lines] == ["0.0", "3.0", "3.0", "0.0"]
    assert REASON in lines[0]


def run_beside(script: Path, folder: Path) -> str:
    (folder / "test_support.py").write_text(
        "from dataclasses import replace\nfrom tiny import TINY\n"
        f"STRICT = replace(TINY, tasks={{n: replace(t, forbid={FORBIDDEN!r}) for n, t in TINY.tasks.items()}})\n"
    )
    support = str(Path(__file__).parents[1] / "support")
    done = subprocess.run(
        [sys.executable, str(script), support], capture_output=True, text=True, check=False, cwd=folder, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------------------------------------------------------
# The exercises

ANSWERS = {
    "the reference": "from i2dl.functional import affine_forward, affine_backward",
    "PyTorch's layer": """
        import torch
        def affine_forward(x, w, b):
            return torch.nn.functional.linear(torch.tensor(x).flatten(1), torch.tensor(w.T), torch.tensor(b)).numpy(), (x, w, b)
        def affine_backward(dout, cache):
            x, w, b = (torch.tensor(a, requires_grad=True) for a in cache)
            out = x.flatten(1) @ w + b
            return [g.numpy() for g in torch.autograd.grad(out, (x, w, b), torch.tensor(dout))]""",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_affine_layer_must_be_written(name: str) -> None:
    exercise = load_exercise("03_affine_layer")
    names: dict[str, Any] = {"np": np}
    exec(textwrap.dedent(ANSWERS[name]), names)
    verdict = check_task(exercise, exercise.tasks["affine_backward"], names, "public")
    assert verdict.points == 0
    assert verdict.shortcuts


def test_every_name_that_is_forbidden_exists() -> None:
    """A misspelt entry would forbid nothing."""
    import pkgutil

    from autograder.task import exercise_names

    for exercise in map(load_exercise, exercise_names()):
        for task in exercise.tasks.values():
            for rule in task.forbid:
                if rule not in {"loops", "autograd"}:
                    pkgutil.resolve_name(rule)


def test_answers_without_a_shortcut_earn_everything() -> None:
    assert points_of(grade(AFFINE, STRICT, double=DOUBLE)[0]) == {"affine_backward": 3.0, "double": 2.0}
