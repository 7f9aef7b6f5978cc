"""What the tasks share: matrices with given eigenvalues, and the types of their mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]

SHORTCUTS = ("scipy", "torch")
"""Libraries that hold whole answers; the exercise needs NumPy alone."""


def rotation(rng: np.random.Generator, n: int) -> Array:
    """Draw an orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((n, n)))[0]


def symmetric(rng: np.random.Generator, eigenvalues: Array) -> Array:
    """Draw a symmetric matrix with these eigenvalues."""
    q = rotation(rng, len(eigenvalues))
    matrix = q @ np.diag(eigenvalues) @ q.T
    return (matrix + matrix.T) / 2


def positive(rng: np.random.Generator, n: int, low: float = 0.5, high: float = 5.0) -> Array:
    """Draw a symmetric, positive definite matrix."""
    return symmetric(rng, rng.uniform(low, high, n))


def signed(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number of either sign whose size lies between the two."""
    return float(rng.uniform(low, high) * rng.choice([-1.0, 1.0]))


def cast(arrays: Mapping[str, Array], dtype: str = "float32") -> dict[str, Any]:
    """Return the arrays in another dtype."""
    return {name: array.astype(dtype) for name, array in arrays.items()}
