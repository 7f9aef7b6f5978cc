"""Part 7: BFGS and L-BFGS, which learn the curvature from gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex06_second_order_optimization import secants_mistakes as mistakes
from autograder.tasks.ex06_second_order_optimization.draws import SHORTCUTS, cast, positive, symmetric


def _pair(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a step and the change of the gradient along it, in a bowl."""
    s = rng.standard_normal(n)
    return s, positive(rng, n) @ s


def _updates(rng: np.random.Generator) -> Iterator[Case]:
    s, y = _pair(rng, 2)
    yield case("two variables", given=True, inverse=np.eye(2), s=s, y=y)
    for n in (5, 3):
        s, y = _pair(rng, n)
        yield case(f"{n} variables", inverse=positive(rng, n), s=s, y=y)
    s, y = _pair(rng, 4)
    arrays: dict[str, Any] = {"inverse": positive(rng, 4), "s": s, "y": y}
    yield case("float32", **cast(arrays))
    s, y = _pair(rng, 3)
    yield case("curved downwards", edge="yᵀs is negative", inverse=positive(rng, 3), s=s, y=-y)
    yield case("no step", edge="s and y are zero", inverse=positive(rng, 3), s=np.zeros(3), y=np.zeros(3))


@task(
    points=3,
    cases=_updates,
    forbid=SHORTCUTS,
    shares={"B": 2, "By": 1},
    mistakes=mistakes.BFGS_UPDATE,
    hints={
        "B": "with ρ = 1/yᵀs: (I − ρ s yᵀ) B (I − ρ y sᵀ) + ρ s sᵀ; unchanged if yᵀs is not positive.",
        "By": "the new B obeys the secant equation By = s.",
    },
)
def bfgs_update(impl: Any, inverse: np.ndarray, s: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """The new approximation of the inverse Hessian, and what it makes of y."""
    new = impl.bfgs_update(inverse, s, y)
    if new is None:
        return {"B": None, "By": None}
    new = np.asarray(new)
    return {"B": new, "By": new @ y}


def _walks(rng: np.random.Generator) -> Iterator[Case]:
    for name, edge, n, low, high, most in (
        ("two variables", "", 2, 0.005, 0.1, 40),
        ("four variables", "", 4, 0.01, 0.2, 40),
        ("stopped by max_steps", "", 3, 0.0, 0.0, 4),
        ("a single step", "a single step", 3, 0.0, 0.0, 1),
    ):
        while True:
            drawn: dict[str, Any] = {
                "x0": 1.5 * rng.choice([-1.0, 1.0], n) + 0.5 * rng.standard_normal(n),
                "bowl": positive(rng, n, 0.5, 4.0),
                "quartic": rng.uniform(0.2, 0.6, n),
                "share": float(rng.uniform(0.35, 0.45)),
                "tolerance": float(rng.uniform(low, high)),
                "max_steps": most,
            }
            # Where the tolerance ends the walk, it has to tell the length of the step from other tests.
            if low == high or mistakes.telling(**drawn):
                break
        yield case(name, edge=edge, given=n == 2, **drawn)


@task(
    points=3,
    cases=_walks,
    forbid=SHORTCUTS,
    shares={"path": 2, "steps": 1, "first s": 1, "first y": 1},
    mistakes=mistakes.BFGS,
    hints={
        "path": "one row per point: p = −Bg, α = line_search(x, p), the new point x + αp, then B = update(B, s, y).",
        "steps": "stop after the first step αp whose length is below the tolerance, or after max_steps.",
        "first s": "s is the step that was taken, the new point minus the old one.",
        "first y": "y is the new gradient minus the old one.",
    },
)
def bfgs(
    impl: Any,
    x0: np.ndarray,
    bowl: np.ndarray,
    quartic: np.ndarray,
    share: float,
    tolerance: float,
    max_steps: int,
) -> dict[str, Any]:
    """Walk down ½ xᵀAx + ¼ Σ cᵢxᵢ⁴ with a line search and an update that are right."""
    pairs: list[Any] = []

    def gradient(x: np.ndarray) -> np.ndarray:
        return bowl @ x + quartic * x**3

    def line_search(x: np.ndarray, p: np.ndarray) -> float:
        # The secant's zero of the slope along p: it grows with p's length as any good search does.
        here = float(gradient(x) @ p)
        if not here < 0:
            msg = f"line_search was given a direction that does not point downhill: the slope along it is {here:.3g}"
            raise ValueError(msg)
        probe = share / np.sqrt(p @ p)
        there = float(gradient(x + probe * p) @ p)
        return float(probe * here / (here - there))

    def update(inverse: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
        pairs.append((np.array(s, dtype=float), np.array(y, dtype=float)))
        if len(pairs) > 1_000:
            msg = "B was updated more than 1000 times: does the loop end after max_steps?"
            raise RuntimeError(msg)
        if not s @ y > 0:
            return inverse
        rho = 1 / (s @ y)
        left = np.eye(len(s)) - rho * np.outer(s, y)
        return left @ inverse @ left.T + rho * np.outer(s, s)

    path = impl.bfgs(gradient, x0, line_search=line_search, update=update, tolerance=tolerance, max_steps=max_steps)
    if path is None:
        return {"path": None, "steps": None, "first s": None, "first y": None}
    points = np.array([np.array(point, dtype=float) for point in path])
    # A loop that ends before its last update, or has no use for it, is as good.
    kept = pairs[: min(2, max(1, len(points) - 2))]
    answer = {"path": points, "steps": len(points) - 1}
    if max_steps > 1:
        answer["first s"] = np.array([s for s, _ in kept])
        answer["first y"] = np.array([y for _, y in kept])
    return answer


def _memories(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n, m, dtype in (
        ("one pair", True, 2, 1, "float64"),
        ("three pairs", False, 5, 3, "float64"),
        ("seven pairs", False, 4, 7, "float64"),
        ("float32", False, 6, 2, "float32"),
    ):
        hessian = symmetric(rng, rng.uniform(0.5, 8.0, n))
        s = rng.standard_normal((m, n))
        arrays: dict[str, Any] = {"gradient": rng.standard_normal(n), "steps": s, "changes": s @ hessian}
        yield case(name, given=given, **cast(arrays, dtype))
    empty = np.zeros((0, 3))
    yield case("no pair yet", edge="no pair yet", gradient=rng.standard_normal(3), steps=empty, changes=empty)


@task(
    points=3,
    cases=_memories,
    forbid=SHORTCUTS,
    mistakes=mistakes.LBFGS_DIRECTION,
    hints={
        "direction": "from the newest pair to the oldest: α, then q; scale q with the newest pair; from the oldest to "
        "the newest: β, then r; return −r."
    },
)
def lbfgs_direction(impl: Any, gradient: np.ndarray, steps: np.ndarray, changes: np.ndarray) -> dict[str, Any]:
    """The direction −Bg, from the pairs alone."""
    pairs = [(s.copy(), y.copy()) for s, y in zip(steps, changes, strict=True)]
    return {"direction": impl.lbfgs_direction(gradient, pairs)}
