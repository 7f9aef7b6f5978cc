"""The student's side: it shows, it never raises, and it writes nothing to stderr."""

import os
import subprocess
import sys
from types import SimpleNamespace

import course
import numpy as np
import pytest
from course import COURSE, REFERENCE, backward, forward

import autograder.check as check_module
from autograder import Check
from autograder.task import UnknownExercise, written


@pytest.fixture(autouse=True)
def small_course(monkeypatch):
    exercise = course.Exercise(
        "course", "A small course", {**COURSE.tasks, "essay": written("essay", points=2)}, COURSE.make_reference
    )

    def load(name):
        if name != "course":
            raise UnknownExercise(f"there is no exercise {name!r}; the exercises are: course")
        return exercise

    monkeypatch.setattr(check_module, "load_exercise", load)
    monkeypatch.delenv("AUTOGRADER_CHECK", raising=False)


def shown(capfd, task=None, names=None, exercise="course"):
    Check(exercise, {**vars(REFERENCE), **(names or {})})(task)
    out, err = capfd.readouterr()
    assert err == ""
    return " ".join(out.split())


def test_a_check_shows_the_verdict(capfd):
    assert shown(capfd, "affine").startswith("✓ affine 4 of 4 points all right")
    wrong = backward(lambda dx, dw, db, *_: (dx, dw.T, db))
    assert "dw is transposed: its shape should be that of w, (4, 3)." in shown(capfd, "affine", wrong)


def test_without_a_task_all_of_them_are_summed_up(capfd):
    text = shown(capfd, None, backward(lambda dx, dw, db, *_: (dx, dw.T, db)))
    assert "◐ affine 3 of 4" in text
    assert "✓ softmax 2 of 2" in text
    assert "essay" not in text
    assert text.endswith("20 of 21 points")


def test_names_are_looked_up_where_the_check_is_called(capfd):
    names = {**vars(REFERENCE), "Check": Check, "__name__": "notebook"}
    exec("check = Check('course')\ncheck('affine')\nverdict = check.verdict('affine')", names)
    assert names["verdict"].right
    assert "4 of 4 points" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("exercise", "task", "words"),
    [
        ("course", "afine", "There is no task 'afine' in course; do you mean 'affine'?"),
        ("course", "zzz", "its tasks are: affine, softmax"),
        ("course", len, "Name the task in quotes"),
        ("course", ["affine"], "Name the task in quotes"),
        ("course", "", "its tasks are"),
        ("course", "essay", "a person will read it"),
        ("curse", "affine", "There is no exercise 'curse'; the exercises are: course."),
        ("curse", None, "There is no exercise 'curse'"),
    ],
)
def test_what_does_not_exist_is_answered_in_a_sentence(exercise, task, words, capfd):
    assert words in shown(capfd, task, exercise=exercise)


def test_a_verdict_can_be_had_without_being_shown(capfd):
    assert Check("course", vars(REFERENCE)).verdict("affine").right
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UnknownExercise):
        Check("curse").verdict("affine")


def noisy(x, w, b):
    print("out")
    print("err", file=sys.stderr)
    sys.stderr.write("more\n")
    np.log(np.zeros(1))
    return x @ w + b, (x, w)


def closing(x, w, b):
    sys.stdout.close()
    sys.stderr = None
    raise KeyboardInterrupt


class Rude(Exception):
    def __str__(self):
        raise SystemExit


def rude(x, w, b):
    raise Rude


def endless(x, w, b):
    return endless(x, w, b)


BEHAVIOURS = {
    "prints and warns": noisy,
    "closes the streams": closing,
    "exits": lambda x, w, b: sys.exit("bye"),
    "raises what cannot be shown": rude,
    "calls itself": endless,
    "returns nothing": lambda x, w, b: None,
    "returns a stub": lambda x, w, b: (_ for _ in ()).throw(NotImplementedError()),
    "returns text": lambda x, w, b: ("text", None),
    "returns objects": lambda x, w, b: (np.array([object()] * 3), None),
    "returns a lying class": lambda x, w, b: (SimpleNamespace(shape=x.shape, dtype=x.dtype), (x, w)),
    "returns far too much": lambda x, w, b: (np.zeros((2000, 2000)), (x, w)),
    "returns a ragged list": lambda x, w, b: ([[1, 2], [3]], (x, w)),
    "returns NaN": lambda x, w, b: (np.full((len(x), len(b)), np.nan), (x, w)),
    "is a number": 3,
    "is a class": dict,
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_nothing_that_the_code_does_raises_or_reaches_stderr(behaviour, capfd):
    text = shown(capfd, "affine", {"affine_forward": BEHAVIOURS[behaviour]})
    assert " of 4 points" in text
    print("streams are whole", flush=True)
    assert capfd.readouterr().out == "streams are whole\n"


def test_names_that_are_missing_are_named(capfd):
    Check("course", {})("affine")
    assert "affine_forward is not defined: has its cell been run?" in capfd.readouterr().out


def test_trouble_of_the_check_itself_is_not_the_students(monkeypatch, capfd):
    def broken(*args):
        raise RuntimeError("oops")

    monkeypatch.setattr(check_module, "judge", broken)
    assert "The check itself failed (RuntimeError: oops); please report this." in shown(capfd, "affine")

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(check_module, "judge", interrupted)
    assert "interrupted: run it again" in shown(capfd, "affine")

    def missing(*args):
        raise ModuleNotFoundError("No module named 'i2dl'")

    monkeypatch.setattr(check_module, "judge", missing)
    assert "The reference is not installed here" in shown(capfd, "affine")


def test_a_notebook_gets_html_and_a_plain_text(monkeypatch):
    import IPython.display

    displayed = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", displayed.append)
    Check("course", {**vars(REFERENCE), **forward(lambda out, *_: -out)})("affine")
    Check("course", vars(REFERENCE))()
    Check("course", vars(REFERENCE))("nothing")
    assert all(d._repr_html_().startswith("<div") for d in displayed)
    assert "wrong sign" in repr(displayed[0])


def test_a_terminal_without_check_marks_gets_the_text_all_the_same():
    code = "import sys; sys.path.insert(0, 'tests'); from autograder.check import _show; from autograder.display import Notice; _show(Notice('✓ ≥ fine'))"
    done = run_python(code, PYTHONIOENCODING="ascii")
    assert (done.stdout.strip(), done.stderr) == ("? ? fine.", "")


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )


def test_a_student_needs_no_instructors_part_and_no_torch():
    """Importing the check, and using it on a NumPy task, must stay light."""
    heavy = "{'nbgrader', 'nbformat', 'nbclient', 'jupytext', 'rich', 'click', 'matplotlib', 'IPython', 'scipy', 'PIL'}"
    code = f"""
import sys
from autograder import Check
check = Check("03_affine_layer", {{}})
print(sorted(({heavy} | {{'torch', 'i2dl'}}) & set(sys.modules)))
check("flatten")
print(sorted({heavy} & set(sys.modules)))
"""
    lines = run_python(code).stdout.splitlines()
    assert lines[0] == "[]"
    assert lines[-1] == "[]"


def test_while_graded_a_check_asks_nothing(monkeypatch, capfd):
    monkeypatch.setenv("AUTOGRADER_CHECK", "off")
    assert "the referee asks from outside" in shown(capfd, "affine")
