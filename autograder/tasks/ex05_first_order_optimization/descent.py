"""Parts 1 and 2: the step, the loop with its convergence test, the rates of a bowl, line search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex05_first_order_optimization import descent_mistakes as mistakes
from autograder.tasks.ex05_first_order_optimization.draws import draw_walk

SHORTCUTS = ("torch.optim", "scipy.optimize")

# ---------------------------------------------------------------------------------------------------------------
# 1 Gradient descent


def _sgd_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a matrix", given=True, **draw_walk(rng, (3, 2)))
    yield case("a vector", **draw_walk(rng, (5,)))
    yield case("a stack of filters", **draw_walk(rng, (2, 3, 4)))
    walk = draw_walk(rng, (4, 3))
    yield case("float32", **{k: v if k == "rates" else v.astype(np.float32) for k, v in walk.items()})
    yield case("a rate of 0", edge="a rate of 0", **draw_walk(rng, (3, 4)) | {"rates": [0.0] * 5})


@task(
    points=1,
    cases=_sgd_cases,
    forbid=SHORTCUTS,
    mistakes=mistakes.SGD_UPDATE,
    hints={
        "w after one step": "the new parameter is w − learning_rate · dw; return it.",
        "w after all steps": "the new parameter is w − learning_rate · dw; return it.",
    },
)
def sgd_update(impl: Any, w: np.ndarray, gradients: np.ndarray, rates: list[float]) -> dict[str, Any]:
    """Some steps with drawn gradients and rates."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w = impl.sgd_update(w, dw, learning_rate=rate)
        if w is None:
            return {"w after one step": None, "w after all steps": None}
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1]}


def _descent_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, edge, n, rate, tolerance, most in (
        ("two variables", "", 2, 0.06, 1e-3, 500),
        ("five variables", "", 5, 0.04, 3e-3, 400),
        ("stopped by max_steps", "", 3, 0.05, 1e-9, 12),
        ("a tolerance of 0", "tolerance 0: only max_steps ends the walk", 4, 0.2, 0.0, 9),
    ):
        yield case(
            name,
            edge=edge,
            given=n == 2,
            x0=2 * rng.standard_normal(n),
            curvature=rng.uniform(1.0, 1.1, n),
            minimum=rng.standard_normal(n),
            learning_rate=rate,
            tolerance=tolerance,
            max_steps=most,
        )
    start = rng.standard_normal(3)
    yield case(
        "a start at the minimum",
        edge="the start is the minimum",
        x0=start,
        curvature=rng.uniform(1.0, 1.4, 3),
        minimum=start,
        learning_rate=0.3,
        tolerance=1e-4,
        max_steps=7,
    )


@task(
    points=2,
    cases=_descent_cases,
    forbid=SHORTCUTS,
    shares={"path": 2, "steps": 1, "last point": 1},
    mistakes=mistakes.GRADIENT_DESCENT,
    hints={
        "path": "one row per point: x0, and the new point after each step, the last one too.",
        "steps": "stop after the first step whose length ‖x_next − x‖ is below the tolerance, or after max_steps.",
        "last point": "the last row is the point to which the last step led.",
    },
)
def gradient_descent(
    impl: Any,
    x0: np.ndarray,
    curvature: np.ndarray,
    minimum: np.ndarray,
    learning_rate: float,
    tolerance: float,
    max_steps: int,
) -> dict[str, Any]:
    """Walk down a bowl that is a parabola at its bottom and straight far out."""

    asked = []

    def gradient(x: np.ndarray) -> np.ndarray:
        asked.append(x)
        if len(asked) > 10_000:
            msg = "the gradient was asked for more than 10000 times: does the loop end after max_steps?"
            raise RuntimeError(msg)
        return curvature * np.tanh(x - minimum)

    path = impl.gradient_descent(gradient, x0, learning_rate=learning_rate, tolerance=tolerance, max_steps=max_steps)
    if path is None:
        return {"path": None, "steps": None, "last point": None}
    points = np.array([np.array(point, dtype=float) for point in path])
    return {"path": points, "steps": len(points) - 1, "last point": points[-1]}


def _bowls(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three directions", given=True, curvatures=rng.permutation(rng.uniform([0.5, 2, 8], [1.5, 4, 20])))
    yield case("two directions", curvatures=rng.permutation(rng.uniform([0.2, 5], [0.8, 30])))
    yield case("six directions", curvatures=10 ** rng.uniform(-1, 2, 6))
    # A power of two: its factor is 0 without any rounding, in whichever order it is computed.
    yield case("one direction", edge="a single direction", curvatures=2.0 ** rng.integers(1, 4, 1))


@task(
    points=2,
    cases=_bowls,
    mistakes=mistakes.STEP_SIZES,
    hints={
        "limit": "the steepest direction is the first to grow: for which rate is its factor 1 − αc equal to −1?",
        "best": "at the best rate the flattest and the steepest direction shrink equally fast, with opposite signs.",
        "factor": "put the best rate into |1 − αc|, for the flattest or the steepest direction.",
    },
)
def step_sizes(impl: Any, curvatures: np.ndarray) -> dict[str, Any]:
    """The largest rate, the best one and its factor, of a bowl."""
    limit, best, factor = impl.step_sizes(curvatures)
    return {"limit": limit, "best": best, "factor": factor}


# ---------------------------------------------------------------------------------------------------------------
# 2 Line search


def _quadratics(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n in (("two variables", True, 2), ("five variables", False, 5), ("three variables", False, 3)):
        a = rng.standard_normal((n, n))
        yield case(name, given=given, gradient=rng.standard_normal(n), hessian=a @ a.T + 0.3 * np.eye(n))
    a = rng.standard_normal((4, 4))
    hessian = (a @ a.T + 0.3 * np.eye(4)).astype(np.float32)
    yield case("float32", gradient=rng.standard_normal(4).astype(np.float32), hessian=hessian)


@task(
    points=1,
    cases=_quadratics,
    forbid=SHORTCUTS,
    mistakes=mistakes.EXACT_LINE_SEARCH,
    hints={"step": "the step is gᵀg / gᵀHg, one number."},
)
def exact_line_search(impl: Any, gradient: np.ndarray, hessian: np.ndarray) -> dict[str, Any]:
    """The best step along the negative gradient of a quadratic."""
    return {"step": impl.exact_line_search(gradient, hessian)}


def _search_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n, step, c1, shrink in (
        ("halving", True, 2, 1.0, 1e-4, 0.5),
        ("a demanding c1", False, 4, 2.0, 0.6, 0.8),
        ("shrinking to a third", False, 3, 8.0, 0.45, 1 / 3),
        ("shrinking by a tenth", False, 5, 3.0, 0.3, 0.9),
    ):
        drawn: dict[str, Any] = {"step": step, "c1": c1, "shrink": shrink, "barrier": False}
        while True:
            drawn |= {
                "x": 2 * rng.standard_normal(n),
                "curvature": rng.uniform(0.5, 4.0, n),
                "turn": rng.uniform(0.5, 2, n),
            }
            # Where any decrease at all would do just as well, the case says nothing about c₁.
            right, anything = (mistakes.backtrack(**drawn | {"c1": c}) for c in (c1, 0.0))
            if 0 < right < step and (c1 < 0.1 or right != anything):
                break
        yield case(name, given=given, **drawn)
    near: dict[str, Any] = {"x": rng.uniform(1.5, 3.0, 3), "curvature": rng.uniform(0.5, 1.0, 3), "turn": np.ones(3)}
    yield case("good at once", edge="the first step is good", **near, step=0.05, c1=0.1, shrink=0.5, barrier=False)
    inside: dict[str, Any] = {"x": rng.uniform(2.0, 3.0, 3), "curvature": rng.uniform(0.7, 1.0, 3), "turn": np.ones(3)}
    edge = "f is NaN for steps that are far too long"
    yield case("NaN far out", edge=edge, **inside, step=50.0, c1=0.2, shrink=0.6, barrier=True)


@task(
    points=3,
    cases=_search_cases,
    forbid=SHORTCUTS,
    mistakes=mistakes.BACKTRACKING,
    hints={"step": "start with `step`, multiply by `shrink` until f(x + αp) ≤ f(x) + c₁ α gᵀp, and return that α."},
)
def backtracking_line_search(
    impl: Any,
    x: np.ndarray,
    curvature: np.ndarray,
    turn: np.ndarray,
    step: float,
    c1: float,
    shrink: float,
    barrier: bool,
) -> dict[str, Any]:
    """The step along a direction that is downhill but not quite the negative gradient."""

    asked = []

    def f(z: np.ndarray) -> float:
        asked.append(z)
        if len(asked) > 10_000:
            msg = "f was asked for more than 10000 times in one search: does the step shrink, and does the loop end?"
            raise RuntimeError(msg)
        if barrier:
            return float(np.sum(curvature * z - np.log(z))) if np.all(z > 0) else float("nan")
        return float(np.sum(curvature * z**2 / 2 + z**4 / 8))

    gradient = curvature - 1 / x if barrier else curvature * x + x**3 / 2
    direction = -turn * gradient
    found = impl.backtracking_line_search(f, x, direction, gradient, step=step, c1=c1, shrink=shrink)
    return {"step": found}
