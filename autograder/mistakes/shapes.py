"""The numbers may be right, the shape is not."""

from __future__ import annotations

import re

import numpy as np

from autograder.mistakes.evidence import Evidence, fits

__all__ = ["bias_gradient", "broadcast", "not_reshaped", "not_summed", "shape_of_something_else"]


def bias_gradient(e: Evidence) -> str | None:
    """Return a sentence if a gradient of shape (M,) came as (1, M), (M, 1) or (N, M)."""
    found = e.numbers
    if found is None or found.expected.ndim != 1 or not _names_a_bias(e.output):
        return None
    m, shape = found.expected.size, found.actual.shape
    due = f"`{e.output}` has the wrong shape for a bias gradient: {shape}, where {(m,)} is due"
    if shape == (1, m) or (shape == (m, 1) and m > 1):
        too = "" if fits(found.actual.ravel(), found.expected, e.tolerance) else "; its values are wrong too"
        return f"{due}: leave keepdims out of the sum, or flatten it{too}."
    if len(shape) > 1 and shape[-1] == m and fits(_sum_to(found.actual), found.expected, e.tolerance):
        return f"{due}: it is not summed over the batch, yet every sample reaches the same bias."
    return None


def not_summed(e: Evidence) -> str | None:
    """Return a sentence if summing the first axes, or averaging them, would give what is due."""
    found = e.numbers
    if found is None or found.actual.ndim <= found.expected.ndim or found.actual.size == found.expected.size:
        return None
    extra = tuple(range(found.actual.ndim - found.expected.ndim))
    if not found.expected.any():
        return None
    for verb, reduce in (("summed", np.sum), ("averaged", np.mean)):
        if fits(np.asarray(reduce(found.actual, axis=extra)), found.expected, e.tolerance):
            axes = "axis 0" if len(extra) == 1 else f"the axes {extra}"
            return (
                f"`{e.output}` is not {verb} over {axes}: shape {found.actual.shape}, expected {found.expected.shape}."
            )
    return None


def not_reshaped(e: Evidence) -> str | None:
    """Return a sentence if the numbers are right and in the right order, in another shape."""
    found = e.numbers
    if found is None or found.actual.shape == found.expected.shape or found.actual.size != found.expected.size:
        return None
    if found.expected.size < 2 or not fits(found.actual.reshape(found.expected.shape), found.expected, e.tolerance):
        return None
    owner = f", that of `{e.of_input}`" if e.of_input else ""
    return (
        f"`{e.output}` has the right numbers in the wrong shape, {found.actual.shape}: "
        f"reshape it to {found.expected.shape}{owner}."
    )


def broadcast(e: Evidence) -> str | None:
    """Return a sentence if (N,) met (N, 1) and became (N, N)."""
    found = e.numbers
    if found is None:
        return None
    n = found.expected.size
    if n < 2 or found.actual.shape != (n, n) or found.expected.shape not in {(n,), (n, 1), (1, n)}:
        return None
    if not fits(np.diagonal(found.actual), found.expected.ravel(), e.tolerance):
        return None
    return (
        f"`{e.output}` became a matrix by broadcasting: ({n},) and ({n}, 1) give ({n}, {n}). "
        "Keep the axis in both (keepdims=True), or in neither."
    )


def shape_of_something_else(e: Evidence) -> str | None:
    """Return a sentence on a shape that is wrong, with whose it is; the numbers cannot be compared."""
    found = e.numbers
    if found is None or e.comparison.problem != "shape":
        return None
    actual, expected = found.actual.shape, found.expected.shape
    owner = f", that of `{e.of_input}`" if e.of_input else ""
    if 0 in actual and 0 not in expected:
        return (
            f"`{e.output}` is empty: its shape is {actual}, expected {expected}{owner}. "
            "Does a slice take nothing, as a[p:-p] does for p = 0?"
        )
    text = f"`{e.output}` has shape {actual}, expected {expected}{owner}"
    if len(expected) == 2 and actual == expected[::-1]:
        return f"{text}: its two axes are in the wrong order, and the numbers differ too."
    namesake = next((n for n, v in e.case.inputs.items() if np.ndim(v) > 0 and np.shape(v) == actual), None)
    return f"{text}; {actual} is the shape of `{namesake}`." if namesake else f"{text}."


def _sum_to(a: np.ndarray) -> np.ndarray:
    return np.asarray(a.sum(axis=tuple(range(a.ndim - 1))))


def _names_a_bias(output: str) -> bool:
    """``db``, ``db1``, ``dbeta`` and torch's ``d layers.0.bias`` are gradients of a bias; ``dbatch`` is not."""
    return re.fullmatch(r"d[_ ]?(.*[._])?(b\d*|bias|beta)(_\w+)?", output) is not None
