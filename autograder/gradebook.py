"""nbgrader's gradebook: opened with patience, written in one place, a whole batch at a time.

nbgrader's own way of saving a submission asks the database a hundred times; here it is told the same in a few
statements and one transaction. That transaction also says which result it holds, so that a run that was killed
knows what is written: nothing is lost, and nothing is written a second time over what people have changed since.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from alembic.script import ScriptDirectory
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from autograder.course import PATIENCE, Course, CourseError
from autograder.job import Marks
from autograder.submission import Outcome

__all__ = ["Entry", "Writer", "known_exercises", "opened", "scores", "with_marks"]

log = logging.getLogger(__name__)

BATCH = 500
"""Submissions in one transaction."""

WRITTEN = Table(
    "autograder_written",
    MetaData(),
    Column("submission_id", String(32), primary_key=True),
    Column("key", String(64), nullable=False),
)
"""Which result of a submission the gradebook holds; nbgrader does not look at it."""


@dataclass(frozen=True)
class Entry:
    """What is written of one submission; ``key`` names all that it depends on."""

    student: str
    exercise: str
    key: str
    marks: Marks


# ---------------------------------------------------------------------------------------------------------------
# Opening


@contextlib.contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook, made if need be, also where an earlier attempt at making it was cut off.

    Raises
    ------
    CourseError
        If it cannot be opened or read; the message says what to do.
    """
    try:
        _complete(course.patient_url)
        with Gradebook(course.patient_url) as book:
            yield book
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        msg = f"the gradebook's database needs a driver that is not installed: {_first_line(error)}"
        raise CourseError(msg) from error
    except ArgumentError as error:
        known = "sqlite:////path, say, or postgresql+psycopg://user:password@host/name"
        msg = f"{course.db_url!r} is no gradebook's URL: {known}"
        raise CourseError(msg) from error
    except DBAPIError as error:
        raise CourseError(_explain(error)) from error


def _complete(url: str) -> None:
    """Add the version of nbgrader's tables, where it is missing, and our own table.

    nbgrader, too, notes the version when it makes a gradebook, but starts another process for it, which takes seconds;
    and where it was killed before, it does not do so any more.
    """
    engine = create_engine(url)
    try:
        tables = inspect(engine).get_table_names()
        if WRITTEN.name in tables:
            return
        with engine.begin() as db:
            if "alembic_version" not in tables:
                db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            if db.scalar(text("SELECT count(*) FROM alembic_version")) == 0:
                version = ScriptDirectory(ALEMBIC_DIR).get_current_head()
                db.execute(text("INSERT INTO alembic_version (version_num) VALUES (:version)"), {"version": version})
        WRITTEN.create(engine, checkfirst=True)
    finally:
        engine.dispose()


def _explain(error: DBAPIError) -> str:
    """Return one sentence for what the database says."""
    said = _first_line(error.orig or error)
    if "locked" in said:
        return "the gradebook is locked by another program: close it, and give the same command again"
    return f"the gradebook cannot be used ({said}): what was graded is kept, and the same command goes on from there"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def known_exercises(course: Course) -> set[str]:
    """Return the exercises whose cells the gradebook knows; it is made if there is none."""
    with opened(course) as book, book.engine.connect() as db:
        return set(db.scalars(select(Assignment.name).join(Notebook)))


# ---------------------------------------------------------------------------------------------------------------
# Writing


class Writer:
    """The only thing that writes scores to a course's gradebook while a run goes on.

    What is added is written in batches: now and then, while nobody else holds the gradebook, and all of it at the end.
    """

    def __init__(self, course: Course, *, every: float = 1.0, patience: float = PATIENCE) -> None:
        self._every = every
        self._patience = patience
        self._pending: list[Entry] = []
        self._last = 0.0
        self._opened = opened(course)

    def __enter__(self) -> Self:
        self._engine = self._opened.__enter__().engine
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            # What ended the run matters more than what its end finds in its way; the files hold all of it.
            with contextlib.ExitStack() if kind is None else contextlib.suppress(CourseError):
                self.flush(self._patience if kind is None else 0.0)
        finally:
            self._opened.__exit__(None, None, None)

    def written(self) -> dict[tuple[str, str], str]:
        """Return the key of what the gradebook holds, by exercise and student."""
        query = (
            select(Assignment.name, SubmittedAssignment.student_id, WRITTEN.c.key)
            .join(SubmittedAssignment, SubmittedAssignment.assignment_id == Assignment.id)
            .join(WRITTEN, WRITTEN.c.submission_id == SubmittedAssignment.id)
        )
        with self._engine.connect() as db:
            return {(exercise, student): key for exercise, student, key in db.execute(query)}

    def add(self, entry: Entry) -> None:
        """Take an entry, which is written soon, and at the latest when this ends."""
        self._pending.append(entry)
        if time.monotonic() - self._last >= self._every:
            self.flush()

    def flush(self, patience: float = 0.0) -> None:
        """Write what was added; without patience, leave it for later if another program holds the gradebook.

        Raises
        ------
        CourseError
            If it cannot be written in that time.
        """
        deadline, told = time.monotonic() + patience, False
        while self._pending:
            try:
                with self._engine.connect() as db:
                    # The results that come in meanwhile wait for their place on disk, so only a moment.
                    _begin(db, wait=min(patience, 1.0))
                    _write(db, self._pending[:BATCH])
                    db.commit()
                del self._pending[:BATCH]
            except (OperationalError, IntegrityError) as error:
                # An IntegrityError: another course in the same database has added a student meanwhile.
                if not _may_pass(error) or (patience and time.monotonic() > deadline):
                    raise CourseError(_explain(error)) from error
                if not patience:
                    break
                if not told:
                    log.warning("another program holds the gradebook; waiting up to %g seconds", patience)
                    told = True
        self._last = time.monotonic()


def _begin(db: Connection, wait: float) -> None:
    """Begin a transaction that nobody can get in the way of once it has begun."""
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * wait)}")
        db.exec_driver_sql("BEGIN IMMEDIATE")


def _may_pass(error: DBAPIError) -> bool:
    """Whether waiting may help; a full disk stays full."""
    said = _first_line(error.orig or error)
    return not any(word in said for word in ("full", "readonly", "unable to open", "malformed", "not a database"))


def _write(db: Connection, entries: Sequence[Entry]) -> None:
    """Write the entries in one transaction, exercise by exercise."""
    by_exercise: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        by_exercise[entry.exercise][entry.student] = entry
    _add_students(db, {e.student for e in entries})
    for exercise, mine in by_exercise.items():
        cells = _cells(db, exercise)
        rows = _submitted(db, exercise, mine)
        _save(db, [(rows[student], entry) for student, entry in mine.items()], cells)


def _add_students(db: Connection, names: Iterable[str]) -> None:
    known = set(db.scalars(select(Student.id).where(Student.id.in_(names))))
    new = [{"id": name} for name in sorted(set(names) - known)]
    if new:
        db.execute(insert(Student.__table__), new)


@dataclass(frozen=True)
class _Cells:
    """The cells of an exercise that the gradebook knows, by ``grade_id``."""

    graded: Mapping[str, str]
    commented: Mapping[str, str]


def _cells(db: Connection, exercise: str) -> _Cells:
    query = select(BaseCell.__table__).join(Notebook).join(Assignment).where(Assignment.name == exercise)
    rows = db.execute(query.where(Notebook.name == exercise)).all()
    graded = {r.name: r.id for r in rows if r.type in {"GradeCell", "TaskCell"}}
    return _Cells(graded, {r.name: r.id for r in rows if r.type in {"SolutionCell", "TaskCell"}})


@dataclass(frozen=True)
class _Submitted:
    submission: str
    notebook: str


def _submitted(db: Connection, exercise: str, students: Iterable[str]) -> dict[str, _Submitted]:
    """Return the rows of these students' submissions, added where they are missing."""
    assignment, notebook = db.execute(
        select(Assignment.id, Notebook.id).join(Notebook).where(Assignment.name == exercise, Notebook.name == exercise)
    ).one()
    query = (
        select(SubmittedAssignment.student_id, SubmittedAssignment.id, SubmittedNotebook.id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedNotebook.notebook_id == notebook, SubmittedAssignment.student_id.in_(students))
    )
    found = {student: _Submitted(s, n) for student, s, n in db.execute(query)}
    new = {student: _Submitted(uuid4().hex, uuid4().hex) for student in students if student not in found}
    if new:
        rows = [{"id": s.submission, "assignment_id": assignment, "student_id": name} for name, s in new.items()]
        db.execute(insert(SubmittedAssignment.__table__), rows)
        notebooks = [
            {"id": s.notebook, "assignment_id": s.submission, "notebook_id": notebook, "flagged": False}
            for s in new.values()
        ]
        db.execute(insert(SubmittedNotebook.__table__), notebooks)
    return found | new


def _save(db: Connection, entries: Sequence[tuple[_Submitted, Entry]], cells: _Cells) -> None:
    """Save as nbgrader's ``SaveAutoGrades`` does: what a person has decided stays, and is shown to them again."""
    keys = {row.submission: entry.key for row, entry in entries}
    before = {r.submission_id: r.key for r in db.execute(select(WRITTEN).where(WRITTEN.c.submission_id.in_(keys)))}
    grades, comments = _Changes(db, Grade.__table__, entries), _Changes(db, Comment.__table__, entries)
    for row, entry in entries:
        for name, cell in cells.graded.items():
            score, kept = entry.marks.scores.get(name), grades.kept(row, cell)
            if kept is not None and kept.auto_score == score and before.get(row.submission) == entry.key:
                # The same once more: a person who has seen it need not see it again.
                continue
            decided = kept is not None and kept.manual_score is not None
            grades.set(row, cell, auto_score=score, needs_manual_grade=score is None or decided)
        for name, cell in cells.commented.items():
            comments.set(row, cell, auto_comment=entry.marks.comments.get(name))
    grades.save()
    comments.save()
    db.execute(delete(WRITTEN).where(WRITTEN.c.submission_id.in_(keys)))
    db.execute(insert(WRITTEN), [{"submission_id": submission, "key": key} for submission, key in keys.items()])


class _Changes:
    """What changes in the grades or the comments of some submissions, told to the database in two statements."""

    def __init__(self, db: Connection, table: Any, entries: Sequence[tuple[_Submitted, Entry]]) -> None:
        self._db, self._table = db, table
        rows = db.execute(select(table).where(table.c.notebook_id.in_([row.notebook for row, _ in entries])))
        self._kept = {(row.notebook_id, row.cell_id): row for row in rows}
        self._new: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = []

    def kept(self, row: _Submitted, cell: str) -> Row[Any] | None:
        return self._kept.get((row.notebook, cell))

    def set(self, row: _Submitted, cell: str, **values: Any) -> None:
        kept = self.kept(row, cell)
        if kept is None:
            self._new.append({"id": uuid4().hex, "notebook_id": row.notebook, "cell_id": cell, **values})
        else:
            self._changed.append({"row": kept.id, **values})

    def save(self) -> None:
        if self._new:
            self._db.execute(insert(self._table), self._new)
        if self._changed:
            self._db.execute(update(self._table).where(self._table.c.id == bindparam("row")), self._changed)


# ---------------------------------------------------------------------------------------------------------------
# Reading


def scores(course: Course) -> dict[tuple[str, str], float]:
    """Return each submission's total as the gradebook holds it, by student and exercise."""
    with opened(course) as book:
        return {(s["student"], a.name): s["score"] for a in book.assignments for s in book.submission_dicts(a.name)}


def with_marks(course: Course, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, dict[str, str]]]:
    """Return the outcomes with the scores that people have given since, and their comments by ``grade_id``."""
    given: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    said: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    with opened(course) as book, book.engine.connect() as db:
        for exercise, student, cell, score in db.execute(_decided(Grade, Grade.score, Grade.manual_score)):
            given[exercise, student][cell] = float(score)
        for exercise, student, cell, comment in db.execute(_decided(Comment, Comment.manual_comment)):
            said[exercise, student][cell] = comment
    found = []
    for o in outcomes:
        marks, comments = given[o.exercise, o.student], said[o.exercise, o.student]
        results = tuple(replace(r, score=marks.get(r.task, r.score)) for r in o.results)
        found.append((replace(o, results=results), {cell: said for cell, said in comments.items() if said}))
    return found


def _decided(table: Any, value: Any, entered: Any = None) -> Any:
    """Return the query for exercise, student, cell and ``value`` wherever a person has ``entered`` something."""
    return (
        select(Assignment.name, SubmittedAssignment.student_id, BaseCell.name, value)
        .select_from(table)
        .join(BaseCell, BaseCell.id == table.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == table.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where((value if entered is None else entered).is_not(None))
    )
