"""A grading course: one directory in nbgrader's layout, and the settings that put the referee into nbgrader.

``OUT/`` holds ``source``, ``release``, ``submitted``, ``autograded``, ``feedback`` and ``gradebook.db``, so that
nbgrader's own commands, formgrader and exporters work in it unchanged.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import secrets
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SAWarning
from traitlets.config import Config

from autograder import durable
from autograder import solution as making

__all__ = ["Course", "CourseError", "configure", "scripts_on_path"]

PATIENCE = 60.0
"""Seconds that a command waits for another program that holds the gradebook."""

SEED_FILE = "seed.txt"
URL_FILE = "gradebook-url.txt"
MADE, RELEASED = ".made", ".released"
CONFIG = '''"""The settings of this grading course: nbgrader's commands run here with the referee inside."""

from pathlib import Path

from autograder.course import configure

configure(get_config(), Path(__file__).parent)
'''


class CourseError(ValueError):
    """The grading course cannot be used; the message says what to do."""


def configure(c: Config, root: Path, *, db_url: str | None = None) -> Config:
    """Put the course's directories, the reconciler and the referee into nbgrader's configuration ``c``."""
    c.CourseDirectory.root = str(root.resolve())
    c.CourseDirectory.db_url = db_url or _kept_url(root) or f"sqlite:///{root.resolve()}/gradebook.db"
    if "course_id" not in c.CourseDirectory:
        # Without a name, PostgreSQL finds that exercises refer to a course that does not exist.
        c.CourseDirectory.course_id = "default_course"
    c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    c.ClearSolutions.text_stub = "*Your answer here.*"
    c.ClearSolutions.enforce_metadata = True
    c.Autograde.sanitize_preprocessors = [
        "autograder.reconcile.Reconcile",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        "autograder.referee.Referee",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackExporter"
    c.Reconcile.course = c.Referee.course = str(root.resolve())
    return c


def _kept_url(root: Path) -> str:
    """Return the gradebook's URL that was given when the course was made, or an empty text."""
    path = root / URL_FILE
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


class Course:
    """A grading course at ``root``.

    Parameters
    ----------
    root
        Its directory; made if need be.
    db_url
        The gradebook, if it is not ``root/gradebook.db``; any URL that SQLAlchemy and nbgrader take.
    """

    def __init__(self, root: Path, *, db_url: str | None = None) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._given_url = db_url
        self.config = configure(Config(), self.root, db_url=db_url)
        self.db_url: str = self.config.CourseDirectory.db_url

    @property
    def source(self) -> Path:
        """The complete notebooks."""
        return self.root / "source"

    @property
    def released(self) -> Path:
        """The students' notebooks."""
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        """What was handed in."""
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        """The graded notebooks."""
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        """A page a student and exercise."""
        return self.root / "feedback"

    @property
    def patient_url(self) -> str:
        """The gradebook's URL with which SQLite waits for another program; other databases do so by themselves."""
        try:
            url = make_url(self.db_url)
        except ArgumentError:
            return self.db_url
        if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
            url = url.update_query_dict({"timeout": f"{PATIENCE:g}"})
        return url.render_as_string(hide_password=False)

    def release_of(self, exercise: str) -> Path:
        """Return the path of the student's notebook of ``exercise``."""
        return self.released / exercise / f"{exercise}.ipynb"

    def write_config(self) -> None:
        """Write ``nbgrader_config.py``, so that ``nbgrader`` run in this directory uses the referee."""
        durable.write(self.root / "nbgrader_config.py", CONFIG)
        if self._given_url and not (self.root / URL_FILE).exists():
            durable.write(self.root / URL_FILE, self._given_url + "\n", private=True)

    def seed(self, given: str | None = None) -> str:
        """Return the secret seed of this course: the given one, the one kept here, or a fresh one.

        Raises
        ------
        CourseError
            If work graded with a seed lies here and that seed is missing or another one.
        """
        path = self.root / SEED_FILE
        if path.exists():
            kept = path.read_text(encoding="utf-8").strip()
            if given is not None and given != kept:
                msg = f"{self.root} was graded with another seed (see {path}); take another --out or drop --seed"
                raise CourseError(msg)
            return kept
        if given is None and self.autograded.exists():
            msg = f"{path} is missing, and with it the seed of the work graded in {self.root}: give it with --seed"
            raise CourseError(msg)
        seed = given if given is not None else secrets.token_hex(16)
        durable.write(path, seed + "\n", private=True)
        return seed

    def kept_seed(self) -> str:
        """Return the seed for ``nbgrader autograde``: from this course, else from ``AUTOGRADER_SEED``."""
        path = self.root / SEED_FILE
        seed = path.read_text(encoding="utf-8").strip() if path.exists() else os.environ.get("AUTOGRADER_SEED", "")
        if not seed:
            msg = f"there is no seed: write one into {path} or set AUTOGRADER_SEED"
            raise CourseError(msg)
        return seed

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the course for one run at a time.

        Raises
        ------
        CourseError
            If another run is at work in it.
        """
        try:
            with FileLock(self.root / ".lock", timeout=0):
                yield
        except Timeout as error:
            msg = f"another run is grading in {self.root}: wait for it, or choose another --out"
            raise CourseError(msg) from error

    def source_of(self, exercise: str) -> Path:
        """Return the path of the complete notebook of ``exercise``."""
        return self.source / exercise / f"{exercise}.ipynb"

    def ensure_source(self, solution: Path, grader: str = "") -> Path:
        """Put the complete notebook of ``solution`` where nbgrader looks for it, and return its path.

        With the version of the exercise's ``grader`` it is made only if something has changed since it was: making the
        notebooks of a whole course takes a second.
        """
        path, mark = self.source_of(solution.stem), self.root / MADE / solution.stem
        made_of = [grader.encode(), Path(making.__file__).read_bytes(), solution.read_bytes()]
        if not grader or not _marked(mark, [*made_of, _content(path)]):
            text = making.source_text(solution)
            if _content(path) != text.encode():
                durable.write(path, text)
            durable.write(mark, _digest([*made_of, _content(path)]))
        return path

    def ensure_released(self, solution: Path, grader: str = "", *, again: bool = False) -> None:
        """Release ``solution`` into this course unless that very release lies here already, whole; or ``again``."""
        source, release = self.ensure_source(solution, grader), self.release_of(solution.stem)
        mark = self.root / RELEASED / solution.stem
        # Of what it was made, and what it is: a release that was cut off is none.
        if again or not _marked(mark, [_content(source), _content(release)]):
            self._release(solution.stem)
            durable.write(mark, _digest([_content(source), _content(release)]))

    def generate(self, solution: Path) -> Path:
        """Release one solution with nbgrader's ``generate_assignment`` and return the student's notebook."""
        self.ensure_source(solution)
        return self._release(solution.stem)

    def _release(self, exercise: str) -> Path:
        """Run nbgrader's own ``generate_assignment``, quietly; where it fails, the error in its log is shown."""
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.utils import capture_log

        log = logging.getLogger("autograder.nbgrader")
        log.propagate = False
        log.setLevel(logging.INFO)
        config = Config(self.config, CourseDirectory={**self.config.CourseDirectory, "db_url": self.patient_url})
        coursedir = CourseDirectory(config=config, assignment_id=exercise, log=log)
        converter = GenerateAssignment(coursedir=coursedir, config=config, force=True, log=log)
        with scripts_on_path(), _quiet():
            result = capture_log(converter)
        made = self.release_of(exercise)
        if not result["success"] or not made.exists():
            msg = f"nbgrader could not release {exercise}: {_essence(result.get('log', '') + result.get('error', ''))}"
            raise CourseError(msg)
        return made


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _digest(parts: Sequence[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _marked(mark: Path, parts: Sequence[bytes]) -> bool:
    """Whether ``mark`` says that what it stands for was made of these ``parts``."""
    return _content(mark) == _digest(parts).encode()


def _essence(log: str) -> str:
    """Return the message of the last error in a log, or its last line."""
    errors = re.findall(r"^\s*[\w.]*(?:Error|Entry): (.+)$", log, flags=re.MULTILINE)
    return str([*(log.strip().splitlines() or ["it does not say why"])[-1:], *errors][-1])[:300]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide a warning about nbgrader's own queries, and a log of errors that are told in one line anyway."""
    log = logging.getLogger("tornado.application")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Object of type <Submitted", category=SAWarning)
            yield
    finally:
        log.setLevel(before)


@contextlib.contextmanager
def scripts_on_path() -> Iterator[None]:
    """Let nbgrader find ``alembic``, which it runs as a command when it makes a gradebook, in this environment."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
