"""Parts 8 and 9: curves fitted by Gauss–Newton and its damped relatives, and what second-order steps cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex06_second_order_optimization import squares_mistakes as mistakes
from autograder.tasks.ex06_second_order_optimization.draws import SHORTCUTS, cast, signed

LIBRARY = ("numpy.linalg.lstsq", *SHORTCUTS)

# ---------------------------------------------------------------------------------------------------------------
# 8 Curves


def _growths(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three points", given=True, theta=np.array([2.0, 1.0]), t=np.array([0.0, 1.0, 2.0]), y=np.ones(3))
    for name, m in (("five points", 5), ("eight points", 8)):
        t = np.sort(rng.uniform(0.2, 4.0, m))
        yield case(name, theta=rng.uniform([1.2, 0.3], [4.0, 1.4]), t=t, y=rng.uniform(0.5, 3.0, m))
    t, y = np.sort(rng.uniform(1.0, 9.0, 4)), rng.uniform(0.5, 3.0, 4)
    yield case("a curve that falls", theta=np.array([-1.7, 0.2]), t=t, y=y)


@task(
    points=2,
    cases=_growths,
    forbid=("autograd", *SHORTCUTS),
    mistakes=mistakes.GROWTH,
    hints={
        "residual": "what the model says minus what was measured, one number per point.",
        "jacobian": "one row per point, the columns ∂r/∂a = 1 − e^(−bt) and ∂r/∂b = a t e^(−bt).",
    },
)
def growth(impl: Any, theta: np.ndarray, t: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Residuals and Jacobian of a(1 − e^(−bt))."""
    return {"residual": impl.growth_residual(theta, t, y), "jacobian": impl.growth_jacobian(theta, t)}


def _fits(rng: np.random.Generator, *, damped: bool) -> Iterator[Case]:
    for name, given, m, n, dtype in (
        ("three residuals", True, 3, 2, "float64"),
        ("seven residuals", False, 7, 4, "float64"),
        ("five residuals", False, 5, 3, "float64"),
        ("float32", False, 6, 2, "float32"),
    ):
        # Columns of different sizes: the components of x have units of their own.
        size = 10 ** rng.uniform(-0.4, 0.4, n)
        arrays: dict[str, Any] = {"residual": rng.standard_normal(m), "jacobian": size * rng.standard_normal((m, n))}
        extra: dict[str, Any] = (
            {"damping": float(rng.choice([0.3, 1.7, 6.0, 12.0]) * rng.uniform(0.8, 1.2))} if damped else {}
        )
        yield case(name, given=given, **cast(arrays, dtype), **extra)
    if damped:
        column = rng.standard_normal((4, 1))
        flat: dict[str, Any] = {"residual": rng.standard_normal(4), "jacobian": column * np.array([1.0, 2.0])}
        yield case("JᵀJ is singular", edge="JᵀJ is singular", **flat, damping=0.5)
        square: dict[str, Any] = {"residual": rng.standard_normal(4), "jacobian": rng.standard_normal((4, 2))}
        yield case("no damping", edge="λ = 0", **square, damping=0.0)


@task(
    points=1,
    cases=lambda rng: _fits(rng, damped=False),
    forbid=LIBRARY,
    mistakes=mistakes.GAUSS_NEWTON_STEP,
    hints={"step": "the step solves JᵀJ δ = Jᵀr."},
)
def gauss_newton_step(impl: Any, residual: np.ndarray, jacobian: np.ndarray) -> dict[str, Any]:
    """The step of Gauss and Newton."""
    return {"step": impl.gauss_newton_step(residual, jacobian)}


@task(
    points=1,
    cases=lambda rng: _fits(rng, damped=True),
    forbid=LIBRARY,
    mistakes=mistakes.LEVENBERG_STEP,
    hints={"step": "the step solves (JᵀJ + λI) δ = Jᵀr."},
)
def levenberg_step(impl: Any, residual: np.ndarray, jacobian: np.ndarray, damping: float) -> dict[str, Any]:
    """Levenberg's step."""
    return {"step": impl.levenberg_step(residual, jacobian, damping)}


@task(
    points=1,
    cases=lambda rng: _fits(rng, damped=True),
    forbid=LIBRARY,
    mistakes=mistakes.LEVENBERG_MARQUARDT_STEP,
    hints={"step": "the step solves (JᵀJ + λ diag(JᵀJ)) δ = Jᵀr, where diag keeps the diagonal and drops the rest."},
)
def levenberg_marquardt_step(impl: Any, residual: np.ndarray, jacobian: np.ndarray, damping: float) -> dict[str, Any]:
    """The step of Levenberg and Marquardt."""
    return {"step": impl.levenberg_marquardt_step(residual, jacobian, damping)}


def _descents(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, method, damping, factor, tolerance, most in (
        ("a damping that grows", True, "marquardt", 1e-3, 10.0, 1e-3, 6),
        ("a damping that falls", False, "levenberg", 30.0, 3.0, 1e-3, 8),
        ("up and down", False, "levenberg", 0.02, 4.0, 1e-3, 8),
        ("stopped by the tolerance", False, "marquardt", 0.1, 5.0, 3e-2, 40),
    ):
        while True:
            drawn: dict[str, Any] = {
                "x0": np.array([-1.2, 1.0]) + rng.uniform(-0.4, 0.4, 2),
                "bend": signed(rng, 3.0, 8.0),
                "offset": float(rng.uniform(0.3, 0.8)),
                "target": 1.0,
                "method": method,
                "damping": damping,
                "factor": factor,
                "tolerance": tolerance,
                "max_steps": most,
            }
            found = mistakes.descend(**drawn)
            # Without a step that fails, the case says nothing about what to do then; near the bottom rounding decides.
            enough = (found.failed > 0 or damping > 1) and found.margin > 1e-6
            # In one of them at least the sum of the residuals, squares left out, allows a step.
            if enough and (not given or len(mistakes.descend(**drawn, by_sum=True).points) > 1):
                break
        yield case(name, given=given, **drawn)
    bottom: dict[str, Any] = {
        "x0": np.array([0.0, 0.0]),
        "bend": 4.0,
        "offset": 0.0,
        "target": 0.0,
        "method": "levenberg",
        "damping": 0.1,
    }
    edge = "the start is the minimum: no step decreases f"
    yield case("no way down", edge=edge, **bottom, factor=10.0, tolerance=1e-3, max_steps=5)


@task(
    points=3,
    cases=_descents,
    forbid=LIBRARY,
    shares={"path": 2, "steps": 1, "values": 1},
    mistakes=mistakes.DAMPED_DESCENT,
    hints={
        "path": "λ · factor until the step decreases f, the point after that step, then λ / factor.",
        "steps": "stop after the first step shorter than the tolerance, after max_steps, or if 30 trials all fail.",
        "values": "f must be lower at each point than at the one before: a step that fails is not taken.",
    },
)
def damped_descent(
    impl: Any,
    x0: np.ndarray,
    bend: float,
    offset: float,
    target: float,
    method: str,
    damping: float,
    factor: float,
    tolerance: float,
    max_steps: int,
) -> dict[str, Any]:
    """Walk down Rosenbrock's valley, which is a sum of squares, with a third residual that cannot vanish."""
    asked = []

    def residual(x: np.ndarray) -> np.ndarray:
        return np.array([bend * (x[1] - x[0] ** 2), x[0] - target, offset * x[0] * x[1] + offset])

    def jacobian(x: np.ndarray) -> np.ndarray:
        return np.array([[-2 * bend * x[0], bend], [1.0, 0.0], [offset * x[1], offset * x[0]]])

    def solved(r: np.ndarray, j: np.ndarray, extra: np.ndarray) -> np.ndarray:
        asked.append(r)
        if len(asked) > 5_000:
            msg = "more than 5000 steps were tried: does the loop end after 30 trials, and after max_steps?"
            raise RuntimeError(msg)
        return np.linalg.solve(j.T @ j + extra, j.T @ r)

    def levenberg(r: np.ndarray, j: np.ndarray, damping: float) -> np.ndarray:
        return solved(r, j, damping * np.eye(2))

    def marquardt(r: np.ndarray, j: np.ndarray, damping: float) -> np.ndarray:
        return solved(r, j, damping * np.diag(np.diag(j.T @ j)))

    path = impl.damped_descent(
        residual,
        jacobian,
        x0,
        step=levenberg if method == "levenberg" else marquardt,
        damping=damping,
        factor=factor,
        tolerance=tolerance,
        max_steps=max_steps,
    )
    if path is None:
        return {"path": None, "steps": None, "values": None}
    points = np.array([np.array(point, dtype=float) for point in path])
    values = np.array([float(np.sum(residual(x) ** 2)) / 2 for x in points])
    return {"path": points, "steps": len(points) - 1, "values": values}


# ---------------------------------------------------------------------------------------------------------------
# 9 What it costs


def _networks(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a thousand parameters", given=True, parameters=1000, pairs=10, number=4, speed=1e9, memory=4_000_000)
    for name, low, high, number in (
        ("the size of LeNet", 50_000, 70_000, 4),
        ("a perceptron", 200, 900, 8),
        ("the size of AlexNet", 50_000_000, 70_000_000, 2),
    ):
        yield case(
            name,
            parameters=int(rng.integers(low, high)),
            pairs=int(rng.integers(3, 30)),
            number=number,
            speed=float(rng.integers(5, 900)) * 1e9,
            memory=int(rng.integers(2_000, 900_000)),
        )


@task(
    points=2,
    cases=_networks,
    mistakes=mistakes.COSTS,
    hints={
        "hessian_bytes": "k² entries of `number` bytes each.",
        "solve_seconds": "2k³/3 operations, divided by the operations per second.",
        "lbfgs_bytes": "`pairs` pairs, each of two vectors of k numbers.",
        "largest_network": "the largest whole k with k² · number ≤ memory.",
    },
)
def costs(impl: Any, parameters: int, pairs: int, number: int, speed: float, memory: int) -> dict[str, Any]:
    """Memory and time of second-order steps."""
    found = {
        "hessian_bytes": impl.hessian_bytes(parameters, number),
        "solve_seconds": impl.solve_seconds(parameters, speed),
        "lbfgs_bytes": impl.lbfgs_bytes(parameters, pairs, number),
        "largest_network": impl.largest_network(memory, number),
    }
    return {name: value if value is None else float(value) for name, value in found.items()}


why_not_deep = written("why_not_deep", points=2)
