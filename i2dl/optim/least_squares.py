"""Gauss–Newton, Levenberg and Levenberg–Marquardt: Newton for sums of squares, without second derivatives.

Let f(x) = ½ ‖r(x)‖², for a vector r of residuals with Jacobian J. Its gradient is Jᵀr, its Hessian JᵀJ + Σ rᵢ∇²rᵢ. Near
a good fit the residuals are small and so is the sum, whose second derivatives are the hard part: leave it out.

    Gauss–Newton          JᵀJ δ = Jᵀr
    Levenberg             (JᵀJ + λI) δ = Jᵀr
    Levenberg–Marquardt   (JᵀJ + λ diag(JᵀJ)) δ = Jᵀr,        each time x ← x − δ.

The damping λ goes between two methods: with 0 it is Gauss–Newton, with a large one δ ≈ Jᵀr/λ, a short step of gradient
descent. So a step that would increase f is tried again with a larger λ, until f decreases, and after a success λ is
made smaller: fast near the minimum, careful far from it. Marquardt's diagonal scales each component by its own
curvature, so that flat directions do not crawl, and the units of x do not matter.

**The factor 2.** The slides take f = ‖r‖², without the ½: gradient 2Jᵀr, Hessian ≈ 2JᵀJ. Their Gauss–Newton has the 2
on both sides, where it cancels. In their Levenberg and Levenberg–Marquardt it is missing on the left: with ∇f = 2Jᵀr on
the right and λ → 0 those steps would be twice as long as Gauss–Newton's, straight past the minimum to its mirror image.
With the ½ all three agree.

Sources: I2DL lecture 5; I2DL student summary, V.3; Nocedal, Wright, *Numerical optimization*, 2006, chapter 10.
"""

from collections.abc import Callable

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_number, check_shape
from i2dl.optim._checks import check_count, check_not_negative, check_vector
from i2dl.optim.convergence import has_converged
from i2dl.optim.second_order import solve

__all__ = [
    "gauss_newton",
    "gauss_newton_step",
    "levenberg",
    "levenberg_marquardt",
    "levenberg_marquardt_step",
    "levenberg_step",
]

Step = Callable[[Array, Array, float], Array]


def gauss_newton_step(residual: Array, jacobian: Array) -> Array:
    """δ from JᵀJ δ = Jᵀr, to be subtracted: the least-squares solution of Jδ = r.

    Parameters
    ----------
    residual : array, shape (m,)
        r(x).
    jacobian : array, shape (m, n)
        J, row i the gradient of rᵢ.

    Returns
    -------
    step : array, shape (n,)
        δ.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or JᵀJ is singular.

    References
    ----------
    I2DL lecture 5, Gauss–Newton.
    """
    normal, gradient = _normal_equations(residual, jacobian)
    return solve("JᵀJ", normal, gradient)


def levenberg_step(residual: Array, jacobian: Array, damping: float) -> Array:
    """δ from (JᵀJ + λI) δ = Jᵀr, to be subtracted.

    Parameters
    ----------
    residual : array, shape (m,)
        r(x).
    jacobian : array, shape (m, n)
        J, row i the gradient of rᵢ.
    damping : float, at least 0
        λ.

    Returns
    -------
    step : array, shape (n,)
        δ.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, λ is negative, or λ = 0 and JᵀJ is singular.

    References
    ----------
    Levenberg, *A method for the solution of certain non-linear problems in least squares*, 1944; I2DL lecture 5.
    """
    check_not_negative(damping=damping)
    xp = array_namespace(residual, jacobian)
    normal, gradient = _normal_equations(residual, jacobian)
    identity = xp.eye(normal.shape[0], dtype=normal.dtype, device=device(normal))
    return solve("JᵀJ + λI", normal + damping * identity, gradient)


def levenberg_marquardt_step(residual: Array, jacobian: Array, damping: float) -> Array:
    """δ from (JᵀJ + λ diag(JᵀJ)) δ = Jᵀr, to be subtracted.

    Parameters
    ----------
    residual : array, shape (m,)
        r(x).
    jacobian : array, shape (m, n)
        J, row i the gradient of rᵢ.
    damping : float, at least 0
        λ.

    Returns
    -------
    step : array, shape (n,)
        δ.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, λ is negative, or the matrix is singular: λ = 0 and JᵀJ is, or a component of x
        changes no residual at all.

    References
    ----------
    Marquardt, *An algorithm for least-squares estimation of nonlinear parameters*, 1963; I2DL lecture 5.
    """
    check_not_negative(damping=damping)
    xp = array_namespace(residual, jacobian)
    normal, gradient = _normal_equations(residual, jacobian)
    identity = xp.eye(normal.shape[0], dtype=normal.dtype, device=device(normal))
    return solve("JᵀJ + λ diag(JᵀJ)", normal + damping * (normal * identity), gradient)


def gauss_newton(
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    x0: Array,
    *,
    steps: int = 100,
    tolerance: float = 1e-10,
) -> list[Array]:
    """x ← x − δ with δ of `gauss_newton_step`, until the steps are shorter than ``tolerance``.

    If r is linear in x, the first step solves the problem. If not, nothing keeps a step from being too long.

    Parameters
    ----------
    residual : callable
        ``residual(x) -> r``, shape (m,).
    jacobian : callable
        ``jacobian(x) -> J``, shape (m, n).
    x0 : array, shape (n,)
        Where to start.
    steps : int, at least 0
        How many steps to take at most.
    tolerance : float, at least 0
        ε of the convergence test ‖xₖ₊₁ − xₖ‖ < ε.

    Returns
    -------
    path : list of arrays
        x₀, x₁, …

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or a matrix JᵀJ on the way is singular.

    References
    ----------
    I2DL lecture 5, Gauss–Newton.
    """
    check_vector("x0", x0)
    check_count("steps", steps, at_least=0)
    path = [x0]
    for _ in range(steps):
        x = path[-1]
        path.append(x - gauss_newton_step(residual(x), jacobian(x)))
        if has_converged(x, path[-1], tolerance):
            break
    return path


def levenberg(
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    x0: Array,
    *,
    damping: float = 1e-3,
    factor: float = 10.0,
    steps: int = 200,
    tolerance: float = 1e-10,
) -> list[Array]:
    """x ← x − δ with δ of `levenberg_step`; λ is multiplied by ``factor`` until f decreases, then divided by it.

    Parameters
    ----------
    residual : callable
        ``residual(x) -> r``, shape (m,).
    jacobian : callable
        ``jacobian(x) -> J``, shape (m, n).
    x0 : array, shape (n,)
        Where to start.
    damping : float, above 0
        λ of the first trial.
    factor : float, above 1
        How fast λ changes.
    steps : int, at least 0
        How many steps to take at most, failed trials not counted.
    tolerance : float, at least 0
        ε of the convergence test ‖xₖ₊₁ − xₖ‖ < ε. The walk also ends if no λ decreases f any more.

    Returns
    -------
    path : list of arrays
        x₀, x₁, …; f decreases from each to the next.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or a number is out of range.

    References
    ----------
    Levenberg, 1944; I2DL lecture 5 ("the damping factor is adjusted in each iteration", a trust region).
    """
    return _damped_descent(levenberg_step, residual, jacobian, x0, damping, factor, steps, tolerance)


def levenberg_marquardt(
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    x0: Array,
    *,
    damping: float = 1e-3,
    factor: float = 10.0,
    steps: int = 200,
    tolerance: float = 1e-10,
) -> list[Array]:
    """x ← x − δ with δ of `levenberg_marquardt_step`, and λ controlled as in `levenberg`.

    Parameters
    ----------
    residual : callable
        ``residual(x) -> r``, shape (m,).
    jacobian : callable
        ``jacobian(x) -> J``, shape (m, n).
    x0 : array, shape (n,)
        Where to start.
    damping : float, above 0
        λ of the first trial.
    factor : float, above 1
        How fast λ changes.
    steps : int, at least 0
        How many steps to take at most, failed trials not counted.
    tolerance : float, at least 0
        ε of the convergence test ‖xₖ₊₁ − xₖ‖ < ε. The walk also ends if no λ decreases f any more.

    Returns
    -------
    path : list of arrays
        x₀, x₁, …; f decreases from each to the next.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, a number is out of range, or a component of x changes no residual.

    References
    ----------
    Marquardt, 1963; I2DL lecture 5.
    """
    return _damped_descent(levenberg_marquardt_step, residual, jacobian, x0, damping, factor, steps, tolerance)


def _damped_descent(
    step: Step,
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    x0: Array,
    damping: float,
    factor: float,
    steps: int,
    tolerance: float,
) -> list[Array]:
    """Take damped steps, each with the first λ that decreases f."""
    check_vector("x0", x0)
    check_number("damping", damping, above=0.0)
    check_number("factor", factor, above=1.0)
    check_count("steps", steps, at_least=0)
    path, r = [x0], residual(x0)
    for _ in range(steps):
        x, j = path[-1], jacobian(path[-1])
        for _ in range(30):
            x_next = x - step(r, j, damping)
            r_next = residual(x_next)
            if _cost(r_next) < _cost(r):
                break
            damping *= factor
        else:
            break
        damping /= factor
        path.append(x_next)
        r = r_next
        if has_converged(x, x_next, tolerance):
            break
    return path


def _cost(residual: Array) -> float:
    """Return ½ ‖r‖²."""
    return 0.5 * float(array_namespace(residual).sum(residual * residual))


def _normal_equations(residual: Array, jacobian: Array) -> tuple[Array, Array]:
    """Check the arguments of a step, and return JᵀJ and Jᵀr."""
    xp = array_namespace(residual, jacobian)
    check_vector("residual", residual)
    check_floating(jacobian=jacobian)
    check_shape("jacobian", jacobian, (residual.shape[0], "n"))
    transposed = xp.matrix_transpose(jacobian)
    return xp.matmul(transposed, jacobian), xp.matmul(transposed, residual)
