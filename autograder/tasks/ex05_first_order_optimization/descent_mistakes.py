"""Mistakes of parts 1 and 2: for each the sentence that names it, and what it computes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex05_first_order_optimization.draws import Array, Mistakes, replay

SGD_UPDATE: Mistakes = {
    "the step goes uphill: against the gradient means w − learning_rate · dw.": (
        replay(lambda w, dw, rate: (w + rate * dw,))
    ),
    "the learning rate is not used: the whole gradient is subtracted.": replay(lambda w, dw, _: (w - dw,)),
    "only the step is returned: the new parameter is w minus that step.": replay(lambda _, dw, rate: (rate * dw,)),
    "w shrinks as well: the rate multiplies the gradient, not w − dw.": replay(lambda w, dw, rate: (rate * (w - dw),)),
    "divided by the learning rate: a larger rate must give a longer step.": (
        replay(lambda w, dw, rate: (w - dw / rate if rate else w * np.nan,))
    ),
    "the gradient's length is lost: the step is α · dw, not α along dw / ‖dw‖.": (
        replay(lambda w, dw, rate: (w - rate * dw / np.linalg.norm(dw),))
    ),
}

Stop = Callable[[Array, Array, float, float], bool]


def _descent(
    stop: Stop, *, sign: float = -1.0, frozen: bool = False, start: bool = True, last: bool = True
) -> Callable[..., dict[str, Any]]:
    """Return the task's walk with another test, in another direction, or with points left out."""

    def walk(
        _: Any,
        x0: Array,
        curvature: Array,
        minimum: Array,
        learning_rate: float,
        tolerance: float,
        max_steps: int,
    ) -> dict[str, Any]:
        points = [x0]
        for _step in range(max_steps):
            here = points[-1]
            slope = curvature * np.tanh((x0 if frozen else here) - minimum)
            points.append(here + sign * learning_rate * slope)
            if stop(here, points[-1], learning_rate, tolerance):
                points = points if last else points[:-1]
                break
        path = np.array(points if start else points[1:])
        return {"path": path, "steps": len(path) - 1, "last point": path[-1]}

    return walk


def _short(here: Array, there: Array, _: float, tolerance: float) -> bool:
    return bool(np.linalg.norm(there - here) < tolerance)


GRADIENT_DESCENT: Mistakes = {
    "the last point is missing: the step that ends the walk is taken, and belongs to the path.": (
        _descent(_short, last=False)
    ),
    "the walk never stops early: end it after the first step that is shorter than the tolerance.": (
        _descent(lambda *_: False)
    ),
    "the test takes the gradient's length: it is the step, α times as long, that is compared with the tolerance.": (
        _descent(lambda x, y, rate, tolerance: bool(np.linalg.norm(y - x) / rate < tolerance))
    ),
    "the test takes the largest entry of the step: its length is the root of the sum of squares.": (
        _descent(lambda x, y, _, tolerance: bool(np.max(np.abs(y - x)) < tolerance))
    ),
    "the test adds up the step's entries: its length is the root of the sum of their squares.": (
        _descent(lambda x, y, _, tolerance: bool(np.sum(np.abs(y - x)) < tolerance))
    ),
    "the test compares the squared length with the tolerance: take the root.": (
        _descent(lambda x, y, _, tolerance: bool(np.sum((y - x) ** 2) < tolerance))
    ),
    "the start is missing: the first row of the path is x0.": _descent(_short, start=False),
    "the gradient is taken at x0 in every step: take it at the point reached so far.": _descent(_short, frozen=True),
    "the walk goes uphill: subtract the gradient.": _descent(_short, sign=1.0),
}


def _sizes(name: str, formula: Callable[[float, float, Array], float]) -> Callable[..., dict[str, Any]]:
    return lambda _, curvatures: {name: float(formula(curvatures.min(), curvatures.max(), curvatures))}


STEP_SIZES: Mistakes = {
    "1/c makes the steepest direction arrive in one step; it may overshoot up to the factor −1, at 2/c.": (
        _sizes("limit", lambda _, steep, __: 1 / steep)
    ),
    "the limit of the flattest direction: the steepest one diverges long before.": (
        _sizes("limit", lambda flat, _, __: 2 / flat)
    ),
    "1/c of the steepest direction is safe, but slow along the flattest: weigh the two against each other.": (
        _sizes("best", lambda _, steep, __: 1 / steep)
    ),
    "one over the mean of all curvatures: only the flattest and the steepest direction count.": (
        _sizes("best", lambda _, __, all_of_them: 1 / np.mean(all_of_them))
    ),
    "half of the best rate: set 1 − α·c_min = −(1 − α·c_max).": (
        _sizes("best", lambda flat, steep, _: 1 / (flat + steep))
    ),
    "this is the factor for the rate 1/c_max: put the best rate in.": (
        _sizes("factor", lambda flat, steep, _: 1 - flat / steep)
    ),
    "this is the condition number c_max/c_min: the factor is what a step multiplies the distance by, below 1.": (
        _sizes("factor", lambda flat, steep, _: steep / flat)
    ),
    "the factor has the wrong sign: its size was asked for.": (
        _sizes("factor", lambda flat, steep, _: (flat - steep) / (steep + flat))
    ),
}

EXACT_LINE_SEARCH: Mistakes = {
    "upside down: gᵀHg belongs below.": lambda _, gradient, hessian: {
        "step": float(gradient @ hessian @ gradient / (gradient @ gradient))
    },
    "the length of g stands above, where its square, gᵀg, is due.": lambda _, gradient, hessian: {
        "step": float(np.linalg.norm(gradient) / (gradient @ hessian @ gradient))
    },
    "gᵀH⁻¹g is divided by gᵀg: the Hessian is not inverted, it stands below as it is.": lambda _, gradient, hessian: {
        "step": float(gradient @ np.linalg.solve(hessian, gradient) / (gradient @ gradient))
    },
    "‖Hg‖ stands below: it is gᵀHg, H between two gradients.": lambda _, gradient, hessian: {
        "step": float(gradient @ gradient / np.linalg.norm(hessian @ gradient))
    },
    "1 over the largest curvature fits any gradient: the best step depends on g.": lambda _, gradient, hessian: {
        "step": float(1 / np.linalg.eigvalsh(hessian).max() + 0 * gradient[0])
    },
    "half of what is due: setting the slope of ½α²gᵀHg − αgᵀg to 0 leaves no ½.": lambda _, gradient, hessian: {
        "step": float(gradient @ gradient / (gradient @ hessian @ gradient) / 2)
    },
    "the wrong sign: along −g the best step is positive.": lambda _, gradient, hessian: {
        "step": float(-(gradient @ gradient) / (gradient @ hessian @ gradient))
    },
}


def backtrack(
    x: Array,
    curvature: Array,
    turn: Array,
    step: float,
    c1: float,
    shrink: float,
    barrier: bool,
    *,
    slope_sign: float = 1.0,
    by_length: bool = False,
    once_more: bool = False,
    without_step: bool = False,
    nan_is_fine: bool = False,
) -> float:
    """Return the task's step, with the bound, the direction or the answer spoilt on demand."""

    def f(z: Array) -> float:
        if barrier:
            return float(np.sum(curvature * z - np.log(z))) if np.all(z > 0) else float("nan")
        return float(np.sum(curvature * z**2 / 2 + z**4 / 8))

    gradient = curvature - 1 / x if barrier else curvature * x + x**3 / 2
    p = -turn * gradient
    slope = slope_sign * float(gradient @ (p / np.linalg.norm(p) if by_length else p))
    for tried in itertools.count():
        value, bound = f(x + step * p), f(x) + c1 * slope * (1.0 if without_step else step)
        if value <= bound or (nan_is_fine and np.isnan(value)) or tried >= 200:
            return step * shrink if once_more else step
        step *= shrink
    raise AssertionError


def _search(**spoilt: Any) -> Callable[..., dict[str, Any]]:
    return lambda _, **inputs: {"step": backtrack(**inputs | spoilt)}


BACKTRACKING: Mistakes = {
    "any decrease is accepted: f must fall by c₁ of what the slope promises, with the `c1` passed in.": _search(c1=0.0),
    "the promised decrease has the wrong sign: gᵀp is negative already, and it is added.": _search(slope_sign=-1.0),
    "the promised decrease lacks the step α: it is c₁ α gᵀp.": _search(without_step=True),
    "shrunk once too often: return the α that passed the test.": _search(once_more=True),
    "the step is halved whatever `shrink` says.": _search(shrink=0.5),
    "the first step is 1 whatever `step` says.": _search(step=1.0),
    "a NaN passes the test, for comparing with it gives False: ask whether f is low enough, not if it is too high.": (
        _search(nan_is_fine=True)
    ),
    "p is taken as if it were −g: what the slope promises is gᵀp.": (lambda _, **inputs: {"step": _steepest(**inputs)}),
}


def _steepest(turn: Array, curvature: Array, x: Array, barrier: bool, **options: Any) -> float:
    """Return the step that is found if the slope is taken to be −gᵀg."""
    gradient = curvature - 1 / x if barrier else curvature * x + x**3 / 2
    ratio = float(gradient @ gradient) / float(gradient @ (turn * gradient))
    return backtrack(x, curvature, turn, barrier=barrier, slope_sign=ratio, **options)
