"""Mini-batches."""

from collections.abc import Iterator
from typing import Any

import numpy as np


def batches(
    x: Any, y: Any, batch_size: int, rng: np.random.Generator, *, drop_last: bool = False
) -> Iterator[tuple[Any, Any]]:
    """Go through the data once, in random order, in mini-batches: one epoch.

    Each of the ⌈N / batch_size⌉ mini-batches is one iteration of stochastic gradient descent. Every sample comes
    exactly once (save those that `drop_last` leaves out); the order is drawn anew from `rng` at each call.

    Parameters
    ----------
    x : array (N, ...)
        The inputs, as NumPy array or torch tensor.
    y : array (N, ...)
        The labels or targets.
    batch_size : int
        Samples in a mini-batch; the last one has the remainder.
    rng : numpy.random.Generator
        Where the order comes from: the same generator state, the same mini-batches.
    drop_last : bool
        Whether to leave out a last mini-batch with fewer samples.

    Yields
    ------
    tuple of arrays (B, ...), (B, ...)
        The mini-batch's inputs and labels, B ≤ batch_size, as copies.

    Raises
    ------
    ValueError
        If x and y differ in length, or `batch_size` is not positive.

    References
    ----------
    Lecture 5, stochastic gradient descent.
    """
    if len(x) != len(y):
        msg = f"x and y must have one length, got {len(x)} and {len(y)}"
        raise ValueError(msg)
    if batch_size < 1:
        msg = f"batch_size must be at least 1, got {batch_size}"
        raise ValueError(msg)
    return _batches(x, y, batch_size, rng.permutation(len(x)), drop_last=drop_last)


def _batches(x: Any, y: Any, batch_size: int, order: np.ndarray, *, drop_last: bool) -> Iterator[tuple[Any, Any]]:
    end = len(order) // batch_size * batch_size if drop_last else len(order)
    for start in range(0, end, batch_size):
        chosen = order[start : start + batch_size]
        yield x[chosen], y[chosen]
