"""The bench: a small exercise, a notebook that solves it, and two graders for it, ours and nbgrader alone.

A technique of hostile cells is written as the code that stands in the notebook in place of an answer, before all
answers (``first``) or after them (``last``).
"""

from __future__ import annotations

import copy
import functools
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade, is_grade

from autograder.inside import Implementation
from autograder.kernel import kernel_session
from autograder.referee import grade_notebook
from autograder.sanitize import sanitize_notebook
from autograder.submission import Limits
from autograder.task import Case, Exercise, Task, case, task
from tests.hostile.technique import Family, Seen, Technique, register

__all__ = ["BENCH", "LIMITS", "SEED", "Cells", "alone", "graded", "honest", "hostile_cells", "notebook", "scores"]

SEED = "a secret of the bench"
LIMITS = Limits(cell_seconds=10, total_seconds=30)

# ---------------------------------------------------------------------------------------------------------------
# The exercise


def _vectors(rng: np.random.Generator) -> Iterator[Case]:
    for n, edge in ((5, ""), (4, ""), (1, "one entry")):
        yield case(f"{n} numbers", edge=edge, x=rng.standard_normal(n))


def _images(rng: np.random.Generator) -> Iterator[Case]:
    labels = rng.integers(0, 2, 40)
    yield case("hidden", private={"labels": labels}, images=labels[:, None] + 0.1 * rng.standard_normal((40, 3)))


@task(points=2, cases=_vectors, seconds=5)
def double(impl: Any, x: Any) -> dict[str, Any]:
    return {"out": impl.double(x)}


@task(points=1, cases=_vectors, seconds=5)
def center(impl: Any, x: Any) -> dict[str, Any]:
    return {"out": impl.center(x)}


@task(points=2, cases=_vectors, arrays="torch", forbid=("autograd",), seconds=5)
def slope(impl: Any, x: Any) -> dict[str, Any]:
    return {"dx": impl.slope(x)}


@task(points=2, cases=_vectors, pure=True, seconds=5)
def shift(impl: Any, x: Any) -> dict[str, Any]:
    return {"out": impl.shift(x)}


def _accuracy(outputs: Mapping[str, Any], *, labels: np.ndarray) -> float:
    return float(np.mean(np.asarray(outputs["guess"]) == labels)) if np.shape(outputs["guess"]) == (40,) else np.nan


@task(points=2, cases=_images, kind="metric", measure=_accuracy, measure_name="accuracy", none=0.5, seconds=5)
def guess(impl: Any, images: Any) -> dict[str, Any]:
    return {"guess": impl.guess(images)}


@task(points=2, cases=lambda _: [case("your answers")], kind="quiz", seconds=5)
def quiz(impl: Any) -> dict[str, Any]:
    return {"largest": impl.largest, "odd": impl.odd}


RIGHT = {
    "double": "def double(x):\n    return 2 * x\n",
    "center": "def center(x):\n    return x - x.mean()\n",
    "slope": "def slope(x):\n    return 3 * x**2\n",
    "shift": "def shift(x):\n    return x + 1\n",
    "guess": "def guess(images):\n    return (images.mean(axis=1) > 0.5).astype(int)\n",
    "quiz": "largest, odd = 7, True\n",
}
WRONG = {
    "double": "def double(x):\n    return 3 * x\n",
    "center": "def center(x):\n    return x\n",
    "slope": "def slope(x):\n    return x**2\n",
    "shift": "def shift(x):\n    return x + 2\n",
    "guess": "def guess(images):\n    return np.zeros(len(images), int)[:7]\n",
    "quiz": "largest, odd = 6, False\n",
}
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
EXAMS = {
    "double": "x = np.arange(5.0)\nassert np.allclose(double(x), 2 * x)",
    "center": "assert np.allclose(center(np.arange(3.0)), [-1, 0, 1])",
    "slope": "import torch\nx = torch.ones(5)\nassert torch.allclose(slope(x), 3 * x**2)",
    "shift": "assert np.allclose(shift(np.zeros(3)), 1)",
    "guess": "assert (guess(np.eye(3)) == 0).all()",
    "quiz": "assert largest == 7\nassert odd == True",
}
"""What stands in the graded cells: the tests that nbgrader alone goes by. The referee does not run them."""


def _reference() -> Any:
    names: dict[str, Any] = {}
    exec("\n".join(RIGHT.values()), names)
    return Implementation(names)


TASKS: dict[str, Task] = {t.name: t for t in (double, center, slope, shift, guess, quiz)}
BENCH = Exercise("bench", "The bench", TASKS, _reference)

# ---------------------------------------------------------------------------------------------------------------
# The notebook

Cells = str | Mapping[str, str]
"""The code in place of the answer under attack, or in several places: ``{"first": ..., "double": ..., "last": ...}``."""


def _graded_metadata(name: str, **settings: Any) -> dict[str, Any]:
    fixed = {"grade_id": name, "grade": False, "solution": False, "schema_version": 3, "task": False}
    return {"nbgrader": {**fixed, "locked": not settings.get("solution", False), "cell_type": "code", **settings}}


def notebook(cells: Mapping[str, str] | None = None, exams: Mapping[str, str] | None = None) -> NotebookNode:
    """Return the notebook that solves the bench, with the code of ``cells`` in the places that it names."""
    given = {name: textwrap.dedent(source).strip("\n") for name, source in (cells or {}).items()}
    own = {place: [new_code_cell(given[place], id=place)] if place in given else [] for place in ("first", "last")}
    setup = new_code_cell("import numpy as np", id="setup", metadata=_graded_metadata("setup"))
    answers = [
        new_code_cell(given.get(n, RIGHT[n]), id=f"{n}_code", metadata=_graded_metadata(f"{n}_code", solution=True))
        for n in TASKS
    ]
    tests = [
        new_code_cell(
            {**EXAMS, **(exams or {})}[n], id=n, metadata=_graded_metadata(n, grade=True, points=float(t.points))
        )
        for n, t in TASKS.items()
    ]
    return new_notebook(cells=[setup, *own["first"], *answers, *own["last"], *tests])


def _placed(cells: Cells, target: str, otherwise: Mapping[str, str]) -> dict[str, str]:
    return {target: otherwise[target]} | ({target: cells} if isinstance(cells, str) else dict(cells))


# ---------------------------------------------------------------------------------------------------------------
# Graded by us, and by nbgrader alone


def scores(
    nb: NotebookNode, *, exercise: Exercise = BENCH, seed: str = SEED, limits: Limits = LIMITS
) -> dict[str, float]:
    """Return what the referee gives for each task, as a share of its points."""
    results = grade_notebook(nb, exercise, seed, limits=limits)
    return {r.task: (r.score or 0.0) / exercise.tasks[r.task].points for r in results}


def graded(nb: NotebookNode, target: str, *, spoils: bool = False, **how: Any) -> Seen:
    """Return the share of ``target``'s points, and whatever goes beyond the points of the others.

    Harm is what other tasks have lost, unless the attack spoils its own kernel, and scores that nbgrader reads otherwise.
    """
    try:
        found = scores(nb, **how)
    except Exception as error:  # the run goes on, but without this notebook
        return Seen(0.0, f"the whole notebook is refused ({type(error).__name__})")
    lost = [name for name, share in found.items() if name != target and share < 1]
    read = {c.metadata.nbgrader.grade_id: determine_grade(c) for c in sanitize_notebook(nb).cells if is_grade(c)}
    harms = [
        f"points are lost in {', '.join(lost)}" if lost and not spoils else "",
        "nbgrader reads other scores" if read != {n: (found[n] * t.points, t.points) for n, t in TASKS.items()} else "",
    ]
    gained = found[target] + sum(max(0.0, share - 1) for share in found.values())
    return Seen(gained, "; ".join(filter(None, harms)))


def alone(nb: NotebookNode, target: str) -> Seen:
    """Return the share of ``target``'s points that nbgrader gives, whose tests run beside the submission's code."""
    with kernel_session(LIMITS) as session:
        for cell in nb.cells:
            session.run_cell(cell)
    score, points = determine_grade(next(c for c in nb.cells if c.id == target))
    return Seen(1.0 if score is None else score / points)


@functools.cache
def honest() -> Seen:
    """Grade the notebook that solves the bench."""
    return Seen(min(scores(notebook()).values()))


def hostile_cells(
    family: Family,
    name: str,
    tries: str,
    layer: str,
    *,
    attack: Cells,
    neighbour: Cells,
    target: str = "double",
    exam: str = "",
    without: bool | Callable[[NotebookNode], Seen] = True,
    harmed: Callable[[], str] = str,
    spoils: bool = False,
    gap: str = "",
    limits: Limits = LIMITS,
) -> Technique:
    """Register a technique that is written in cells.

    Parameters
    ----------
    attack, neighbour
        Where they leave the answer to ``target`` alone, it is wrong in the attack and right in its neighbour.
    exam
        The test that nbgrader alone would go by, where it is not the usual one.
    without
        Whether nbgrader alone is deceived; or another way to grade the same notebook with the layer off.
    harmed
        Looks afterwards for harm that was done elsewhere, and returns it in a sentence.
    spoils
        Whether the attack may cost its own notebook other tasks.
    """
    exams = {target: exam} if exam else {}
    hostile = notebook(_placed(attack, target, WRONG), exams)
    permitted = notebook(_placed(neighbour, target, RIGHT), exams)

    def attacked() -> Seen:
        seen = graded(copy.deepcopy(hostile), target, spoils=spoils, limits=limits)
        return Seen(seen.share, "; ".join(filter(None, [seen.harm, harmed()])))

    def with_layer_off() -> Seen:
        return alone(copy.deepcopy(hostile), target) if without is True else without(copy.deepcopy(hostile))

    return register(
        Technique(
            family,
            name,
            tries,
            layer,
            control=honest,
            attack=attacked,
            without=with_layer_off if without else None,
            neighbour=lambda: graded(copy.deepcopy(permitted), target, limits=limits),
            gap=gap,
        )
    )
