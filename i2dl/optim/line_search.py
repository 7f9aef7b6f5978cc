"""Line search: how far to go, once it is known which way.

Given a direction p, the best step solves a problem in one variable, min over α of φ(α) = f(x + αp). Lecture 5 has it
for p = −∇L: compute the gradient, find the optimal α, take the step. On a quadratic the answer is a formula
(`exact_line_search`). Elsewhere it costs many evaluations of f, which is why deep learning does not do it, and why
others settle for a step that is good enough:

- *sufficient decrease* (Armijo): φ(α) ≤ φ(0) + c₁ α φ'(0), at least a fraction of what the slope at 0 promises.
  `backtracking_line_search` shortens a step until it has that.
- *curvature* (strong Wolfe): |φ'(α)| ≤ c₂ |φ'(0)|, the slope has become flatter. It keeps steps from being too short,
  and it gives quasi-Newton methods what they need: sᵀy > 0 for the step s and the change y of the gradient.

Sources: I2DL lecture 5, "optimal learning rate"; I2DL student summary, V.1; Nocedal, Wright, *Numerical optimization*,
2006, chapter 3.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_number, check_shape
from i2dl.optim._checks import check_fraction, check_update

__all__ = ["backtracking_line_search", "exact_line_search", "wolfe_line_search"]


def exact_line_search(gradient: Array, hessian: Array, direction: Array | None = None) -> float:
    """α = −gᵀp / pᵀHp, the minimum of a quadratic along p; for p = −g it is gᵀg / gᵀHg.

    Along p a quadratic is the parabola φ(α) = φ(0) + α gᵀp + ½ α² pᵀHp, and φ'(α) = 0 gives α. At the new point the
    gradient is at right angles to p, so steepest descent turns by 90° in every step: the zigzag in a narrow valley.

    Parameters
    ----------
    gradient : array, shape (n,)
        g = ∇f(x).
    hessian : array, shape (n, n)
        H, symmetric.
    direction : array, shape (n,), or None
        p; None for steepest descent, p = −g.

    Returns
    -------
    step : float
        α; 0 if p is zero or at right angles to g.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or the quadratic has no minimum along p.

    References
    ----------
    I2DL lecture 5, optimal learning rate.
    """
    xp = array_namespace(gradient, hessian)
    direction = -gradient if direction is None else direction
    check_floating(gradient=gradient, hessian=hessian, direction=direction)
    check_shape("gradient", gradient, ("n",))
    n = gradient.shape[0]
    check_shape("hessian", hessian, (n, n))
    check_shape("direction", direction, (n,))
    slope = float(xp.sum(gradient * direction))
    curvature = float(xp.sum(direction * xp.matmul(hessian, direction)))
    if slope == 0.0:
        return 0.0
    if curvature <= 0.0:
        msg = f"the quadratic must curve upwards along the direction, but its curvature there is {curvature:g}"
        raise ValueError(msg)
    return -slope / curvature


def backtracking_line_search(
    f: Callable[[Array], Any],
    x: Array,
    direction: Array,
    gradient: Array,
    *,
    step: float = 1.0,
    c1: float = 1e-4,
    shrink: float = 0.5,
) -> float:
    """Try ``step``, then shrink · step, shrink² · step, … until f(x + αp) ≤ f(x) + c₁ α gᵀp.

    Parameters
    ----------
    f : callable
        ``f(x) -> number``.
    x : array, any shape
        Where to start.
    direction : array, shape of ``x``
        p, downhill.
    gradient : array, shape of ``x``
        g = ∇f(x).
    step : float, above 0
        The first α to try; 1 for Newton-like directions, which have the right length already.
    c1 : float in [0, 1)
        Share of the promised decrease that is asked for.
    shrink : float, above 0, below 1
        Factor from one trial to the next.

    Returns
    -------
    step : float
        The first α that decreases f enough; 0 if none does before x + αp is x in floating point.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, p does not point downhill, or a number is out of range.

    References
    ----------
    Armijo, *Minimization of functions having Lipschitz continuous first partial derivatives*, 1966; Nocedal, Wright,
    2006, algorithm 3.1.
    """
    xp = array_namespace(x, direction)
    slope = _downhill_slope(x, direction, gradient)
    check_number("step", step, above=0.0)
    check_fraction(c1=c1, shrink=shrink)
    check_number("shrink", shrink, above=0.0)
    start = float(f(x))
    # At x = 0 even the smallest step moves; below the normal numbers a factor above ½ would round back to the same.
    while step > sys.float_info.min and bool(xp.any(x + step * direction != x)):
        # Written so that a NaN, for which every comparison is false, counts as too high.
        if float(f(x + step * direction)) <= start + c1 * step * slope:
            return step
        step *= shrink
    return 0.0


def wolfe_line_search(
    f: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    x: Array,
    direction: Array,
    *,
    step: float = 1.0,
    c1: float = 1e-4,
    c2: float = 0.9,
    trials: int = 50,
) -> float:
    """Find α with f(x + αp) ≤ f(x) + c₁ α gᵀp and |∇f(x + αp)ᵀp| ≤ c₂ |gᵀp|: the strong Wolfe conditions.

    Two ends enclose an interval of good steps: ``low``, the best step so far, and ``high``, one that is known to be on
    the other side of a minimum. While nothing is on the other side, the step doubles; after that the interval is
    halved.

    Parameters
    ----------
    f : callable
        ``f(x) -> number``.
    gradient : callable
        ``gradient(x) -> ∇f(x)``, an array of the shape of ``x``.
    x : array, any shape
        Where to start.
    direction : array, shape of ``x``
        p, downhill.
    step : float, above 0
        The first α to try.
    c1 : float in [0, 1)
        Share of the promised decrease that is asked for.
    c2 : float, above c1, below 1
        Share of the slope that may be left.
    trials : int
        How many steps to try at most.

    Returns
    -------
    step : float
        A step that meets both conditions; if none is found, one that only decreases f, or 0.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, p does not point downhill, or a number is out of range.

    References
    ----------
    Wolfe, *Convergence conditions for ascent methods*, 1969; Nocedal, Wright, 2006, algorithms 3.5 and 3.6, here with
    bisection.
    """
    xp = array_namespace(x, direction)
    slope = _downhill_slope(x, direction, gradient(x))
    check_number("step", step, above=0.0)
    check_fraction(c1=c1, c2=c2)
    check_number("c2", c2, above=c1)
    start = float(f(x))
    low, value_low, high = 0.0, start, math.inf
    for _ in range(trials):
        value = float(f(x + step * direction))
        if not (value <= start + c1 * step * slope and value < value_low):
            high = step
        else:
            slope_here = float(xp.sum(gradient(x + step * direction) * direction))
            if abs(slope_here) <= c2 * abs(slope):
                return step
            # Uphill towards the other end: then a minimum lies on the side that we came from.
            if slope_here * (high - low) >= 0:
                high = low
            low, value_low = step, value
        step = 2.0 * low if math.isinf(high) else 0.5 * (low + high)
    return low


def _downhill_slope(x: Array, direction: Array, gradient: Array) -> float:
    """Check the arguments of a line search, and return gᵀp < 0."""
    xp = array_namespace(x, direction, gradient)
    check_update(x, gradient, direction=direction)
    slope = float(xp.sum(gradient * direction))
    if not slope < 0.0:
        msg = f"direction must point downhill, to a slope below 0, but the slope is {slope:g}"
        raise ValueError(msg)
    return slope
