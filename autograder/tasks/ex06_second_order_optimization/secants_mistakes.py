"""Mistakes of part 7: for each the sentence that names it, and what it computes."""

# ruff: noqa: ARG005 - a mistake is given all inputs, and many a one is to ignore some of them
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex06_second_order_optimization.draws import Array, Mistakes


def _updated(formula: Callable[[Array, Array, Array, float, Array], Array], *, always: bool = False) -> Any:
    """Return the task's outputs for ``formula(B, s, y, ρ, I)``; without curvature B stays, unless it is for always."""

    def updated(_: Any, inverse: Array, s: Array, y: Array) -> dict[str, Any]:
        curvature = float(s @ y)
        new = inverse
        if always or curvature > 0:
            with np.errstate(all="ignore"):
                new = formula(inverse, s, y, np.float64(1) / curvature, np.eye(len(s)))
        return {"B": new, "By": new @ y}

    return updated


def _right(b: Array, s: Array, y: Array, rho: float, one: Array) -> Array:
    left = one - rho * np.outer(s, y)
    return left @ b @ left.T + rho * np.outer(s, s)


BFGS_UPDATE: Mistakes = {
    "s yᵀ is an outer product, a matrix: s @ y is a single number.": (
        _updated(
            lambda b, s, y, rho, one: (one - rho * (s @ y)) @ b @ (one - rho * (y @ s)) + rho * (s @ s),
        )
    ),
    "s and y are swapped: this is the update of the Hessian, and B approximates its inverse, By = s.": (
        _updated(lambda b, s, y, rho, one: _right(b, y, s, rho, one))
    ),
    "the two factors stand the wrong way round: I − ρ s yᵀ on the left, its transpose on the right.": (
        _updated(
            lambda b, s, y, rho, one: (
                (one - rho * np.outer(y, s)) @ b @ (one - rho * np.outer(s, y)) + rho * np.outer(s, s)
            )
        )
    ),
    "the same factor stands on both sides: the right one is the transpose of the left one.": (
        _updated(
            lambda b, s, y, rho, one: (
                (one - rho * np.outer(s, y)) @ b @ (one - rho * np.outer(s, y)) + rho * np.outer(s, s)
            )
        )
    ),
    "ρ s sᵀ is missing: without it B forgets the direction s.": (
        _updated(lambda b, s, y, rho, one: _right(b, s, y, rho, one) - rho * np.outer(s, s))
    ),
    "the last term is s sᵀ without ρ.": (
        _updated(lambda b, s, y, rho, one: _right(b, s, y, rho, one) + (1 - rho) * np.outer(s, s))
    ),
    "ρ is yᵀs itself: it is one over it.": _updated(lambda b, s, y, rho, one: _right(b, s, y, 1 / rho, one)),
    "the factors have a plus: they are I − ρ s yᵀ.": (
        _updated(
            lambda b, s, y, rho, one: (
                (one + rho * np.outer(s, y)) @ b @ (one + rho * np.outer(y, s)) + rho * np.outer(s, s)
            )
        )
    ),
    "B itself is left out between the two factors: what was learnt before is lost.": (
        _updated(lambda b, s, y, rho, one: _right(one, s, y, rho, one))
    ),
    "this is the update of DFP, the dual one: BFGS was asked for.": (
        _updated(
            lambda b, s, y, rho, one: b + rho * np.outer(s, s) - np.outer(b @ y, b @ y) / (y @ b @ y),
        )
    ),
    "without positive curvature, yᵀs ≤ 0, B must stay as it is.": _updated(_right, always=True),
}


def _walk(
    *,
    learns: bool = True,
    step: Callable[[Array, float, Array], Array] = lambda x, alpha, p: x + alpha * p,
    difference: Callable[[Array, Array], Array] = lambda new, old: new - old,
    s_of: Callable[[Array, float, Array], Array] = lambda taken, alpha, p: taken,
    swapped: bool = False,
    stale: bool = False,
    stops: Callable[[Array, Array, float], bool] | None = None,
    start: bool = True,
    last: bool = True,
    afresh: bool = False,
) -> Callable[..., dict[str, Any]]:
    """Return the task's walk with one of its lines spoilt."""

    def walk(
        _: Any,
        x0: Array,
        bowl: Array,
        quartic: Array,
        share: float,
        tolerance: float,
        max_steps: int,
    ) -> dict[str, Any]:
        def gradient(x: Array) -> Array:
            return bowl @ x + quartic * x**3

        points, pairs, b = [x0], [], np.eye(len(x0))
        g = gradient(x0)
        for _step in range(max_steps):
            x, p = points[-1], -b @ g
            slope, probe = float(gradient(x) @ p), share / np.sqrt(p @ p)
            alpha = probe * slope / (slope - float(gradient(x + probe * p) @ p))
            points.append(step(x, alpha, p))
            taken, after = points[-1] - x, gradient(points[-1])
            s, y = s_of(taken, alpha, p), difference(after, g)
            pairs.append((y, s) if swapped else (s, y))
            s, y = pairs[-1]
            if learns and s @ y > 0:
                b = _right(np.eye(len(s)) if afresh else b, s, y, 1 / float(s @ y), np.eye(len(s)))
            g = g if stale else after
            if (stops or _short)(taken, g, tolerance):
                points = points if last else points[:-1]
                break
        path = np.array(points if start else points[1:])
        kept = pairs[: min(2, max(1, len(path) - 2))]
        found = {"path": path, "steps": len(path) - 1}
        found |= {"first s": np.array([s for s, _ in kept]), "first y": np.array([y for _, y in kept])}
        return found

    return walk


def _short(taken: Array, _: Array, tolerance: float) -> bool:
    return bool(np.linalg.norm(taken) < tolerance)


def _gradient(_: Array, gradient: Array, tolerance: float) -> bool:
    return bool(np.linalg.norm(gradient) < tolerance)


def _squared(taken: Array, _: Array, tolerance: float) -> bool:
    return bool(taken @ taken < tolerance)


def telling(**inputs: Any) -> bool:
    """Whether the walk ends after a few steps, and by other tests of the length after other numbers of them."""
    steps, *others = (_walk(stops=test)(None, **inputs)["steps"] for test in (_short, _gradient, _squared))
    return steps > 3 and len({steps, *others}) == 3


BFGS: Mistakes = {
    "B stays the identity, which is gradient descent: keep what `update` returns.": _walk(learns=False),
    "B is learnt anew in every step: hand the B of the step before to `update`.": _walk(afresh=True),
    "the whole direction p is taken: the step is αp.": _walk(step=lambda x, _, p: x + p),
    "s is the direction p: it is the step that was taken, αp.": _walk(s_of=lambda _, __, p: p),
    "s has the wrong sign: the new point minus the old one.": _walk(s_of=lambda taken, _, __: -taken),
    "y has the wrong sign: the new gradient minus the old one.": _walk(difference=lambda new, old: old - new),
    "y is the new gradient itself: its change is asked for.": _walk(difference=lambda new, _: new),
    "s and y are swapped: `update` takes B, s, y.": _walk(swapped=True),
    "the old gradient is kept: after a step, g is the gradient at the new point.": _walk(stale=True),
    "the test takes the gradient's length: compare the length of the step with the tolerance.": _walk(stops=_gradient),
    "the test compares the squared length with the tolerance: take the root.": _walk(stops=_squared),
    "the walk never stops early: end it after the first step that is shorter than the tolerance.": (
        _walk(stops=lambda *_: False)
    ),
    "the last point is missing: the step that ends the walk is taken, and belongs to the path.": _walk(last=False),
    "the start is missing: the first row of the path is x0.": _walk(start=False),
}


def _two_loops(
    *,
    scale: str = "newest",
    sign: float = -1.0,
    first_order: int = -1,
    second_order: int = 1,
    beta_with: str = "r",
    add: Callable[[float, float], float] = lambda alpha, beta: alpha - beta,
    alpha_with_s: bool = True,
    second: bool = True,
    only: int | None = None,
) -> Callable[..., dict[str, Any]]:
    """Return the direction of the two loops with one of their lines spoilt."""

    def direction(_: Any, gradient: Array, steps: Array, changes: Array) -> dict[str, Any]:
        pairs = list(zip(steps, changes, strict=True))[only if only is not None else 0 :]
        q, alphas = gradient, [0.0] * len(pairs)
        for i in range(len(pairs))[::first_order]:
            s, y = pairs[i]
            alphas[i] = float((s if alpha_with_s else y) @ q / (s @ y))
            q = q - alphas[i] * y
        r = q
        if pairs and scale != "none":
            s, y = pairs[-1 if scale in {"newest", "inverse", "by s"} else 0]
            factor = {"inverse": (y @ y) / (s @ y), "by s": (s @ s) / (s @ y)}.get(scale, (s @ y) / (y @ y))
            r = factor * q
        for i in range(len(pairs))[::second_order] if second else ():
            s, y = pairs[i]
            r = r + add(alphas[i], float(y @ (r if beta_with == "r" else q) / (s @ y))) * s
        return {"direction": sign * r}

    return direction


LBFGS_DIRECTION: Mistakes = {
    "the direction points uphill: return −r.": _two_loops(sign=1.0),
    "q is not scaled: the first B is yᵀs / yᵀy of the newest pair times the identity.": _two_loops(scale="none"),
    "q is scaled with the oldest pair: the newest knows the curvature here.": _two_loops(scale="oldest"),
    "the scale is upside down: it is yᵀs / yᵀy, the inverse of a curvature.": _two_loops(scale="inverse"),
    "q is scaled with sᵀs / yᵀs: it is yᵀs / yᵀy.": _two_loops(scale="by s"),
    "the first loop goes from the oldest pair to the newest: it starts with the newest.": _two_loops(first_order=1),
    "the second loop goes from the newest pair to the oldest: it comes back the other way.": (
        _two_loops(second_order=-1)
    ),
    "both loops go the wrong way: first from the newest pair to the oldest, then back.": (
        _two_loops(first_order=1, second_order=-1)
    ),
    "β is computed with q: it is ρ yᵀr, with the r of the second loop.": _two_loops(beta_with="q"),
    "α + β is added: it is (α − β) s.": _two_loops(add=lambda alpha, beta: alpha + beta),
    "β is missing: it is (α − β) s that is added.": _two_loops(add=lambda alpha, beta: alpha),
    "α is computed with y: it is ρ sᵀq.": _two_loops(alpha_with_s=False),
    "the second loop is missing.": _two_loops(second=False),
    "only the newest pair is used: the loops go over all of them.": _two_loops(only=-1),
}
