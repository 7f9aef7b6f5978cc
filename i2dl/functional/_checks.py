"""Argument checks shared by the functions of this package.

Each check returns nothing when all is well, and otherwise raises with one sentence that says what was expected and
what came. Checks of shape and dtype cost nothing; checks of values (labels, probabilities, signs) read the array, which
on a GPU waits for the work queued before them.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from array_api_compat import array_namespace

# NumPy's array, torch's tensor, or another that follows the array API standard; the standard names no base class.
Array: TypeAlias = Any

REDUCTIONS = ("mean", "sum", "batch")


def check_floating(**arrays: Array) -> None:
    """Raise TypeError unless every array, passed by its name, holds real floating-point numbers."""
    for name, array in arrays.items():
        if not array_namespace(array).isdtype(array.dtype, "real floating"):
            msg = f"{name} must hold real floating-point numbers, but its dtype is {array.dtype}"
            raise TypeError(msg)


def check_shape(name: str, array: Array, expected: Sequence[int | str]) -> None:
    """Raise ValueError unless ``array`` has the ``expected`` shape, in which a letter stands for any length."""
    actual = tuple(array.shape)
    fits = len(actual) == len(expected) and all(
        isinstance(want, str) or want == have for want, have in zip(expected, actual, strict=True)
    )
    if not fits:
        inside = ", ".join(str(length) for length in expected)
        wanted = f"({inside},)" if len(expected) == 1 else f"({inside})"
        msg = f"{name} must have shape {wanted}, but its shape is {actual}"
        raise ValueError(msg)


def check_batch(name: str, array: Array) -> None:
    """Raise ValueError unless ``array`` has a batch axis and at least one more."""
    if array.ndim < 2:
        msg = f"{name} must have shape (N, d_1, ..., d_k) with the batch first, but its shape is {tuple(array.shape)}"
        raise ValueError(msg)


def check_upstream(dout: Array, expected: Sequence[int]) -> None:
    """Raise unless the upstream gradient is real floating and has the shape of the output it belongs to."""
    check_floating(dout=dout)
    check_shape("dout", dout, tuple(expected))


def check_axis(name: str, array: Array, axis: int) -> None:
    """Raise ValueError unless ``axis`` is one of the axes of ``array``."""
    if not -array.ndim <= axis < array.ndim:
        msg = f"axis must be one of the {array.ndim} axes of {name} of shape {tuple(array.shape)}, but it is {axis}"
        raise ValueError(msg)


def check_not_empty(name: str, array: Array) -> None:
    """Raise ValueError if ``array`` holds nothing: the mean of no numbers does not exist."""
    if math.prod(array.shape) == 0:
        msg = f"{name} must hold at least one number, but its shape is {tuple(array.shape)}"
        raise ValueError(msg)


def check_reduction(reduction: str) -> None:
    """Raise ValueError unless ``reduction`` is one of the three known names."""
    if reduction not in REDUCTIONS:
        msg = f"reduction must be one of {', '.join(map(repr, REDUCTIONS))}, but it is {reduction!r}"
        raise ValueError(msg)


def check_number(
    name: str, value: float, *, at_least: float | None = None, above: float | None = None, at_most: float | None = None
) -> None:
    """Raise ValueError unless the hyperparameter is finite and within those bounds that are given."""
    bounds = []
    fits = math.isfinite(value)
    if at_least is not None:
        bounds.append(f" at least {at_least:g}")
        fits = fits and value >= at_least
    if above is not None:
        bounds.append(f" above {above:g}")
        fits = fits and value > above
    if at_most is not None:
        bounds.append(f" at most {at_most:g}")
        fits = fits and value <= at_most
    if not fits:
        msg = f"{name} must be a finite number{' and'.join(bounds)}, but it is {value!r}"
        raise ValueError(msg)


def check_labels(y: Array, scores: Array) -> None:
    """Raise unless ``y`` gives each of the N rows of ``scores`` (N, C) one class from 0 to C − 1."""
    xp = array_namespace(y)
    if not xp.isdtype(y.dtype, "integral"):
        msg = f"y must hold integer class labels, but its dtype is {y.dtype}"
        raise TypeError(msg)
    n, classes = scores.shape
    check_shape("y", y, (n,))
    low, high = int(xp.min(y)), int(xp.max(y))
    if low < 0 or high >= classes:
        found = f"they run from {low} to {high}"
        msg = f"y must hold labels from 0 to {classes - 1} for scores of shape {(n, classes)}, but {found}"
        raise ValueError(msg)


def check_probabilities(name: str, p: Array) -> None:
    """Raise ValueError unless every entry lies in [0, 1]."""
    xp = array_namespace(p)
    if not bool(xp.all((p >= 0) & (p <= 1))):
        found = f"they run from {float(xp.min(p)):g} to {float(xp.max(p)):g}"
        msg = f"{name} of shape {tuple(p.shape)} must hold numbers in [0, 1], but {found}"
        raise ValueError(msg)


def check_signs(z: Array) -> None:
    """Raise ValueError unless every label is −1 or +1."""
    xp = array_namespace(z)
    if not bool(xp.all((z == 1) | (z == -1))):
        found = f"they run from {float(xp.min(z)):g} to {float(xp.max(z)):g}"
        msg = f"z of shape {tuple(z.shape)} must hold the labels -1 and +1 alone, but {found}"
        raise ValueError(msg)
