"""Mistakes of parts 5 and 6: for each the sentence that names it, and what it computes."""

# ruff: noqa: ARG005 - a mistake is given all inputs, and many a one is to ignore some of them
from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.tasks.ex06_second_order_optimization.draws import Array, Mistakes


def _exact(formula: Callable[[Array, Array, Array], Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, gradient, hessian, direction: {"step": float(formula(gradient, hessian, direction))}


EXACT_STEP: Mistakes = {
    "the wrong sign: gᵀp is negative where p points downhill, and the step is positive.": (
        _exact(lambda g, h, p: g @ p / (p @ h @ p))
    ),
    "p is taken as if it were −g: here it is any direction.": _exact(lambda g, h, p: g @ g / (g @ h @ g)),
    "gᵀg stands above, where the slope along p, gᵀp, is due.": _exact(lambda g, h, p: g @ g / (p @ h @ p)),
    "gᵀHg stands below: the curvature along p is pᵀHp.": _exact(lambda g, h, p: -(g @ p) / (g @ h @ g)),
    "the Hessian is missing: pᵀp is not the curvature along p.": _exact(lambda g, h, p: -(g @ p) / (p @ p)),
    "upside down: the curvature belongs below.": _exact(lambda g, h, p: -(p @ h @ p) / (g @ p)),
    "half of what is due: setting the slope of ½α²pᵀHp + α gᵀp to 0 leaves no ½.": (
        _exact(lambda g, h, p: -(g @ p) / (p @ h @ p) / 2)
    ),
}


def search(
    x: Array,
    curvature: Array,
    turn: Array,
    step: float,
    c1: float,
    c2: float,
    barrier: bool,
    *,
    weak: bool = False,
    flatness: bool = True,
    without_step: bool = False,
    by_gradient: bool = False,
    relative: bool = True,
    grow: float = 2.0,
    middle: bool = True,
    nan_is_fine: bool = False,
    uphill_is_short: bool = False,
) -> tuple[float, int]:
    """Return the task's step and how many were tried, with one of the rules spoilt on demand."""

    def f(z: Array) -> float:
        if barrier:
            return float(np.sum(curvature * z - np.log(z))) if np.all(z > 0) else math.nan
        return float(np.sum(curvature * z**2 / 2 + z**4 / 8))

    def gradient(z: Array) -> Array:
        return curvature - 1 / z if barrier else curvature * z + z**3 / 2

    p = -turn * gradient(x)
    slope = float(gradient(x) @ p)
    low, high = 0.0, math.inf
    for tried in range(1, 51):
        value = f(x + step * p)
        bound = f(x) + c1 * slope * (1.0 if without_step else step)
        fine = not value > bound if nan_is_fine else value <= bound
        here = float(gradient(x + step * p) @ p)
        flat = (float(np.linalg.norm(gradient(x + step * p))) if by_gradient else abs(here)) <= c2 * (
            abs(slope) if relative else 1.0
        )
        if not fine:
            high = step
        elif not flatness or (weak and here >= c2 * slope) or flat:
            return step, tried
        elif here > 0 and not uphill_is_short:
            high = step
        else:
            low = step
        half = 0.5 * (low + high) if middle else 0.5 * step
        step = grow * step if math.isinf(high) else half
    return low, 50


def _search(**spoilt: Any) -> Callable[..., dict[str, Any]]:
    return lambda _, **inputs: {"step": search(**inputs | spoilt)[0]}


SPOILT: tuple[dict[str, Any], ...] = (
    {"weak": True},
    {"flatness": False},
    {"by_gradient": True},
    {"relative": False},
    {"c1": 0.0},
    {"without_step": True},
    {"step": 1.0},
    {"grow": 1.0},
    {"grow": 10.0},
    {"middle": False},
    {"uphill_is_short": True},
    {"c2": 0.9},
)


def telling(cases: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these searches tell every spoilt rule from the right one, and from all others."""
    found = [tuple(search(**{**inputs, **spoilt})[0] for inputs in cases) for spoilt in ({}, *SPOILT)]
    return len(set(found)) == len(found)


WOLFE: Mistakes = {
    "the curvature is tested from one side only: a slope that is steeply uphill is too far, take its size.": (
        _search(weak=True)
    ),
    "only the decrease is tested: the slope at the new point has to be flat enough, too.": _search(flatness=False),
    "the curvature test takes the whole gradient's length: it is the slope along p, gᵀp.": _search(by_gradient=True),
    "the new slope is compared with c₂ alone: it is c₂ of the slope at the start.": _search(relative=False),
    "any decrease is accepted: f must fall by c₁ of what the slope promises, and gᵀp is negative already.": _search(
        c1=0.0
    ),
    "the promised decrease lacks the step α: it is c₁ α gᵀp.": _search(without_step=True),
    "the first step is 1 whatever `step` says.": _search(step=1.0),
    "a step that is too short does not grow: without a `high`, double it.": _search(grow=1.0),
    "the step grows tenfold: it doubles while there is no `high`.": _search(grow=10.0),
    "too long a step is halved: take the middle between `low` and `high`.": _search(middle=False),
    "uphill counts as too short: where the slope has become positive, the minimum lies behind.": (
        _search(uphill_is_short=True)
    ),
    "a NaN passes the test, for comparing with it gives False: ask whether f is low enough, not if it is too high.": (
        _search(nan_is_fine=True)
    ),
    "c₂ is 0.9 whatever is passed in.": _search(c2=0.9),
}


def _cg(
    *,
    conjugate: bool = True,
    alpha: Callable[[Array, Array, Array], float] = lambda r, p, ap: r @ r / (p @ ap),
    beta: Callable[[Array, Array], float] = lambda new, old: new @ new / (old @ old),
    old_residual: bool = False,
    residual_sign: float = -1.0,
    start_sign: float = 1.0,
    beta_on_residual: bool = False,
    stops: Callable[[Array, Array, float], bool] = lambda r, b, t: bool(np.linalg.norm(r) <= t * np.linalg.norm(b)),
    start: bool = True,
) -> Callable[..., dict[str, Any]]:
    """Return the task's walk with one of its lines spoilt."""

    def walk(_: Any, a: Array, b: Array, tolerance: float, max_steps: int) -> dict[str, Any]:
        points, r = [np.zeros_like(b)], start_sign * b
        p = r
        for _step in range(max_steps):
            if stops(r, b, tolerance):
                break
            ap = a @ p
            size = alpha(r, p, ap)
            points.append(points[-1] + size * p)
            new = r + residual_sign * size * ap
            share = beta(new, r) if conjugate else 0.0
            p = share * new + p if beta_on_residual else (r if old_residual else new) + share * p
            r = new
        path = np.array(points if start else points[1:])
        return {"path": path, "steps": len(path) - 1, "last point": path[-1]}

    return walk


def _absolute(r: Array, _: Array, tolerance: float) -> bool:
    return bool(np.linalg.norm(r) <= tolerance)


def _squares(r: Array, b: Array, tolerance: float) -> bool:
    return bool(r @ r <= tolerance * np.linalg.norm(b))


def stops(**inputs: Any) -> tuple[int, set[int]]:
    """Return after how many steps the walk ends, and after how many by other tests."""
    others = {_cg(stops=test)(None, **inputs)["steps"] for test in (_absolute, _squares, lambda *_: False)}
    return _cg()(None, **inputs)["steps"], others


CONJUGATE_GRADIENT: Mistakes = {
    "every direction is the residual itself, which is steepest descent: add β times the old direction.": (
        _cg(conjugate=False)
    ),
    "β is upside down: the new rᵀr over the old one.": _cg(beta=lambda new, old: old @ old / (new @ new)),
    "β is the ratio of the lengths: take rᵀr, the squares.": (
        _cg(beta=lambda new, old: float(np.linalg.norm(new) / np.linalg.norm(old)))
    ),
    "β has the wrong sign: the old direction is added.": _cg(beta=lambda new, old: -(new @ new) / (old @ old)),
    "the new direction starts from the old residual: update r first.": _cg(old_residual=True),
    "β multiplies the residual: it belongs to the old direction, p ← r + βp.": _cg(beta_on_residual=True),
    "A is missing from α: it is rᵀr over pᵀAp.": _cg(alpha=lambda r, p, ap: float(r @ r / (p @ p))),
    "pᵀp stands above: α is rᵀr over pᵀAp.": _cg(alpha=lambda r, p, ap: float(p @ p / (p @ ap))),
    "the residual grows: a step takes αAp away from it.": _cg(residual_sign=1.0),
    "the first residual has the wrong sign: r = b − Ax, which points downhill.": _cg(start_sign=-1.0),
    "the tolerance is compared with ‖r‖ alone: compare with tolerance · ‖b‖.": (_cg(stops=_absolute)),
    "the tolerance is compared with rᵀr: take the root, or square the other side.": (_cg(stops=_squares)),
    "the walk never stops early: end it as soon as ‖r‖ ≤ tolerance · ‖b‖.": _cg(stops=lambda *_: False),
    "the start is missing: the first row of the path is zero.": _cg(start=False),
}


def _product(formula: Callable[..., Array]) -> Callable[..., dict[str, Any]]:
    def product(_: Any, x: Array, v: Array, bowl: Array, quartic: Array, h: float) -> dict[str, Any]:
        return {"product": formula(lambda z: bowl @ z + quartic * z**3, x, v, h)}

    return product


HESSIAN_VECTOR_PRODUCT: Mistakes = {
    "one-sided: take the gradient on both sides of x, h v before and behind it.": (
        _product(lambda g, x, v, h: (g(x + h * v) - g(x)) / h)
    ),
    "divided by h, but the two points are 2h apart.": _product(lambda g, x, v, h: (g(x + h * v) - g(x - h * v)) / h),
    "not divided by the distance of the two points.": _product(lambda g, x, v, h: g(x + h * v) - g(x - h * v)),
    "x is moved by h in all entries, and v multiplied afterwards: move x by h v.": (
        _product(lambda g, x, v, h: (g(x + h) - g(x - h)) / (2 * h) * v)
    ),
    "x is moved by the direction of v alone: its length counts.": (
        _product(lambda g, x, v, h: (g(x + h * v / np.linalg.norm(v)) - g(x - h * v / np.linalg.norm(v))) / (2 * h))
    ),
    "x is moved by all of v: move it by h v.": _product(lambda g, x, v, h: (g(x + v) - g(x - v)) / (2 * h)),
    "this is the gradient times v: the gradient's change along v is asked for.": (
        _product(lambda g, x, v, h: g(x) * v)
    ),
    "this is vᵀHv times v: Hv is a vector of its own.": (
        _product(lambda g, x, v, h: (g(x + h * v) - g(x - h * v)) @ v / (2 * h) * v)
    ),
}
