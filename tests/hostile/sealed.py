"""Hostile code that looks for what it should not have: run in a confined kernel, and in a plain one.

Each technique is code that prints what it finds. It has succeeded if a *prize* is among that: a secret that lies in a
file, in the environment or in the memory of the grader, or the answer itself.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder.kernel import KernelSession, kernel_session
from autograder.submission import Limits
from tests.hostile.bench import honest
from tests.hostile.technique import Family, Seen, Technique, register

__all__ = ["PLACE", "SECRET", "finds", "plain", "printed", "sealed", "text_of"]

SECRET = secrets.token_hex(12)
PLACE = Path(tempfile.mkdtemp(prefix="course-"))
"""A grading course on this machine: a seed, a gradebook and another student's work, each with the secret in it."""

ENVIRONMENT = "AUTOGRADER_TEST_SEED"
LIMITS = Limits(cell_seconds=10, total_seconds=40)

for _name in ("seed.txt", "gradebook.db", "submitted/ada/bench/bench.ipynb", "release/bench/bench.ipynb"):
    (PLACE / _name).parent.mkdir(parents=True, exist_ok=True)
    (PLACE / _name).write_text(SECRET)
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)


def text_of(cell: Any) -> str:
    """Return all that a cell put out."""
    found = []
    for o in cell.outputs:
        if o.output_type == "stream":
            found.append(o.text)
        elif o.output_type == "error":
            found.append(f"{o.ename}: {o.evalue}")
        else:
            found.append(str(o.data))
    return "".join(found)


def printed(session: KernelSession, source: str) -> str:
    """Run a cell in a session and return what it put out."""
    cell = new_code_cell(textwrap.dedent(source))
    session.run_cell(cell)
    return text_of(cell)


def sealed(source: str, limits: Limits = LIMITS) -> str:
    """Run a cell in a confined kernel and return what it put out."""
    os.environ[ENVIRONMENT] = SECRET
    with kernel_session(limits) as session:
        return printed(session, source)


def plain(source: str) -> str:
    """Run a cell in a plain kernel, as nbgrader alone does, and return what it put out."""
    os.environ[ENVIRONMENT] = SECRET
    book = new_notebook(cells=[new_code_cell(textwrap.dedent(source))])
    quiet = ["--IPKernelApp.log_level=CRITICAL"]
    with tempfile.TemporaryDirectory() as place:
        NotebookClient(
            book,
            kernel_name="python3",
            timeout=30,
            allow_errors=True,
            extra_arguments=quiet,
            resources={"metadata": {"path": place}},
        ).execute()
    return text_of(book.cells[0])


def finds(
    family: Family,
    name: str,
    tries: str,
    layer: str,
    *,
    source: str,
    neighbour: str,
    prize: str = SECRET,
    without: bool = True,
) -> Technique:
    """Register code that prints a prize if it finds it; its neighbour prints "fine"."""
    return register(
        Technique(
            family,
            name,
            tries,
            layer,
            control=honest,
            attack=lambda: Seen(float(prize in sealed(source))),
            without=(lambda: Seen(float(prize in plain(source)))) if without else None,
            neighbour=lambda: _fine(sealed(neighbour)),
        )
    )


def _fine(said: str) -> Seen:
    return Seen(1.0) if said.strip() == "fine" else Seen(0.0, f"said {said[:200]!r}")
