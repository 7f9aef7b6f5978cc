"""Grading one submission, on whatever machine: a pure function of a job that carries all it needs.

Nothing is read from the course and nothing is written to it here, so that a job may travel to another process or to a
cluster that shares no files; whoever sent it writes down what comes back.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

import autograder
from autograder import tasks
from autograder.feedback import FeedbackExporter, sanitize_notebook
from autograder.reconcile import reconcile
from autograder.referee import grade_notebook
from autograder.sandbox import require
from autograder.submission import Limits, Outcome, Submission, TaskResult
from autograder.task import load_exercise
from autograder.text import clean

__all__ = ["Graded", "Job", "Marks", "grade_one", "grader_version", "ready", "ungraded"]

INSTRUCTORS = frozenset(
    {
        "__main__",
        "answers",
        "cli",
        "cluster",
        "course",
        "durable",
        "executors",
        "gradebook",
        "grading",
        "intake",
        "lean",
        "mend",
    }
    | {"release", "report", "solution", "sources", "worker"}
)
"""Modules that collect, keep and show: no score depends on them."""

LIBRARIES = ("numpy", "torch")


@dataclass(frozen=True)
class Job:
    """All that is needed to grade one submission: nothing is left to be looked up.

    ``submission`` and ``release`` are notebooks as they lie in their files; ``problem`` says why there is nothing to
    run, ``notes`` what was made good before; ``grader`` is the version (:func:`grader_version`) that has to grade.
    """

    student: str
    exercise: str
    submission: bytes
    release: bytes
    seed: str
    grader: str
    problem: str = ""
    notes: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    device: str = "cpu"

    @classmethod
    def of(cls, s: Submission, release: Path, *, seed: str, grader: str, limits: Limits, device: str) -> Job:
        """Return the job for what was handed in; a notebook that is not there is left empty."""
        handed_in = s.notebook.read_bytes() if s.notebook.is_file() else b""
        return cls(
            s.student,
            s.exercise,
            handed_in,
            release.read_bytes(),
            seed,
            grader,
            s.problem,
            tuple(s.notes),
            limits,
            device,
        )

    @property
    def name(self) -> tuple[str, str]:
        """The exercise and the student: no two jobs of a run share them."""
        return self.exercise, self.student

    @functools.cached_property
    def key(self) -> str:
        """A digest of everything the score depends on."""
        digest = hashlib.sha256()
        for part in (self.submission, self.release):
            digest.update(hashlib.sha256(part).digest())
        rest = [self.grader, *self.name, self.problem, self.notes, self.seed, asdict(self.limits), self.device]
        digest.update(json.dumps(rest).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Marks:
    """What nbgrader's gradebook is told, by ``grade_id``: scores (None: a person's to give) and comments."""

    scores: Mapping[str, float | None] = field(default_factory=dict)
    comments: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def read(cls, notebook: NotebookNode) -> Marks:
        """Read a graded notebook as nbgrader does."""
        from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution

        scores, comments = {}, {}
        for cell in notebook.cells:
            if is_grade(cell):
                score, _ = determine_grade(cell)
                scores[cell.metadata.nbgrader.grade_id] = None if score is None else float(score)
            if is_solution(cell):
                untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
                comments[cell.metadata.nbgrader.grade_id] = "No response." if untouched else None
        return cls(scores, comments)


@dataclass(frozen=True)
class Graded:
    """What comes back of a job, as text and plain values.

    ``notebook`` is the graded notebook (empty where none was run), ``page`` the student's feedback. ``final`` is False
    where the grader failed, not the submission: then it is tried again the next time, and ``trouble`` says what
    happened.
    """

    outcome: Outcome
    marks: Marks
    page: str = ""
    notebook: str = ""
    final: bool = True
    trouble: str = ""


# ---------------------------------------------------------------------------------------------------------------


def grade_one(job: Job) -> Graded:
    """Grade one submission; raises nothing, whatever was handed in."""
    if job.problem:
        return _without_notebook(job, job.problem)
    started = time.perf_counter()
    try:
        released = _released(job.release)
        reconciled, notes = reconcile(_read(job.submission), released)
        exercise = load_exercise(job.exercise)
        results = grade_notebook(
            reconciled, exercise, job.seed, limits=job.limits, device=job.device, released=released
        )
        notebook = sanitize_notebook(reconciled)
        stopped = next((r for r in results if not r.ran), None)
        outcome = Outcome(
            job.student,
            job.exercise,
            "graded" if stopped is None else "partly graded",
            "" if stopped is None else clean(f"{stopped.task}: {stopped.reasons[0]}"),
            (*job.notes, *notes),
            tuple(results),
            time.perf_counter() - started,
        )
        return Graded(outcome, Marks.read(notebook), _page(notebook, outcome), nbformat.writes(notebook))
    except Exception as error:  # one bad notebook must not stop the rest, whatever is wrong with it
        reason = clean(f"grading failed: {type(error).__name__}: {error}", 300)
        return ungraded(job, reason, clean("".join(traceback.format_exception(error)), 20_000))


def ungraded(job: Job, reason: str, trouble: str = "") -> Graded:
    """Return what is written down where the grader failed; the submission is graded again the next time."""
    return _without_notebook(job, reason, final=False, trouble=trouble)


def _without_notebook(job: Job, reason: str, *, final: bool = True, trouble: str = "") -> Graded:
    exercise = load_exercise(job.exercise)
    results = tuple(TaskResult(t.name, 0.0, t.points, (reason,), ran=False) for t in exercise.tasks.values())
    outcome = Outcome(job.student, job.exercise, "refused", reason, job.notes, results)
    page = _page(nbformat.v4.new_notebook(), outcome)
    return Graded(outcome, Marks({r.task: 0.0 for r in results}), page, final=final, trouble=trouble)


@functools.lru_cache(maxsize=8)
def _released(data: bytes) -> NotebookNode:
    """Read a release, once for all who hand it in; nobody may change it."""
    return _read(data)


def _read(data: bytes) -> NotebookNode:
    return nbformat.reads(data.decode("utf-8"), as_version=4)


def _page(notebook: NotebookNode, outcome: Outcome) -> str:
    page, _ = _exporter().from_notebook_node(notebook, {"autograder": outcome, "comments": {}})
    return page


@functools.cache
def _exporter() -> FeedbackExporter:
    """One for all pages of a process: reading the templates takes longer than filling them in."""
    return FeedbackExporter()


# ---------------------------------------------------------------------------------------------------------------


def ready(exercises: Sequence[str], limits: Limits) -> dict[str, str]:
    """Return the version of each exercise's grader here; every machine that grades is asked before a run begins.

    Raises
    ------
    SandboxError
        If this machine cannot confine submissions as ``limits`` ask for.
    """
    require(limits)
    return {name: grader_version(name) for name in exercises}


@functools.cache
def grader_version(exercise: str) -> str:
    """Return a digest of what a score of ``exercise`` depends on besides the submission and the release.

    These are the grader, the reference, the exercise's own tasks and the libraries; not the tasks of the others.
    """
    digest = hashlib.sha256()
    for name, file in sorted([*_shared_files(), *_task_files(exercise)]):
        digest.update(name.encode() + hashlib.sha256(file.read_bytes()).digest())
    # The same release of a library in another build (for another GPU) counts as the same.
    versions = [re.sub(r"\+.*", "", importlib.metadata.version(name)) for name in LIBRARIES]
    digest.update(json.dumps([*versions, sys.version_info[:2]]).encode())
    return digest.hexdigest()


def _shared_files() -> Iterator[tuple[str, Path]]:
    """Yield what every exercise is graded with, by a name that is the same on every machine."""
    root = Path(autograder.__file__).parents[1]
    here = [*(root / "autograder").rglob("*.py"), *(root / "autograder").glob("templates/*")]
    for file in (*here, *(root / "i2dl").rglob("*.py"), *(root / "i2dl").rglob("*.npz")):
        package, room = file.relative_to(root).parts[:2]
        if package == "i2dl" or room.removesuffix(".py") not in {*INSTRUCTORS, "demo", "tasks"}:
            yield file.relative_to(root).as_posix(), file


def _task_files(exercise: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of the exercise, and those that all exercises share."""
    for room in map(Path, tasks.__path__):
        for file in room.rglob("*.py"):
            owner = file.relative_to(room).parts[0].removesuffix(".py")
            if owner == f"ex{exercise}" or not re.match(r"ex\d", owner):
                yield f"tasks/{file.relative_to(room).as_posix()}", file
