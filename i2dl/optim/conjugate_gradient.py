"""Conjugate gradient: solve Ax = b by minimizing ½ xᵀAx − bᵀx, without ever taking a direction twice.

The gradient of that quadratic is Ax − b, so its minimum is the solution. Steepest descent zigzags, because a step
spoils what earlier ones had achieved. CG makes each new direction *conjugate* to the old ones, pᵢᵀApⱼ = 0: then the
minimum along one is not disturbed by the next, and after n steps, one for each dimension, all is done. In practice far
fewer do, about √κ of them for a condition number κ = λ_max/λ_min, where steepest descent needs κ.

It asks for nothing but products Ap. With Hessian-vector products it gives Newton's step for networks whose Hessian
nobody could store.

Sources: Hestenes, Stiefel, *Methods of conjugate gradients for solving linear systems*, 1952; I2DL lectures 3 and 5
("general optimization").
"""

import math
from collections.abc import Callable

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.optim._checks import check_count, check_not_negative, check_vector

__all__ = ["conjugate_gradient"]


def conjugate_gradient(
    a: Array | Callable[[Array], Array],
    b: Array,
    x0: Array | None = None,
    *,
    steps: int | None = None,
    tolerance: float = 1e-10,
) -> list[Array]:
    """Solve Ax = b for a symmetric positive definite A.

    With the residual r = b − Ax, which is the negative gradient, and p = r at first:

        α = rᵀr / pᵀAp,   x ← x + αp,   r' = r − αAp,   p ← r' + (r'ᵀr' / rᵀr) p.

    Parameters
    ----------
    a : array, shape (n, n), or callable
        A, or ``a(p) -> Ap``.
    b : array, shape (n,)
        The right-hand side.
    x0 : array, shape (n,), or None
        Where to start; None for zeros.
    steps : int, at least 0, or None
        How many steps to take at most; None for n, which suffice but for rounding.
    tolerance : float, at least 0
        ε: stop when ‖b − Ax‖ ≤ ε ‖b‖.

    Returns
    -------
    path : list of arrays
        x₀, x₁, …

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, A is not symmetric, or a direction shows that it is not positive definite.

    References
    ----------
    Hestenes, Stiefel, 1952; Shewchuk, *An introduction to the conjugate gradient method without the agonizing pain*,
    1994; I2DL lecture 5.
    """
    xp = array_namespace(b)
    check_vector("b", b)
    check_not_negative(tolerance=tolerance)
    n = b.shape[0]
    multiply = a if callable(a) else _matrix_product(a, n)
    x = xp.zeros_like(b) if x0 is None else x0
    check_floating(x0=x)
    check_shape("x0", x, (n,))
    steps = n if steps is None else steps
    check_count("steps", steps, at_least=0)

    def square(v: Array) -> float:
        return float(xp.sum(v * v))

    path, r = [x], b - multiply(x)
    p, rr = r, square(r)
    enough = tolerance**2 * square(b)
    for _ in range(steps):
        if rr <= enough:
            break
        ap = multiply(p)
        curvature = float(xp.sum(p * ap))
        if not curvature > 0.0:
            length = math.sqrt(square(p))
            msg = f"a must be positive definite, but pᵀAp is {curvature:g} for a direction p of length {length:g}"
            raise ValueError(msg)
        alpha = rr / curvature
        path.append(path[-1] + alpha * p)
        r = r - alpha * ap
        rr_next = square(r)
        p = r + (rr_next / rr) * p
        rr = rr_next
    return path


def _matrix_product(a: Array, n: int) -> Callable[[Array], Array]:
    """Check the matrix, and return the function p ↦ Ap."""
    xp = array_namespace(a)
    check_floating(a=a)
    check_shape("a", a, (n, n))
    # Assembled by rounded arithmetic, a symmetric matrix may miss symmetry by a few units in the last place.
    slack = math.sqrt(float(xp.finfo(a.dtype).eps))
    if n > 0 and float(xp.max(xp.abs(a - xp.matrix_transpose(a)))) > slack * float(xp.max(xp.abs(a))):
        msg = f"a of shape {(n, n)} must be symmetric, but it is not"
        raise ValueError(msg)
    return lambda p: xp.matmul(a, p)
