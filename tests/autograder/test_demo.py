"""The demo class, end to end: our run and nbgrader's own give the same scores, and the right ones have 100 %."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import ROOT

from autograder import grading
from autograder.course import Course
from autograder.demo.class_ import LIMITS, Student, make_class, mistakes
from autograder.gradebook import scores
from autograder.task import exercise_names

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> tuple[list[Student], Path, grading.Run]:
    base = tmp_path_factory.mktemp("demo")
    course = Course(base / "out")
    course.write_config()
    students = make_class(base / "in", course, ROOT / "solutions")
    # One seed, so that what fails once fails again; the others are the business of the table of variants.
    run = grading.grade(
        base / "in", base / "out", solutions=ROOT / "solutions", workers=2, limits=LIMITS, seed="of the demo's tests"
    )
    return students, base / "out", run


def test_a_class_of_many_kinds(graded):
    students, _, run = graded
    assert len(students) >= 30
    assert len(run.outcomes) == len(students)
    assert {o.kind for o in run.outcomes} == {"graded", "partly graded", "refused"}


def test_the_right_ones_have_everything_and_none_of_the_others_has(graded):
    students, _, run = graded
    right = {(s.name, s.exercise): s.right for s in students}
    full = {(o.student, o.exercise): o.kind == "graded" and o.score == o.out_of for o in run.outcomes}
    assert full == right


def test_every_zero_and_every_lost_point_has_its_reason(graded):
    _, _, run = graded
    for outcome in run.outcomes:
        for result in outcome.results:
            if result.score is not None and result.score < result.out_of:
                assert result.reasons, (outcome.student, result.task)
                assert all(reason.strip() for reason in result.reasons)
        if outcome.kind != "graded":
            assert outcome.reason


@pytest.mark.parametrize("name", exercise_names())
def test_the_mistakes_of_the_class_are_named(name, graded):
    _, _, run = graded
    said = " ".join(
        reason for o in run.outcomes if o.exercise == name for r in o.results for reason in r.reasons
    ).lower()
    unnamed = [v.name for v in mistakes(name) if v.says.lower() not in said]
    assert unnamed == []


def test_nbgrader_autograde_gives_the_same_scores(graded, tmp_path):
    _, out, run = graded
    ours = scores(Course(out))
    assert ours == {(o.student, o.exercise): pytest.approx(o.score) for o in run.outcomes}
    again, few = tmp_path / "again", {"03_affine_layer", "07_training_a_network"}
    for student, name in ours:
        if name in few:
            shutil.copytree(out / "submitted" / student / name, again / "submitted" / student / name)
    for part in ("seed.txt", "nbgrader_config.py"):
        shutil.copy(out / part, again / part)
    for name in few:
        Course(again).generate(ROOT / "solutions" / f"{name}.py")
        nbgrader(again, name)
    assert scores(Course(again)) == {key: pytest.approx(score) for key, score in ours.items() if key[1] in few}


def nbgrader(course: Path, exercise: str) -> None:
    """Run plain ``nbgrader autograde``; it ends with an error, for some submissions cannot be read."""
    limits = [f"--Referee.cell_seconds={LIMITS.cell_seconds}", f"--Referee.total_seconds={LIMITS.total_seconds}"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", exercise, *limits],
        cwd=course,
        env={**os.environ, "PATH": path},
        capture_output=True,
        timeout=1800,
        check=False,
    )
