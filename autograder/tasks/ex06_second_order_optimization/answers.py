"""The right implementations, all from `i2dl`, in the form that the notebook asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray
Function = Callable[[Array], Any]


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import optim

    return Implementation(
        {
            "parabola_step": _parabola_step,
            "newton_step": optim.newton_step,
            "newton": lambda gradient, hessian, x0, *, tolerance, max_steps: np.stack(
                optim.newton(gradient, hessian, x0, steps=max_steps, tolerance=tolerance)
            ),
            "convergence_order": _convergence_order,
            "stationary_point": _stationary_point,
            "least_squares_derivatives": _least_squares_derivatives,
            "exact_step": optim.exact_line_search,
            "wolfe_line_search": optim.wolfe_line_search,
            "conjugate_gradient": lambda multiply, b, *, tolerance, max_steps: np.stack(
                optim.conjugate_gradient(multiply, b, steps=max_steps, tolerance=tolerance)
            ),
            "hessian_vector_product": _hessian_vector_product,
            "bfgs_update": _bfgs_update,
            "bfgs": _bfgs,
            "lbfgs_direction": optim.lbfgs_direction,
            "growth_residual": _growth_residual,
            "growth_jacobian": _growth_jacobian,
            "gauss_newton_step": optim.gauss_newton_step,
            "levenberg_step": optim.levenberg_step,
            "levenberg_marquardt_step": optim.levenberg_marquardt_step,
            "damped_descent": _damped_descent,
            "hessian_bytes": lambda parameters, number: float(number * parameters**2),
            "solve_seconds": lambda parameters, speed: 2 * parameters**3 / 3 / speed,
            "lbfgs_bytes": lambda parameters, pairs, number: float(2 * pairs * parameters * number),
            "largest_network": lambda memory, number: math.isqrt(memory // number),
        }
    )


def _parabola_step(slope: float, curvature: float) -> tuple[float, str]:
    from i2dl.optim import newton_step

    if curvature == 0:
        return math.nan, "none"
    step = newton_step(np.array([slope]), np.array([[curvature]])).item()
    return step, "minimum" if curvature > 0 else "maximum"


def _convergence_order(errors: Array) -> float:
    falls = np.diff(np.log(errors))
    return float(falls[-1] / falls[-2])


def _stationary_point(hessian: Array) -> str:
    values = np.linalg.eigvalsh(hessian)
    small = 1e-9 * np.max(np.abs(values))
    up, down = bool(np.any(values > small)), bool(np.any(values < -small))
    if up and down:
        return "saddle"
    if np.any(np.abs(values) <= small):
        return "undecided"
    return "minimum" if up else "maximum"


def _least_squares_derivatives(x: Array, y: Array, theta: Array) -> tuple[Array, Array]:
    from i2dl.classic import least_squares_loss

    # The library takes the mean where the lecture takes the sum, and adds a bias, which is 0 here. The gradient is
    # linear in θ, so its differences along the axes are the columns of the Hessian.
    def gradient(at: Array) -> Array:
        return len(y) * least_squares_loss(np.concatenate([np.zeros(1, at.dtype), at]), x, y)[1][1:]

    start = gradient(np.zeros_like(theta))
    columns = [gradient(axis) - start for axis in np.eye(len(theta), dtype=theta.dtype)]
    return gradient(theta), np.stack(columns, axis=1)


def _hessian_vector_product(gradient: Function, x: Array, v: Array, h: float) -> Array:
    from i2dl.autodiff import numerical_gradient

    def along(i: int) -> Any:
        return numerical_gradient(lambda t: gradient(x + t[0] * v)[i], np.zeros(1), h=h)[0]

    return np.array([along(i) for i in range(len(x))])


def _bfgs_update(inverse: Array, s: Array, y: Array) -> Array:
    from i2dl.optim import bfgs_update

    return bfgs_update(inverse, s, y) if float(s @ y) > 0 else inverse


def _bfgs(
    gradient: Function,
    x0: Array,
    *,
    line_search: Callable[[Array, Array], float],
    update: Callable[[Array, Array, Array], Array],
    tolerance: float,
    max_steps: int,
) -> Array:
    """Walk as `i2dl.optim.bfgs` does, with the parts that are passed in."""
    from i2dl.optim import has_converged

    path, inverse, g = [x0], np.eye(len(x0)), gradient(x0)
    for _ in range(max_steps):
        x, p = path[-1], -inverse @ g
        path.append(x + line_search(x, p) * p)
        g, before = gradient(path[-1]), g
        inverse = update(inverse, path[-1] - x, g - before)
        if has_converged(x, path[-1], tolerance):
            break
    return np.stack(path)


def _growth(a: Any, b: Any, t: float) -> Any:
    from i2dl.autodiff import exp

    return a * (1 - exp(-(b * t)))


def _growth_residual(theta: Array, t: Array, y: Array) -> Array:
    a, b = (float(v) for v in theta)
    return np.array([_growth(a, b, float(at)) for at in t]) - y


def _growth_jacobian(theta: Array, t: Array) -> Array:
    from i2dl.autodiff import forward_gradient

    a, b = (float(v) for v in theta)
    return np.array([forward_gradient(lambda a, b, at=float(at): _growth(a, b, at), a, b)[1] for at in t])


def _damped_descent(
    residual: Function,
    jacobian: Function,
    x0: Array,
    *,
    step: Callable[[Array, Array, float], Array],
    damping: float,
    factor: float,
    tolerance: float,
    max_steps: int,
) -> Array:
    from i2dl import optim

    # The step that is passed in has one of two names; the library has a walk for each.
    walks: dict[str, Callable[..., Sequence[Array]]] = {
        "levenberg": optim.levenberg,
        "marquardt": optim.levenberg_marquardt,
    }
    walk = walks[step.__name__]
    return np.stack(walk(residual, jacobian, x0, damping=damping, factor=factor, steps=max_steps, tolerance=tolerance))
