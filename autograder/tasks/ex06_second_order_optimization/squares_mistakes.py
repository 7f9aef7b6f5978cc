"""Mistakes of parts 8 and 9: for each the sentence that names it, and what it computes."""

# ruff: noqa: ARG001, ARG005 - a mistake is given all inputs, and many a one is to ignore some of them
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.tasks.ex06_second_order_optimization.draws import Array, Mistakes


def _columns(theta: Array, t: Array) -> tuple[Array, Array]:
    a, b = theta
    return 1 - np.exp(-b * t), a * t * np.exp(-b * t)


def _jacobian(columns: Callable[[Array, Array, Array, Array], Any]) -> Callable[..., dict[str, Any]]:
    """Return the Jacobian with the columns that ``columns(∂r/∂a, ∂r/∂b, θ, t)`` gives."""

    def jacobian(_: Any, theta: Array, t: Array, y: Array) -> dict[str, Any]:
        return {"jacobian": np.stack(columns(*_columns(theta, t), theta, t), axis=1)}

    return jacobian


GROWTH: Mistakes = {
    "the residual has the wrong sign: what the model says minus what was measured, or J would have to change too.": (
        lambda _, theta, t, y: {"residual": y - theta[0] * _columns(theta, t)[0]}
    ),
    "the residual is squared already: f squares it.": (
        lambda _, theta, t, y: {"residual": (theta[0] * _columns(theta, t)[0] - y) ** 2}
    ),
    "this is the model alone: subtract what was measured.": (
        lambda _, theta, t, y: {"residual": theta[0] * _columns(theta, t)[0]}
    ),
    "the exponent has the wrong sign: e^(−bt).": (
        lambda _, theta, t, y: {"residual": theta[0] * (1 - np.exp(theta[1] * t)) - y}
    ),
    "the factor t is missing in ∂r/∂b: the inner derivative of e^(−bt) by b is −t.": (
        _jacobian(lambda da, db, theta, t: (da, theta[0] * np.exp(-theta[1] * t)))
    ),
    "∂r/∂b has the wrong sign: two minuses meet, and a t e^(−bt) is positive for a > 0.": (
        _jacobian(lambda da, db, theta, t: (da, -db))
    ),
    "this is the derivative by t: its factor is b, that by b has the factor t.": (
        _jacobian(lambda da, db, theta, t: (da, theta[0] * theta[1] * np.exp(-theta[1] * t)))
    ),
    "the factor a is missing in ∂r/∂b.": _jacobian(lambda da, db, theta, t: (da, t * np.exp(-theta[1] * t))),
    "∂r/∂a has the factor a: the model is linear in a, its derivative is what a multiplies.": (
        _jacobian(lambda da, db, theta, t: (theta[0] * da, db))
    ),
    "the columns are swapped: first ∂r/∂a, then ∂r/∂b.": _jacobian(lambda da, db, theta, t: (db, da)),
    "the columns belong to −r: derive the model minus the measurement.": (
        _jacobian(lambda da, db, theta, t: (-da, -db))
    ),
}


def _steps(matrix: Callable[[Array, Array, float], Array], right: Callable[[Array, Array], Array]) -> Any:
    """Return the solution of ``matrix(JᵀJ, J, λ) δ = right(J, r)``."""

    def step(_: Any, residual: Array, jacobian: Array, damping: float = 0.0) -> dict[str, Any]:
        normal = jacobian.T @ jacobian
        return {"step": np.linalg.solve(matrix(normal, jacobian, damping), right(jacobian, residual))}

    return step


def _slope(j: Array, r: Array) -> Array:
    return j.T @ r


def _one(normal: Array) -> Array:
    return np.eye(len(normal))


def _scale(normal: Array) -> Array:
    return np.diag(np.diag(normal))


TWICE = (
    "twice as long as it should be: with 2Jᵀr on the right, JᵀJ on the left needs its 2 as well (Levenberg's line on "
    "the slides lacks it)."
)

GAUSS_NEWTON_STEP: Mistakes = {
    TWICE: _steps(lambda n, j, _: n, lambda j, r: 2 * j.T @ r),
    "half of what is due: the 2 stands on both sides, or on neither.": _steps(lambda n, j, _: 2 * n, _slope),
    "the step has the wrong sign: it will be subtracted.": _steps(lambda n, j, _: n, lambda j, r: -j.T @ r),
    "this is the gradient Jᵀr: solve with JᵀJ.": lambda _, residual, jacobian: {"step": jacobian.T @ residual},
    "multiplied by JᵀJ: it is to be divided by, solve the system.": lambda _, residual, jacobian: {
        "step": jacobian.T @ jacobian @ jacobian.T @ residual
    },
    "divided by the diagonal of JᵀJ alone: solve the system.": _steps(lambda n, j, _: _scale(n), _slope),
    "a damping has crept in: Gauss–Newton has none.": _steps(lambda n, j, _: n + _one(n), _slope),
}

LEVENBERG_STEP: Mistakes = {
    TWICE: _steps(lambda n, j, d: n + d * _one(n), lambda j, r: 2 * j.T @ r),
    "λ is added to every entry: it belongs on the diagonal.": _steps(lambda n, j, d: n + d, _slope),
    "λ is subtracted: damping makes the matrix larger.": _steps(lambda n, j, d: n - d * _one(n), _slope),
    "λ has no effect: this is Gauss–Newton.": _steps(lambda n, j, d: n, _slope),
    "λ scales the whole of JᵀJ: it multiplies the identity.": _steps(lambda n, j, d: (1 + d) * n, _slope),
    "the diagonal of JᵀJ is Marquardt's: Levenberg adds λ times the identity.": (
        _steps(lambda n, j, d: n + d * _scale(n), _slope)
    ),
    "λ is squared.": _steps(lambda n, j, d: n + d**2 * _one(n), _slope),
    "half of λ is added.": _steps(lambda n, j, d: n + d / 2 * _one(n), _slope),
    "this is the gradient divided by λ, the limit for large λ.": lambda _, residual, jacobian, damping: {
        "step": jacobian.T @ residual / damping if damping else jacobian.T @ residual * np.nan
    },
    "the step has the wrong sign: it will be subtracted.": (
        _steps(lambda n, j, d: n + d * _one(n), lambda j, r: -j.T @ r)
    ),
}

LEVENBERG_MARQUARDT_STEP: Mistakes = {
    TWICE: _steps(lambda n, j, d: n + d * _scale(n), lambda j, r: 2 * j.T @ r),
    "the identity is Levenberg's: Marquardt adds λ times the diagonal of JᵀJ.": (
        _steps(lambda n, j, d: n + d * _one(n), _slope)
    ),
    "λ scales the whole of JᵀJ, which only shortens the step: it multiplies the diagonal alone.": (
        _steps(lambda n, j, d: (1 + d) * n, _slope)
    ),
    "the diagonal came as a row and was added to every row: make a matrix of it (np.diag of np.diag).": (
        _steps(lambda n, j, d: n + d * np.diag(n), _slope)
    ),
    "JᵀJ itself is left out: λ diag(JᵀJ) is added to it.": (
        lambda _, residual, jacobian, damping: {
            "step": jacobian.T @ residual / (damping * np.diag(jacobian.T @ jacobian)) if damping else None
        }
    ),
    "λ has no effect: this is Gauss–Newton.": _steps(lambda n, j, d: n, _slope),
    "the root of the diagonal is taken: λ multiplies the diagonal of JᵀJ itself.": (
        _steps(lambda n, j, d: n + d * np.sqrt(_scale(n)), _slope)
    ),
    "λ is subtracted: damping makes the matrix larger.": _steps(lambda n, j, d: n - d * _scale(n), _slope),
    "the step has the wrong sign: it will be subtracted.": (
        _steps(lambda n, j, d: n + d * _scale(n), lambda j, r: -j.T @ r)
    ),
}


@dataclass
class Descent:
    """A damped walk: its points, how many steps failed, and how near to rounding the closest decision was."""

    points: list[Array]
    failed: int = 0
    margin: float = math.inf


def descend(
    x0: Array,
    bend: float,
    offset: float,
    target: float,
    method: str,
    damping: float,
    factor: float,
    tolerance: float,
    max_steps: int,
    *,
    takes_failed: bool = False,
    after_failure: float = 1.0,
    after_success: float = -1.0,
    forgets: bool = False,
    frozen: bool = False,
    stale: bool = False,
    by_sum: bool = False,
    gives_up: bool = False,
    last: bool = True,
    never_stops: bool = False,
    wrong_way: bool = False,
) -> Descent:
    """Return the task's walk, with one of its rules spoilt on demand; the exponents are of ``factor``."""

    def residual(x: Array) -> Array:
        return np.array([bend * (x[1] - x[0] ** 2), x[0] - target, offset * x[0] * x[1] + offset])

    def jacobian(x: Array) -> Array:
        return np.array([[-2 * bend * x[0], bend], [1.0, 0.0], [offset * x[1], offset * x[0]]])

    def cost(r: Array) -> float:
        return float(np.sum(r)) if by_sum else float(r @ r)

    found, r, j0, first = Descent([x0]), residual(x0), jacobian(x0), damping
    for _ in range(max_steps):
        x, j = found.points[-1], j0 if frozen else jacobian(found.points[-1])
        damping = first if forgets else damping
        for _trial in range(1 if gives_up else 30):
            normal = j.T @ j
            step = np.linalg.solve(
                normal + damping * (_one(normal) if method == "levenberg" else _scale(normal)), j.T @ r
            )
            new = x + step if wrong_way else x - step
            after = residual(new)
            found.margin = min(found.margin, abs(float(after @ after) / max(float(r @ r), 1e-300) - 1))
            if takes_failed or cost(after) < cost(r):
                break
            found.failed += 1
            damping *= factor**after_failure
        else:
            if gives_up:
                continue
            break
        worse = float(after @ after) >= float(r @ r)
        damping *= factor ** (after_failure if takes_failed and worse else after_success)
        found.points.append(new)
        r = r if stale else after
        if not never_stops and np.linalg.norm(new - x) < tolerance:
            found.points = found.points if last else found.points[:-1]
            break
    return found


def _descent(*, start: bool = True, **spoilt: Any) -> Callable[..., dict[str, Any]]:
    def walk(_: Any, **inputs: Any) -> dict[str, Any]:
        bend, offset = inputs["bend"], inputs["offset"]
        path = np.array(descend(**inputs, **spoilt).points[0 if start else 1 :])
        x, y = path.T
        parts = (bend * (y - x**2), x - inputs["target"], offset * x * y + offset)
        return {"path": path, "steps": len(path) - 1, "values": sum(part**2 for part in parts) / 2}

    return walk


DAMPED_DESCENT: Mistakes = {
    "a step is taken even if it increases f: try it again with a larger λ.": _descent(takes_failed=True),
    "λ becomes smaller after a failure: it has to grow, to make the step shorter.": _descent(after_failure=-1.0),
    "λ stays as it is after a success: divide it by `factor`.": _descent(after_success=0.0),
    "λ grows after a success: divide it by `factor`.": _descent(after_success=1.0),
    "growing and shrinking are swapped: λ grows after a failure.": _descent(after_failure=-1.0, after_success=1.0),
    "λ starts anew in every step: it is carried on to the next.": _descent(forgets=True),
    "λ falls by factor² after a success: divide it by `factor` once.": _descent(after_success=-2.0),
    "the Jacobian is taken at x0 in every step: take it at the point reached so far.": _descent(frozen=True),
    "the residuals are those of the start: compute them at the point reached so far.": _descent(stale=True),
    "the residuals are summed, not their squares: f = ½ rᵀr.": _descent(by_sum=True),
    "the walk never stops early: end it after the first step that is shorter than the tolerance.": (
        _descent(never_stops=True)
    ),
    "the last point is missing: the step that ends the walk is taken, and belongs to the path.": _descent(last=False),
    "the start is missing: the first row of the path is x0.": _descent(start=False),
    "the step is added: it is to be subtracted.": _descent(wrong_way=True),
    "a failed trial counts as a step: `max_steps` counts the steps that were taken.": _descent(gives_up=True),
}


def _costs(name: str, formula: Callable[..., float]) -> Callable[..., dict[str, Any]]:
    def cost(_: Any, parameters: int, pairs: int, number: int, speed: float, memory: int) -> dict[str, Any]:
        return {name: float(formula(k=parameters, m=pairs, number=number, speed=speed, memory=memory))}

    return cost


COSTS: Mistakes = {
    "these are entries: each takes `number` bytes.": _costs("hessian_bytes", lambda k, **_: k**2),
    "k numbers are a gradient: the Hessian has an entry for every pair of parameters.": (
        _costs("hessian_bytes", lambda k, number, **_: k * number)
    ),
    "twice k numbers: the Hessian has k · k.": _costs("hessian_bytes", lambda k, number, **_: 2 * k * number),
    "only half of the matrix, which is symmetric: here all k² entries are stored.": (
        _costs("hessian_bytes", lambda k, number, **_: k * (k + 1) / 2 * number)
    ),
    "k² operations are a product with a vector: solving takes 2k³/3.": (
        _costs("solve_seconds", lambda k, speed, **_: k**2 / speed)
    ),
    "k³ operations: an elimination takes 2k³/3.": _costs("solve_seconds", lambda k, speed, **_: k**3 / speed),
    "k³/3 operations are Cholesky's: here 2k³/3 are counted.": (
        _costs("solve_seconds", lambda k, speed, **_: k**3 / 3 / speed)
    ),
    "these are operations: divide by the speed.": _costs("solve_seconds", lambda k, **_: 2 * k**3 / 3),
    "the number of bytes does not count here: 2k³/3 operations, whatever they work on.": (
        _costs("solve_seconds", lambda k, speed, number, **_: 2 * k**3 / 3 / speed * number)
    ),
    "a pair holds two vectors, s and y.": _costs("lbfgs_bytes", lambda k, m, number, **_: m * k * number),
    "these are numbers: each takes `number` bytes.": _costs("lbfgs_bytes", lambda k, m, **_: 2 * m * k),
    "k² numbers per pair: s and y are vectors, no matrix is stored.": (
        _costs("lbfgs_bytes", lambda k, m, number, **_: m * k**2 * number)
    ),
    "not a whole number of parameters: round down.": (
        _costs("largest_network", lambda memory, number, **_: math.sqrt(memory / number))
    ),
    "rounded up: that Hessian would no longer fit.": (
        _costs("largest_network", lambda memory, number, **_: math.ceil(math.sqrt(memory / number)))
    ),
    "as many parameters as numbers fit: the Hessian has k² of them, take the root.": (
        _costs("largest_network", lambda memory, number, **_: memory // number)
    ),
    "a number is taken for a byte: divide the memory by the bytes of a number first.": (
        _costs("largest_network", lambda memory, **_: math.isqrt(memory))
    ),
}
