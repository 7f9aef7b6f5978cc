"""Small data sets that are made up: two that a line can handle, three that it cannot, and clouds of points.

A linear score function cuts the plane with one straight line. Where one class lies in two opposite quadrants, in a
ring, or in three separate places, no line will do, however it is fitted: a network with a hidden layer, or k-NN, is
needed.

All points are drawn from a generator that is passed in; the same state of the generator gives the same data. For the
two-class sets a label is 1 where the source says "class 1", and 0 for "class 2" (or "everything else").
"""

from collections.abc import Sequence

import numpy as np

# The places of `three_modes`: corners of an equal-sided triangle around the origin, far enough apart not to touch.
MODES = 1.3 * np.array([[np.cos(angle), np.sin(angle)] for angle in np.pi * np.array([1 / 2, 7 / 6, 11 / 6])])
MODE_RADIUS = 0.9


def xor_quadrants(n: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of the square [−1, 1]², of class 1 in the first and third quadrant, of class 0 in the others.

    The label is the exclusive or of two signs. The best line gets two thirds right.

    Parameters
    ----------
    n : int
        How many points.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    x : array, shape (n, 2)
        Points, float64.
    y : array, shape (n,)
        Labels 0 and 1, int64.

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    References
    ----------
    Georgia Tech CS 4803/7643, hard cases for a linear classifier; I2DL lecture 3.
    """
    x = _square(n, 1.0, rng)
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


def ring(n: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of the square [−2.5, 2.5]², of class 1 where 1 ≤ ‖x‖₂ ≤ 2, of class 0 everywhere else.

    Parameters
    ----------
    n : int
        How many points.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    x : array, shape (n, 2)
        Points, float64.
    y : array, shape (n,)
        Labels 0 and 1, int64; about 38 % are 1.

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    References
    ----------
    Georgia Tech CS 4803/7643, hard cases for a linear classifier.
    """
    x = _square(n, 2.5, rng)
    norm = np.linalg.norm(x, axis=1)
    return x, ((norm >= 1) & (norm <= 2)).astype(np.int64)


def three_modes(n: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of the square [−2.2, 2.2]², of class 1 in three discs, of class 0 everywhere else.

    Parameters
    ----------
    n : int
        How many points.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    x : array, shape (n, 2)
        Points, float64.
    y : array, shape (n,)
        Labels 0 and 1, int64; about 39 % are 1.

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    References
    ----------
    Georgia Tech CS 4803/7643, hard cases for a linear classifier.
    """
    x = _square(n, 2.2, rng)
    distance = np.linalg.norm(x[:, np.newaxis] - MODES, axis=2)
    return x, (distance.min(axis=1) <= MODE_RADIUS).astype(np.int64)


def two_sides(n: int, *, margin: float = 0.2, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points on both sides of the line x₁ + x₂ = 0, none of them closer to it than a margin.

    Parameters
    ----------
    n : int
        How many points.
    margin : float
        Smallest distance to the line; with 0 or more, the line separates the classes.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    x : array, shape (n, 2)
        Points, float64: uniform in [−1, 1]², then moved away from the line by ``margin``.
    y : array, shape (n,)
        Labels, int64: 1 where x₁ + x₂ > 0, else 0.

    Raises
    ------
    ValueError
        If ``n`` is below 1, or ``margin`` negative.

    References
    ----------
    I2DL lecture 2, linear decision boundaries.
    """
    if not 0 <= margin < np.inf:
        msg = f"margin must be a finite number at least 0, but it is {margin}"
        raise ValueError(msg)
    x = _square(n, 1.0, rng)
    y = x.sum(axis=1) > 0
    normal = np.array([1.0, 1.0]) / np.sqrt(2.0)
    return x + margin * np.where(y, 1.0, -1.0)[:, np.newaxis] * normal, y.astype(np.int64)


def clouds(
    n: int,
    *,
    centres: Sequence[Sequence[float]] = ((-2.0, -1.0), (2.0, -1.0), (0.0, 2.0)),
    spread: float = 0.5,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points around centres, each from a Gaussian: what k-means looks for, and k-NN can tell apart.

    Parameters
    ----------
    n : int
        How many points.
    centres : sequence of C points of D coordinates
        Where the clouds are.
    spread : float
        Standard deviation in every coordinate.
    rng : numpy.random.Generator
        Where the points come from.

    Returns
    -------
    x : array, shape (n, D)
        Points, float64, in random order.
    y : array, shape (n,)
        The number of the cloud, 0 to C − 1, int64. The clouds are equally large, up to one point.

    Raises
    ------
    ValueError
        If ``n`` is below 1, ``centres`` is no table of points, or ``spread`` is negative.

    References
    ----------
    I2DL lecture 2, nearest neighbor (the data with three classes) and clustering.
    """
    _check_count(n)
    places = np.array(centres, dtype=np.float64)
    if places.ndim != 2 or not places.size:
        msg = f"centres must have shape (C, D) with at least one point, but their shape is {places.shape}"
        raise ValueError(msg)
    if not 0 <= spread < np.inf:
        msg = f"spread must be a finite number at least 0, but it is {spread}"
        raise ValueError(msg)
    y = rng.permutation(np.arange(n, dtype=np.int64) % len(places))
    return places[y] + spread * rng.standard_normal((n, places.shape[1])), y


def linear_data(
    n: int, *, theta: Sequence[float] = (1.0, 2.0), noise: float = 0.1, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what linear regression assumes: y = θ₀ + θ₁x₁ + … + θ_dx_d + noise, Gaussian, with x uniform in [−1, 1]ᵈ.

    Parameters
    ----------
    n : int
        How many points.
    theta : sequence of D + 1 floats
        The bias, and one weight for each feature.
    noise : float
        Standard deviation σ of the noise.
    rng : numpy.random.Generator
        Where the points come from.

    Returns
    -------
    x : array, shape (n, D)
        Inputs, float64.
    y : array, shape (n,)
        Targets, float64.

    Raises
    ------
    ValueError
        If ``n`` is below 1, ``theta`` holds no weight, or ``noise`` is negative.

    References
    ----------
    I2DL lecture 2, back to linear regression: yᵢ = xᵢθ + N(0, σ²).
    """
    _check_count(n)
    weights = np.array(theta, dtype=np.float64)
    if weights.ndim != 1 or len(weights) < 2:
        msg = f"theta must have shape (D + 1,), a bias and at least one weight, but its shape is {weights.shape}"
        raise ValueError(msg)
    if not 0 <= noise < np.inf:
        msg = f"noise must be a finite number at least 0, but it is {noise}"
        raise ValueError(msg)
    x = rng.uniform(-1.0, 1.0, (n, len(weights) - 1))
    return x, weights[0] + x @ weights[1:] + noise * rng.standard_normal(n)


def _square(n: int, half: float, rng: np.random.Generator) -> np.ndarray:
    """Points that are uniform in a square around the origin."""
    _check_count(n)
    return rng.uniform(-half, half, (n, 2))


def _check_count(n: int) -> None:
    if n < 1:
        msg = f"n must be at least 1, but it is {n}"
        raise ValueError(msg)
