"""A grading course: one directory in nbgrader's layout, and the settings that put the referee into nbgrader.

``OUT/`` holds ``source``, ``release``, ``submitted``, ``autograded``, ``feedback`` and ``gradebook.db``, so that
nbgrader's own commands, formgrader and exporters work in it unchanged.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.solution import source_text, write_source

__all__ = ["Course", "CourseError", "configure"]

SEED_FILE = "seed.txt"
URL_FILE = "gradebook-url.txt"
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

    def release_of(self, exercise: str) -> Path:
        """Return the path of the student's notebook of ``exercise``."""
        return self.released / exercise / f"{exercise}.ipynb"

    def write_config(self) -> None:
        """Write ``nbgrader_config.py``, so that ``nbgrader`` run in this directory uses the referee."""
        (self.root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        if self._given_url and not (self.root / URL_FILE).exists():
            _write_private(self.root / URL_FILE, self._given_url)

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
        _write_private(path, seed)
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

    def ensure_released(self, solution: Path) -> None:
        """Release ``solution`` into this course unless that very release lies here already."""
        kept = self.source / solution.stem / f"{solution.stem}.ipynb"
        if not (
            kept.exists()
            and self.release_of(solution.stem).exists()
            and kept.read_text(encoding="utf-8") == source_text(solution)
        ):
            self.generate(solution)

    def generate(self, solution: Path) -> Path:
        """Release one solution with nbgrader's ``generate_assignment`` and return the student's notebook."""
        write_source(solution, self.source)
        self._generate_assignment(solution.stem)
        made = self.release_of(solution.stem)
        if not made.exists():
            msg = f"nbgrader made no release of {solution.stem}"
            raise CourseError(msg)
        return made

    def _generate_assignment(self, exercise: str) -> None:
        """Run nbgrader's own ``generate_assignment``, quietly; its log is shown where it fails."""
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.utils import capture_log

        log = logging.getLogger("autograder.nbgrader")
        log.propagate = False
        log.setLevel(logging.INFO)
        coursedir = CourseDirectory(config=self.config, assignment_id=exercise, log=log)
        converter = GenerateAssignment(coursedir=coursedir, config=self.config, force=True, log=log)
        with _scripts_on_path(), quiet_sqlalchemy():
            result = capture_log(converter)
        if not result["success"]:
            msg = f"nbgrader could not release {exercise}:\n{result.get('log') or result.get('error', '')}"
            raise CourseError(msg)


@contextlib.contextmanager
def quiet_sqlalchemy() -> Iterator[None]:
    """Hide a warning about nbgrader's own way of adding a submission, of which a user can do nothing."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Object of type <Submitted", category=SAWarning)
        yield


@contextlib.contextmanager
def _scripts_on_path() -> Iterator[None]:
    """Let nbgrader find ``alembic``, which it runs as a command when it makes a gradebook, in this environment."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _write_private(path: Path, text: str) -> None:
    """Write a secret (a seed, a URL with a password) so that only its owner can read it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")
