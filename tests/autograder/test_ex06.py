"""Exercise 06: the worked examples of its text, figures from outside, and what its pictures show."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from exercises import right, trial

NAME = "06_second_order_optimization"


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial(NAME).names


def test_forty_points() -> None:
    assert trial(NAME).exercise.points == 40


# ---------------------------------------------------------------------------------------------------------------
# The worked examples of the text, and figures from outside


def test_the_examples_of_the_text(solved: dict[str, Any]) -> None:
    s = solved
    assert s["parabola_step"](10.0, 2.0) == (5.0, "minimum")
    assert np.allclose(s["newton_step"](np.array([4.0, 7]), np.array([[2.0, 1], [1, 3]])), [1, 2])
    path = s["newton"](lambda x: 1 - 1 / x, lambda x: np.diag(1 / x**2), np.array([0.5]), tolerance=0.2, max_steps=9)
    assert np.allclose(path, [[0.5], [0.75], [0.9375]])
    assert s["stationary_point"](np.array([[1.0, 2], [2, 1]])) == "saddle"
    gradient, hessian = s["least_squares_derivatives"](np.array([[1.0], [2]]), np.ones(2), np.zeros(1))
    assert (gradient.tolist(), hessian.tolist()) == ([-6.0], [[10.0]])
    assert s["exact_step"](np.ones(2), np.diag([1.0, 3]), np.array([0.0, -1])) == pytest.approx(1 / 3)
    found = s["wolfe_line_search"](lambda x: x @ x, lambda x: 2 * x, np.ones(1), -np.ones(1), step=0.2, c1=0.1, c2=0.3)
    assert found == pytest.approx(0.8)
    path = s["conjugate_gradient"](lambda p: np.diag([1.0, 3]) @ p, np.ones(2), tolerance=1e-9, max_steps=2)
    assert np.allclose(path, [[0, 0], [0.5, 0.5], [1, 1 / 3]])
    assert np.allclose(
        s["hessian_vector_product"](lambda x: x[::-1], np.array([1.0, 2]), np.array([1.0, 0]), 0.1), [0, 1]
    )
    one_pair = np.array([1.0, 0]), np.array([2.0, 0])
    assert np.allclose(s["bfgs_update"](np.eye(2), *one_pair), np.diag([0.5, 1]))
    assert np.allclose(s["lbfgs_direction"](np.array([4.0, 6]), [one_pair]), [-2, -3])
    assert np.allclose(s["growth_residual"](np.array([2.0, 1]), np.zeros(1), np.ones(1)), [-1])
    r, j = np.array([3.0, 4, 5]), np.array([[1.0, 0], [0, 2], [0, 0]])
    assert np.allclose(s["gauss_newton_step"](r, j), [3, 2])
    assert np.allclose(s["levenberg_step"](r, j, 1.0), [1.5, 1.6])
    assert np.allclose(s["levenberg_marquardt_step"](r, j, 1.0), [1.5, 1])
    assert (s["hessian_bytes"](1000, 4), s["lbfgs_bytes"](1000, 10, 4), s["largest_network"](4_000_000, 4)) == (
        4_000_000,
        80_000,
        1000,
    )
    assert s["solve_seconds"](1000, 1e9) == pytest.approx(0.667, abs=1e-3)


def test_the_bfgs_example_of_the_text(solved: dict[str, Any]) -> None:
    seen = []
    path = solved["bfgs"](
        lambda x: 2 * x,
        np.ones(1),
        line_search=lambda x, p: seen.append(float(p[0])) or 0.25,
        update=solved["bfgs_update"],
        tolerance=0.0,
        max_steps=2,
    )
    assert seen == [-2.0, -0.5]
    assert path[1, 0] == 0.5


def test_the_exams_answer(solved: dict[str, Any]) -> None:
    """Feb 2022, 5.6 and 5.9: x² from 5. Gradient descent with rate 1 oscillates, Newton needs one step."""
    x0 = np.array([5.0])
    assert solved["crawl"](lambda x: 2 * x, x0, 1.0, 4)[:, 0].tolist() == [5, -5, 5, -5, 5]
    path = solved["newton"](lambda x: 2 * x, lambda x: 2 * np.eye(1), x0, tolerance=1e-9, max_steps=9)
    assert path[1] == 0
    assert len(path) == 3


def test_nists_certified_values(solved: dict[str, Any]) -> None:
    for method in ("Gauss–Newton", "Levenberg", "Marquardt"):
        a, b = solved["fits"][method][-1]
        assert a == pytest.approx(2.3894212918e02, rel=1e-9)
        assert b == pytest.approx(5.5015643181e-04, rel=1e-9)
        r = solved["growth_residual"](np.array([a, b]), solved["pressure"], solved["volume"])
        assert r @ r == pytest.approx(1.2455138894e-01, rel=1e-9)


def test_only_levenberg_minds_the_units(solved: dict[str, Any]) -> None:
    begin = np.array([100.0, 0.003])
    paths = [solved["fit"](solved["levenberg_marquardt_step"], begin, time_unit=unit) for unit in (1.0, 1e6)]
    assert np.allclose(paths[0][:5], paths[1][:5], rtol=1e-6)
    paths = [solved["fit"](solved["levenberg_step"], begin, time_unit=unit) for unit in (1.0, 1e6)]
    assert not np.allclose(paths[0][:5], paths[1][:5], rtol=1e-2)


def test_damped_descent_finds_what_scipy_finds(solved: dict[str, Any]) -> None:
    from scipy.optimize import least_squares

    rng = np.random.default_rng(0)
    t = np.linspace(0.1, 4, 20)
    y = 2.5 * (1 - np.exp(-0.8 * t)) + 0.05 * rng.standard_normal(20)
    due = least_squares(lambda x: solved["growth_residual"](x, t, y), [1.0, 0.3], xtol=1e-12, ftol=1e-12)
    for step in ("levenberg_step", "levenberg_marquardt_step"):
        path = solved["damped_descent"](
            lambda x: solved["growth_residual"](x, t, y),
            lambda x: solved["growth_jacobian"](x, t),
            np.array([1.0, 0.3]),
            step=solved[step],
            damping=1.0,
            factor=10.0,
            tolerance=1e-10,
            max_steps=100,
        )
        assert np.allclose(path[-1], due.x, rtol=1e-6)


SEARCHES = {
    "solution": None,
    **{v.name: v.cells["wolfe_line_search_code"] for v in right(NAME)},
}


@pytest.mark.parametrize("source", SEARCHES.values(), ids=SEARCHES)
def test_the_searches_meet_the_conditions_of_wolfe(source: str | None, solved: dict[str, Any]) -> None:
    names = dict(solved)
    if source:
        exec(source, names)
    rng = np.random.default_rng(1)
    for _ in range(40):
        c = rng.uniform(0.1, 5, 3)

        def f(x: np.ndarray, c: np.ndarray = c) -> float:
            return float(np.sum(c * x**2 + np.cos(2 * x)))

        def gradient(x: np.ndarray, c: np.ndarray = c) -> np.ndarray:
            return 2 * c * x - 2 * np.sin(2 * x)

        x = 2 * rng.standard_normal(3)
        p, step = -rng.uniform(0.5, 2, 3) * gradient(x), float(10 ** rng.uniform(-3, 2))
        a = names["wolfe_line_search"](f, gradient, x, p, step=step, c1=1e-3, c2=0.4)
        slope = gradient(x) @ p
        assert f(x + a * p) <= f(x) + 1e-3 * a * slope
        assert abs(gradient(x + a * p) @ p) <= 0.4 * abs(slope)


def test_products_with_the_hessian(solved: dict[str, Any]) -> None:
    rng = np.random.default_rng(2)
    w, v = 0.1 * rng.standard_normal(65), rng.standard_normal(65)
    product = solved["hessian_vector_product"](solved["logistic_gradient"], w, v, 1e-4)
    assert np.allclose(product, solved["logistic_hessian"](w) @ v, rtol=1e-5, atol=1e-8)


def test_lbfgs_with_all_pairs_is_bfgs(solved: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    a = rng.standard_normal((5, 5))
    pairs = [(s, (a @ a.T + np.eye(5)) @ s) for s in rng.standard_normal((7, 5))]
    s, y = pairs[-1]
    inverse = s @ y / (y @ y) * np.eye(5)
    for pair in pairs:
        inverse = solved["bfgs_update"](inverse, *pair)
    g = rng.standard_normal(5)
    assert np.allclose(solved["lbfgs_direction"](g, pairs), -inverse @ g, rtol=1e-9)


def derivative(f: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """Return central differences, one column for each entry of x."""
    return np.stack([(f(x + h) - f(x - h)) / 2e-6 for h in 1e-6 * np.eye(len(x))], axis=-1)


def test_the_given_derivatives_are_right(solved: dict[str, Any]) -> None:
    from i2dl.plots.contours import ROSENBROCK

    s, rng = solved, np.random.default_rng(4)
    x = rng.standard_normal(2)
    assert np.allclose(s["rosenbrock_hessian"](x), derivative(ROSENBROCK.gradient, x), rtol=1e-4, atol=1e-4)
    assert np.allclose(s["himmelblau_gradient"](x), derivative(s["himmelblau"], x), rtol=1e-5, atol=1e-5)
    assert np.allclose(s["himmelblau_hessian"](x), derivative(s["himmelblau_gradient"], x), rtol=1e-5, atol=1e-5)
    x = rng.standard_normal(6)
    assert np.allclose(s["long_rosenbrock_gradient"](x), derivative(s["long_rosenbrock"], x), rtol=1e-4, atol=1e-4)
    w = 0.1 * rng.standard_normal(65)
    assert np.allclose(s["logistic_gradient"](w), derivative(s["logistic_loss"], w), atol=1e-7)
    assert np.allclose(s["logistic_hessian"](w), derivative(s["logistic_gradient"], w), atol=1e-7)
    theta, t, y = rng.standard_normal(25), rng.standard_normal(7), rng.standard_normal(7)
    due = derivative(lambda at: s["net_residual"](at, t, y), theta)
    assert np.allclose(s["net_jacobian"](theta, t), due, atol=1e-6)


def test_what_the_pictures_are_said_to_show(solved: dict[str, Any]) -> None:
    s = solved
    assert sorted(s["kinds"]) == ["maximum"] + 4 * ["minimum"] + 4 * ["saddle"]
    assert len(s["newton_path"]) < 10
    assert s["convergence_order"](1 - s["log_path"][:5, 0]) == pytest.approx(2, abs=1e-3)
    assert all(b < a for a, b in pairwise(s["ROSENBROCK"].value(s["searched"])))
    assert s["distances"]["conjugate gradient"][-1] < 1e-4 < s["distances"]["steepest descent"][-1]
    assert np.allclose(s["snapshots"][6], np.linalg.inv(s["bowl"]), atol=1e-6)
    for name in ("BFGS", "L-BFGS, 10 pairs"):
        assert s["long_rosenbrock"](s["large"][name][-1]) < 1e-12
        assert len(s["large"][name]) < 200
    assert s["long_rosenbrock"](s["large"]["gradient descent"][-1]) > 1
    squares = [np.sum(s["growth_residual"](x, s["pressure"], s["volume"]) ** 2) for x in s["fits"]["Gauss–Newton"]]
    assert squares[1] > 2e7 > 1e4 > squares[2]
    assert [len(path) - 1 for path in s["fits"].values()] == [10, 15, 38]
    best = s["net_loss"](s["net_paths"]["Levenberg"][60])
    assert best < 0.5 * s["net_loss"](s["net_paths"]["Adam"][-1])
    assert s["largest_network"](80 * 10**9, 4) == 141_421
