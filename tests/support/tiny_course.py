"""A course of one tiny exercise whose grading takes a second, for tests of whole runs in processes that may be killed.

The runs are the real command, ``python -m autograder``, which is told of the exercise as Python starts (``tiny_site``).
As the preload of a cluster's worker this file is that worker's grader with the tiny exercise among the others.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAME = "90_tiny"
SOLUTION = """\
# %% [markdown]
# # Tiny

# %% nbgrader={"grade_id": "affine_code", "solution": true}
### BEGIN SOLUTION
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
### END SOLUTION

# %% nbgrader={"grade_id": "affine_backward", "grade": true}
check("affine_backward")

# %% nbgrader={"grade_id": "double_code", "solution": true}
### BEGIN SOLUTION
def double(x):
    return 2 * x
### END SOLUTION

# %% nbgrader={"grade_id": "double", "grade": true}
check("double")

# %% [markdown] nbgrader={"grade_id": "why", "grade": true, "solution": true}
# Because.
"""

RIGHT = {
    "affine_code": (
        "import numpy as np\n\ndef affine_forward(x, w, b):\n    return x @ w + b, (x, w)\n\n"
        "def affine_backward(dout, cache):\n    x, w = cache\n    return dout @ w.T, x.T @ dout, dout.sum(axis=0)\n"
    ),
    "double_code": "def double(x):\n    return 2 * x\n",
    "why": "Because it is so.",
}
ANSWERS: dict[str, Mapping[str, str]] = {
    "right": RIGHT,
    "half": {**RIGHT, "double_code": "def double(x):\n    return x\n"},
    "mean": {**RIGHT, "affine_code": RIGHT["affine_code"].replace("sum", "mean"), "why": ""},
    "blank": {},
}
"""Submissions by what is in them; what is left out stays as it was released."""


def add_tiny_exercise() -> None:
    """Let this process know the exercise, as if its file lay beside the others."""
    sys.path[:0] = [p for p in (str(HERE), str(HERE.parents[1])) if p not in sys.path]
    from autograder import tasks

    if str(HERE / "tiny_tasks") not in tasks.__path__:
        tasks.__path__.append(str(HERE / "tiny_tasks"))


def write_solutions(to: Path) -> Path:
    to.mkdir(parents=True, exist_ok=True)
    (to / f"{NAME}.py").write_text(SOLUTION, encoding="utf-8")
    return to


def hand_in(to: Path, students: Mapping[str, Mapping[str, str] | str]) -> Path:
    """Write a notebook for each student: the answers given, or the very text."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

    for student, answers in students.items():
        path = to / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(answers, str):
            path.write_text(answers, encoding="utf-8")
            continue
        cells = []
        for name, source in {**dict.fromkeys(RIGHT, ""), **answers}.items():
            cell = (new_markdown_cell if name == "why" else new_code_cell)(source, id=name)
            cell.metadata["nbgrader"] = {
                "grade_id": name,
                "grade": name == "why",
                "solution": True,
                "locked": False,
                "schema_version": 3,
                "task": False,
            }
            cells.append(cell)
        path.write_text(writes(new_notebook(cells=cells)), encoding="utf-8")
    return to


def command(*arguments: str | Path) -> list[str]:
    """Return the command line, which wants the :func:`environment`."""
    return [sys.executable, "-m", "autograder", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return what lets a run know the exercise, and leave what it leaves when it is killed where it is tidied up."""
    path = os.pathsep.join([str(HERE / "tiny_site"), str(HERE), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "NO_COLOR": "1", "PYTHONPATH": path, "TMPDIR": scratch(), "XDG_RUNTIME_DIR": scratch()}


class _Run(subprocess.Popen[str]):
    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            # A test that has failed waits for nothing.
            self.kill()
        super().__exit__(kind, *rest)  # type: ignore[arg-type]


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Start the command line with the tiny exercise; ``options`` are those of ``Popen``."""
    return _Run(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        **options,
    )


@functools.cache
def scratch() -> str:
    """Return a directory with a short name, as sockets need it."""
    made = tempfile.mkdtemp(prefix="tiny-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def arguments(base: Path, out: Path, *more: str) -> list[str | Path]:
    """Return the command that grades ``base/in`` into ``out``."""
    return [
        *("grade", base / "in", "--out", out, "--solutions", base / "solutions"),
        *("--seed", "of the tests", "--trust-submissions", *more),
    ]


def run(*arguments: str | Path, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the command line with the tiny exercise to its end."""
    process = start(*arguments)
    out, err = process.communicate(timeout=seconds)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def dump(course: Path) -> dict[str, Any]:
    """Return all that a run says of its submissions, without what differs from run to run: ids and times."""
    records = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in course.glob("outcomes/*/*.json")}
    for record in records.values():
        record["outcome"]["seconds"] = 0.0
    files = sorted(p for part in ("autograded", "feedback") for p in (course / part).rglob("*") if p.is_file())
    return {
        "gradebook": tables(course / "gradebook.db"),
        "records": records,
        "grades.csv": (course / "grades.csv").read_text(encoding="utf-8"),
        "files": {str(p.relative_to(course)): p.read_bytes() for p in files},
    }


SUBMITTED = """
    SELECT a.name, s.student_id, n.name, c.name, {what} FROM {table} x
    JOIN base_cell c ON c.id = x.cell_id
    JOIN submitted_notebook m ON m.id = x.notebook_id
    JOIN notebook n ON n.id = m.notebook_id
    JOIN submitted_assignment s ON s.id = m.assignment_id
    JOIN assignment a ON a.id = s.assignment_id
"""
QUERIES = {
    "grades": SUBMITTED.format(
        table="grade", what="x.auto_score, x.manual_score, x.extra_credit, x.needs_manual_grade"
    ),
    "comments": SUBMITTED.format(table="comment", what="x.auto_comment, x.manual_comment"),
    "submissions": "SELECT student_id, timestamp, extension FROM submitted_assignment",
    "notebooks": "SELECT flagged, late_submission_penalty FROM submitted_notebook",
    "written": "SELECT s.student_id, w.key FROM autograder_written w JOIN submitted_assignment s"
    " ON s.id = w.submission_id",
    "students": "SELECT * FROM student",
    "cells": "SELECT name, type FROM base_cell",
    "points": "SELECT c.name, g.max_score, g.cell_type FROM grade_cells g JOIN base_cell c ON c.id = g.id",
    "sources": "SELECT name, cell_type, locked, source, checksum FROM source_cell",
    "exercises": "SELECT name, duedate, course_id FROM assignment",
    "released": "SELECT name, kernelspec FROM notebook",
    "courses": "SELECT * FROM course",
    "version": "SELECT * FROM alembic_version",
}


def tables(gradebook: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the gradebook's tables with names in the place of ids, every row of every table in one of them."""
    db = sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True)
    try:
        return {name: sorted(db.execute(query).fetchall(), key=repr) for name, query in QUERIES.items()}
    finally:
        db.close()


def processes_of(pid: int) -> list[Any]:
    """Return the process and everything that it has started, as it stands now."""
    import psutil

    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def left_after(processes: Sequence[Any], seconds: float) -> list[Any]:
    """Return those of the processes that are still there after a while."""
    deadline = time.monotonic() + seconds
    while True:
        left = [p for p in processes if p.is_running() and p.status() != "zombie"]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def listening(processes: Sequence[Any]) -> set[str]:
    """Return the addresses at which the processes can be reached over a network."""
    import psutil

    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found |= {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    return found


def dask_setup(_: Any) -> None:
    """What ``dask worker --preload`` calls."""
    add_tiny_exercise()
