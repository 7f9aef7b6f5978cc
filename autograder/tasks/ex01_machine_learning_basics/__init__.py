"""The tasks of exercise 01: neighbours, clusters and lines (NumPy).

Sources: I2DL lecture 2; student summary, II; Georgia Tech CS 4803/7643, hard cases for a linear classifier.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.tasks.ex01_machine_learning_basics.distances import (
    distances_no_loops,
    distances_one_loop,
    distances_two_loops,
    majority_vote,
)
from autograder.tasks.ex01_machine_learning_basics.folds import (
    choose_k,
    cross_validate,
    digits_accuracy,
    k_fold_indices,
    why_three_parts,
)
from autograder.tasks.ex01_machine_learning_basics.hidden_structure import (
    kmeans,
    kmeans_assign,
    kmeans_update,
    pca,
    pca_reconstruct,
)
from autograder.tasks.ex01_machine_learning_basics.lines import (
    gaussian_likelihood,
    least_squares,
    least_squares_loss,
    linear_prediction,
    why_squares,
)
from autograder.tasks.ex01_machine_learning_basics.logistic import (
    bent_features,
    counts,
    logistic_loss,
    logistic_regression,
)

__all__ = [
    "TITLE",
    "bent_features",
    "choose_k",
    "counts",
    "cross_validate",
    "digits_accuracy",
    "distances_no_loops",
    "distances_one_loop",
    "distances_two_loops",
    "gaussian_likelihood",
    "k_fold_indices",
    "kmeans",
    "kmeans_assign",
    "kmeans_update",
    "least_squares",
    "least_squares_loss",
    "linear_prediction",
    "logistic_loss",
    "logistic_regression",
    "majority_vote",
    "pca",
    "pca_reconstruct",
    "reference",
    "why_squares",
    "why_three_parts",
]

TITLE = "Machine-learning basics"


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses.

    The notebook's X has its column of ones; the library adds it by itself.
    """
    from autograder.inside import Implementation
    from i2dl import classic
    from i2dl.functional import sigmoid_forward

    return Implementation(
        {
            "distances_two_loops": classic.distances_two_loops,
            "distances_one_loop": classic.distances_one_loop,
            "distances_no_loops": classic.distances_no_loops,
            "majority_vote": classic.majority_vote,
            "k_fold_indices": classic.k_fold_indices,
            "cross_validate": _cross_validate,
            "choose_k": lambda accuracies: max(accuracies, key=lambda k: (np.mean(accuracies[k]), k)),
            "kmeans_assign": classic.kmeans_assign,
            "kmeans_update": classic.kmeans_update,
            "kmeans": _kmeans,
            "pca": _pca,
            "pca_project": lambda x, mean, directions: classic.pca_project(x, _components(mean, directions)),
            "pca_reconstruct": lambda z, mean, directions: classic.pca_reconstruct(z, _components(mean, directions)),
            "add_bias_column": classic.add_bias_column,
            "linear_prediction": lambda X, theta: classic.linear_prediction(X[:, 1:], theta),
            "least_squares_loss": lambda theta, X, y: classic.least_squares_loss(theta, X[:, 1:], y),
            "least_squares": lambda X, y: classic.least_squares(X[:, 1:], y),
            "gaussian_log_likelihood": _gaussian_log_likelihood,
            "noise_estimate": lambda prediction, y: classic.noise_estimate(*_as_model(prediction), y),
            "sigmoid": lambda z: sigmoid_forward(z)[0],
            "logistic_loss": lambda theta, X, y: classic.logistic_loss(theta, X[:, 1:], y),
            "logistic_regression": _logistic_regression,
        }
    )


class _Order:
    """Stands in for a generator, and "draws" the order that it is given."""

    def __init__(self, order: np.ndarray) -> None:
        self._order = order

    def permutation(self, n: int) -> np.ndarray:
        assert n == len(self._order)
        return self._order


def _cross_validate(score: Any, x: np.ndarray, y: np.ndarray, folds: Any) -> np.ndarray:
    from i2dl import classic

    order: Any = _Order(np.concatenate([left_out for _, left_out in folds]))
    return classic.cross_validate(score, x, y, k=len(folds), rng=order)


def _kmeans(x: np.ndarray, centres: np.ndarray, _assign: Any, _update: Any, *, rounds: int) -> tuple[Any, ...]:
    from i2dl import classic

    fit = classic.kmeans(x, k=len(centres), rng=np.random.default_rng(0), start=centres, rounds=rounds)
    return fit.centres, fit.labels, fit.history


def _pca(x: np.ndarray, *, components: int) -> tuple[Any, ...]:
    from i2dl import classic

    found = classic.pca(x, components=components)
    return found.mean, found.directions, found.variances


def _components(mean: np.ndarray, directions: np.ndarray) -> Any:
    from i2dl.classic import PrincipalComponents

    unused = np.ones(len(directions))
    return PrincipalComponents(mean, directions, unused, unused)


def _as_model(prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and data of a model that predicts its only feature: ŷ = 0 + 1·ŷ."""
    return np.array([0.0, 1.0], dtype=prediction.dtype), prediction[:, None]


def _gaussian_log_likelihood(prediction: np.ndarray, y: np.ndarray, *, sigma: float) -> Any:
    from i2dl import classic

    return classic.gaussian_log_likelihood(*_as_model(prediction), y, sigma=sigma)[0]


def _logistic_regression(X: np.ndarray, y: np.ndarray, _loss: Any, *, learning_rate: float, steps: int) -> Any:
    from i2dl import classic

    fit = classic.logistic_regression(X[:, 1:], y, learning_rate=learning_rate, steps=steps, tolerance=0.0)
    return fit.theta, fit.losses
