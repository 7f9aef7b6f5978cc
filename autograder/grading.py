"""A grading run: many submissions, several at once, each with exactly one outcome.

What grades one submission is a pure function of (exercise, submission, seed, limits, device). A finished one is on
disk before it counts, under a key made of all that its score depends on, so a run that was killed goes on where it
was and a second run grades only what changed. Only this process writes to the gradebook.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import hashlib
import json
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

import autograder
from autograder import gradebook
from autograder.course import Course, CourseError
from autograder.feedback import sanitize_notebook, write_feedback
from autograder.intake import collect
from autograder.reconcile import reconcile
from autograder.referee import choose_device, grade_notebook
from autograder.report import write_grades
from autograder.submission import Limits, Outcome, Submission, TaskResult
from autograder.task import exercise_names, load_exercise

__all__ = ["Job", "Run", "grade", "grade_one"]

log = logging.getLogger(__name__)

ATTEMPTS = 2


@dataclass(frozen=True)
class Job:
    """All that is needed to grade one submission, in a form that travels to another process."""

    submission: Submission
    course: Path
    seed: str
    limits: Limits
    device: str

    @property
    def name(self) -> tuple[str, str]:
        """The exercise and the student: no two jobs of a run share them."""
        return self.submission.exercise, self.submission.student

    @property
    def key(self) -> str:
        """A digest of everything the score depends on."""
        s = self.submission
        digest = hashlib.sha256()
        for part in (_bytes(s.notebook), _bytes(Course(self.course).release_of(s.exercise)), _grader_version()):
            digest.update(hashlib.sha256(part).digest())
        rest = [s.student, s.exercise, s.problem, self.seed, asdict(self.limits), self.device]
        digest.update(json.dumps(rest).encode())
        return digest.hexdigest()

    @property
    def record(self) -> Path:
        """Where the outcome is kept."""
        return self.course / "outcomes" / self.submission.exercise / f"{self.submission.student}.json"

    @property
    def graded(self) -> Path:
        """Where the graded notebook is kept, in nbgrader's layout."""
        s = self.submission
        return self.course / "autograded" / s.student / s.exercise / f"{s.exercise}.ipynb"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@functools.cache
def _grader_version() -> bytes:
    """Return what the grader and the reference consist of: a changed task is graded again."""
    root = Path(autograder.__file__).parent
    files = sorted([*root.rglob("*.py"), *(root.parent / "i2dl").rglob("*.py")])
    return b"".join(f.read_bytes() for f in files if "demo" not in f.parts)


def grade_one(job: Job) -> Outcome:
    """Grade one submission and put its graded notebook, its feedback and its outcome on disk; never raises."""
    s = job.submission
    started = time.perf_counter()
    try:
        outcome = _refused(job, s.problem) if s.problem else _graded(job, started)
    except Exception as error:  # one bad notebook must not stop the rest, whatever is wrong with it
        log.exception("grading %s failed", s.student)
        outcome = _refused(job, f"grading failed: {type(error).__name__}: {error}"[:300])
    if outcome.kind == "refused":
        # What an earlier submission of this student left must not stand beside it.
        job.graded.unlink(missing_ok=True)
    write_feedback(job.graded, outcome, job.course / "feedback" / s.student / s.exercise)
    _keep(job, outcome)
    return outcome


def _keep(job: Job, outcome: Outcome) -> None:
    """Put the outcome on disk, under the key of all that it depends on."""
    _write(job.record, json.dumps({"key": job.key, "outcome": outcome.to_dict()}, indent=1))


def _graded(job: Job, started: float) -> Outcome:
    s = job.submission
    exercise = load_exercise(s.exercise)
    released = nbformat.read(Course(job.course).release_of(s.exercise), as_version=4)
    notebook, notes = reconcile(nbformat.read(s.notebook, as_version=4), released)
    results = grade_notebook(notebook, exercise, job.seed, limits=job.limits, device=job.device)
    _write(job.graded, nbformat.writes(sanitize_notebook(notebook)))
    stopped = next((r for r in results if not r.ran), None)
    return Outcome(
        s.student,
        s.exercise,
        "graded" if stopped is None else "partly graded",
        "" if stopped is None else f"{stopped.task}: {stopped.reasons[0]}",
        (*s.notes, *notes),
        tuple(results),
        time.perf_counter() - started,
    )


def _refused(job: Job, reason: str) -> Outcome:
    s = job.submission
    tasks = load_exercise(s.exercise).tasks.values()
    results = tuple(TaskResult(t.name, 0.0, t.points, (reason,), ran=False) for t in tasks)
    return Outcome(s.student, s.exercise, "refused", reason, tuple(s.notes), results)


def _write(path: Path, text: str) -> None:
    """Write durably: the file is whole or not there, even after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A finished grading run."""

    course: Course
    outcomes: Sequence[Outcome]
    seconds: float
    graded_now: int


def grade(
    source: Path,
    out: Path,
    *,
    solutions: Path,
    seed: str | None = None,
    exercises: Sequence[str] = (),
    workers: int | None = None,
    limits: Limits | None = None,
    device: str = "auto",
    db_url: str | None = None,
    progress: Callable[[int, int, Outcome | None], None] = lambda *_: None,
) -> Run:
    """Grade everything in ``source`` into the course at ``out``; see ``autograder grade --help``.

    Raises
    ------
    CourseError, IntakeError, UnknownExercise, ValueError
        If there is nothing to begin with; the message says what to do. A bad submission raises nothing.
    """
    started = time.perf_counter()
    device = choose_device(device)
    names = _choose_exercises(solutions, exercises)
    _require_usable(out)
    course = Course(out, db_url=db_url)
    with course.lock():
        secret = course.seed(seed)
        course.write_config()
        for name in names:
            course.ensure_released(solutions / f"{name}.py")
        submissions = collect(source, course.submitted, names, {n: course.release_of(n) for n in names})
        jobs = [Job(s, course.root, secret, limits or Limits(), device) for s in submissions]
        outcomes: dict[tuple[str, str], Outcome] = {}
        record = gradebook.writer(course)
        todo = []
        for job in jobs:
            kept = _finished(job)
            if kept is None:
                todo.append(job)
            else:
                outcomes[job.name] = kept
                # The last run may have been killed between the file and the gradebook.
                record(kept, job.graded)
        progress(len(outcomes), len(jobs), None)
        for job, outcome in _run_all(todo, workers or os.cpu_count() or 1):
            outcomes[job.name] = outcome
            record(outcome, job.graded)
            progress(len(outcomes), len(jobs), outcome)
        ordered = [outcomes[job.name] for job in jobs]
        write_grades(ordered, course.root / "grades.csv")
    return Run(course, ordered, time.perf_counter() - started, len(todo))


def _choose_exercises(solutions: Path, asked: Sequence[str]) -> list[str]:
    if not solutions.is_dir():
        msg = f"there is no directory {solutions} with the solutions: give it with --solutions"
        raise CourseError(msg)
    known = [n for n in exercise_names() if (solutions / f"{n}.py").exists()]
    for name in asked:
        if name not in known:
            msg = f"there is no exercise {name!r}; the exercises are: {', '.join(known)}"
            raise CourseError(msg)
    return list(asked) or known


def _require_usable(out: Path) -> None:
    """A course may be continued; anything else that is not empty is left alone."""
    if out.exists() and not out.is_dir():
        msg = f"{out} is a file, not a directory: choose another --out"
        raise CourseError(msg)
    if out.is_dir() and any(out.iterdir()) and not (out / "nbgrader_config.py").exists():
        msg = f"{out} is not empty and holds no grading course: choose another --out"
        raise CourseError(msg)


def _finished(job: Job) -> Outcome | None:
    """Return the outcome of an earlier run, if nothing that it depends on has changed."""
    try:
        kept = json.loads(job.record.read_text(encoding="utf-8"))
        return Outcome.from_dict(kept["outcome"]) if kept["key"] == job.key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _run_all(jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Outcome]]:
    """Yield outcomes as they are ready. A worker that dies takes nothing with it: the rest goes on, each job alone."""
    waiting = {job.name: job for job in jobs}
    if not waiting:
        return
    try:
        with _processes(min(workers, len(waiting))) as pool:
            futures = {pool.submit(grade_one, job): job for job in jobs}
            for future in concurrent.futures.as_completed(futures):
                outcome = future.result()
                del waiting[futures[future].name]
                yield futures[future], outcome
    except BrokenProcessPool:
        log.warning("a worker died; the %d submissions that are left run in a process of their own", len(waiting))
    with concurrent.futures.ThreadPoolExecutor(workers) as threads:
        alone = {threads.submit(_run_alone, job): job for job in waiting.values()}
        for finished in concurrent.futures.as_completed(alone):
            yield alone[finished], finished.result()


def _run_alone(job: Job) -> Outcome:
    """Grade one submission in a process of its own, so that its end is nobody else's."""
    for _ in range(ATTEMPTS):
        with contextlib.suppress(BrokenProcessPool), _processes(1) as pool:
            return pool.submit(grade_one, job).result()
    outcome = _refused(job, f"the grader's own process died {ATTEMPTS} times over this submission")
    _keep(job, outcome)
    return outcome


@contextlib.contextmanager
def _processes(workers: int) -> Iterator[concurrent.futures.ProcessPoolExecutor]:
    """Yield worker processes that inherit no thread and no lock of this one, and end with this block, work or no."""
    context = multiprocessing.get_context("forkserver")
    pool = concurrent.futures.ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread)
    try:
        yield pool
    except BaseException:
        # Stopped from outside: waiting for what is queued would take as long as grading it. A kernel whose worker
        # is gone ends by itself.
        running = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.terminate()
        raise
    pool.shutdown()


def _one_thread() -> None:
    """Keep torch, imported later, to one thread a worker: there are as many workers as cores."""
    os.environ["OMP_NUM_THREADS"] = "1"
