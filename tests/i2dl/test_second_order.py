"""Second-order methods against SciPy and closed forms."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse.linalg
import torch
from array_api_compat import array_namespace
from hypothesis import given
from hypothesis import strategies as st

from i2dl.optim import (
    bfgs,
    bfgs_update,
    conjugate_gradient,
    exact_line_search,
    gauss_newton,
    gauss_newton_step,
    lbfgs,
    lbfgs_direction,
    levenberg,
    levenberg_marquardt,
    levenberg_marquardt_step,
    levenberg_step,
    newton,
    newton_step,
)


def spd(n, rng, condition=100.0):
    """A symmetric positive definite matrix of a given condition number."""
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return q @ np.diag(np.geomspace(1.0, condition, n)) @ q.T


def rosenbrock(x):
    xp = array_namespace(x)
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_gradient(x):
    xp = array_namespace(x)
    inner = 200.0 * (x[1:] - x[:-1] ** 2)
    zero = xp.zeros_like(x[:1])
    return xp.concat([-2.0 * x[:-1] * inner - 2.0 * (1.0 - x[:-1]), zero]) + xp.concat([zero, inner])


def rosenbrock_hessian(x):
    """For two variables."""
    xp = array_namespace(x)
    rows = [
        xp.stack([1200.0 * x[0] ** 2 - 400.0 * x[1] + 2.0, -400.0 * x[0]]),
        xp.stack([-400.0 * x[0], 0.0 * x[0] + 200.0]),
    ]
    return xp.stack(rows)


START = np.array([-1.2, 1.0])

# --- Newton ---


def test_newton_on_linear_regression_lands_in_one_step_from_anywhere(backend, close):
    """Lecture 5: J(θ) = (y − Xθ)ᵀ(y − Xθ); what you get is the closed form (XᵀX)⁻¹Xᵀy."""
    rng = np.random.default_rng(0)
    x, y = np.concatenate([np.ones((30, 1)), rng.normal(size=(30, 3))], axis=1), rng.normal(size=30)
    there, labels = backend.array(x), backend.array(y)
    xp = array_namespace(there)
    transposed = xp.matrix_transpose(there)
    for start in (np.zeros(4), 100.0 * rng.normal(size=4)):
        path = newton(
            lambda theta: -2.0 * xp.matmul(transposed, labels - xp.matmul(there, theta)),
            lambda theta: 2.0 * xp.matmul(transposed, there),
            backend.array(start),
        )
        close(backend.numpy(path[1]), np.linalg.solve(x.T @ x, x.T @ y))
        close(backend.numpy(path[1]), np.linalg.lstsq(x, y)[0])
        assert len(path) == 3, "the second step is the one that shows that it has converged"


def test_golden_exam_february_2022(backend, close):
    """5.9: on x², from x₀ = 5, Newton takes one iteration."""
    path = newton(lambda x: 2.0 * x, lambda x: (0.0 * x + 2.0)[:, None], backend.array(np.array([5.0])), steps=1)
    close(backend.numpy(path[-1]), [0.0])


def test_newtons_step_in_one_dimension_is_the_exams(backend, close):
    """Exam Aug 2022, 8.7: w − f'/f''; for f = wx, which the exam names, f'' is 0 and there is no step."""
    first, second = np.array([3.0]), np.array([[4.0]])
    close(backend.call(newton_step, first, second), [0.75])
    with pytest.raises(ValueError, match=r"hessian of shape \(1, 1\) must be invertible, but it is singular"):
        newton_step(backend.array(first), backend.array(0.0 * second))


@given(n=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_newton_solves_any_quadratic_at_once(backend, close, n, seed):
    rng = np.random.default_rng(seed)
    a, b, x0 = spd(n, rng), rng.normal(size=n), rng.normal(size=n)
    step = backend.call(newton_step, a @ x0 - b, a)
    close(x0 - step, np.linalg.solve(a, b))


def test_newton_converges_quadratically_to_scipys_minimum(backend, close):
    path = [backend.numpy(x) for x in newton(rosenbrock_gradient, rosenbrock_hessian, backend.array(START))]
    assert len(path) < 10
    expected = scipy.optimize.minimize(
        scipy.optimize.rosen, START, jac=scipy.optimize.rosen_der, hess=scipy.optimize.rosen_hess, method="trust-exact"
    ).x
    close(path[-1], [1.0, 1.0])
    close(path[-1], expected, rtol=1e-6)
    errors = [np.linalg.norm(x - 1.0) for x in path]
    assert errors[-2] < 10 * errors[-3] ** 2 < 1e-3


def test_newton_goes_to_a_maximum_just_as_well(backend, close):
    path = newton(lambda x: -2.0 * x, lambda x: (0.0 * x - 2.0)[:, None], backend.array(np.array([5.0])))
    close(backend.numpy(path[-1]), [0.0])


# --- BFGS and L-BFGS ---


@given(n=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_the_bfgs_update_is_the_papers_and_keeps_what_it_must(backend, close, n, seed):
    rng = np.random.default_rng(seed)
    inverse, s = spd(n, rng), rng.normal(size=n)
    y = spd(n, rng) @ s
    new = backend.call(bfgs_update, inverse, s, y)
    rho, eye = 1 / (y @ s), np.eye(n)
    left = eye - rho * np.outer(s, y)
    scale = np.abs(new).max()
    close(new / scale, (left @ inverse @ left.T + rho * np.outer(s, s)) / scale, atol=1e-10)
    close(new @ y, s, rtol=1e-7, atol=1e-9)  # the secant equation
    close(new, new.T)
    assert np.linalg.eigvalsh(new).min() > 0


@given(n=st.integers(1, 6), count=st.integers(0, 5), seed=st.integers(0, 2**16))
def test_the_two_loops_give_the_product_with_the_matrix_they_never_build(backend, close, n, count, seed):
    rng = np.random.default_rng(seed)
    hessian = spd(n, rng, condition=10.0)
    steps = [rng.normal(size=n) for _ in range(count)]
    pairs = [(s, hessian @ s) for s in steps]
    gradient = rng.normal(size=n)
    inverse = np.eye(n) * (pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) if pairs else 1.0)
    for s, y in pairs:
        inverse = bfgs_update(inverse, s, y)
    there = [(backend.array(s), backend.array(y)) for s, y in pairs]
    direction = backend.numpy(lbfgs_direction(backend.array(gradient), there))
    close(direction, -inverse @ gradient, rtol=1e-9, atol=1e-9)


def test_with_exact_steps_bfgs_learns_the_inverse_of_a_quadratic_in_n_steps(close):
    """And its directions are those of conjugate gradient (Nocedal, Wright, 2006, theorem 6.4)."""
    rng = np.random.default_rng(1)
    n = 5
    a, b = spd(n, rng), rng.normal(size=n)
    x, inverse, path = np.zeros(n), np.eye(n), [np.zeros(n)]
    for _ in range(n):
        g = a @ x - b
        p = -inverse @ g
        s = exact_line_search(g, a, p) * p
        x, inverse = x + s, bfgs_update(inverse, s, a @ s)
        path.append(x)
    close(inverse, np.linalg.inv(a), rtol=1e-6, atol=1e-8)
    close(x, np.linalg.solve(a, b), rtol=1e-8)
    close(np.stack(path), np.stack(conjugate_gradient(a, b, tolerance=0.0)), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("start", [START, np.full(10, 0.5)], ids=["2", "10"])
@pytest.mark.parametrize("method", [bfgs, lbfgs])
def test_bfgs_and_lbfgs_find_scipys_minimum_in_about_as_many_steps(backend, close, method, start):
    path = method(rosenbrock, rosenbrock_gradient, backend.array(start))
    found = backend.numpy(path[-1])
    scipys = scipy.optimize.minimize(
        scipy.optimize.rosen,
        start,
        jac=scipy.optimize.rosen_der,
        method="BFGS" if method is bfgs else "L-BFGS-B",
        options={"gtol": 1e-8} if method is bfgs else {"gtol": 1e-10, "ftol": 0.0},
    )
    close(found, scipys.x, rtol=1e-6, atol=1e-6)
    assert np.linalg.norm(backend.numpy(rosenbrock_gradient(path[-1]))) < 1e-6
    assert len(path) < 1.5 * scipys.nit + 10
    values = [float(rosenbrock(x)) for x in path]
    assert all(after < before for before, after in pairwise(values))


@pytest.mark.parametrize("memory", [1, 3, 20])
def test_more_memory_takes_fewer_steps_and_any_arrives(close, memory):
    start = np.tile(START, 5)
    path = lbfgs(rosenbrock, rosenbrock_gradient, start, memory=memory, steps=1000)
    close(path[-1], np.ones(10), rtol=1e-5)
    assert len(path) < {1: 500, 3: 150, 20: 100}[memory]


@pytest.mark.parametrize("method", [bfgs, lbfgs])
def test_quasi_newton_methods_stay_where_the_gradient_is_zero(backend, method):
    start = backend.array(np.ones(2))
    assert len(method(rosenbrock, rosenbrock_gradient, start)) == 1
    assert len(method(rosenbrock, rosenbrock_gradient, 0.0 * start, steps=3)) == 4


def test_a_pair_without_positive_curvature_is_refused(backend):
    s = backend.array(np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"y·s must be above 0.*but it is -1"):
        bfgs_update(backend.array(np.eye(2)), s, -s)
    with pytest.raises(ValueError, match=r"y·s must be above 0.*but it is 0"):
        lbfgs_direction(s, [(s, 0.0 * s)])
    with pytest.raises(ValueError, match="memory must be an integer at least 1, but it is 0"):
        lbfgs(rosenbrock, rosenbrock_gradient, s, memory=0)


# --- Least squares ---

TIMES = np.linspace(0.0, 3.0, 12)
HEIGHTS = 2.5 * np.exp(-1.3 * TIMES) + 0.5 + 0.01 * np.random.default_rng(2).normal(size=12)


def decay_residual(times, heights):
    def residual(x):
        return x[0] * array_namespace(x).exp(-x[1] * times) + x[2] - heights

    def jacobian(x):
        xp = array_namespace(x)
        e = xp.exp(-x[1] * times)
        return xp.stack([e, -x[0] * times * e, xp.ones_like(e)], axis=1)

    return residual, jacobian


@given(m=st.integers(1, 8), n=st.integers(1, 4), damping=st.floats(1e-6, 1e3), seed=st.integers(0, 2**16))
def test_damped_steps_are_least_squares_with_more_rows(backend, close, m, n, damping, seed):
    """min ‖Jδ − r‖² + λ‖δ‖² (Levenberg), + λ‖Dδ‖² with D² = diag(JᵀJ) (Marquardt): ordinary least squares."""
    rng = np.random.default_rng(seed)
    r, j = rng.normal(size=m), rng.normal(size=(m, n))
    for step, scale in ((levenberg_step, np.ones(n)), (levenberg_marquardt_step, np.linalg.norm(j, axis=0))):
        rows = np.concatenate([j, np.sqrt(damping) * np.diag(scale)])
        expected = np.linalg.lstsq(rows, np.concatenate([r, np.zeros(n)]))[0]
        actual = backend.call(lambda r, j, step=step: step(r, j, damping), r, j)
        close(actual, expected, rtol=1e-6, atol=1e-6)


def test_damping_goes_from_gauss_newton_to_gradient_descent(backend, close):
    """And on the slides' own right-hand side, ∇f = 2Jᵀr, Levenberg's step would be twice Gauss–Newton's."""
    rng = np.random.default_rng(3)
    r, j = rng.normal(size=8), rng.normal(size=(8, 3))
    newton_like = backend.call(gauss_newton_step, r, j)
    close(newton_like, np.linalg.lstsq(j, r)[0])
    for step in (levenberg_step, levenberg_marquardt_step):
        close(backend.call(lambda r, j, step=step: step(r, j, 0.0), r, j), newton_like)
    close(1e8 * backend.call(lambda r, j: levenberg_step(r, j, 1e8), r, j), j.T @ r, rtol=1e-6)
    diagonal = (j**2).sum(axis=0)
    close(1e8 * backend.call(lambda r, j: levenberg_marquardt_step(r, j, 1e8), r, j), j.T @ r / diagonal, rtol=1e-6)
    on_the_slide = np.linalg.solve(j.T @ j, 2 * j.T @ r)
    close(on_the_slide, 2 * newton_like)


@pytest.mark.parametrize("method", [gauss_newton, levenberg, levenberg_marquardt])
def test_curve_fitting_agrees_with_scipy(backend, close, method):
    residual, jacobian = decay_residual(backend.array(TIMES), backend.array(HEIGHTS))
    path = method(residual, jacobian, backend.array(np.array([1.0, 1.0, 0.0])))
    own = decay_residual(TIMES, HEIGHTS)
    expected = scipy.optimize.least_squares(
        own[0], [1.0, 1.0, 0.0], jac=own[1], method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    close(backend.numpy(path[-1]), expected.x, rtol=1e-8)
    assert len(path) < 20


@pytest.mark.parametrize("method", [levenberg, levenberg_marquardt])
def test_damping_saves_what_gauss_newton_cannot(backend, close, method):
    """From a bad start full steps fly off; a damped step always decreases f (lecture 5: f(xₖ) > f(xₖ₊₁))."""
    bad = np.array([1.0, 4.0, 0.0])
    residual, jacobian = decay_residual(backend.array(TIMES), backend.array(HEIGHTS))
    path = method(residual, jacobian, backend.array(bad))
    costs = [float(np.sum(backend.numpy(residual(x)) ** 2)) for x in path]
    assert all(after < before for before, after in pairwise(costs))
    own = decay_residual(TIMES, HEIGHTS)
    expected = scipy.optimize.least_squares(own[0], bad, jac=own[1], method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    close(backend.numpy(path[-1]), expected.x, rtol=1e-8)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="must be invertible, but it is singular"):
        gauss_newton(*own, bad)


@pytest.mark.parametrize("method", [gauss_newton, levenberg, levenberg_marquardt])
def test_linear_residuals_need_one_step(backend, close, method):
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(10, 3)), rng.normal(size=10)
    there, right = backend.array(a), backend.array(b)
    xp = array_namespace(there)
    options = {} if method is gauss_newton else {"damping": 1e-14}
    path = method(lambda x: xp.matmul(there, x) - right, lambda x: there, backend.array(np.zeros(3)), **options)
    close(backend.numpy(path[1]), np.linalg.lstsq(a, b)[0])


def test_marquardts_steps_do_not_depend_on_the_units(close):
    rng = np.random.default_rng(5)
    r, j, units = rng.normal(size=8), rng.normal(size=(8, 3)), np.array([1e-3, 1.0, 1e4])
    close(levenberg_marquardt_step(r, j * units, 0.5) * units, levenberg_marquardt_step(r, j, 0.5))
    assert not np.allclose(levenberg_step(r, j * units, 0.5) * units, levenberg_step(r, j, 0.5))


def test_least_squares_stops_at_the_bottom_and_at_a_dead_end(backend):
    there = backend.array(np.eye(2))
    x0 = backend.array(np.array([0.0, 0.0]))
    for method in (levenberg, levenberg_marquardt):
        assert len(method(lambda x: x, lambda x: there, x0)) == 1
        # A Jacobian with the wrong sign never finds a decrease.
        assert len(method(lambda x: x + 1.0, lambda x: -there, x0)) == 1


def test_singular_and_misshapen_systems_are_named(backend):
    r, j = backend.array(np.ones(3)), backend.array(np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]))
    for step in (gauss_newton_step, lambda r, j: levenberg_marquardt_step(r, j, 1.0)):
        with pytest.raises(ValueError, match=r"JᵀJ.* of shape \(2, 2\) must be invertible, but it is singular"):
            step(r, j)
    assert backend.numpy(levenberg_step(r, j, 1.0))[1] == 0.0, "the identity helps where a component is idle"
    with pytest.raises(ValueError, match=r"jacobian must have shape \(3, n\), but its shape is \(2,\)"):
        gauss_newton_step(r, r[:2])
    with pytest.raises(ValueError, match="damping must be a finite number at least 0, but it is -1"):
        levenberg_step(r, j, -1.0)
    with pytest.raises(ValueError, match="factor must be a finite number above 1, but it is 1"):
        levenberg(lambda x: x, lambda x: j, r, factor=1.0)
    with pytest.raises(ValueError, match=r"x0 must have shape \(n,\), but its shape is \(3, 2\)"):
        newton(lambda x: x, lambda x: j, j)
    with pytest.raises(TypeError, match="x0 must hold real floating-point numbers"):
        newton(lambda x: x, lambda x: j, backend.array(np.ones(2, dtype="int64")))
    with pytest.raises(ValueError, match=r"hessian must have shape \(3, 3\), but its shape is \(3, 2\)"):
        newton_step(r, j)


# --- Conjugate gradient ---


@given(n=st.integers(1, 8), seed=st.integers(0, 2**16))
def test_conjugate_gradient_takes_scipys_path(backend, close, n, seed):
    rng = np.random.default_rng(seed)
    a, b, x0 = spd(n, rng, condition=20.0), rng.normal(size=n), rng.normal(size=n)
    path = conjugate_gradient(backend.array(a), backend.array(b), backend.array(x0), tolerance=1e-6)
    scipys = [x0]
    scipy.sparse.linalg.cg(a, b, x0, rtol=1e-6, maxiter=n, callback=lambda x: scipys.append(x.copy()))
    assert len(path) == len(scipys)
    for mine, expected in zip(path, scipys, strict=True):
        close(backend.numpy(mine), expected, rtol=1e-7, atol=1e-9)


def test_conjugate_gradient_needs_a_step_for_each_eigenvalue_and_products_alone(backend, close):
    rng = np.random.default_rng(6)
    q, _ = np.linalg.qr(rng.normal(size=(10, 10)))
    a, b = q @ np.diag([1.0] * 4 + [5.0] * 3 + [9.0] * 3) @ q.T, rng.normal(size=10)
    there = backend.array(a)
    xp = array_namespace(there)
    path = conjugate_gradient(lambda p: xp.matmul(there, p), backend.array(b))
    assert len(path) == 4
    close(backend.numpy(path[-1]), np.linalg.solve(a, b))


def test_conjugate_gradient_solves_newtons_system_with_products_of_autograd(close):
    """No Hessian is built: torch gives products Hp."""
    x = torch.tensor([1.1, 1.2], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(rosenbrock(x), x, create_graph=True)

    def product(p):
        return torch.autograd.grad(gradient, x, p, retain_graph=True)[0]

    step = conjugate_gradient(product, gradient.detach(), tolerance=1e-14, steps=5)[-1]
    close(step.numpy(), newton_step(gradient.detach(), rosenbrock_hessian(x.detach())).numpy(), rtol=1e-8)


def test_conjugate_gradient_at_the_edges(backend):
    a, b = backend.array(np.diag([1.0, -1.0])), backend.array(np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="a must be positive definite, but pᵀAp is -1 for a direction p of length 1"):
        conjugate_gradient(a, b)
    with pytest.raises(ValueError, match=r"a of shape \(2, 2\) must be symmetric"):
        conjugate_gradient(backend.array(np.array([[1.0, 0.5], [0.0, 1.0]])), b)
    with pytest.raises(ValueError, match=r"a must have shape \(2, 2\), but its shape is \(2,\)"):
        conjugate_gradient(b, b)
    with pytest.raises(ValueError, match=r"x0 must have shape \(2,\), but its shape is \(1,\)"):
        conjugate_gradient(a, b, b[:1])
    assert len(conjugate_gradient(a, 0.0 * b)) == 1
    assert math.isfinite(float(conjugate_gradient(backend.array(np.eye(2)), b, steps=50)[-1][1]))
