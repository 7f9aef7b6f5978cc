"""A grading run: many submissions, several at once, each with exactly one outcome.

What grades one submission is a pure function of its job (:mod:`autograder.job`); where it runs is an executor's
business. What comes back is written down here, and only here: a finished submission is on disk before it counts,
under a key made of all that its score depends on. So a run that was killed goes on where it was, and a second run
grades only what changed.
"""

from __future__ import annotations

import json
import time
from collections import UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from autograder import durable, gradebook
from autograder.course import Course, CourseError
from autograder.executors import PER_GPU, Executor, Processes, WorkerDied, cores
from autograder.intake import collect
from autograder.job import Graded, Job, Marks, grade_one, ungraded
from autograder.report import write_grades
from autograder.sources import open_source
from autograder.submission import Limits, Outcome, Submission
from autograder.task import exercise_names, load_exercise

__all__ = ["Run", "grade"]

OUTCOMES = "outcomes"

Progress = Callable[[int, int, Outcome | None], None]
"""Told how many are done, of how many, and the last one."""


@dataclass(frozen=True)
class Run:
    """A finished grading run.

    ``failures`` counts the submissions on which the grader itself failed; the next run tries them again.
    """

    course: Course
    outcomes: Sequence[Outcome]
    seconds: float
    graded_now: int
    failures: int = 0


def grade(
    source: Path,
    out: Path,
    *,
    solutions: Path,
    seed: str | None = None,
    exercises: Sequence[str] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    per_gpu: int | None = None,
    limits: Limits | None = None,
    device: str = "auto",
    db_url: str | None = None,
    progress: Progress = lambda *_: None,
) -> Run:
    """Grade everything in ``source`` into the course at ``out``; see ``autograder grade --help``.

    Raises
    ------
    CourseError, IntakeError, UnknownExercise, ValueError
        If there is nothing to begin with; the message says what to do. A bad submission raises nothing.
    SandboxError
        If a machine cannot confine submissions and they are not to be trusted.
    OSError
        If what was graded cannot be written down; what was written before is kept.
    """
    started = time.perf_counter()
    limits = limits or Limits()
    names = _choose_exercises(solutions, exercises)
    _require_usable(out)
    with open_source(source):
        pass  # What cannot be read is said before anything is begun.
    with _executor(scheduler, workers, per_gpu) as executor:
        versions = executor.ready(names, limits)
        if not (out / OUTCOMES).exists():
            executor.expect()
        device = executor.device(device) if device != "auto" else device
        course = Course(out, db_url=db_url)
        with course.lock():
            course.write_config()
            secret = course.seed(seed)
            submissions = collect(source, course.submitted, names, _Sources(course, solutions, versions))
            if not all(_record_of(course, s).exists() for s in submissions):
                executor.expect()
            known = gradebook.known_exercises(course)
            for name in sorted({s.exercise for s in submissions}):
                course.ensure_released(solutions / f"{name}.py", versions[name], again=name not in known)
            if device == "auto":
                # Looking for a GPU takes seconds, so only where one might be used.
                device = executor.device(device) if any(_uses_torch(s.exercise) for s in submissions) else "cpu"
            terms = _Terms(course, secret, versions, limits, device)
            with gradebook.Writer(course) as book:
                kept, todo = _kept(terms, submissions, book)
                progress(len(kept), len(submissions), None)
                done = dict(kept)
                for job, graded in _run_all(executor, map(terms.job, todo)):
                    _keep(course, job, graded)
                    book.add(_entry(job, graded))
                    done[job.name] = graded
                    progress(len(done), len(submissions), graded.outcome)
            ordered = [done[s.exercise, s.student] for s in submissions]
            write_grades([g.outcome for g in ordered], course.root / "grades.csv")
    seconds, failures = time.perf_counter() - started, sum(not g.final for g in ordered)
    return Run(course, [g.outcome for g in ordered], seconds, len(todo), failures)


# ---------------------------------------------------------------------------------------------------------------
# Before


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
    # The lock, which is taken before anything else is written, is no sign that the place is in use.
    used = out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir())
    if used and not (out / "nbgrader_config.py").exists():
        msg = f"{out} is not empty and holds no grading course: choose another --out"
        raise CourseError(msg)


def _executor(scheduler: str | None, workers: int | None, per_gpu: int | None) -> Executor:
    if scheduler is None:
        return Processes(workers or cores(), per_gpu=per_gpu or PER_GPU)
    # Late: only who grades on a cluster needs what it is made of.
    from autograder.cluster import Cluster

    return Cluster(scheduler)


class _Sources(UserDict[str, Path]):
    """The complete notebook of each exercise, made when it is first asked for."""

    def __init__(self, course: Course, solutions: Path, versions: Mapping[str, str]) -> None:
        super().__init__()
        self._make = lambda name: course.ensure_source(solutions / f"{name}.py", versions[name])

    def __missing__(self, name: str) -> Path:
        self[name] = path = self._make(name)
        return path


def _uses_torch(exercise: str) -> bool:
    return any(task.arrays == "torch" for task in load_exercise(exercise).tasks.values())


@dataclass(frozen=True)
class _Terms:
    """What all jobs of a run have in common."""

    course: Course
    seed: str
    versions: dict[str, str]
    limits: Limits
    device: str

    def job(self, s: Submission) -> Job:
        """Return the job for a submission; the device is none of its business unless PyTorch is."""
        return Job.of(
            s,
            self.course.release_of(s.exercise),
            seed=self.seed,
            grader=self.versions[s.exercise],
            limits=self.limits,
            device=self.device if _uses_torch(s.exercise) else "cpu",
        )


# ---------------------------------------------------------------------------------------------------------------
# Many at once


def _run_all(executor: Executor, jobs: Iterator[Job]) -> Iterator[tuple[Job, Graded]]:
    """Yield results as they are ready; no more jobs are held in memory than the executor has use for."""
    running: dict[Future[Graded], Job] = {}
    while True:
        for job in islice(jobs, max(executor.ahead - len(running), 0)):
            submit = executor.submit_to_gpu if job.device == "cuda" else executor.submit
            running[submit(grade_one, job)] = job
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            job = running.pop(future)
            try:
                yield job, future.result()
            except WorkerDied as error:
                yield job, ungraded(job, str(error))


# ---------------------------------------------------------------------------------------------------------------
# What is kept


def _record_of(course: Course, job: Job | Submission) -> Path:
    return course.root / OUTCOMES / job.exercise / f"{job.student}.json"


def _keep(course: Course, job: Job, graded: Graded) -> None:
    """Put the graded notebook, the feedback and, when these are there, the outcome on disk."""
    notebook = course.autograded / job.student / job.exercise / f"{job.exercise}.ipynb"
    if graded.notebook:
        durable.write(notebook, graded.notebook)
    else:
        # What an earlier submission of this student left must not stand beside it.
        notebook.unlink(missing_ok=True)
    durable.write(course.feedback / job.student / job.exercise / f"{job.exercise}.html", graded.page)
    record = {
        "key": job.key if graded.final else "",
        "outcome": graded.outcome.to_dict(),
        "marks": asdict(graded.marks),
        "trouble": graded.trouble,
    }
    durable.write(_record_of(course, job), json.dumps(record, indent=1))


def _kept(
    terms: _Terms, submissions: Iterable[Submission], book: gradebook.Writer
) -> tuple[dict[tuple[str, str], Graded], list[Submission]]:
    """Return what earlier runs have graded and nothing has changed of, and the submissions that are left."""
    kept, todo, written = {}, [], book.written()
    for submission in submissions:
        job = terms.job(submission)
        found = _read_record(terms.course, job)
        if found is None:
            todo.append(submission)
            continue
        kept[job.name] = found
        if written.get(job.name) != job.key:
            # The last run was stopped between the file and the gradebook.
            book.add(_entry(job, found))
    return kept, todo


def _read_record(course: Course, job: Job) -> Graded | None:
    try:
        record = json.loads(_record_of(course, job).read_text(encoding="utf-8"))
        if record["key"] != job.key:
            return None
        return Graded(Outcome.from_dict(record["outcome"]), Marks(**record["marks"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _entry(job: Job, graded: Graded) -> gradebook.Entry:
    return gradebook.Entry(job.student, job.exercise, job.key if graded.final else "", graded.marks)
