"""Parts 7 and 8: linear regression, least squares and their likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex01_machine_learning_basics.shared import LIBRARIES, Mistakes, with_ones

# ---------------------------------------------------------------------------------------------------------------
# 7 Linear regression

BUILDING = np.array([[25.0, 50.0, 2.0, 50.0], [-10.0, 50.0, 0.0, 10.0]])
BUILDING_WEIGHTS = np.array([0.2, 0.64, 0.0, 1.0, 0.14])


def _prediction_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's building", given=True, x=BUILDING, theta=BUILDING_WEIGHTS)
    yield case("three features", x=rng.standard_normal((5, 3)), theta=rng.standard_normal(4))
    x, theta = rng.standard_normal((6, 2)).astype(np.float32), rng.standard_normal(3).astype(np.float32)
    yield case("float32", x=x, theta=theta)
    yield case("one feature", edge="a single feature", x=rng.standard_normal((4, 1)), theta=rng.standard_normal(2))
    yield case("one sample", edge="a single sample", x=rng.standard_normal((1, 4)), theta=rng.standard_normal(5))


PREDICTION: Mistakes = {
    "the ones stand behind the data: they belong in front, since θ₀ is the bias.": (
        lambda _, x, **__: {"X": np.concatenate([x, np.ones((len(x), 1))], axis=1)}
    ),
    "the new column holds zeros: the bias is multiplied by ones.": (
        lambda _, x, **__: {"X": np.concatenate([np.zeros((len(x), 1)), x], axis=1)}
    ),
    "the data has no new column: put one of ones in front.": lambda _, x, **__: {"X": x},
    "a row of ones is added: a column is asked for, a 1 in front of every sample.": (
        lambda _, x, **__: {"X": np.concatenate([np.ones((1, x.shape[1])), x])}
    ),
    "the bias is left out of the prediction.": lambda _, x, theta: {"prediction": x @ theta[1:]},
    "the bias counts twice: X has its column of ones already.": (
        lambda _, x, theta: {"prediction": theta[0] + with_ones(x) @ theta}
    ),
    "the products are not added up: a prediction is a sum over the features.": (
        lambda _, x, theta: {"prediction": with_ones(x) * theta}
    ),
    "the products are averaged: a prediction is their sum.": (
        lambda _, x, theta: {"prediction": (with_ones(x) * theta).mean(axis=1)}
    ),
    "the predictions form a column: their shape is (n,).": (
        lambda _, x, theta: {"prediction": (with_ones(x) @ theta)[:, None]}
    ),
}


@task(
    points=1,
    cases=_prediction_cases,
    forbid=LIBRARIES,
    mistakes=PREDICTION,
    hints={"X": "a column of ones, then the data: shape (n, d + 1).", "prediction": "X times theta."},
)
def linear_prediction(impl: Any, x: np.ndarray, theta: np.ndarray) -> dict[str, Any]:
    """The column of ones, and predictions for data that has it already."""
    columns = np.insert(x, 0, 1.0, axis=1)
    return {"X": impl.add_bias_column(x), "prediction": impl.linear_prediction(columns, theta)}


def _regression(rng: np.random.Generator, n: int, d: int, dtype: Any = float) -> dict[str, Any]:
    x, theta = rng.standard_normal((n, d)), rng.standard_normal(d + 1)
    y = with_ones(x) @ rng.standard_normal(d + 1) + 0.5 * rng.standard_normal(n)
    inputs = {"theta": theta, "X": with_ones(x), "y": y}
    return {name: value.astype(dtype) for name, value in inputs.items()}


def _loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("five samples, two features", given=True, **_regression(rng, 5, 2))
    yield case("three features", **_regression(rng, 9, 3))
    yield case("float32", **_regression(rng, 7, 4, np.float32))
    yield case("fewer samples than weights", **_regression(rng, 3, 6))
    yield case("one sample", edge="a single sample", **_regression(rng, 1, 2))


class _Fit(NamedTuple):
    """Errors, data and targets."""

    e: np.ndarray
    X: np.ndarray
    y: np.ndarray


def _mean_squares(change: Callable[[_Fit], Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
    return lambda _, theta, X, y: change(_Fit(X @ theta - y, X, y))


LOSS: Mistakes = {
    "the absolute errors are averaged, not their squares.": _mean_squares(lambda fit: {"loss": np.abs(fit.e).mean()}),
    "the root of the mean squared error is returned: leave the root out.": (
        _mean_squares(lambda fit: {"loss": np.sqrt((fit.e**2).mean())})
    ),
    "the sum is not divided by n.": (_mean_squares(lambda fit: {"loss": (fit.e**2).sum()})),
    "divided by 2n: this J has no ½.": (_mean_squares(lambda fit: {"loss": (fit.e**2).mean() / 2})),
    "the gradient is not divided by n, but the loss is a mean.": (
        _mean_squares(lambda fit: {"gradient": 2 * fit.X.T @ fit.e})
    ),
    "the factor 2 is missing: the square brings it when it is derived.": (
        _mean_squares(lambda fit: {"gradient": fit.X.T @ fit.e / len(fit.y)})
    ),
    "the gradient has the wrong sign: it belongs to ŷ − y, not to y − ŷ.": (
        _mean_squares(lambda fit: {"gradient": -2 / len(fit.y) * fit.X.T @ fit.e})
    ),
    "the gradient is that of the bias, or of a single weight: one number per weight is due.": (
        _mean_squares(lambda fit: {"gradient": 2 * fit.e.mean()})
    ),
    "the bias has no gradient here: the column of ones belongs to X like any other.": (
        _mean_squares(lambda fit: {"gradient": 2 / len(fit.y) * fit.X[:, 1:].T @ fit.e})
    ),
    "the errors are multiplied with X but not added up over the samples.": (
        _mean_squares(lambda fit: {"gradient": 2 / len(fit.y) * fit.X * fit.e[:, None]})
    ),
    "the errors' signs are used, not the errors: that is the gradient of the L1 loss.": (
        _mean_squares(lambda fit: {"gradient": fit.X.T @ np.sign(fit.e) / len(fit.y)})
    ),
}


@task(
    points=2,
    cases=_loss_cases,
    mistakes=LOSS,
    hints={
        "loss": "the mean of the squared errors.",
        "gradient": "derive (1/n) Σ (ŷᵢ − yᵢ)² by θⱼ: ŷᵢ depends on it with the factor xᵢⱼ.",
    },
    forbid=(*LIBRARIES, "autograd"),
)
def least_squares_loss(impl: Any, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Mean squared error and its gradient."""
    loss, gradient = impl.least_squares_loss(theta, X, y)
    return {"loss": loss, "gradient": gradient}


def _fit_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, dtype, edge in (
        ("ten samples, two features", 10, 2, float, ""),
        ("five features", 30, 5, float, ""),
        ("float32", 25, 3, np.float32, ""),
        ("as many samples as weights", 5, 4, float, "an exact fit"),
    ):
        inputs = _regression(rng, n, d, dtype)
        yield case(name, edge=edge, given=d == 2, X=inputs["X"], y=inputs["y"])


def _without_bias(_: Any, X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    weights = np.linalg.pinv(X[:, 1:]) @ y
    return {"theta": np.concatenate([[0.0], weights])}


FIT: Mistakes = {
    "this is Xᵀy: the inverse of XᵀX in front of it is missing.": lambda _, X, y: {"theta": X.T @ y},
    "this is Xᵀy / n: the inverse of XᵀX in front of it is missing.": lambda _, X, y: {"theta": X.T @ y / len(y)},
    "multiplied by XᵀX, not by its inverse.": lambda _, X, y: {"theta": X.T @ X @ X.T @ y},
    "every entry of XᵀX is inverted by itself: the inverse of a matrix is another thing.": (
        lambda _, X, y: {"theta": (1 / (X.T @ X)) @ X.T @ y}
    ),
    "the bias is fixed at 0: solve for it together with the weights.": _without_bias,
    "the bias is the mean of y, and the weights are fitted without it: solve for all of them at once.": (
        lambda impl, X, y: {"theta": np.concatenate([[y.mean()], _without_bias(impl, X, y)["theta"][1:]])}
    ),
    "something is added to the diagonal of XᵀX (ridge regression): this is no longer the minimum of J.": (
        lambda _, X, y: {"theta": np.linalg.solve(X.T @ X + np.eye(X.shape[1]), X.T @ y)}
    ),
    "the predictions are returned: the weights are asked for.": (lambda _, X, y: {"theta": X @ np.linalg.pinv(X) @ y}),
    "the weights come without the bias: X has its column of ones, which belongs to θ₀.": (
        lambda _, X, y: {"theta": (np.linalg.pinv(X) @ y)[1:]}
    ),
    "a line through the origin: the column of ones was cut off.": (
        lambda _, X, y: {"theta": np.linalg.pinv(X[:, 1:]) @ y}
    ),
    "a column of ones is added a second time.": (
        lambda _, X, y: {"theta": np.linalg.pinv(np.column_stack([np.ones(len(X)), X])) @ y}
    ),
}


@task(
    points=2,
    cases=_fit_cases,
    mistakes=FIT,
    hints={"theta": "solve XᵀX θ = Xᵀy for θ."},
    forbid=(*LIBRARIES, "numpy.linalg.lstsq", "numpy.polyfit", "numpy.polynomial", "torch.linalg.lstsq"),
)
def least_squares(impl: Any, X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """The minimum of J."""
    return {"theta": impl.least_squares(X, y)}


# ---------------------------------------------------------------------------------------------------------------
# 8 Likelihood


def _likelihood_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, sigma, edge, dtype in (
        ("six samples", 6, 0.8, "", float),
        ("more noise", 11, 1.7, "", float),
        ("float32", 9, 0.4, "", np.float32),
        ("little noise", 8, 0.05, "", float),
        ("many samples", 4000, 1.3, "a product of 4000 densities", float),
    ):
        prediction = rng.standard_normal(n)
        y = prediction + (1.2 * sigma * rng.standard_normal(n))
        yield case(name, edge=edge, given=n == 6, prediction=prediction.astype(dtype), y=y.astype(dtype), sigma=sigma)


class _Terms(NamedTuple):
    """The log-likelihood is −scale − misfit: n/2 log(2πσ²) and Σ (y − ŷ)² / (2σ²)."""

    scale: Any
    misfit: Any
    n: int
    sigma: float


def _log_density(change: Callable[[_Terms], Any]) -> Callable[..., Mapping[str, Any]]:
    def variant(_: Any, prediction: np.ndarray, y: np.ndarray, sigma: float) -> dict[str, Any]:
        n, misfit = len(y), np.sum((y - prediction) ** 2) / (2 * sigma**2)
        return {"log-likelihood": change(_Terms(n / 2 * np.log(2 * np.pi * sigma**2), misfit, n, sigma))}

    return variant


def _deviation(change: Callable[[np.ndarray], Any]) -> Callable[..., Mapping[str, Any]]:
    return lambda _, prediction, y, sigma: {"σ": change(y - prediction)}  # noqa: ARG005


LIKELIHOOD: Mistakes = {
    "the term −n/2 log(2πσ²) is missing.": _log_density(lambda t: -t.misfit),
    "the term log(2πσ²) is counted once: every sample brings its own.": (
        _log_density(lambda t: -t.scale / t.n - t.misfit)
    ),
    "log(2πσ²) is not halved: it comes from a square root.": _log_density(lambda t: -2 * t.scale - t.misfit),
    "the logarithm holds σ where σ² is due.": (_log_density(lambda t: t.n / 2 * np.log(t.sigma) - t.scale - t.misfit)),
    "the squares are divided by 2σ: σ² is the variance.": _log_density(lambda t: -t.scale - t.misfit * t.sigma),
    "the squares are divided by σ², without the 2.": _log_density(lambda t: -t.scale - 2 * t.misfit),
    "the squares are added: the farther a sample is off, the less likely it is.": (
        _log_density(lambda t: -t.scale + t.misfit)
    ),
    "the squares are averaged, but every sample counts in full.": _log_density(lambda t: -t.scale - t.misfit / t.n),
    "this is the mean per sample: the log-likelihood is the sum.": _log_density(lambda t: -(t.scale + t.misfit) / t.n),
    "this is the negative log-likelihood: it is wanted without the minus.": _log_density(lambda t: t.scale + t.misfit),
    "this is the likelihood itself, without the logarithm.": _log_density(lambda t: np.exp(-t.scale - t.misfit)),
    "the root is missing: this is the variance σ².": _deviation(lambda e: np.mean(e**2)),
    "divided by n − 1: that is less biased, but not the most likely σ.": (
        _deviation(lambda e: np.sqrt(np.sum(e**2) / (len(e) - 1)))
    ),
    "the errors' mean is subtracted first: the noise is measured around the prediction.": (
        _deviation(lambda e: np.std(e))
    ),
    "the absolute errors are averaged: σ is the root of the mean square.": _deviation(lambda e: np.mean(np.abs(e))),
    "the squares are not divided by n.": _deviation(lambda e: np.sqrt(np.sum(e**2))),
}


@task(
    points=3,
    cases=_likelihood_cases,
    mistakes=LIKELIHOOD,
    shares={"log-likelihood": 2, "σ": 1},
    hints={
        "log-likelihood": "add the logarithms of the densities: −n/2 log(2πσ²) − Σ (y − ŷ)² / (2σ²).",
        "σ": "the root of the mean squared error.",
    },
    forbid=(*LIBRARIES, "torch.distributions"),
)
def gaussian_likelihood(impl: Any, prediction: np.ndarray, y: np.ndarray, sigma: float) -> dict[str, Any]:
    """How likely the observations are, and with which noise they would be most likely."""
    return {
        "log-likelihood": impl.gaussian_log_likelihood(prediction.copy(), y.copy(), sigma=sigma),
        "σ": impl.noise_estimate(prediction, y),
    }


why_squares = written("why_squares", points=3)
