"""Line searches against SciPy and against the conditions they promise."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
from array_api_compat import array_namespace
from hypothesis import given
from hypothesis import strategies as st

from i2dl.optim import backtracking_line_search, exact_line_search, wolfe_line_search


def spd(n, rng, condition=100.0):
    """A symmetric positive definite matrix of a given condition number."""
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return q @ np.diag(np.geomspace(1.0, condition, n)) @ q.T


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def rosenbrock_gradient(x):
    return array_namespace(x).stack([2 * (x[0] - 1) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])


def valley(x):
    return array_namespace(x).sum(x**4 - 3 * x**2 + x)


def valley_gradient(x):
    return 4 * x**3 - 6 * x + 1


def far(x):
    """The minimum is a million steps of length 1 away."""
    return array_namespace(x).sum((1e-3 * x - 1e3) ** 2)


def far_gradient(x):
    return 2e-3 * (1e-3 * x - 1e3)


FUNCTIONS = {
    "rosenbrock": (rosenbrock, rosenbrock_gradient, np.array([-1.2, 1.0])),
    "valley": (valley, valley_gradient, np.array([2.5, 0.1])),
    "far": (far, far_gradient, np.array([0.0, 1.0])),
}


@given(n=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_the_exact_step_is_scipys_minimum_along_the_line(backend, n, seed):
    rng = np.random.default_rng(seed)
    a, b, x = spd(n, rng), rng.normal(size=n), rng.normal(size=n)
    g = a @ x - b
    for p in (-g, rng.normal(size=n)):
        step = exact_line_search(backend.array(g), backend.array(a), backend.array(p))

        def along(alpha, p=p):
            y = x + alpha * p
            return 0.5 * y @ a @ y - b @ y

        expected = scipy.optimize.minimize_scalar(along, bracket=(step - 1, step + 0.5), options={"xtol": 1e-12}).x
        np.testing.assert_allclose(step, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose((a @ (x + step * p) - b) @ p, 0.0, atol=1e-9 * max(1.0, np.linalg.norm(g)))
    assert exact_line_search(g, a) == pytest.approx(g @ g / (g @ a @ g), rel=1e-12)


def test_steepest_descent_with_the_best_step_zigzags_at_right_angles(backend, close):
    """Lecture 5, optimal learning rate. The error shrinks by ((κ − 1)/(κ + 1))² per step, at worst exactly so."""
    a = np.diag([1.0, 25.0])
    x, there = backend.array(np.array([25.0, 1.0])), backend.array(a)
    xp = array_namespace(x)
    gradients, values = [], []
    for _ in range(10):
        g = xp.matmul(there, x)
        gradients.append(backend.numpy(g))
        values.append(0.5 * float(xp.sum(x * g)))
        x = x - exact_line_search(g, there) * g
    for before, after in pairwise(gradients):
        close(before @ after / (before @ before), 0.0, atol=1e-12)
    close(np.array(values[1:]) / np.array(values[:-1]), np.full(9, (24 / 26) ** 2))


def test_where_there_is_no_best_step(backend):
    g, down = backend.array(np.array([1.0, 1.0])), backend.array(-np.eye(2))
    assert exact_line_search(0.0 * g, down) == 0.0
    with pytest.raises(ValueError, match="must curve upwards along the direction, but its curvature there is -2"):
        exact_line_search(g, down)
    with pytest.raises(ValueError, match=r"hessian must have shape \(2, 2\), but its shape is \(2,\)"):
        exact_line_search(g, g)


def strong_wolfe(f, gradient, x, p, step, c1=1e-4, c2=0.9):
    slope = gradient(x) @ p
    return f(x + step * p) <= f(x) + c1 * step * slope and abs(gradient(x + step * p) @ p) <= c2 * abs(slope)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("first", [1e-4, 1.0, 1e3])
def test_wolfe_steps_meet_both_conditions(backend, name, first):
    f, gradient, x = FUNCTIONS[name]
    p = -gradient(x)
    for c2 in (0.9, 0.1, 0.01):
        step = wolfe_line_search(f, gradient, backend.array(x), backend.array(p), step=first, c2=c2)
        assert strong_wolfe(f, gradient, x, p, step, c2=c2)
    assert step == wolfe_line_search(f, gradient, x, p, step=first, c2=c2)


@given(seed=st.integers(0, 2**16))
def test_wolfe_steps_meet_both_conditions_from_anywhere(seed):
    rng = np.random.default_rng(seed)
    for f, gradient in ((rosenbrock, rosenbrock_gradient), (valley, valley_gradient)):
        x = rng.normal(size=2)
        p = -spd(2, rng) @ gradient(x)
        assert strong_wolfe(f, gradient, x, p, wolfe_line_search(f, gradient, x, p))


def test_a_curved_step_gives_positive_curvature_where_backtracking_may_not():
    """Far from the minimum the first step tried decreases f, but the slope is still as steep: Armijo takes it."""
    f, gradient, x = FUNCTIONS["far"]
    p = -gradient(x)
    assert backtracking_line_search(f, x, p, gradient(x)) == 1.0
    assert wolfe_line_search(f, gradient, x, p) > 1e3


@pytest.mark.parametrize("name", ["rosenbrock", "valley"])
@pytest.mark.parametrize("shrink", [0.5, 0.1])
def test_backtracking_takes_the_first_step_that_decreases_enough(backend, name, shrink):
    f, gradient, x = FUNCTIONS[name]
    g = gradient(x)
    step = backtracking_line_search(
        f, backend.array(x), backend.array(-g), backend.array(g), step=10.0, c1=0.1, shrink=shrink
    )

    def enough(alpha):
        return f(x - alpha * g) <= f(x) - 0.1 * alpha * (g @ g)

    tried = [10.0 * shrink**k for k in range(round(math.log(step / 10.0) / math.log(shrink)) + 1)]
    assert step == pytest.approx(tried[-1], rel=1e-12)
    assert [enough(alpha) for alpha in tried] == [False] * (len(tried) - 1) + [True]


def test_searches_walk_around_nan_and_give_up_where_nothing_is_lower(backend):
    def f(x):
        return math.inf if x[0] > 1 else math.nan if x[0] > 0.5 else float((x[0] - 0.4) ** 2)

    def gradient(x):
        return 2 * (x - 0.4)

    x, p = backend.array(np.array([0.0])), backend.array(np.array([1.0]))
    for step in (backtracking_line_search(f, x, p, gradient(x)), wolfe_line_search(f, gradient, x, p, step=4.0)):
        assert 0 < step <= 0.5

    def lies(x):
        return -2.0 * p

    assert backtracking_line_search(lambda x: float(x[0]), x, p, lies(x)) == 0.0
    assert wolfe_line_search(lambda x: float(x[0]), lies, x, p) == 0.0


def test_bad_arguments_are_named(backend):
    x, p = backend.array(np.array([1.0, 2.0])), backend.array(np.array([-1.0, -1.0]))
    for search in (
        lambda p, **options: wolfe_line_search(valley, lambda x: 2 * x, x, p, **options),
        lambda p, **options: backtracking_line_search(valley, x, p, 2 * x, **options),
    ):
        with pytest.raises(ValueError, match="must point downhill, to a slope below 0, but the slope is 6"):
            search(-p)
        with pytest.raises(ValueError, match=r"direction must have shape \(2,\), but its shape is \(1,\)"):
            search(p[:1])
        with pytest.raises(ValueError, match="step must be a finite number above 0, but it is 0"):
            search(p, step=0.0)
        with pytest.raises(ValueError, match="c1 must be at least 0 and below 1, but it is 1"):
            search(p, c1=1.0)
    with pytest.raises(ValueError, match=r"c2 must be a finite number above 0.5, but it is 0.4"):
        wolfe_line_search(valley, lambda x: 2 * x, x, p, c1=0.5, c2=0.4)
    with pytest.raises(ValueError, match="shrink must be a finite number above 0, but it is 0"):
        backtracking_line_search(valley, x, p, 2 * x, shrink=0.0)


def test_backtracking_gives_up_at_the_origin_too():
    x = np.zeros(2)
    step = backtracking_line_search(lambda p: float(np.any(p != 0)), x, -np.ones(2), np.ones(2), shrink=0.9)
    assert step == 0.0
