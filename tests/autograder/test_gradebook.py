"""The gradebook: written in batches as nbgrader itself would write, whatever else happens to it."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import tiny_course
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine
from tiny_course import tables

from autograder import course as courses
from autograder import gradebook
from autograder.course import Course, CourseError
from autograder.gradebook import Entry, Writer, opened, scores, with_marks
from autograder.job import Marks
from autograder.submission import Outcome, TaskResult

NAME = tiny_course.NAME
FULL = Marks({"affine_backward": 3.0, "double": 2.0, "why": None}, dict.fromkeys(["affine_code", "double_code", "why"]))
HALF = Marks({"affine_backward": 3.0, "double": 0.5, "why": 0.0}, {"affine_code": None, "why": "No response."})

keys = map(str, itertools.count())


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A course in which the tiny exercise is released."""
    from autograder import tasks

    base = tmp_path_factory.mktemp("template")
    tiny_course.write_solutions(base / "solutions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "__path__", [*tasks.__path__, str(tiny_course.HERE / "tiny_tasks")])
        course = Course(base / "course")
        assert gradebook.known_exercises(course) == set()
        course.generate(base / "solutions" / f"{NAME}.py")
        assert gradebook.known_exercises(course) == {NAME}
    return base / "course"


@pytest.fixture
def course(template, tmp_path) -> Course:
    shutil.copytree(template, tmp_path / "course")
    return Course(tmp_path / "course")


def entry(student: str, marks: Marks = FULL, key: str | None = None) -> Entry:
    return Entry(student, NAME, next(keys) if key is None else key, marks)


def record(course: Course, *entries: Entry, **options: Any) -> None:
    with Writer(course, **options) as book:
        for e in entries:
            book.add(e)


def grades(course: Course, student: str) -> dict[str, tuple[float | None, float | None, bool]]:
    """Return automatic score, manual score and whether a person has to look, by task."""
    with Gradebook(course.db_url) as book:
        found = book.find_submission(NAME, student).notebooks[0].grades
        return {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in found}


# -- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Object of type <Submitted")
def test_it_is_what_nbgrader_would_have_written(template, tmp_path):
    """The same graded notebooks through nbgrader's own SaveAutoGrades, row by row."""
    released = nbformat.read(template / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    ours, theirs = Course(tmp_path / "ours"), Course(tmp_path / "theirs")
    for made in (ours, theirs):
        shutil.copytree(template, made.root, dirs_exist_ok=True)
    notebooks = {}
    for student, (affine, double, why) in {"a": ("3.0", "0.5", "So."), "b": ("0.0", "2.0", None)}.items():
        notebook = nbformat.from_dict(released)
        notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            score = {"affine_backward": affine, "double": double}.get(name)
            if score is not None:
                cell.outputs = [
                    nbformat.v4.new_output("execute_result", data={"text/plain": score}, execution_count=None)
                ]
            if name == "why" and why is not None:
                cell.source = why
        notebooks[student] = notebook
    record(ours, *(entry(student, Marks.read(notebook)) for student, notebook in notebooks.items()))
    for student, notebook in notebooks.items():
        with Gradebook(theirs.db_url) as book:
            book.update_or_create_student(student)
            book.update_or_create_submission(NAME, student)
        where = {"student": student, "assignment": NAME, "notebook": NAME, "db_url": theirs.db_url}
        SaveAutoGrades().preprocess(notebook, {"nbgrader": where})
    with opened(theirs):
        pass
    mine, its = tables(ours.root / "gradebook.db"), tables(theirs.root / "gradebook.db")
    mine.pop("written")
    its.pop("written")
    assert len(mine["grades"]) == 6
    assert mine == its
    assert scores(ours) == scores(theirs)


def test_a_batch_and_one_by_one_are_the_same(template, tmp_path):
    entries = [entry(f"student{n}", FULL if n % 3 else HALF) for n in range(20)]
    one, many = Course(tmp_path / "one"), Course(tmp_path / "many")
    for made in (one, many):
        shutil.copytree(template, made.root, dirs_exist_ok=True)
    for e in entries:
        record(one, e)
    record(many, *entries, every=1e9)
    assert tables(one.root / "gradebook.db") == tables(many.root / "gradebook.db")


def test_more_than_fits_into_one_transaction(course, monkeypatch):
    monkeypatch.setattr(gradebook, "BATCH", 3)
    record(course, *(entry(f"student{n}") for n in range(10)), every=1e9)
    assert len(scores(course)) == 10


def test_it_takes_few_statements(course):
    """What nbgrader does in about a hundred statements a submission."""
    with Writer(course, every=1e9) as book:
        statements = []
        event.listen(book._engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        for n in range(100):
            book.add(entry(f"student{n}"))
        book.flush()
    assert 0 < len(statements) < 30


def test_a_new_submission_replaces_what_the_grader_said_of_the_old_one(course):
    record(course, entry("ada", HALF))
    assert grades(course, "ada") == {
        "affine_backward": (3.0, None, False),
        "double": (0.5, None, False),
        "why": (0.0, None, False),
    }
    record(course, entry("ada", FULL))
    assert grades(course, "ada")["why"] == (None, None, True)
    assert grades(course, "ada")["double"] == (2.0, None, False)


def mark(course: Course, student: str, score: float, comment: str = "") -> None:
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("why", NAME, NAME, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        book.find_comment("why", NAME, NAME, student).manual_comment = comment
        book.db.commit()


def test_a_persons_mark_stays_and_is_shown_again_only_if_the_work_changed(course):
    first = entry("ada", FULL)
    record(course, first)
    mark(course, "ada", 0.5)
    record(course, first)
    assert grades(course, "ada")["why"] == (None, 0.5, False)
    record(course, entry("ada", FULL))
    assert grades(course, "ada")["why"] == (None, 0.5, True)


def test_marks_and_comments_come_back(course):
    record(course, entry("ada"), entry("bob"))
    mark(course, "ada", 0.5, "Nearly.")
    mark(course, "bob", 0.0)
    outcomes = [
        Outcome(s, NAME, "graded", results=(TaskResult("double", 2.0, 2.0), TaskResult("why", None, 1.0)))
        for s in ("ada", "bob", "eve")
    ]
    ada, bob, eve = with_marks(course, outcomes)
    assert [r.score for r in ada[0].results] == [2.0, 0.5]
    assert ada[1] == {"why": "Nearly."}
    assert [r.score for r in bob[0].results] == [2.0, 0.0]
    assert bob[1] == {}
    assert eve == (outcomes[2], {})


def test_it_says_what_it_holds(course):
    with Writer(course) as book:
        assert book.written() == {}
        book.add(entry("ada", key="one"))
        book.flush()
        assert book.written() == {(NAME, "ada"): "one"}
        book.add(entry("ada", key="two"))
        book.flush()
        assert book.written() == {(NAME, "ada"): "two"}


# -- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", ["no version", "an empty version", "some tables", "nothing but a file"])
def test_a_gradebook_that_was_cut_off_while_it_was_made_is_completed(cut, template, tmp_path):
    whole = tables(template / "gradebook.db")["version"]
    course = Course(tmp_path / "course")
    if cut == "nothing but a file":
        (course.root / "gradebook.db").touch()
    else:
        with courses.scripts_on_path(), Gradebook(course.db_url) as book, book.engine.begin() as db:
            for line in {
                "no version": ["DROP TABLE alembic_version"],
                "an empty version": ["DELETE FROM alembic_version"],
                "some tables": ["DROP TABLE alembic_version", "DROP TABLE comment", "DELETE FROM course"],
            }[cut]:
                db.execute(text(line))
    with opened(course):
        pass
    made = tables(course.root / "gradebook.db")
    assert made["version"] == whole
    assert made["courses"] == tables(template / "gradebook.db")["courses"]


def test_a_locked_gradebook_keeps_nobody_waiting_in_the_middle_of_a_run(course):
    with Writer(course, every=0.0) as book:
        db = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        book.add(entry("ada"))
        book.add(entry("bob"))
        assert time.monotonic() - began < 2
        db.execute("ROLLBACK")
        db.close()
        book.add(entry("eve"))
        assert set(book.written()) == {(NAME, s) for s in ("ada", "bob", "eve")}


def test_at_the_end_it_waits_for_the_others(course, caplog):
    db = sqlite3.connect(course.root / "gradebook.db", isolation_level=None, check_same_thread=False)
    freed = threading.Timer(1.5, lambda: db.execute("ROLLBACK"))
    with Writer(course, patience=30) as book:
        db.execute("BEGIN EXCLUSIVE")
        freed.start()
        book.add(entry("ada"))
    freed.join()
    db.close()
    assert "waiting up to 30 seconds" in caplog.text
    assert set(scores(course)) == {("ada", NAME)}


def test_it_does_not_wait_for_ever_and_says_so_in_one_line(course):
    book = Writer(course, patience=0.5)
    book.__enter__()
    db = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    book.add(entry("ada"))
    with pytest.raises(CourseError, match="locked by another program: close it"):
        book.__exit__(None, None, None)
    db.close()


def test_a_gradebook_that_stays_locked_cannot_be_opened(course, monkeypatch):
    monkeypatch.setattr(courses, "PATIENCE", 0.2)
    db = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CourseError, match="locked by another program"), opened(course):
        pass
    db.close()


def test_a_full_disk_is_said_at_once(course):
    def no_more_pages(connection: Any, *_: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    book = Writer(course, every=1e9)
    book.__enter__()
    event.listen(book._engine, "connect", no_more_pages)
    book._engine.dispose()
    for n in range(300):
        book.add(entry(f"student{n}"))
    began = time.monotonic()
    with pytest.raises(CourseError, match=r"full.*what was graded is kept"):
        book.flush(60)
    assert time.monotonic() - began < 20
    book._engine.dispose()


def test_an_error_of_the_run_is_not_hidden_by_the_gradebooks(course):
    with pytest.raises(OSError, match="No space left"), Writer(course, every=1e9) as book:  # noqa: PT012
        db = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        book.add(entry("ada"))
        raise OSError(28, "No space left on device", "x")
    db.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gradebook.db", "is no gradebook's URL"),
        ("nonsense://x/y", "driver that is not installed"),
        ("sqlite:////no/such/directory/gradebook.db", "unable to open"),
    ],
)
def test_a_gradebook_that_cannot_be_used(url, says, tmp_path):
    with pytest.raises(CourseError, match=says), opened(Course(tmp_path, db_url=url)):
        pass


def test_a_file_that_is_no_gradebook(tmp_path):
    (tmp_path / "gradebook.db").write_text("This is my thesis. " * 1000)
    with pytest.raises(CourseError, match="not a database"), opened(Course(tmp_path)):
        pass


# -- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres(tmp_path_factory) -> Iterator[str]:
    """A server of its own on this machine, where one is installed."""
    pytest.importorskip("psycopg")
    if shutil.which("initdb") is None or shutil.which("postgres") is None:
        pytest.skip("no PostgreSQL server is installed")
    base = tmp_path_factory.mktemp("postgres")
    # The server does not run as root.
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        for directory in (base, *base.parents[:3]):
            directory.chmod(0o755)
        shutil.chown(base, "nobody", "nogroup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": base}
    subprocess.run(["initdb", "-D", base / "data", "-U", "grader", "-A", "trust"], check=True, **quiet, **user)
    command = ["postgres", "-D", base / "data", "-h", "127.0.0.1", "-p", str(port), "-k", str(base)]
    with subprocess.Popen(command, **quiet, **user) as server:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.5)
        yield f"postgresql+psycopg://grader@127.0.0.1:{port}/postgres"
        server.terminate()


def test_what_it_says_to_the_database_is_said_to_postgresql_too(course):
    """Every statement of a run in PostgreSQL's words; SQLite's own are left to SQLite."""
    statements = []
    with Writer(course, every=1e9) as book:
        event.listen(book._engine, "before_execute", lambda _, statement, *more: statements.append(statement))
        book.written()
        for marks in (FULL, HALF):
            book.add(entry("ada", marks))
            book.flush()
    event.listen(Engine, "before_execute", read := lambda _, statement, *more: statements.append(statement))
    with_marks(course, [])
    event.remove(Engine, "before_execute", read)
    assert len(statements) > 20
    for statement in statements:
        assert str(statement.compile(dialect=postgresql.dialect()))


@pytest.mark.slow
def test_postgresql(postgres, tmp_path, monkeypatch):
    from autograder import tasks

    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tiny_course.HERE / "tiny_tasks")])
    tiny_course.write_solutions(tmp_path / "solutions")
    course = Course(tmp_path / "course", db_url=postgres)
    assert gradebook.known_exercises(course) == set()
    course.ensure_released(tmp_path / "solutions" / f"{NAME}.py")
    assert gradebook.known_exercises(course) == {NAME}
    record(course, entry("ada"), entry("bob", HALF))
    record(course, entry("ada", HALF))
    assert scores(course) == {("ada", NAME): 3.5, ("bob", NAME): 3.5}
    mark(course, "ada", 1.0, "Good.")
    outcome = Outcome("ada", NAME, "graded", results=(TaskResult("why", None, 1.0),))
    assert with_marks(course, [outcome])[0][1] == {"why": "Good."}
    with Writer(course) as book:
        assert set(book.written()) == {(NAME, "ada"), (NAME, "bob")}
