"""Parts 1 to 4: Newton's step, its walk, how fast and where it goes, and linear regression in one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex06_second_order_optimization import curvature_mistakes as mistakes
from autograder.tasks.ex06_second_order_optimization.draws import SHORTCUTS, cast, positive, signed, symmetric

# ---------------------------------------------------------------------------------------------------------------
# 1 One dimension


def _parabolas(rng: np.random.Generator) -> Iterator[Case]:
    yield case("x² at 5", given=True, slope=10.0, curvature=2.0)
    for name, up, bend in (
        ("falling, curved upwards", -1.0, 1.0),
        ("rising, curved downwards", 1.0, -1.0),
        ("falling, curved downwards", -1.0, -1.0),
    ):
        slope, curvature = rng.uniform([1.5, 0.3], [4.0, 0.9])
        yield case(name, slope=up * float(slope), curvature=bend * float(curvature))
    yield case("a straight line", edge="a straight line, of curvature 0", slope=signed(rng, 0.5, 3.0), curvature=0.0)


@task(
    points=1,
    cases=_parabolas,
    mistakes=mistakes.PARABOLA_STEP,
    hints={
        "step": "the vertex lies where f′ + (x* − x)·f″ = 0; with x ← x − δ that is δ = f′/f″.",
        "step on a line": "where there is no vertex there is no step: return NaN for it.",
        "kind": '"minimum" if the parabola opens upwards, "maximum" if downwards, "none" if it is a straight line.',
    },
)
def parabola_step(impl: Any, slope: float, curvature: float) -> dict[str, Any]:
    """The step to the vertex of the parabola, and what is there."""
    answer = impl.parabola_step(slope, curvature)
    if answer is None:
        return {"step": None, "kind": None}
    step, kind = answer
    if curvature:
        return {"step": step if step is None else float(step), "kind": kind}
    size = abs(float(step))
    return {"step on a line": "NaN" if size != size else "infinite" if size == np.inf else "a number", "kind": kind}


# ---------------------------------------------------------------------------------------------------------------
# 2 Many dimensions


def _systems(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n in (("two variables", True, 2), ("five variables", False, 5)):
        yield case(name, given=given, gradient=rng.standard_normal(n), hessian=positive(rng, n))
    saddle = symmetric(rng, rng.uniform(0.5, 3.0, 4) * np.array([1.0, -1.0, 1.0, -1.0]))
    yield case("at a saddle", gradient=rng.standard_normal(4), hessian=saddle)
    single: dict[str, Any] = {"gradient": rng.standard_normal(3), "hessian": positive(rng, 3)}
    yield case("float32", **cast(single))
    yield case("one variable", edge="a single variable", gradient=rng.standard_normal(1), hessian=positive(rng, 1))


@task(
    points=1,
    cases=_systems,
    forbid=SHORTCUTS,
    mistakes=mistakes.NEWTON_STEP,
    hints={"step": "the step solves the linear system H δ = g (np.linalg.solve)."},
)
def newton_step(impl: Any, gradient: np.ndarray, hessian: np.ndarray) -> dict[str, Any]:
    """Newton's step."""
    return {"step": impl.newton_step(gradient, hessian)}


def _valleys(rng: np.random.Generator) -> Iterator[Case]:
    for name, edge, n, low, high, most in (
        ("two variables", "", 2, 0.02, 0.8, 50),
        ("five variables", "", 5, 1.1, 2.5, 50),
        ("stopped by max_steps", "", 3, 1e-9, 1e-9, 3),
        ("a tolerance of 0", "tolerance 0: only max_steps ends the walk", 4, 0.0, 0.0, 5),
    ):
        while True:
            drawn: dict[str, Any] = {
                "x0": 3.0 * rng.choice([-1.0, 1.0], n) + rng.standard_normal(n),
                "bowl": positive(rng, n, 0.5, 3.0),
                "quartic": rng.uniform(0.5, 1.5, n),
                "tolerance": float(rng.uniform(low, high)),
                "max_steps": most,
            }
            # Where the tolerance ends the walk, it has to tell the length of the step from other tests.
            steps, others = mistakes.stops(**drawn)
            if low == high or steps not in others:
                break
        yield case(name, edge=edge, given=n == 2, **drawn)


@task(
    points=2,
    cases=_valleys,
    forbid=SHORTCUTS,
    shares={"path": 2, "steps": 1, "last point": 1},
    mistakes=mistakes.NEWTON,
    hints={
        "path": "one row per point: x0, and after it x − δ, with the gradient and the Hessian at x.",
        "steps": "stop after the first step whose length is below the tolerance, or after max_steps.",
        "last point": "the last row is the point to which the last step led.",
    },
)
def newton(
    impl: Any, x0: np.ndarray, bowl: np.ndarray, quartic: np.ndarray, tolerance: float, max_steps: int
) -> dict[str, Any]:
    """Walk down ½ xᵀAx + ¼ Σ cᵢxᵢ⁴."""
    asked = []

    def gradient(x: np.ndarray) -> np.ndarray:
        asked.append(x)
        if len(asked) > 5_000:
            msg = "the gradient was asked for more than 5000 times: does the loop end after max_steps?"
            raise RuntimeError(msg)
        return bowl @ x + quartic * x**3

    def hessian(x: np.ndarray) -> np.ndarray:
        return bowl + np.diag(3 * quartic * x**2)

    path = impl.newton(gradient, hessian, x0, tolerance=tolerance, max_steps=max_steps)
    if path is None:
        return {"path": None, "steps": None, "last point": None}
    points = np.array([np.array(point, dtype=float) for point in path])
    return {"path": points, "steps": len(points) - 1, "last point": points[-1]}


def _falls(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three errors", given=True, errors=np.array([1e-1, 1e-2, 1e-4]))
    for name, order, factor, count in (
        ("digits double", 2.0, float(rng.uniform(2.0, 4.0)), 4),
        ("a constant factor", 1.0, float(rng.uniform(0.2, 0.7)), 7),
        ("between the two", 1.618, float(rng.uniform(0.3, 0.8)), 5),
    ):
        errors = [float(rng.uniform(0.05, 0.15))]
        while len(errors) < count:
            errors.append(factor * errors[-1] ** order)
        # The first errors of a walk lie outside the region where the law holds.
        yield case(name, errors=np.array([errors[0] * float(rng.uniform(2.0, 5.0)), *errors]))


@task(
    points=1,
    cases=_falls,
    mistakes=mistakes.CONVERGENCE_ORDER,
    hints={"order": "p = log(e₃/e₂) / log(e₂/e₁), with the last three errors."},
)
def convergence_order(impl: Any, errors: np.ndarray) -> dict[str, Any]:
    """The order at which the last errors fall."""
    order = impl.convergence_order(errors)
    return {"order": order if order is None else float(order)}


# ---------------------------------------------------------------------------------------------------------------
# 3 Where it goes


def _hessians(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the examples", given=True, hessians=np.array([np.diag(d) for d in ([2.0, 3], [-1, -4], [2, -1])]))
    for n in (2, 3, 4):
        sizes = rng.uniform(0.5, 3.0, (4, n))
        bent = np.ones(n)
        bent[-1] = -0.2  # a saddle, of which the diagonal of a turned matrix need not tell
        drawn = [sizes[0], -sizes[1], sizes[2] * bent, -sizes[3] * bent]
        stack = [symmetric(rng, eigenvalues) for eigenvalues in drawn]
        while np.min(np.diag(stack[2])) < 0:
            stack[2] = symmetric(rng, drawn[2])
        yield case(f"{n} variables", hessians=np.stack([stack[i] for i in rng.permutation(4)]))
    signs = ([1.0, 1, 0], [-1, 0, -1], [1, 0, -1], [0, 1, 0], [0, -1, 0], [1, 0, 2], [-1, 0, -2], [2, 0, 1])
    flat = [np.array(d) * rng.uniform(0.5, 3.0, 3) for d in signs]
    # Turned, a 0 comes out as a tiny number of either sign; on a diagonal it is exact.
    stack = [*(symmetric(rng, d) for d in flat), np.diag(flat[5])]
    yield case("flat directions", edge="an eigenvalue of 0", hessians=np.stack(stack))


@task(
    points=2,
    cases=_hessians,
    forbid=SHORTCUTS,
    mistakes=mistakes.STATIONARY_POINT,
    hints={
        "kinds": "look at the signs of the eigenvalues (np.linalg.eigvalsh): all positive, all negative, both, or none "
        "of these; what is below 1e-9 of the largest is a 0."
    },
)
def stationary_point(impl: Any, hessians: np.ndarray) -> dict[str, Any]:
    """What lies at some stationary points, by their Hessians."""
    kinds = [impl.stationary_point(hessian) for hessian in hessians]
    return {"kinds": None if all(kind is None for kind in kinds) else [str(kind) for kind in kinds]}


newton_and_saddles = written("newton_and_saddles", points=2)


# ---------------------------------------------------------------------------------------------------------------
# 4 Linear regression


def _regressions(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, m, n in (("two points", True, 2, 1), ("seven points", False, 7, 3), ("five points", False, 5, 2)):
        yield case(
            name, given=given, x=rng.standard_normal((m, n)), y=rng.standard_normal(m), theta=rng.standard_normal(n)
        )
    arrays: dict[str, Any] = {
        "x": rng.standard_normal((6, 4)),
        "y": rng.standard_normal(6),
        "theta": rng.standard_normal(4),
    }
    yield case("float32", **cast(arrays))
    arrays = {"x": rng.standard_normal((3, 5)), "y": rng.standard_normal(3), "theta": np.zeros(5)}
    yield case("fewer points than weights", edge="fewer points than weights, θ = 0", **arrays)


@task(
    points=2,
    cases=_regressions,
    forbid=("autograd", *SHORTCUTS),
    mistakes=mistakes.LEAST_SQUARES_DERIVATIVES,
    hints={
        "gradient": "J = Σ (yᵢ − xᵢᵀθ)²: the derivative of a square is 2 · the inner term · its derivative, −xᵢ.",
        "hessian": "differentiate the gradient once more by θ: the y falls out, and θ as well.",
    },
)
def least_squares_derivatives(impl: Any, x: np.ndarray, y: np.ndarray, theta: np.ndarray) -> dict[str, Any]:
    """Gradient and Hessian of the sum of squares."""
    gradient, hessian = impl.least_squares_derivatives(x, y, theta)
    return {"gradient": gradient, "hessian": hessian}
