"""A class in which one hands in something hostile: collected, reconciled and graded as in a run."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from autograder.intake import collect
from autograder.kernel import kernel_session
from autograder.reconcile import reconcile
from autograder.submission import Submission
from tests.hostile.bench import BENCH, LIMITS, STUB, TASKS, WRONG, graded, honest, notebook
from tests.hostile.technique import Seen, Technique, register

__all__ = ["Notebook", "alone", "collected", "hand_in", "hostile_notebook", "packed", "plain", "write"]

Notebook = dict[str, Any]
Change = Callable[[Notebook], object]
"""Changes a notebook where it stands, or returns the bytes that the file holds."""

TARGET = "double"
RELEASED = notebook(dict.fromkeys(TASKS, STUB))
MALLORY, OTHERS = "mallory", ("ada", "zoe")


def plain(nb: NotebookNode) -> Notebook:
    """Return a notebook in JSON's terms."""
    return dict(json.loads(nbformat.writes(nb)))


def write(path: Path, content: Notebook | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def collected(place: Path, prepare: Callable[[Path], object]) -> tuple[dict[str, Submission], str]:
    """Collect a class and return the submissions by student, and what happened to the honest ones if anything did.

    ``prepare`` puts what is hostile beside the honest work in the folder it is given, or returns an archive instead.
    """
    drop, into = place / "handed in", place / "course" / "submitted"
    right = json.dumps(plain(notebook())).encode()
    release = write(place / "release.ipynb", plain(RELEASED))
    for student in OTHERS:
        write(drop / student / "bench.ipynb", right)
    source = packed(drop, prepare)
    before = {p for p in place.rglob("*") if into not in p.parents and p not in {into, into.parent}}
    found = {s.student: s for s in collect(source, into, ["bench"], {"bench": release})}
    harm = [f"{p.name} was written" for p in place.rglob("*") if p not in before and into not in p.parents]
    harm = [h for h in harm if h not in {"course was written", "submitted was written"}]
    for student in OTHERS:
        if student not in found or found[student].problem or found[student].notebook.read_bytes() != right:
            harm.append(f"the submission of {student} is not what was handed in")
    return found, "; ".join(harm)


def packed(drop: Path, prepare: Callable[[Path], object]) -> Path:
    """Prepare what is handed in and return where it lies: the folder, or the archive that was made of it."""
    made = prepare(drop)
    return made if isinstance(made, Path) and made.suffix == ".zip" else drop


def hand_in(content: Notebook | bytes, *, spoils: bool = False) -> Seen:
    """Collect and grade a notebook, and return the points that were gained as a share of the target's.

    What it deserves are the points of all other tasks; harm is what these have lost, or what happened to others.
    """
    with tempfile.TemporaryDirectory() as place:
        found, harm = collected(Path(place), lambda drop: write(drop / MALLORY / "bench.ipynb", content))
        mine = found[MALLORY]
        if mine.problem:
            return Seen(0.0, harm)
        submitted = nbformat.read(mine.notebook, as_version=4)
        reconciled, _ = reconcile(submitted, RELEASED)
    seen = graded(reconciled, TARGET, spoils=spoils)
    return Seen(seen.share, "; ".join(filter(None, [harm, seen.harm])))


def alone(content: Notebook) -> Seen:
    """Let nbgrader alone grade the notebook as it is; the share is what it gives beyond what is deserved."""
    nb = nbformat.reads(json.dumps(content), as_version=4)
    with kernel_session(LIMITS) as session:
        for cell in nb.cells:
            if cell.cell_type == "code":
                session.run_cell(cell)
    marks = [determine_grade(c) for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]
    total = sum(most if score is None else score for score, most in marks)
    deserved = BENCH.points - TASKS[TARGET].points
    return Seen(max(0.0, total - deserved) / TASKS[TARGET].points)


def hostile_notebook(
    name: str,
    tries: str,
    layer: str,
    *,
    attack: Change,
    neighbour: Change,
    without: bool | Callable[[Notebook], Seen] = True,
    spoils: bool = False,
    gap: str = "",
) -> Technique:
    """Register a change of a notebook: made to one that is wrong in ``double``, its neighbour to one that is right.

    ``without`` says whether nbgrader alone is deceived, or switches the layer off in another way; ``spoils`` whether
    the attack may cost its own notebook other tasks.
    """

    def changed(change: Change, source: NotebookNode) -> Notebook | bytes:
        content = plain(source)
        instead = change(content)
        return instead if isinstance(instead, bytes) else content

    wrong, right = notebook({TARGET: WRONG[TARGET]}), notebook()

    def with_layer_off() -> Seen:
        content = changed(attack, wrong)
        if without is True:
            assert isinstance(content, dict)
            return alone(copy.deepcopy(content))
        return without(content)  # type: ignore[operator, arg-type]

    return register(
        Technique(
            "change the notebook",
            name,
            tries,
            layer,
            control=honest,
            attack=lambda: hand_in(changed(attack, wrong), spoils=spoils),
            without=with_layer_off if without else None,
            neighbour=lambda: hand_in(changed(neighbour, right)),
            gap=gap,
        )
    )
