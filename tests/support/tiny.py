"""A tiny exercise whose grading takes a second, and the paths and readers that tests share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.inside import Implementation
from autograder.task import Case, Exercise, case, task

ROOT = Path(__file__).resolve().parents[2]


def _batches(rng: np.random.Generator) -> list[Case]:
    sizes = [(4, 3, 5, ""), (2, 6, 3, ""), (1, 4, 2, "batch of one")]
    return [
        case(
            f"{n} rows",
            edge=edge,
            x=rng.standard_normal((n, d)),
            w=rng.standard_normal((d, m)),
            b=rng.standard_normal(m),
            dout=rng.standard_normal((n, m)),
        )
        for n, d, m, edge in sizes
    ]


@task(points=3, cases=_batches)
def affine_backward(impl: Any, x: Any, w: Any, b: Any, dout: Any) -> dict[str, Any]:
    _, cache = impl.affine_forward(x, w, b)
    dx, dw, db = impl.affine_backward(dout, cache)
    return {"dx": dx, "dw": dw, "db": db}


@task(points=2, cases=lambda rng: [case("five", x=rng.standard_normal(5))], seconds=5)
def double(impl: Any, x: Any) -> dict[str, Any]:
    return {"out": impl.double(x)}


AFFINE = """\
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
"""
DOUBLE = "def double(x):\n    return 2 * x\n"


def tiny_reference() -> Any:
    names: dict[str, Any] = {}
    exec(AFFINE + DOUBLE, names)
    return Implementation(names)


TINY = Exercise("tiny", "Tiny", {"affine_backward": affine_backward, "double": double}, tiny_reference)


def _cell(source: str, grade_id: str, **flags: Any) -> NotebookNode:
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": not flags.get("solution", False),
        "schema_version": 3,
        "task": False,
        **flags,
    }
    return cell


def tiny_notebook(affine: str = AFFINE, double: str = DOUBLE, *, first: str = "", last: str = "") -> NotebookNode:
    """Make a submission to the tiny exercise; ``first`` runs before everything, ``last`` after the answers."""
    return new_notebook(
        cells=[
            new_code_cell(first),
            _cell(affine, "affine_code", solution=True),
            _cell(double, "double_code", solution=True),
            new_code_cell(last),
            _cell('check("affine_backward")', "affine_backward", grade=True, points=3.0),
            _cell('check("double")', "double", grade=True, points=2.0),
        ]
    )


def points_of(results: Sequence[Any]) -> dict[str, float]:
    return {r.task: r.score for r in results}


def read_release(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "exercises" / name / f"{name}.ipynb", as_version=4)
