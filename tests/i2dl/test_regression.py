import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.linear_model import LinearRegression, LogisticRegression

from i2dl.classic import (
    add_bias_column,
    bernoulli_log_likelihood,
    gaussian_log_likelihood,
    least_squares,
    least_squares_loss,
    linear_prediction,
    logistic_loss,
    logistic_prediction,
    logistic_regression,
    noise_estimate,
    normal_equations,
)
from i2dl.data.toy import clouds, linear_data, two_sides, xor_quadrants

SIZES = {"n": st.integers(1, 12), "d": st.integers(1, 4), "seed": st.integers(0, 2**16)}


def draw(n, d, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d + 1)


def overlapping(n=120, d=2, seed=0):
    """Two classes that no line separates, so that the likelihood has a maximum."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    theta = rng.normal(size=d + 1)
    return x, (rng.random(n) < 1 / (1 + np.exp(-(theta[0] + x @ theta[1:])))).astype(np.int64)


def test_lecture_2_temperature_of_the_building(backend, close):
    """Outside temperature, humidity, people and sun: −6.8 and −4.8; and 25.2 with 25 instead of −25 degrees outside."""
    x = np.array([[-25.0, 50.0, 2.0, 50.0], [-10.0, 50.0, 0.0, 10.0], [25.0, 50.0, 2.0, 50.0]])
    theta = np.array([0.2, 0.64, 0.0, 1.0, 0.14])
    close(backend.call(linear_prediction, x, theta), [-6.8, -4.8, 25.2])
    assert backend.call(add_bias_column, x)[:, 0].tolist() == [1, 1, 1]


@given(**SIZES)
def test_least_squares_are_those_of_numpy(backend, close, n, d, seed):
    """Also where there are fewer samples than weights: then both take the smallest weights."""
    x, y, _ = draw(n, d, seed)
    expected = np.linalg.lstsq(np.column_stack([np.ones(n), x]), y, rcond=None)[0]
    close(backend.call(least_squares, x, y), expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("solve", [least_squares, normal_equations])
def test_linear_regression_is_that_of_scikit_learn(backend, close, solve):
    x, y = linear_data(60, theta=(1.0, -2.0, 0.5, 3.0), noise=0.3, rng=np.random.default_rng(0))
    theirs = LinearRegression().fit(x, y)
    theta = backend.call(solve, x, y)
    close(theta, [theirs.intercept_, *theirs.coef_])
    close(backend.call(linear_prediction, x, theta), theirs.predict(x))
    close(backend.call(least_squares_loss, theta, x, y)[1], np.zeros(4), atol=1e-12)


def test_without_noise_the_truth_is_found(backend, close):
    x, y = linear_data(5, theta=(1.0, 2.0), noise=0.0, rng=np.random.default_rng(1))
    close(backend.call(least_squares, x, y), [1.0, 2.0], rtol=1e-12)


def test_a_feature_twice_has_no_unique_solution_and_the_smallest_is_taken(backend, close):
    x, y = linear_data(30, theta=(1.0, 2.0), noise=0.0, rng=np.random.default_rng(2))
    close(backend.call(least_squares, np.column_stack([x, x]), y), [1.0, 1.0, 1.0])
    y = y + np.random.default_rng(3).normal(size=30)  # now y leaves the space that the columns span
    once, twice = (backend.call(least_squares, np.column_stack([x] * times), y) for times in (1, 2))
    close(twice, [once[0], once[1] / 2, once[1] / 2])


def test_the_literal_formula_loses_half_of_the_digits(backend, close):
    """The condition of X is 10⁶ here, that of XᵀX its square."""
    x, _ = linear_data(100, theta=(0.0, 1.0), rng=np.random.default_rng(3))
    x = np.column_stack([x, x + 1e-6 * np.random.default_rng(4).normal(size=x.shape)])
    theta = np.array([1.0, 2.0, -1.0])
    y = theta[0] + x @ theta[1:]
    error = {solve: np.abs(backend.call(solve, x, y) - theta).max() for solve in (least_squares, normal_equations)}
    assert error[least_squares] < 1e-8
    assert error[normal_equations] > 100 * error[least_squares]
    assert error[normal_equations] < 1e-2


@given(**SIZES)
def test_least_squares_loss_and_gradient(backend, close, torch_gradients, n, d, seed):
    x, y, theta = draw(n, d, seed)
    loss, dtheta = backend.call(least_squares_loss, theta, x, y)
    features, target = torch.tensor(x), torch.tensor(y)

    def theirs(theta):
        return torch.nn.functional.mse_loss(theta[0] + features @ theta[1:], target)

    expected, (gradient,) = torch_gradients(theirs, [theta])
    close(loss, expected)
    close(dtheta, gradient)


@given(sigma=st.floats(0.05, 20), **SIZES)
def test_gaussian_likelihood(backend, close, numeric_gradient, sigma, n, d, seed):
    x, y, theta = draw(n, d, seed)
    value, dtheta = backend.call(gaussian_log_likelihood, theta, x, y, sigma=sigma)
    close(value, norm.logpdf(y, theta[0] + x @ theta[1:], sigma).sum())
    measured = numeric_gradient(lambda t: norm.logpdf(y, t[0] + x @ t[1:], sigma).sum(), theta, 1.0)
    close(dtheta, measured, rtol=1e-5, atol=1e-5 / sigma**2)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 7.0])
def test_the_most_likely_line_is_that_of_least_squares(backend, close, sigma):
    """Lecture 2: whatever the noise, the likelihood has its maximum at (XᵀX)⁻¹Xᵀy."""
    x, y = linear_data(50, theta=(1.0, 2.0, -3.0), noise=0.5, rng=np.random.default_rng(5))
    best = minimize(
        lambda theta: [-part for part in backend.call(gaussian_log_likelihood, theta, x, y, sigma=sigma)],
        np.zeros(3),
        jac=True,
        tol=1e-12,
    )
    theta = backend.call(least_squares, x, y)
    close(best.x, theta, rtol=1e-6, atol=1e-6)
    top, slope = backend.call(gaussian_log_likelihood, theta, x, y, sigma=sigma)
    close(slope, np.zeros(3), atol=1e-10 / sigma**2)
    for direction in np.eye(3):
        assert backend.call(gaussian_log_likelihood, theta + 0.01 * direction, x, y, sigma=sigma)[0] < top


def test_the_most_likely_noise(backend, close):
    x, y = linear_data(2000, noise=0.3, rng=np.random.default_rng(6))
    theta = backend.call(least_squares, x, y)
    sigma = float(backend.call(noise_estimate, theta, x, y))
    assert sigma == pytest.approx(0.3, rel=0.05)
    _, fitted = norm.fit(y - theta[0] - x @ theta[1:])
    assert sigma == pytest.approx(fitted, rel=1e-10)
    top = backend.call(gaussian_log_likelihood, theta, x, y, sigma=sigma)[0]
    for other in (0.99 * sigma, 1.01 * sigma):
        assert backend.call(gaussian_log_likelihood, theta, x, y, sigma=other)[0] < top


@given(**SIZES)
def test_logistic_loss_and_gradient(backend, close, torch_gradients, n, d, seed):
    x, _, theta = draw(n, d, seed)
    y = np.random.default_rng(seed).integers(0, 2, n)
    features, target = torch.tensor(x), torch.tensor(y, dtype=torch.float64)

    def theirs(theta):
        return torch.nn.functional.binary_cross_entropy(torch.sigmoid(theta[0] + features @ theta[1:]), target)

    expected, (gradient,) = torch_gradients(theirs, [theta])
    for labels in (y, y.astype(float)):
        loss, dtheta = backend.call(logistic_loss, theta, x, labels)
        close(loss, expected)
        close(dtheta, gradient)
    p = backend.call(logistic_prediction, x, theta)
    # The labels' probability itself: the product of p where y = 1, and of 1 − p where y = 0.
    likelihood, dtheta = backend.call(bernoulli_log_likelihood, theta, x, y)
    close(np.exp(likelihood), np.prod(np.where(y == 1, p, 1 - p)))
    close(likelihood, -n * expected)
    close(dtheta, -n * gradient, atol=1e-11)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_logistic_regression_is_that_of_scikit_learn(backend, close, d):
    x, y = overlapping(d=d)
    theirs = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky", max_iter=1000).fit(x, y)
    ours = logistic_regression(backend.array(x), backend.array(y), tolerance=1e-9)
    assert ours.converged
    theta = backend.numpy(ours.theta)
    close(theta, [*theirs.intercept_, *theirs.coef_[0]], rtol=1e-6, atol=1e-6)
    close(backend.call(logistic_prediction, x, theta), theirs.predict_proba(x)[:, 1], rtol=1e-6, atol=1e-6)
    assert np.max(np.diff(ours.losses)) <= 1e-15, "with the step 1/L every step goes downhill"
    assert ours.losses[0] == pytest.approx(np.log(2)), "at first every probability is one half"


def test_where_a_line_separates_the_classes_there_is_no_best_one(backend):
    x, y = two_sides(60, rng=np.random.default_rng(7))
    short, long = (logistic_regression(backend.array(x), backend.array(y), steps=s) for s in (100, 1000))
    assert not long.converged
    assert np.linalg.norm(backend.numpy(long.theta)) > 1.5 * np.linalg.norm(backend.numpy(short.theta))
    assert long.losses[-1] < short.losses[-1]
    assert ((backend.call(logistic_prediction, x, backend.numpy(long.theta)) > 0.5) == y).all()


def test_no_line_separates_the_quadrants():
    x, y = xor_quadrants(500, rng=np.random.default_rng(8))
    theta = logistic_regression(x, y).theta
    assert np.mean((logistic_prediction(x, theta) > 0.5) == y) < 0.7
    # The product of the coordinates, as a third feature, makes it easy.
    x = np.column_stack([x, 10 * x[:, 0] * x[:, 1]])
    theta = logistic_regression(x, y, steps=2000).theta
    assert np.mean((logistic_prediction(x, theta) > 0.5) == y) > 0.98


def test_extreme_scores_stay_finite(backend):
    x, y, theta = np.array([[1e4], [-1e4]]), np.array([0, 1]), np.array([0.0, 1.0])
    loss, dtheta = backend.call(logistic_loss, theta, x, y)
    assert loss == 1e4
    assert dtheta.tolist() == [0, 1e4]
    assert backend.call(logistic_prediction, x, theta).tolist() == [1, 0]


def test_steps_and_learning_rate_are_obeyed(backend, close):
    x, y = overlapping()
    fit = logistic_regression(backend.array(x), backend.array(y), steps=0)
    assert (len(fit.losses), fit.converged) == (1, False)
    fit = logistic_regression(backend.array(x), backend.array(y), steps=1, learning_rate=0.3)
    columns = np.column_stack([np.ones(len(x)), x])
    close(backend.numpy(fit.theta), -0.3 * columns.T @ (0.5 - y) / len(x))
    assert len(fit.losses) == 2


def test_float32_stays_float32(backend, close):
    x, y = clouds(80, centres=[(-1.0, 0.0), (1.0, 0.0)], spread=1.0, rng=np.random.default_rng(9))
    x32 = x.astype("float32")
    fit = logistic_regression(backend.array(x32), backend.array(y), tolerance=1e-5)
    assert backend.numpy(fit.theta).dtype == np.float32
    close(backend.numpy(fit.theta), logistic_regression(x, y).theta, rtol=1e-3, atol=1e-3)
    target = x32[:, 0] * 2 + 1
    theta = backend.call(least_squares, x32, target)
    assert theta.dtype == np.float32
    close(theta, [1, 2, 0], rtol=1e-5, atol=1e-5)
    assert backend.call(least_squares_loss, theta, x32, target)[1].dtype == np.float32


def test_what_makes_no_sense_is_refused(backend):
    x, y, theta = (backend.array(a) for a in (np.ones((3, 2)), np.ones(3), np.ones(3)))
    with pytest.raises(ValueError, match=r"x must have shape \(N, D\), but its shape is \(3,\)"):
        linear_prediction(y, theta)
    with pytest.raises(ValueError, match=r"theta must have shape \(3,\), but its shape is \(2,\)"):
        linear_prediction(x, theta[:2])
    with pytest.raises(ValueError, match=r"y must have shape \(3,\), but its shape is \(2,\)"):
        least_squares(x, y[:2])
    with pytest.raises(ValueError, match=r"y must hold at least one number, but its shape is \(0,\)"):
        least_squares_loss(theta, x[:0, :], y[:0])
    with pytest.raises(ValueError, match=r"as many samples as there are weights, 3, but its shape is \(2, 2\)"):
        normal_equations(x[:2, :], y[:2])
    with pytest.raises(ValueError, match="sigma must be a finite number above 0, but it is 0"):
        gaussian_log_likelihood(theta, x, y, sigma=0.0)
    with pytest.raises(ValueError, match=r"y of shape \(3,\) must hold the labels 0 and 1 alone"):
        logistic_loss(theta, x, 2 * y)
    with pytest.raises(ValueError, match="learning_rate must be a finite number above 0"):
        logistic_regression(x, y, learning_rate=0.0)
    with pytest.raises(ValueError, match="steps must be a finite number at least 0"):
        logistic_regression(x, y, steps=-1)
    with pytest.raises(TypeError, match="x must hold real floating-point numbers"):
        logistic_prediction(backend.array(np.ones((3, 2), dtype=int)), theta)
