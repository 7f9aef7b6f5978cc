"""Mistakes of parts 4 and 5: for each the sentence that names it, and the step that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.tasks.ex05_first_order_optimization.draws import ALL, ONE, Array, Mistakes, replay

State = tuple[Any, ...]

SWAPPED = "the results come in the wrong order: check what is returned first, and what last."

# ---------------------------------------------------------------------------------------------------------------
# Momentum


def _moved(
    velocity: Callable[[Array, Array, float, float], Array],
    move: Callable[[Array, Array, Array, float], Array],
    *,
    swapped: bool = False,
) -> Callable[..., dict[str, Any]]:
    """Return a walk with ``velocity(v, dw, rate, beta)`` and ``move(w, new, old, rate)``."""

    def step(w: Array, dw: Array, rate: float, v: Array, *, beta: float) -> State:
        new = velocity(v, dw, rate, beta)
        return (new, move(w, new, v, rate)) if swapped else (move(w, new, v, rate), new)

    return replay(step, "velocity")


MOMENTUM: Mistakes = {
    "the velocity goes uphill: the gradient enters it with a minus.": (
        _moved(lambda v, dw, a, b: b * v + a * dw, lambda w, v, _, __: w + v)
    ),
    "the velocity is subtracted: it holds −α dw already, so w moves by + v.": (
        _moved(lambda v, dw, a, b: b * v - a * dw, lambda w, v, _, __: w - v)
    ),
    "w moves with the old velocity: update v first, then use it.": (
        _moved(lambda v, dw, a, b: b * v - a * dw, lambda w, _, old, __: w + old)
    ),
    "the velocity never slows down: it keeps β of itself, v ← βv − α dw.": (
        _moved(lambda v, dw, a, _: v - a * dw, lambda w, v, _, __: w + v)
    ),
    "this is the other convention: here α stands inside the velocity, v ← βv − α dw.": (
        _moved(lambda v, dw, _, b: b * v + dw, lambda w, v, _, a: w - a * v)
    ),
    "the gradient is weighed with 1 − β: a velocity is a sum, not an average.": (
        _moved(lambda v, dw, a, b: b * v - (1 - b) * a * dw, lambda w, v, _, __: w + v)
    ),
    SWAPPED: _moved(lambda v, dw, a, b: b * v - a * dw, lambda w, v, _, __: w + v, swapped=True),
    "β multiplies the gradient too: only the old velocity is slowed down.": (
        _moved(lambda v, dw, a, b: b * (v - a * dw), lambda w, v, _, __: w + v)
    ),
}

MOMENTUM_OUTSIDE: Mistakes = {
    "the step goes uphill: w ← w − αu.": _moved(lambda u, dw, _, b: b * u + dw, lambda w, u, _, a: w + a * u),
    "this is the other convention: here the velocity knows no α, which multiplies all of it.": (
        _moved(lambda u, dw, a, b: b * u - a * dw, lambda w, u, _, __: w + u)
    ),
    "α is inside the velocity as well: it multiplies the whole velocity once, outside.": (
        _moved(lambda u, dw, a, b: b * u + a * dw, lambda w, u, _, a: w - a * u)
    ),
    "α stands inside the velocity: here it multiplies the whole velocity, outside.": (
        _moved(lambda u, dw, a, b: b * u + a * dw, lambda w, u, _, __: w - u)
    ),
    "the gradient is weighed with 1 − β: a velocity is a sum, not an average.": (
        _moved(lambda u, dw, _, b: b * u + (1 - b) * dw, lambda w, u, _, a: w - a * u)
    ),
    "w moves with the old velocity: update u first, then use it.": (
        _moved(lambda u, dw, _, b: b * u + dw, lambda w, _, old, a: w - a * old)
    ),
    "the velocity never slows down: it keeps β of itself, u ← βu + dw.": (
        _moved(lambda u, dw, _, __: u + dw, lambda w, u, _, a: w - a * u)
    ),
}


def _looked(ahead: Callable[[Array, Array, float], Array], *, land: bool = False, sign: float = -1.0) -> Any:
    """Return the task's walk with the gradient at ``ahead(w, v, beta)``; ``land``: w starts from there as well."""

    def walk(
        _: Any, w: Array, curvature: Array, minimum: Array, rates: Sequence[float], velocity: Array, beta: float
    ) -> dict[str, Any]:
        visited = []
        for rate in rates:
            point = ahead(w, velocity, beta)
            velocity = beta * velocity + sign * rate * curvature * np.arctan(point - minimum)
            w = (point if land else w) + velocity
            visited.append(w)
        return {ONE: visited[0], ALL: visited[-1], "velocity": velocity}

    return walk


NESTEROV: Mistakes = {
    "the gradient is taken at w: that is plain momentum. Nesterov takes it at w + βv.": _looked(lambda w, *_: w),
    "the jump is made twice: v contains βv already, so it is added to w, not to the look-ahead point.": (
        _looked(lambda w, v, b: w + b * v, land=True)
    ),
    "the look-ahead point is w + βv, not w + v.": _looked(lambda w, v, _: w + v),
    "this looks back: the velocity leads to w + βv.": _looked(lambda w, v, b: w - b * v),
    "the velocity goes uphill: the gradient enters it with a minus.": _looked(lambda w, v, b: w + b * v, sign=1.0),
}

# ---------------------------------------------------------------------------------------------------------------
# Adaptive rates

EPS_INSIDE = "ε stands inside the root: here it is added to it, √s + ε."
OLD_S = "the step uses the old s: update s first."
NO_SQUARE = "the gradients are added without being squared: they cancel, and the root of a negative number is NaN."
NO_ROOT = "the root is missing: without it the step is longest where the gradient is smallest."
NO_EPS = "ε is not used: where all gradients are 0, this divides 0 by 0."


def _scaled(
    average: Callable[[Array, Array, Any], Array], step: Callable[[Array, Array, Array, float], Array]
) -> Callable[..., dict[str, Any]]:
    """Return a walk with ``average(s, dw, hyper)`` and ``step(dw, new, old, eps)``."""

    def one(w: Array, dw: Array, rate: float, s: Array, **hyper: Any) -> State:
        with np.errstate(all="ignore"):
            new = average(s, dw, hyper)
            return w - rate * step(dw, new, s, hyper["eps"]), new

    return replay(one, "s")


def _root(dw: Array, s: Array, _: Array, eps: float) -> Array:
    return dw / (np.sqrt(s) + eps)


def _adaptive(average: Callable[[Array, Array, Any], Array], unsquared: Any) -> Mistakes:
    """Return the mistakes that Adagrad and RMSProp share."""
    return {
        EPS_INSIDE: _scaled(average, lambda dw, s, _, eps: dw / np.sqrt(s + eps)),
        OLD_S: _scaled(average, lambda dw, _, old, eps: dw / (np.sqrt(old) + eps)),
        NO_ROOT: _scaled(average, lambda dw, s, _, eps: dw / (s + eps)),
        NO_EPS: _scaled(average, lambda dw, s, _, __: dw / np.sqrt(s)),
        "the gradient is not divided by √s: so far this is plain descent.": _scaled(average, lambda dw, *_: dw),
        "the step goes uphill: subtract it.": _scaled(average, lambda dw, s, _, eps: -dw / (np.sqrt(s) + eps)),
        "the step is α / √s alone: the gradient, which gives the direction, is missing.": (
            _scaled(average, lambda _, s, __, eps: 1 / (np.sqrt(s) + eps))
        ),
        "s holds the gradients themselves: it is made of their squares.": _scaled(unsquared, _root),
    }


def _sum(s: Array, dw: Array, _: Any) -> Array:
    return s + dw**2


def _mean(s: Array, dw: Array, hyper: Any) -> Array:
    return hyper["beta"] * s + (1 - hyper["beta"]) * dw**2


ADAGRAD: Mistakes = {
    **_adaptive(_sum, lambda s, dw, _: s + dw),
    "s forgets what was before: Adagrad adds up all squares since the start.": _scaled(lambda _, dw, __: dw**2, _root),
    "the absolute values are added up: it is their squares.": _scaled(lambda s, dw, _: s + np.abs(dw), _root),
    "s is an average: that is RMSProp. Adagrad adds up, s ← s + dw².": (
        _scaled(lambda s, dw, _: 0.9 * s + 0.1 * dw**2, _root)
    ),
    "s is one number for all entries: every entry has a sum of its own.": (
        _scaled(lambda s, dw, _: s + np.sum(dw**2), _root)
    ),
}

RMSPROP: Mistakes = {
    **_adaptive(_mean, lambda s, dw, h: h["beta"] * s + (1 - h["beta"]) * dw),
    "β and 1 − β are swapped: the average keeps β of itself.": (
        _scaled(lambda s, dw, h: (1 - h["beta"]) * s + h["beta"] * dw**2, _root)
    ),
    "the factor 1 − β is missing: s is an average, so its weights sum to 1.": (
        _scaled(lambda s, dw, h: h["beta"] * s + dw**2, _root)
    ),
    "nothing is forgotten: that is Adagrad. Here s keeps β of itself.": _scaled(_sum, _root),
    "the square of the average, not the average of the squares.": (
        _scaled(lambda s, dw, h: (h["beta"] * s + (1 - h["beta"]) * dw) ** 2, _root)
    ),
}


def _delta(
    step: Callable[[Array, Array, Array, Array, float], Array] = lambda dw, s, d, _, eps: (
        dw * np.sqrt(d + eps) / np.sqrt(s + eps)
    ),
    *,
    s_after: Callable[[Array, Array, float], Array] = lambda s, dw, rho: rho * s + (1 - rho) * dw**2,
    d_after: Callable[[Array, Array, Array, float], Array] = lambda d, move, _, rho: rho * d + (1 - rho) * move**2,
    sign: float = -1.0,
    swapped: bool = False,
) -> Callable[..., dict[str, Any]]:
    """Return Adadelta's walk with ``step(dw, new s, old d, old s, eps)`` and other averages."""

    def walk(_: Any, w: Array, gradients: Array, s: Array, d: Array, rho: float, eps: float) -> dict[str, Any]:
        visited = []
        with np.errstate(all="ignore"):
            for dw in gradients:
                new = s_after(s, dw, rho)
                move = step(dw, new, d, s, eps)
                d = d_after(d, move, dw, rho)
                w, s, d = (w + sign * move, d, new) if swapped else (w + sign * move, new, d)
                visited.append(w)
        return {ONE: visited[0], ALL: visited[-1], "s": s, "d": d}

    return walk


def _early(_: Any, w: Array, gradients: Array, s: Array, d: Array, rho: float, eps: float) -> dict[str, Any]:
    visited = []
    for dw in gradients:
        s = rho * s + (1 - rho) * dw**2
        move = dw * np.sqrt(d + eps) / np.sqrt(s + eps)
        d = rho * d + (1 - rho) * move**2
        w = w - dw * np.sqrt(d + eps) / np.sqrt(s + eps)
        visited.append(w)
    return {ONE: visited[0], ALL: visited[-1], "s": s, "d": d}


ADADELTA: Mistakes = {
    "d is updated before the step uses it: the step is made with the old d.": _early,
    "ε is missing above: d starts at 0, and the walk would never begin.": (
        _delta(lambda dw, s, d, _, eps: dw * np.sqrt(d) / np.sqrt(s + eps))
    ),
    "d averages the squared gradients: it is the squares of the steps Δ.": (
        _delta(d_after=lambda d, _, dw, rho: rho * d + (1 - rho) * dw**2)
    ),
    "d averages the steps without squaring them.": _delta(d_after=lambda d, m, _, rho: rho * d + (1 - rho) * m),
    "upside down: the root of d stands above, that of s below.": (
        _delta(lambda dw, s, d, _, eps: dw * np.sqrt(s + eps) / np.sqrt(d + eps))
    ),
    "ε is added to the roots: in this rule it stands inside.": (
        _delta(lambda dw, s, d, _, eps: dw * (np.sqrt(d) + eps) / (np.sqrt(s) + eps))
    ),
    "the step uses the old s: update s first.": (
        _delta(lambda dw, _, d, old, eps: dw * np.sqrt(d + eps) / np.sqrt(old + eps))
    ),
    "ρ and 1 − ρ are swapped: the averages keep ρ of themselves.": _delta(
        s_after=lambda s, dw, rho: (1 - rho) * s + rho * dw**2,
        d_after=lambda d, m, _, rho: (1 - rho) * d + rho * m**2,
    ),
    SWAPPED: _delta(swapped=True),
    "the step goes uphill: subtract Δ.": _delta(sign=1.0),
    "the roots are missing.": _delta(lambda dw, s, d, _, eps: dw * (d + eps) / (s + eps)),
}
