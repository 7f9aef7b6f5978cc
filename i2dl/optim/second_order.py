"""Newton's method: use the curvature, and go to the bottom of the parabola at once.

The second-order Taylor series of the loss around θ₀ is a quadratic,

    L(θ) ≈ L(θ₀) + (θ − θ₀)ᵀ∇L(θ₀) + ½ (θ − θ₀)ᵀH(θ − θ₀),

and where its gradient vanishes, θ = θ₀ − H⁻¹∇L(θ₀). If the loss *is* a quadratic, as in linear regression, that is the
answer, in one step from anywhere and without a learning rate.

Three prices. The Hessian of k parameters has k² entries, 10¹² for a network of a million, and solving with it costs k³.
A step goes to the nearest stationary point of the parabola, be it a minimum, a maximum or a saddle. And the curvature
of a mini-batch is too noisy to trust. So the lecture: Newton, L-BFGS, Gauss–Newton, Levenberg–Marquardt if you can do
full batches, which practically never happens in deep learning; Adam, or else SGD with momentum, if not.

H⁻¹ is never computed: solving H δ = ∇L is cheaper, and loses fewer digits.

The relatives are in ``quasi_newton.py`` (BFGS, L-BFGS), ``least_squares.py`` (Gauss–Newton, Levenberg,
Levenberg–Marquardt) and ``conjugate_gradient.py``.

Sources: I2DL lecture 5; I2DL student summary, V.2; I2DL exams Feb 2022, 5.8 and 5.9, Aug 2022, 8.7 and 8.8.
"""

from collections.abc import Callable

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.optim._checks import check_count, check_vector
from i2dl.optim.convergence import has_converged

__all__ = ["newton", "newton_step", "solve"]


def newton_step(gradient: Array, hessian: Array) -> Array:
    """δ = H⁻¹ g, to be subtracted: θ ← θ − δ.

    In one dimension it is f'/f''. Exam Aug 2022, 8.7 asks for that with f = wx, whose f'' is 0 everywhere: no parabola
    touches a straight line, and there is no step.

    Parameters
    ----------
    gradient : array, shape (n,)
        g = ∇L(θ).
    hessian : array, shape (n, n)
        H, the second derivatives at θ.

    Returns
    -------
    step : array, shape (n,)
        δ.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or H is singular.

    References
    ----------
    I2DL lecture 5, Newton's method; I2DL exam Aug 2022, 8.7.
    """
    check_vector("gradient", gradient)
    check_floating(hessian=hessian)
    n = gradient.shape[0]
    check_shape("hessian", hessian, (n, n))
    return solve("hessian", hessian, gradient)


def newton(
    gradient: Callable[[Array], Array],
    hessian: Callable[[Array], Array],
    x0: Array,
    *,
    steps: int = 100,
    tolerance: float = 1e-10,
) -> list[Array]:
    """x ← x − H(x)⁻¹ ∇f(x), until the steps are shorter than ``tolerance``.

    Near a minimum with a positive definite Hessian the number of correct digits doubles in every step. Far away nothing
    is promised, and a stationary point that is no minimum attracts as well.

    Parameters
    ----------
    gradient : callable
        ``gradient(x) -> ∇f(x)``, shape (n,).
    hessian : callable
        ``hessian(x) -> H(x)``, shape (n, n).
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
        If the shapes do not fit, or a Hessian on the way is singular.

    References
    ----------
    I2DL lecture 5, Newton's method; I2DL exam Feb 2022, 5.9.
    """
    check_vector("x0", x0)
    check_count("steps", steps, at_least=0)
    path = [x0]
    for _ in range(steps):
        x = path[-1]
        path.append(x - newton_step(gradient(x), hessian(x)))
        if has_converged(x, path[-1], tolerance):
            break
    return path


def solve(name: str, matrix: Array, vector: Array) -> Array:
    """Solve Ax = b.

    Parameters
    ----------
    name : str
        What to call the matrix if it is singular.
    matrix : array, shape (n, n)
        A.
    vector : array, shape (n,)
        b.

    Returns
    -------
    x : array, shape (n,)
        The solution.

    Raises
    ------
    ValueError
        If A is singular.

    References
    ----------
    I2DL lecture 5, Gauss–Newton ("solve linear system; inverting a matrix is unstable").
    """
    xp = array_namespace(matrix, vector)
    msg = f"{name} of shape {tuple(matrix.shape)} must be invertible, but it is singular"
    # NumPy's error for a singular matrix is a ValueError, PyTorch's a RuntimeError.
    try:
        x = xp.linalg.solve(matrix, vector)
    except (ValueError, RuntimeError) as error:
        raise ValueError(msg) from error
    if not bool(xp.all(xp.isfinite(x))):
        raise ValueError(msg)
    return x
