"""One job: what it carries, what its key depends on, and that grading it is a pure function that raises nothing."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import tiny_course
from tiny import ROOT, read_release, tiny_notebook

import autograder
from autograder import job as jobs
from autograder import tasks
from autograder.job import Job, Marks, grade_one, grader_version
from autograder.submission import Limits, Submission
from autograder.task import exercise_names

NAME = "03_affine_layer"
RELEASE = ROOT / "exercises" / NAME / f"{NAME}.ipynb"


def job(**changes) -> Job:
    released = RELEASE.read_bytes()
    return replace(Job("ada", NAME, released, released, "seed", "version"), **changes)


# -- the key --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"submission": b"{}"},
        {"release": b"{}"},
        {"seed": "another"},
        {"grader": "another"},
        {"limits": Limits(total_seconds=1)},
        {"device": "cuda"},
        {"problem": "empty"},
        {"notes": ("handed in late",)},
        {"student": "bob"},
        {"exercise": "07_training_a_network"},
    ],
    ids=lambda c: next(iter(c)),
)
def test_a_change_of_what_a_score_depends_on_changes_the_key(changes):
    assert job(**changes).key != job().key


def test_the_same_job_has_the_same_key():
    assert job().key == job().key
    assert pickle.loads(pickle.dumps(job())).key == job().key


def test_a_job_is_made_of_what_was_handed_in(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b"{}")
    terms = {"seed": "s", "grader": "v", "limits": Limits(), "device": "cpu"}
    made = Job.of(Submission("ada", NAME, tmp_path / "a.ipynb", notes=["late"]), RELEASE, **terms)
    assert (made.submission, made.release, made.notes) == (b"{}", RELEASE.read_bytes(), ("late",))
    assert Job.of(Submission("ada", NAME, tmp_path / "none.ipynb", "missing"), RELEASE, **terms).submission == b""


# -- the version of the grader --------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A copy of the grader that may be changed."""
    for package in ("autograder", "i2dl"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(autograder, "__file__", str(tmp_path / "autograder" / "__init__.py"))
    monkeypatch.setattr(tasks, "__path__", [str(tmp_path / "autograder" / "tasks")])
    return tmp_path


def versions() -> dict[str, str]:
    grader_version.cache_clear()
    try:
        return {name: grader_version(name) for name in (NAME, "07_training_a_network")}
    finally:
        grader_version.cache_clear()


@pytest.mark.parametrize(
    ("file", "regraded"),
    [
        ("autograder/judge.py", {"03", "07"}),
        ("autograder/sandbox/provisioner.py", {"03", "07"}),
        ("i2dl/functional/affine.py", {"03", "07"}),
        ("autograder/templates/feedback.html.j2", {"03", "07"}),
        ("autograder/tasks/ex07_training_a_network/network.py", {"07"}),
        ("autograder/tasks/ex03_affine_layer/layers.py", {"03"}),
        ("autograder/cli.py", set()),
        ("autograder/gradebook.py", set()),
        ("autograder/demo/class_.py", set()),
    ],
)
def test_a_change_regrades_what_it_concerns_and_nothing_else(file, regraded, checkout):
    before = versions()
    path = checkout / file
    assert path.exists()
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    after = versions()
    assert {name[:2] for name in before if before[name] != after[name]} == regraded


def test_new_files_count_and_the_place_does_not(checkout):
    here = versions()
    (checkout / "autograder" / "tasks" / "common.py").write_text("", encoding="utf-8")
    assert all(versions()[name] != here[name] for name in here)


def test_another_release_of_a_library_is_another_grader_and_another_build_is_not(monkeypatch):
    from importlib import metadata

    installed = {name: metadata.version(name) for name in jobs.LIBRARIES}
    known = versions()
    monkeypatch.setattr(metadata, "version", lambda name: installed[name].partition("+")[0] + "+cu999")
    assert versions() == known
    monkeypatch.setattr(metadata, "version", lambda name: "0.1" if name == "torch" else installed[name])
    assert all(versions()[name] != known[name] for name in known)


def test_no_exercise_uses_the_tasks_of_another():
    """The rule on which the version of one exercise's grader rests."""
    root = Path(tasks.__path__[0])
    for name in exercise_names():
        files = [*root.glob(f"ex{name}.py"), *root.glob(f"ex{name}/**/*.py")]
        text = "\n".join(f.read_text(encoding="utf-8") for f in files)
        others = [other for other in exercise_names() if other != name]
        assert [other for other in others if f"tasks.ex{other}" in text or f"import ex{other}" in text] == []


# -- grading --------------------------------------------------------------------------------------------------------


def test_marks_are_what_nbgrader_reads():
    notebook = tiny_notebook()
    notebook.cells[4].outputs = [
        nbformat.v4.new_output("execute_result", data={"text/plain": "1.5"}, execution_count=None)
    ]
    assert Marks.read(notebook) == Marks(
        {"affine_backward": 1.5, "double": 2.0}, {"affine_code": None, "double_code": None}
    )
    untouched = Marks.read(read_release(NAME))
    assert untouched.comments["flatten_code"] == "No response."
    assert untouched.scores["why_zeros_fail"] == 0.0


@pytest.mark.parametrize(
    "submission", [b"", b"{", b"[]", b"\xff\xfe", b'{"cells": 1}', b'{"nbformat": 4, "nbformat_minor": 5}']
)
def test_whatever_is_handed_in_is_answered(submission):
    graded = grade_one(job(submission=submission))
    assert graded.outcome.kind == "refused"
    assert graded.outcome.reason.startswith("grading failed")
    assert not graded.final
    assert "Traceback" in graded.trouble
    assert set(graded.marks.scores) == {r.task for r in graded.outcome.results}
    assert graded.outcome.reason[:40].split(":")[0] in graded.page


def test_a_problem_of_the_submission_is_final_and_starts_no_kernel(monkeypatch):
    monkeypatch.setattr(jobs, "grade_notebook", lambda *_, **__: pytest.fail("it was run"))
    graded = grade_one(job(submission=b"", problem="the file is empty"))
    assert graded.final
    assert graded.outcome.reason == "the file is empty"
    assert graded.notebook == ""
    assert all(score == 0.0 for score in graded.marks.scores.values())


def test_what_the_machine_lacks_is_not_the_submissions_fault(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "grade_notebook", full)
    graded = grade_one(job())
    assert not graded.final
    assert "No space left on device" in graded.outcome.reason


@pytest.mark.slow
def test_grading_is_a_pure_function_of_the_job(monkeypatch, tmp_path):
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(ROOT / "tests" / "support" / "tiny_tasks")])
    from autograder.course import Course

    tiny_course.write_solutions(tmp_path / "solutions")
    release = Course(tmp_path / "course").generate(tmp_path / "solutions" / "90_tiny.py")
    handed_in = tiny_course.hand_in(tmp_path / "in", {"ada": tiny_course.ANSWERS["mean"]}) / "ada/90_tiny/90_tiny.ipynb"
    tiny = Job("ada", "90_tiny", handed_in.read_bytes(), release.read_bytes(), "seed", "", limits=Limits(trusted=True))
    shutil.rmtree(tmp_path / "course")
    one, two = grade_one(tiny), grade_one(pickle.loads(pickle.dumps(tiny)))
    assert replace(one.outcome, seconds=0.0) == replace(two.outcome, seconds=0.0)
    assert (one.marks, one.page, one.notebook) == (two.marks, two.page, two.notebook)
    assert one.final
    assert {r.task: r.score for r in one.outcome.results} == {"affine_backward": 2.0, "double": 2.0, "why": None}
