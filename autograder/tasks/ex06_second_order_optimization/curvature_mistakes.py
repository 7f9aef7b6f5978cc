"""Mistakes of parts 1 to 4: for each the sentence that names it, and what it computes."""

# ruff: noqa: ARG001, ARG005 - a mistake is given all inputs, and many a one is to ignore some of them
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex06_second_order_optimization.draws import Array, Mistakes


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan


def _kind(slope: float, curvature: float) -> str:
    return "minimum" if curvature > 0 else "maximum" if curvature < 0 else "none"


PARABOLA_STEP: Mistakes = {
    "the step has the wrong sign: it is subtracted, x ← x − δ, so that δ = f′/f″ without a minus.": (
        lambda _, slope, curvature: {"step": _ratio(-slope, curvature)}
    ),
    "upside down: the slope stands above, the curvature below.": (
        lambda _, slope, curvature: {"step": _ratio(curvature, slope)}
    ),
    "the curvature's size is taken: Newton's step keeps its sign, and goes uphill where f is curved downwards.": (
        lambda _, slope, curvature: {"step": _ratio(slope, abs(curvature))}
    ),
    "this is the slope alone, gradient descent with rate 1: divide by the curvature.": (
        lambda _, slope, curvature: {"step": slope}
    ),
    "half of what is due: the ½ of the Taylor series goes when the square is differentiated.": (
        lambda _, slope, curvature: {"step": _ratio(slope, 2 * curvature)}
    ),
    "where there is no vertex there is no step either, not even a step of 0: return NaN for it.": (
        lambda _, slope, curvature: {"step": _ratio(slope, curvature), "step on a line": "a number"}
    ),
    "an infinite step leads nowhere: where there is no vertex, return NaN.": (
        lambda _, slope, curvature: {"step": _ratio(slope, curvature), "step on a line": "infinite"}
    ),
    "minimum and maximum are swapped: a parabola with positive curvature opens upwards.": (
        lambda _, slope, curvature: {"kind": _kind(slope, -curvature)}
    ),
    "the slope's sign says nothing of the vertex: look at that of the curvature.": (
        lambda _, slope, curvature: {"kind": _kind(slope, slope) if curvature else "none"}
    ),
    "it need not be a minimum: look at the sign of the curvature.": (
        lambda _, slope, curvature: {"kind": "minimum" if curvature else "none"}
    ),
    'a straight line has no vertex: "none".': (
        lambda _, slope, curvature: {"kind": "minimum" if curvature > 0 else "maximum"}
    ),
}

NEWTON_STEP: Mistakes = {
    "H is multiplied, not divided by: solve H δ = g.": lambda _, gradient, hessian: {"step": hessian @ gradient},
    "divided by the diagonal of H alone: the other entries count too, solve the system.": (
        lambda _, gradient, hessian: {"step": gradient / np.diag(hessian)}
    ),
    "divided by H entry by entry: 1/H is not the inverse, solve the system.": (
        lambda _, gradient, hessian: {"step": (1 / hessian) @ gradient}
    ),
    "the step has the wrong sign: it will be subtracted, so that δ = H⁻¹g without a minus.": (
        lambda _, gradient, hessian: {"step": -np.linalg.solve(hessian, gradient)}
    ),
    "this is the gradient: H has had no say.": lambda _, gradient, hessian: {"step": gradient},
    "the eigenvalues' sizes are taken: Newton's step keeps their signs.": (
        lambda _, gradient, hessian: {"step": _saddle_free(gradient, hessian)}
    ),
    "the step has length 1: its own length is what makes a learning rate needless.": (
        lambda _, gradient, hessian: {"step": _unit(np.linalg.solve(hessian, gradient))}
    ),
}


def _saddle_free(gradient: Array, hessian: Array) -> Array:
    values, vectors = np.linalg.eigh(hessian)
    return vectors @ ((vectors.T @ gradient) / np.abs(values))


def _unit(v: Array) -> Array:
    return v / np.linalg.norm(v)


Stop = Callable[[Array, Array, Array, float], bool]


def _short(here: Array, there: Array, _: Array, tolerance: float) -> bool:
    return bool(np.linalg.norm(there - here) < tolerance)


def _walk(
    stop: Stop = _short,
    *,
    sign: float = -1.0,
    frozen_slope: bool = False,
    frozen_bend: bool = False,
    start: bool = True,
    last: bool = True,
    diagonal: bool = False,
) -> Callable[..., dict[str, Any]]:
    """Return the task's walk with another test, another step, or with points left out."""

    def walk(_: Any, x0: Array, bowl: Array, quartic: Array, tolerance: float, max_steps: int) -> dict[str, Any]:
        points = [x0]
        for _step in range(max_steps):
            here = points[-1]
            at, bend = (x0 if frozen_slope else here), (x0 if frozen_bend else here)
            gradient, hessian = bowl @ at + quartic * at**3, bowl + np.diag(3 * quartic * bend**2)
            hessian = np.diag(np.diag(hessian)) if diagonal else hessian
            points.append(here + sign * np.linalg.solve(hessian, gradient))
            if stop(here, points[-1], gradient, tolerance):
                points = points if last else points[:-1]
                break
        path = np.array(points if start else points[1:])
        return {"path": path, "steps": len(path) - 1, "last point": path[-1]}

    return walk


def _largest_entry(here: Array, there: Array, _: Array, tolerance: float) -> bool:
    return bool(np.max(np.abs(there - here)) < tolerance)


def _squared(here: Array, there: Array, _: Array, tolerance: float) -> bool:
    return bool(np.sum((there - here) ** 2) < tolerance)


def _gradient(_: Array, __: Array, gradient: Array, tolerance: float) -> bool:
    return bool(np.linalg.norm(gradient) < tolerance)


def stops(**inputs: Any) -> tuple[int, set[int]]:
    """Return after how many steps the walk ends, and after how many by other tests."""
    return _walk()(None, **inputs)["steps"], {
        _walk(test)(None, **inputs)["steps"] for test in (_largest_entry, _squared, _gradient)
    }


NEWTON: Mistakes = {
    "the last point is missing: the step that ends the walk is taken, and belongs to the path.": _walk(last=False),
    "the start is missing: the first row of the path is x0.": _walk(start=False),
    "the walk never stops early: end it after the first step that is shorter than the tolerance.": (
        _walk(lambda *_: False)
    ),
    "the test takes the gradient's length: compare the length of the step with the tolerance.": (_walk(_gradient)),
    "the test takes the largest entry of the step: its length is the root of the sum of squares.": (
        _walk(_largest_entry)
    ),
    "the test compares the squared length with the tolerance: take the root.": (_walk(_squared)),
    "the Hessian is taken at x0 in every step: take it at the point reached so far.": _walk(frozen_bend=True),
    "the gradient is taken at x0 in every step: take it at the point reached so far.": _walk(frozen_slope=True),
    "the gradient and the Hessian are taken at x0 in every step: take them at the point reached so far.": (
        _walk(frozen_slope=True, frozen_bend=True)
    ),
    "the walk goes the wrong way: subtract the step.": _walk(sign=1.0),
    "only half of each step is taken: Newton needs no learning rate.": _walk(sign=-0.5),
    "a tenth of each step is taken: Newton needs no learning rate.": _walk(sign=-0.1),
    "divided by the Hessian's diagonal alone: solve the system.": _walk(diagonal=True),
}


def _order(order: Callable[[Array], float]) -> Callable[..., dict[str, Any]]:
    return lambda _, errors: {"order": float(order(errors))}


CONVERGENCE_ORDER: Mistakes = {
    "upside down: the later fall stands above.": (_order(lambda e: np.log(e[-2] / e[-3]) / np.log(e[-1] / e[-2]))),
    "this compares the errors' logarithms: the constant C cancels only in those of their ratios.": (
        _order(lambda e: np.log(e[-1]) / np.log(e[-2]))
    ),
    "the logarithms are missing: the order is the ratio of two logarithms.": (
        _order(lambda e: (e[-1] / e[-2]) / (e[-2] / e[-3]))
    ),
    "these are the first three errors: take the last three, where the law holds best.": (
        _order(lambda e: np.log(e[2] / e[1]) / np.log(e[1] / e[0]))
    ),
    "the differences of the errors are compared: take their ratios.": (
        _order(lambda e: np.log(abs(e[-1] - e[-2])) / np.log(abs(e[-2] - e[-3])))
    ),
    "the falls are averaged over the whole walk: take the last two.": (
        _order(lambda e: np.mean(np.diff(np.log(e))[1:] / np.diff(np.log(e))[:-1]))
    ),
}


def _judged(judge: Callable[[Array], str]) -> Callable[..., dict[str, Any]]:
    return lambda _, hessians: {"kinds": [judge(h) for h in hessians]}


def _by_signs(values: Array, *, small: float = 1e-9) -> str:
    """Return the right judgement of these numbers, whatever they are."""
    small *= float(np.max(np.abs(values)))
    if values.max() > small and values.min() < -small:
        return "saddle"
    if np.any(np.abs(values) <= small):
        return "undecided"
    return "minimum" if values.min() > 0 else "maximum"


def _by_determinant(h: Array) -> str:
    determinant = float(np.linalg.det(h))
    if abs(determinant) < 1e-9:
        return "undecided"
    if determinant < 0:
        return "saddle"
    return "minimum" if h[0, 0] > 0 else "maximum"


def _zero_first(h: Array) -> str:
    values = np.linalg.eigvalsh(h)
    return "undecided" if np.any(np.abs(values) <= 1e-9 * np.max(np.abs(values))) else _by_signs(values)


def _two_kinds(h: Array) -> str:
    """Return what is said by one who knows minima and maxima, and takes the rest for saddles."""
    values = np.linalg.eigvalsh(h)
    small = 1e-9 * np.max(np.abs(values))
    return "minimum" if values.min() > small else "maximum" if values.max() < -small else "saddle"


STATIONARY_POINT: Mistakes = {
    "judged by the diagonal: only the eigenvalues know the curvature in all directions.": (
        _judged(lambda h: _by_signs(np.diag(h)))
    ),
    "judged by the determinant, the product of the eigenvalues: two negative ones make it positive. Look at each.": (
        _judged(_by_determinant)
    ),
    "judged by the trace, the sum of the eigenvalues: look at the sign of each.": (
        _judged(lambda h: "minimum" if np.trace(h) > 0 else "maximum")
    ),
    "minimum and maximum are swapped: positive eigenvalues mean that f rises in all directions.": (
        _judged(lambda h: _by_signs(-np.linalg.eigvalsh(h)))
    ),
    "what is neither minimum nor maximum need not be a saddle: with a 0 among the eigenvalues it can be undecided.": (
        _judged(_two_kinds)
    ),
    "an eigenvalue of 0 comes out as a tiny number: below 1e-9 of the largest it counts as 0.": (
        _judged(lambda h: _by_signs(np.linalg.eigvalsh(h), small=0.0))
    ),
    'up in one direction and down in another is a saddle, even if a third is flat; "undecided" comes after that.': (
        _judged(_zero_first)
    ),
    "at most two kinds are told apart: there are saddles, too.": (
        _judged(lambda h: "minimum" if np.linalg.eigvalsh(h).min() > 0 else "maximum")
    ),
}

LEAST_SQUARES_DERIVATIVES: Mistakes = {
    "the gradient points the wrong way: differentiating y − Xθ by θ gives −X.": lambda _, x, y, theta: {
        "gradient": 2 * x.T @ (y - x @ theta)
    },
    "a factor 2 is missing: the derivative of a square.": lambda _, x, y, theta: {
        "gradient": x.T @ (x @ theta - y),
        "hessian": x.T @ x,
    },
    "divided by the number of points: this J is a sum, not a mean.": lambda _, x, y, theta: {
        "gradient": 2 * x.T @ (x @ theta - y) / len(y),
        "hessian": 2 * x.T @ x / len(y),
    },
    "the Hessian has the wrong sign: the minus appears twice, once in each derivative, and cancels.": (
        lambda _, x, y, theta: {"hessian": -2 * x.T @ x}
    ),
    "this is XXᵀ, points by points: the Hessian is weights by weights, XᵀX.": lambda _, x, y, theta: {
        "hessian": 2 * x @ x.T
    },
    "only the diagonal of the Hessian: the weights act together.": lambda _, x, y, theta: {
        "hessian": np.diag(np.diag(2 * x.T @ x))
    },
    "the product of the gradient with itself is no second derivative: differentiate the gradient.": (
        lambda _, x, y, theta: {"hessian": np.outer(*2 * [2 * x.T @ (x @ theta - y)])}
    ),
    "Xθ is left out: the gradient depends on where we are.": lambda _, x, y, theta: {"gradient": -2 * x.T @ y},
}
