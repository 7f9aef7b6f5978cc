"""Parts 5 and 6: how far to go along a direction, and conjugate directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex06_second_order_optimization import lines_mistakes as mistakes
from autograder.tasks.ex06_second_order_optimization.draws import SHORTCUTS, cast, positive, symmetric

# ---------------------------------------------------------------------------------------------------------------
# 5 Line search


def _downhill(rng: np.random.Generator, gradient: np.ndarray) -> np.ndarray:
    """Draw a direction in which the slope is negative, and not small."""
    while True:
        p = rng.standard_normal(len(gradient))
        if gradient @ p < -0.3 * np.linalg.norm(gradient) * np.linalg.norm(p):
            return p


def _quadratics(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n in (("two variables", True, 2), ("five variables", False, 5), ("three variables", False, 3)):
        g = rng.standard_normal(n)
        yield case(name, given=given, gradient=g, hessian=positive(rng, n), direction=_downhill(rng, g))
    g, hessian = rng.standard_normal(4), positive(rng, 4)
    arrays: dict[str, Any] = {"gradient": g, "hessian": hessian, "direction": _downhill(rng, g)}
    yield case("float32", **cast(arrays))
    newton = -np.linalg.solve(hessian, g)
    yield case("Newton's direction", edge="Newton's direction", gradient=g, hessian=hessian, direction=newton)


@task(
    points=1,
    cases=_quadratics,
    forbid=SHORTCUTS,
    mistakes=mistakes.EXACT_STEP,
    hints={"step": "set the derivative of the parabola to 0: gᵀp + α pᵀHp = 0."},
)
def exact_step(impl: Any, gradient: np.ndarray, hessian: np.ndarray, direction: np.ndarray) -> dict[str, Any]:
    """The best step of a quadratic along any direction."""
    step = impl.exact_step(gradient, hessian, direction)
    # A plain number is as good as one of the arrays' own dtype.
    return {"step": step if step is None else np.asarray(step, dtype=gradient.dtype)}


def _search(
    rng: np.random.Generator, n: int, step: float, c1: float, c2: float, scale: float, bend: float
) -> dict[str, Any]:
    """Draw a search that takes a few trials, from about ``scale`` away, in a bowl of curvatures up to ``bend``."""
    while True:
        drawn: dict[str, Any] = {
            "x": scale * rng.standard_normal(n) + 0.3 * rng.choice([-1.0, 1.0], n),
            "curvature": bend * rng.uniform(0.1, 1.0, n),
            "turn": rng.uniform(0.5, 2, n),
            "step": step,
            "c1": c1,
            "c2": c2,
            "barrier": False,
        }
        if 2 < mistakes.search(**drawn)[1] < 20:
            return drawn


def _searches(rng: np.random.Generator) -> Iterator[Case]:
    kinds = {
        "a step that is too long": (2, 2.0, 1e-3, 0.1, 0.7, 4.0),
        "too long in three variables": (3, 3.0, 1e-3, 0.15, 1.0, 4.0),
        "a step that is too short": (3, 0.006, 1e-3, 0.2, 0.6, 4.0),
        "too short, but not much": (2, 0.01, 1e-3, 0.3, 1.5, 4.0),
        "a strict test of the decrease": (4, 20.0, 0.5, 0.6, 0.1, 0.3),
        "too short, then too long": (5, 0.02, 0.4, 0.45, 0.6, 4.0),
    }
    while True:
        drawn = {name: _search(rng, *kind) for name, kind in kinds.items()}
        if mistakes.telling(list(drawn.values())):
            break
    for name, inputs in drawn.items():
        yield case(name, given=name == "a step that is too long", **inputs)
    inside: dict[str, Any] = {"curvature": rng.uniform(0.7, 1.0, 3), "turn": np.ones(3), "barrier": True}
    near = inside | {"x": rng.uniform(1.5, 3.0, 3), "step": 0.9, "c1": 1e-4, "c2": 0.95}
    yield case("good at once", edge="the first step is good", **near)
    far = inside | {"x": rng.uniform(2.0, 3.0, 3), "step": 50.0, "c1": 0.1, "c2": 0.5}
    yield case("NaN far out", edge="f is NaN for steps that are far too long", **far)


@task(
    points=3,
    cases=_searches,
    forbid=SHORTCUTS,
    mistakes=mistakes.WOLFE,
    hints={
        "step": "the first α that falls enough and is flat enough; on the way too long a step becomes `high`, too "
        "short a one `low`."
    },
)
def wolfe_line_search(
    impl: Any,
    x: np.ndarray,
    curvature: np.ndarray,
    turn: np.ndarray,
    step: float,
    c1: float,
    c2: float,
    barrier: bool,
) -> dict[str, Any]:
    """The step along a direction that is downhill but not quite the negative gradient."""
    asked = []

    def f(z: np.ndarray) -> float:
        asked.append(z)
        if len(asked) > 5_000:
            msg = "f was asked for more than 5000 times in one search: does the loop end after `trials`?"
            raise RuntimeError(msg)
        if barrier:
            return float(np.sum(curvature * z - np.log(z))) if np.all(z > 0) else float("nan")
        return float(np.sum(curvature * z**2 / 2 + z**4 / 8))

    def gradient(z: np.ndarray) -> np.ndarray:
        return curvature - 1 / z if barrier else curvature * z + z**3 / 2

    direction = -turn * gradient(x)
    return {"step": impl.wolfe_line_search(f, gradient, x, direction, step=step, c1=c1, c2=c2)}


# ---------------------------------------------------------------------------------------------------------------
# 6 Conjugate gradient


def _linear_systems(rng: np.random.Generator) -> Iterator[Case]:
    yield case(
        "two variables",
        given=True,
        a=np.array([[1.0, 0], [0, 3]]),
        b=np.array([1.0, 1]),
        tolerance=1e-8,
        max_steps=2,
    )
    six = symmetric(rng, rng.uniform(0.3, 6.0, 6))
    yield case("six variables", a=six, b=rng.standard_normal(6), tolerance=1e-8, max_steps=4)
    for name, n, size in (("stopped by the tolerance", 9, 6.0), ("a small right-hand side", 7, 0.1)):
        while True:
            drawn: dict[str, Any] = {
                "a": symmetric(rng, rng.uniform(0.3, 6.0, n)),
                "b": size * rng.standard_normal(n),
                "tolerance": 0.05,
                "max_steps": n,
            }
            # Where the tolerance ends the walk, it has to tell the right test from others.
            steps, others = mistakes.stops(**drawn)
            if steps not in others:
                break
        yield case(name, **drawn)
    clustered = symmetric(rng, rng.uniform([1.0, 3, 7], [2.0, 5, 9])[[0, 0, 1, 1, 2, 2, 2]])
    edge = "three different eigenvalues: three steps"
    yield case("equal eigenvalues", edge=edge, a=clustered, b=rng.standard_normal(7), tolerance=1e-7, max_steps=7)


@task(
    points=3,
    cases=_linear_systems,
    forbid=("numpy.linalg.solve", "numpy.linalg.inv", "numpy.linalg.lstsq", "numpy.linalg.pinv", *SHORTCUTS),
    shares={"path": 2, "steps": 1, "last point": 1},
    mistakes=mistakes.CONJUGATE_GRADIENT,
    hints={
        "path": "x starts at 0, and r and p at b. Each step: α, the new x, the new r, β, the new p, in this order.",
        "steps": "stop as soon as ‖r‖ ≤ tolerance · ‖b‖, or after max_steps.",
        "last point": "the last row is the last x.",
    },
)
def conjugate_gradient(impl: Any, a: np.ndarray, b: np.ndarray, tolerance: float, max_steps: int) -> dict[str, Any]:
    """Solve Ax = b with products Ap alone."""
    asked = []

    def multiply(p: np.ndarray) -> np.ndarray:
        asked.append(p)
        if len(asked) > 1_000:
            msg = "more than 1000 products were asked for: does the loop end after max_steps?"
            raise RuntimeError(msg)
        return a @ p

    path = impl.conjugate_gradient(multiply, b, tolerance=tolerance, max_steps=max_steps)
    if path is None:
        return {"path": None, "steps": None, "last point": None}
    points = np.array([np.array(point, dtype=float) for point in path])
    return {"path": points, "steps": len(points) - 1, "last point": points[-1]}


def _products(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n, h in (("two variables", True, 2, 0.1), ("five variables", False, 5, 0.03)):
        yield case(
            name,
            given=given,
            x=rng.standard_normal(n),
            v=2 * rng.standard_normal(n),
            bowl=positive(rng, n),
            quartic=rng.uniform(0.5, 2.0, n),
            h=h,
        )
    many: dict[str, Any] = {"x": rng.standard_normal(4), "v": 3 * rng.standard_normal(4), "bowl": positive(rng, 4)}
    yield case("a large step", **many, quartic=rng.uniform(0.5, 2.0, 4), h=0.4)


@task(
    points=1,
    cases=_products,
    forbid=("autograd", *SHORTCUTS),
    mistakes=mistakes.HESSIAN_VECTOR_PRODUCT,
    hints={"product": "the gradient at x + hv minus the gradient at x − hv, over 2h."},
)
def hessian_vector_product(
    impl: Any, x: np.ndarray, v: np.ndarray, bowl: np.ndarray, quartic: np.ndarray, h: float
) -> dict[str, Any]:
    """Hv by a central difference of gradients; with a large h, of this difference exactly."""

    def gradient(z: np.ndarray) -> np.ndarray:
        return bowl @ z + quartic * z**3

    return {"product": impl.hessian_vector_product(gradient, x, v, h)}
