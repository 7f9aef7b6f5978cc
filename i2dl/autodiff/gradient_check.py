"""The gradient check: compare a derived gradient with one that is measured.

A numerical gradient is slow and approximate but easy to write, an analytic one is fast and exact but easy to get
wrong: so derive the second and check it with the first (CS 4803/7643, computing gradients).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace, device


def numerical_gradient(f: Callable[[Any], Any], x: Any, dout: Any = None, *, h: float = 1e-5) -> Any:
    """Measure the gradient of f at x with central differences, one entry of x at a time.

    .. math:: ∂L/∂x_i ≈ Σ_j dout_j · (f_j(x + h e_i) - f_j(x - h e_i)) / 2h

    The error of a central difference falls with h², that of a one-sided one only with h; below h ≈ 1e-5 the rounding
    of the difference, about 1e-16·|f|/h, takes over.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape and returns a scalar, or an array of any shape if `dout` is given.
    x : array of any shape, float64
        Where to measure; it is not changed.
    dout : array of the shape of f(x), optional
        The upstream gradient ∂L/∂f; without it, f itself is the scalar L.
    h : float
        The step.

    Returns
    -------
    array of x's shape
        ∂L/∂x.

    Raises
    ------
    TypeError
        If x is not float64: in float32 the difference would be mostly rounding.
    ValueError
        If f(x) does not have dout's shape, or is no scalar when there is no dout.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: numerical gradient.
    """
    xp = array_namespace(x)
    x = _plain(x)
    if x.dtype != xp.float64:
        msg = f"x must be float64, got {x.dtype}: in fewer digits the difference would be mostly rounding"
        raise TypeError(msg)

    def shifted(i: int, step: float) -> Any:
        flat = xp.reshape(xp.asarray(x, copy=True), (-1,))
        flat[i] += step
        out = _plain(f(xp.reshape(flat, x.shape)))
        expected = () if dout is None else tuple(dout.shape)
        actual = tuple(getattr(out, "shape", ()))
        if actual != expected:
            hint = "; give dout, the upstream gradient of that shape" if dout is None else ""
            msg = f"f(x) must have shape {expected}, got {actual}{hint}"
            raise ValueError(msg)
        return out

    slopes = []
    for i in range(math.prod(x.shape)):
        slope = (shifted(i, h) - shifted(i, -h)) / (2 * h)
        slopes.append(float(slope if dout is None else xp.sum(_plain(dout) * slope)))
    return xp.reshape(xp.asarray(slopes, dtype=x.dtype, device=device(x)), x.shape)


def relative_error(a: Any, b: Any, *, eps: float = 1e-8) -> float:
    """Return the largest relative difference of two arrays.

    .. math:: max_i |a_i - b_i| / max(|a_i| + |b_i|, eps)

    It is 0 for equal arrays and at most 1, whatever the scale; eps keeps entries near zero from counting.
    For float64 gradients 1e-7 is right, 1e-4 suspicious (kinks aside), 1e-2 wrong.

    Parameters
    ----------
    a, b : arrays of one shape
        What to compare.
    eps : float
        The scale below which differences count as absolute.

    Returns
    -------
    float
        The largest relative error; NaN if there is a NaN in either; 0 for empty arrays.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Stanford CS231n, gradient checks.
    """
    errors = _relative_errors(a, b, eps)
    return float(array_namespace(errors).max(errors)) if math.prod(errors.shape) else 0.0


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """The outcome of a gradient check; true if it passed.

    Attributes
    ----------
    passed : bool
        Whether the largest error is within the tolerance.
    largest_error : float
        The largest relative error over all entries.
    index : tuple of int
        The entry where it occurs.
    gradient, numerical : float
        The derived and the measured value there.
    tolerance : float
        The largest error allowed.
    """

    passed: bool
    largest_error: float
    index: tuple[int, ...]
    gradient: float
    numerical: float
    tolerance: float

    def __bool__(self) -> bool:
        """Return whether the check passed."""
        return self.passed

    def __repr__(self) -> str:
        """Return one line: the verdict, the largest error and where it is."""
        verdict = "passed" if self.passed else "FAILED"
        return (
            f"gradient check {verdict}: largest relative error {self.largest_error:.2e} "
            f"(tolerance {self.tolerance:.0e}) at index {self.index}, "
            f"gradient {self.gradient:.8g}, numerical {self.numerical:.8g}"
        )


def gradient_check(
    f: Callable[[Any], Any],
    x: Any,
    gradient: Any,
    dout: Any = None,
    *,
    h: float = 1e-5,
    tolerance: float = 1e-6,
) -> GradientCheck:
    """Compare a derived gradient of f at x with the numerical one.

    The measure is `relative_error`. Its eps is 1e-3 of the largest entry (of 1, if all are smaller), so that the
    rounding of the numerical gradient, up to 1e-9, is not mistaken for an error where the gradient is zero.

    Parameters
    ----------
    f, x, dout, h
        As in `numerical_gradient`.
    gradient : array of x's shape
        What the backward pass returned.
    tolerance : float
        The largest relative error allowed.

    Returns
    -------
    GradientCheck
        True if the gradient is right; its repr shows the largest error and where it is.

    Raises
    ------
    ValueError
        If `gradient` does not have x's shape, or x is empty.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: gradient check; Stanford CS231n.
    """
    if tuple(gradient.shape) != tuple(x.shape) or not math.prod(x.shape):
        msg = f"gradient must have x's shape {tuple(x.shape)} and not be empty, got {tuple(gradient.shape)}"
        raise ValueError(msg)
    xp = array_namespace(x)
    gradient = _plain(gradient)
    numerical = numerical_gradient(f, x, dout, h=h)
    eps = 1e-3 * max(1.0, float(xp.max(xp.abs(numerical))))
    errors = xp.reshape(_relative_errors(gradient, numerical, eps), (-1,))
    worst = int(xp.argmax(errors))
    error = float(errors[worst])
    return GradientCheck(
        passed=error <= tolerance,
        largest_error=error,
        index=_unravel(worst, tuple(x.shape)),
        gradient=float(xp.reshape(gradient, (-1,))[worst]),
        numerical=float(xp.reshape(numerical, (-1,))[worst]),
        tolerance=tolerance,
    )


def _relative_errors(a: Any, b: Any, eps: float) -> Any:
    if tuple(a.shape) != tuple(b.shape):
        msg = f"a and b must have one shape, got {tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(msg)
    a, b = _plain(a), _plain(b)
    xp = array_namespace(a, b)
    scale = xp.abs(a) + xp.abs(b)
    return xp.abs(a - b) / xp.where(scale < eps, eps, scale)


def _plain(a: Any) -> Any:
    """Return a torch tensor without its graph, anything else as it is."""
    return a.detach() if hasattr(a, "detach") else a


def _unravel(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index = []
    for size in reversed(shape):
        flat, i = divmod(flat, size)
        index.append(i)
    return tuple(reversed(index))
