"""A grading run: every submission ends in an outcome, work is kept, and only what changed is graded again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from nbgrader.api import Gradebook
from tiny import ROOT, read_release

from autograder import executors, grading
from autograder.course import Course, CourseError
from autograder.demo.class_ import solved
from autograder.gradebook import scores, with_marks
from autograder.intake import IntakeError
from autograder.job import Job, ungraded
from autograder.submission import Limits, Outcome, Submission

NAME, OTHER = "03_affine_layer", "02_computing_gradients"
SOLUTIONS = ROOT / "solutions"
LIMITS = Limits(cell_seconds=30, total_seconds=120, trusted=True)

pytestmark = pytest.mark.slow


def hand_in(to: Path, student: str, text: str, name: str = NAME) -> Path:
    path = to / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(handed_in: Path, out: Path, **options) -> grading.Run:
    return grading.grade(
        handed_in, out, solutions=SOLUTIONS, exercises=[NAME], **{"workers": 2, "limits": LIMITS, **options}
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> tuple[Path, Path, grading.Run]:
    base = tmp_path_factory.mktemp("run")
    handed_in, out = base / "in", base / "out"
    released = read_release(NAME)
    hand_in(handed_in, "right", nbformat.writes(solved(SOLUTIONS / f"{NAME}.py", released)))
    hand_in(handed_in, "blank", nbformat.writes(released))
    hand_in(handed_in, "garbage", "{")
    return handed_in, out, run(handed_in, out)


def by_student(outcomes) -> dict[str, Outcome]:
    return {o.student: o for o in outcomes}


def test_each_submission_ends_in_an_outcome(graded):
    _, _, result = graded
    outcomes = by_student(result.outcomes)
    assert {s: o.kind for s, o in outcomes.items()} == {"right": "graded", "blank": "graded", "garbage": "refused"}
    assert outcomes["right"].score == outcomes["right"].out_of > 0
    assert outcomes["blank"].score == 0
    assert outcomes["garbage"].reason
    assert all(r.reasons for o in outcomes.values() for r in o.results if r.score == 0)


def test_everything_is_where_it_should_be(graded):
    _, out, result = graded
    course = Course(out)
    book = scores(course)
    assert book == {(o.student, NAME): pytest.approx(o.score) for o in result.outcomes}
    assert (out / "grades.csv").read_text(encoding="utf-8").count("\n") >= 4
    for student in ("right", "blank"):
        assert (out / "autograded" / student / NAME / f"{NAME}.ipynb").exists()
        assert list((out / "feedback" / student / NAME).glob("*.html"))
    assert (out / "submitted" / "garbage" / NAME / f"{NAME}.ipynb").read_text() == "{"
    assert oct((out / "seed.txt").stat().st_mode & 0o777) == "0o600"
    assert (out / "nbgrader_config.py").exists()


def test_a_second_run_grades_nothing_and_says_the_same(graded):
    handed_in, out, result = graded
    again = run(handed_in, out)
    assert again.graded_now == 0
    assert again.outcomes == result.outcomes
    assert scores(Course(out)) == {(o.student, NAME): pytest.approx(o.score) for o in result.outcomes}


def test_only_what_changed_is_graded_again(graded, tmp_path):
    handed_in, out, _ = graded
    shutil.copytree(handed_in, tmp_path / "in")
    shutil.copytree(out, tmp_path / "out")
    hand_in(tmp_path / "in", "garbage", "")
    hand_in(tmp_path / "in", "new", "[]")
    again = run(tmp_path / "in", tmp_path / "out")
    assert again.graded_now == 2
    assert "empty" in by_student(again.outcomes)["garbage"].reason


def test_a_run_that_was_cut_off_goes_on(graded, tmp_path):
    handed_in, out, result = graded
    shutil.copytree(out, tmp_path / "out")
    record = tmp_path / "out" / "outcomes" / NAME / "blank.json"
    record.write_text(record.read_text(encoding="utf-8")[:100], encoding="utf-8")
    again = run(handed_in, tmp_path / "out")
    assert again.graded_now == 1
    assert by_student(again.outcomes)["blank"].score == by_student(result.outcomes)["blank"].score


def test_what_the_grader_failed_on_is_tried_again(graded, tmp_path):
    handed_in, out, _ = graded
    shutil.copytree(out, tmp_path / "out")
    course = Course(tmp_path / "out")
    submission = Submission("blank", NAME, handed_in / "blank" / NAME / f"{NAME}.ipynb")
    kept = json.loads((tmp_path / "out" / "outcomes" / NAME / "blank.json").read_text(encoding="utf-8"))
    job = Job.of(submission, course.release_of(NAME), seed="", grader="", limits=LIMITS, device="cpu")
    grading._keep(course, job, ungraded(job, "the machine was out of memory", "Traceback ..."))
    assert not (course.autograded / "blank").joinpath(NAME, f"{NAME}.ipynb").exists()
    again = run(handed_in, tmp_path / "out")
    assert again.graded_now == 1
    assert again.failures == 0
    assert by_student(again.outcomes)["blank"].results == Outcome.from_dict(kept["outcome"]).results


def test_a_gradebook_that_was_deleted_is_made_again_without_grading(graded, tmp_path):
    handed_in, out, result = graded
    shutil.copytree(out, tmp_path / "out")
    (tmp_path / "out" / "gradebook.db").unlink()
    again = run(handed_in, tmp_path / "out")
    assert again.graded_now == 0
    assert scores(Course(tmp_path / "out")) == {(o.student, NAME): pytest.approx(o.score) for o in result.outcomes}


def test_another_limit_or_grader_grades_again(graded, tmp_path, monkeypatch):
    _, out, _ = graded
    shutil.copytree(out, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "outcomes")
    only = tmp_path / "in"
    hand_in(only, "garbage", "{")
    assert run(only, tmp_path / "out").graded_now == 1
    assert run(only, tmp_path / "out").graded_now == 0
    assert run(only, tmp_path / "out", limits=replace(LIMITS, total_seconds=99)).graded_now == 1
    monkeypatch.setattr(executors, "ready", lambda exercises, limits: dict.fromkeys(exercises, "another"))
    assert run(only, tmp_path / "out", limits=replace(LIMITS, total_seconds=99)).graded_now == 1


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    """A course of three submissions to two exercises that take no kernel, ``in``, ``out``, and its own ``solutions``."""
    base = tmp_path_factory.mktemp("three")
    (base / "solutions").mkdir()
    for name in (NAME, OTHER):
        shutil.copy(SOLUTIONS / f"{name}.py", base / "solutions")
    for student, name in (("ada", NAME), ("ada", OTHER), ("bob", NAME)):
        hand_in(base / "in", student, "{", name)
    assert grade_three(base) == {("ada", NAME), ("ada", OTHER), ("bob", NAME)}
    assert grade_three(base) == set()
    return base


def grade_three(base: Path) -> set[tuple[str, str]]:
    """Return what was graded now: what the run says, and whose files are new."""

    def written() -> dict[tuple[str, str], int]:
        return {(p.stem, p.parent.name): p.stat().st_mtime_ns for p in (base / "out" / "outcomes").glob("*/*.json")}

    before = written()
    run = grading.grade(base / "in", base / "out", solutions=base / "solutions", workers=1, limits=LIMITS)
    now = written()
    changed = {who for who in now if before.get(who) != now[who]}
    assert run.graded_now == len(changed)
    assert len(run.outcomes) == 3
    return changed


@pytest.mark.parametrize(
    ("changed", "regraded"),
    [
        ("submission", {("bob", NAME)}),
        ("exercise", {("ada", NAME), ("bob", NAME)}),
        ("grader", {("ada", NAME), ("bob", NAME)}),
        ("seed", {("ada", NAME), ("ada", OTHER), ("bob", NAME)}),
    ],
)
def test_a_change_regrades_what_it_concerns_and_nothing_else(changed, regraded, three, tmp_path, monkeypatch):
    base = tmp_path / "base"
    shutil.copytree(three, base)
    if changed == "submission":
        hand_in(base / "in", "bob", "[")
    elif changed == "exercise":
        solution = base / "solutions" / f"{NAME}.py"
        solution.write_text(solution.read_text(encoding="utf-8") + "\n# %% [markdown]\n# The end.\n", encoding="utf-8")
    elif changed == "grader":
        known = executors.ready
        monkeypatch.setattr(executors, "ready", lambda names, limits: {**known(names, limits), NAME: "another"})
    else:
        (base / "out" / "seed.txt").write_text("another\n", encoding="utf-8")
    assert grade_three(base) == regraded
    assert grade_three(base) == set()


def test_outcomes_survive_json(graded):
    for outcome in graded[2].outcomes:
        assert Outcome.from_dict(json.loads(json.dumps(outcome.to_dict()))).to_dict() == outcome.to_dict()


def test_what_people_grade_by_hand_stays_and_reaches_the_feedback(graded, tmp_path):
    handed_in, out, _ = graded
    shutil.copytree(out, tmp_path / "out")
    course = Course(tmp_path / "out")
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("why_zeros_fail", NAME, NAME, "right")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.find_comment("why_zeros_fail", NAME, NAME, "right").manual_comment = "Case 3 is missing."
        book.db.commit()
    again = run(handed_in, tmp_path / "out")
    with Gradebook(course.db_url) as book:
        assert not book.find_grade("why_zeros_fail", NAME, NAME, "right").needs_manual_grade
    marked, comments = dict(zip(by_student(again.outcomes), with_marks(course, again.outcomes), strict=True))["right"]
    assert {r.task: r.score for r in marked.results}["why_zeros_fail"] == 1.5
    assert marked.score == by_student(again.outcomes)["right"].score + 1.5
    assert comments == {"why_zeros_fail": "Case 3 is missing."}


def test_a_gradebook_elsewhere_is_kept_for_later_calls(tmp_path):
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    course = Course(tmp_path / "out", db_url=url)
    course.write_config()
    assert Course(tmp_path / "out").db_url == url
    assert oct((tmp_path / "out" / "gradebook-url.txt").stat().st_mode & 0o777) == "0o600"


# -- bad input ------------------------------------------------------------------------------------------------------


def test_an_unknown_exercise(tmp_path):
    with pytest.raises(CourseError, match=r"no exercise '99'.*03_affine_layer"):
        grading.grade(tmp_path, tmp_path / "out", solutions=SOLUTIONS, exercises=["99"])


def test_no_solutions(tmp_path):
    with pytest.raises(CourseError, match="give it with --solutions"):
        grading.grade(tmp_path, tmp_path / "out", solutions=tmp_path / "nothing")


def test_submissions_that_do_not_exist(tmp_path):
    with pytest.raises(IntakeError):
        run(tmp_path / "nothing", tmp_path / "out")


def test_an_output_directory_in_use(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(CourseError, match="not empty and holds no grading course"):
        run(tmp_path, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "x"
    with pytest.raises(CourseError, match="is a file"):
        run(tmp_path, tmp_path / "thesis.tex")


def test_another_run_at_work(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / ".lock"), pytest.raises(CourseError, match="another run"), Course(out).lock():
        pass


def test_a_seed_that_was_lost_or_is_another_one(tmp_path):
    course = Course(tmp_path)
    assert course.seed("one") == course.seed() == course.kept_seed() == "one"
    with pytest.raises(CourseError, match="another seed"):
        course.seed("two")
    (tmp_path / "seed.txt").unlink()
    course.autograded.mkdir()
    with pytest.raises(CourseError, match="give it with --seed"):
        course.seed()


def test_nbgrader_needs_a_seed_too(tmp_path, monkeypatch):
    monkeypatch.delenv("AUTOGRADER_SEED", raising=False)
    with pytest.raises(CourseError, match="set AUTOGRADER_SEED"):
        Course(tmp_path).kept_seed()
    monkeypatch.setenv("AUTOGRADER_SEED", "from the environment")
    assert Course(tmp_path).kept_seed() == "from the environment"


def test_seeds_are_not_guessable(tmp_path):
    seeds = {Course(tmp_path / str(n)).seed() for n in range(5)}
    assert len(seeds) == 5
    assert all(len(s) == 32 for s in seeds)


def test_cuda_that_is_not_there(tmp_path):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(ValueError, match="no CUDA device"):
        run(tmp_path, tmp_path / "out", device="cuda")
