"""BFGS and L-BFGS: learn the inverse Hessian from gradients that are computed anyway.

Between two points the gradient changes by y = ∇f(x + s) − ∇f(x) ≈ Hs. So any good approximation B of H⁻¹ should obey
the *secant equation* By = s. Of all symmetric matrices that do, BFGS takes the one closest to the B it had:

    B ← (I − ρsyᵀ) B (I − ρysᵀ) + ρssᵀ,    ρ = 1 / yᵀs.

That is a change of rank two, n² operations, and no system to solve. It stays positive definite as long as yᵀs > 0,
which a line search with the strong Wolfe conditions guarantees: −B∇f always points downhill.

**L-BFGS** never writes B down. All that is wanted is the product B∇f, and B follows from the last m pairs (s, y): two
loops over them give the product in 4mn operations and 2mn numbers of memory. The lecture's O(n²) and O(n).

Sources: I2DL lecture 5; I2DL student summary, V.3; Nocedal, Wright, *Numerical optimization*, 2006, chapters 6 and 7.
"""

from collections.abc import Callable, Sequence
from typing import Any

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.optim._checks import check_count, check_vector
from i2dl.optim.convergence import has_converged
from i2dl.optim.line_search import wolfe_line_search

__all__ = ["bfgs", "bfgs_update", "lbfgs", "lbfgs_direction"]

Pair = tuple[Array, Array]


def bfgs_update(inverse: Array, s: Array, y: Array) -> Array:
    """B ← (I − ρsyᵀ) B (I − ρysᵀ) + ρssᵀ with ρ = 1/yᵀs: the nearest matrix with By = s.

    Parameters
    ----------
    inverse : array, shape (n, n)
        B, the approximation of the inverse Hessian; symmetric.
    s : array, shape (n,)
        The step just taken.
    y : array, shape (n,)
        How the gradient changed along it.

    Returns
    -------
    inverse : array, shape (n, n)
        The new B: symmetric, positive definite if the old one was.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or yᵀs is not above 0.

    References
    ----------
    Broyden, Fletcher, Goldfarb and Shanno, four papers of 1970; Nocedal, Wright, 2006, equation 6.17; I2DL lecture 5.
    """
    xp = array_namespace(inverse, s, y)
    check_vector("s", s)
    check_floating(inverse=inverse, y=y)
    n = s.shape[0]
    check_shape("y", y, (n,))
    check_shape("inverse", inverse, (n, n))
    rho = 1.0 / _positive_curvature(s, y)
    by = xp.matmul(inverse, y)
    # The product multiplied out: two outer products instead of two products of matrices.
    mixed = by[:, None] * s[None, :]
    square = (rho + rho**2 * float(xp.sum(y * by))) * (s[:, None] * s[None, :])
    return inverse - rho * (mixed + xp.matrix_transpose(mixed)) + square


def lbfgs_direction(gradient: Array, pairs: Sequence[Pair]) -> Array:
    """−B∇f for the B that `bfgs_update` would build from ``pairs``, starting with (yᵀs / yᵀy) I of the newest pair.

    Parameters
    ----------
    gradient : array, shape (n,)
        ∇f(x).
    pairs : sequence of (s, y)
        Steps and changes of the gradient, each of shape (n,), oldest first; none gives −∇f.

    Returns
    -------
    direction : array, shape (n,)
        Where to go.

    Raises
    ------
    TypeError
        If the gradient is not real floating.
    ValueError
        If the shapes do not fit, or some yᵀs is not above 0.

    References
    ----------
    Nocedal, *Updating quasi-Newton matrices with limited storage*, 1980; Nocedal, Wright, 2006, algorithm 7.4.
    """
    xp = array_namespace(gradient)
    check_vector("gradient", gradient)
    for s, y in pairs:
        check_shape("s", s, tuple(gradient.shape))
        check_shape("y", y, tuple(gradient.shape))
    rhos = [1.0 / _positive_curvature(s, y) for s, y in pairs]
    q, alphas = gradient, []
    for (s, y), rho in zip(reversed(pairs), reversed(rhos), strict=True):
        alphas.append(rho * float(xp.sum(s * q)))
        q = q - alphas[-1] * y
    r = _curvature_scale(*pairs[-1]) * q if pairs else q
    for (s, y), rho, alpha in zip(pairs, rhos, reversed(alphas), strict=True):
        r = r + (alpha - rho * float(xp.sum(y * r))) * s
    return -r


def bfgs(
    f: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    x0: Array,
    *,
    steps: int = 200,
    tolerance: float = 1e-10,
) -> list[Array]:
    """x ← x − αB∇f(x), where B is learnt by `bfgs_update` and α found by `wolfe_line_search`.

    B starts as the identity, so the first step is one of gradient descent; before the first update the identity is
    scaled to the curvature found.

    Parameters
    ----------
    f : callable
        ``f(x) -> number``.
    gradient : callable
        ``gradient(x) -> ∇f(x)``, shape (n,).
    x0 : array, shape (n,)
        Where to start.
    steps : int, at least 0
        How many steps to take at most.
    tolerance : float, at least 0
        ε of the convergence test ‖xₖ₊₁ − xₖ‖ < ε. The walk also ends where floating point finds nothing lower.

    Returns
    -------
    path : list of arrays
        x₀, x₁, …

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit.

    References
    ----------
    I2DL lecture 5; Nocedal, Wright, 2006, algorithm 6.1.
    """
    xp = array_namespace(x0)
    check_vector("x0", x0)
    identity = xp.eye(x0.shape[0], dtype=x0.dtype, device=device(x0))
    inverse = None

    def direction(g: Array) -> Array:
        return -g if inverse is None else -xp.matmul(inverse, g)

    def learn(s: Array, y: Array) -> None:
        nonlocal inverse
        inverse = bfgs_update(_curvature_scale(s, y) * identity if inverse is None else inverse, s, y)

    return _descend(f, gradient, x0, direction, learn, steps, tolerance)


def lbfgs(
    f: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    x0: Array,
    *,
    memory: int = 10,
    steps: int = 200,
    tolerance: float = 1e-10,
) -> list[Array]:
    """BFGS that remembers its last ``memory`` pairs (s, y) instead of a matrix.

    Parameters
    ----------
    f : callable
        ``f(x) -> number``.
    gradient : callable
        ``gradient(x) -> ∇f(x)``, shape (n,).
    x0 : array, shape (n,)
        Where to start.
    memory : int, at least 1
        m, the number of pairs.
    steps : int, at least 0
        How many steps to take at most.
    tolerance : float, at least 0
        ε of the convergence test ‖xₖ₊₁ − xₖ‖ < ε. The walk also ends where floating point finds nothing lower.

    Returns
    -------
    path : list of arrays
        x₀, x₁, …

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or ``memory`` is less than 1.

    References
    ----------
    Liu, Nocedal, *On the limited memory BFGS method for large scale optimization*, 1989; I2DL lecture 5.
    """
    check_vector("x0", x0)
    check_count("memory", memory, at_least=1)
    pairs: list[Pair] = []

    def learn(s: Array, y: Array) -> None:
        pairs.append((s, y))
        del pairs[:-memory]

    return _descend(f, gradient, x0, lambda g: lbfgs_direction(g, pairs), learn, steps, tolerance)


def _descend(
    f: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    x0: Array,
    direction: Callable[[Array], Array],
    learn: Callable[[Array, Array], None],
    steps: int,
    tolerance: float,
) -> list[Array]:
    """Walk along directions that are learnt from the pairs (s, y) on the way."""
    xp = array_namespace(x0)
    check_count("steps", steps, at_least=0)
    path, g = [x0], gradient(x0)
    for _ in range(steps):
        x, p = path[-1], direction(g)
        if not float(xp.sum(g * p)) < 0.0:
            break  # the gradient is zero
        # −∇f has no sensible length; from the second step on p is a Newton step, and 1 the natural factor.
        first = 1.0 if len(path) > 1 else min(1.0, 1.0 / float(xp.max(xp.abs(g))))
        alpha = wolfe_line_search(f, gradient, x, p, step=first)
        if alpha == 0.0:
            break
        x_next = x + alpha * p
        g_next = gradient(x_next)
        path.append(x_next)
        if has_converged(x, x_next, tolerance):
            break
        s, y = x_next - x, g_next - g
        if float(xp.sum(s * y)) > 0.0:
            learn(s, y)
        g = g_next
    return path


def _positive_curvature(s: Array, y: Array) -> float:
    """Return yᵀs, after checking that it is above 0."""
    curvature = float(array_namespace(s, y).sum(s * y))
    if not curvature > 0.0:
        msg = f"y·s must be above 0, or the matrix would not stay positive definite, but it is {curvature:g}"
        raise ValueError(msg)
    return curvature


def _curvature_scale(s: Array, y: Array) -> float:
    """Return yᵀs / yᵀy, an average of the inverse curvature along s: a better start than 1."""
    xp = array_namespace(s, y)
    return float(xp.sum(s * y)) / float(xp.sum(y * y))
