"""The tasks of exercise 07: a network in PyTorch, and the recipe for training it.

Sources: I2DL lecture 6 (training neural networks); lecture 7 and the student summary VIII.2 (early stopping).
"""

from __future__ import annotations

from typing import Any

from autograder.tasks.ex07_training_a_network.first_steps import evaluate, overfit, train_step
from autograder.tasks.ex07_training_a_network.found_mistakes import mend_data, mend_epoch
from autograder.tasks.ex07_training_a_network.loop import bias_variance, early_stopping, fit, reading_curves
from autograder.tasks.ex07_training_a_network.network import initial_loss, leaked, mlp, numbers
from autograder.tasks.ex07_training_a_network.running import log_run, time_iterations, training_estimate
from autograder.tasks.ex07_training_a_network.search_rates import learning_rate_search, sample_learning_rates
from autograder.tasks.ex07_training_a_network.searching import (
    coarse_to_fine,
    grid_points,
    random_points,
    refine,
    search,
)
from autograder.tasks.ex07_training_a_network.trained import choose, digits_accuracy, own_accuracy, own_network

__all__ = [
    "PROVIDES",
    "TITLE",
    "bias_variance",
    "choose",
    "coarse_to_fine",
    "digits_accuracy",
    "early_stopping",
    "evaluate",
    "fit",
    "grid_points",
    "initial_loss",
    "leaked",
    "learning_rate_search",
    "log_run",
    "mend_data",
    "mend_epoch",
    "mlp",
    "numbers",
    "overfit",
    "own_accuracy",
    "own_network",
    "random_points",
    "reading_curves",
    "reference",
    "refine",
    "sample_learning_rates",
    "search",
    "time_iterations",
    "train_step",
    "training_estimate",
]

TITLE = "Training a network"
PROVIDES = ("i2dl.bridge",)


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import search, training
    from i2dl.models import MLP

    return Implementation(
        {
            "leaked": training.leaked,
            "MLP": MLP,
            "OwnMLP": MLP,
            "initial_loss": training.initial_loss,
            "fit_weights": "train",
            "choose_rate": "validation",
            "report": "test",
            "parameter_count": lambda sizes: sum(p.numel() for p in MLP(sizes).parameters()),
            "iteration_count": lambda samples, batch_size, epochs: epochs * -(-samples // batch_size),
            "train_step": training.train_step,
            "evaluate": training.evaluate,
            "train_epoch": _train_epoch,
            "prepare": _prepare,
            "fit": _fit,
            "bias_variance": training.bias_variance,
            "EarlyStopping": training.EarlyStopping,
            "time_iterations": training.time_iterations,
            "training_estimate": training.training_estimate,
            "log_run": training.log_run,
            "learning_rate_search": _learning_rate_search,
            "grid_points": search.grid_points,
            "search": search.search,
            "refine": search.refine,
            "coarse_to_fine": _coarse_to_fine,
            "choose": search.choose,
        }
    )


# What the notebook's functions are given beside their data, the library's have by themselves.


def _fit(*data: Any, step: Any, measure: Any, **options: Any) -> Any:
    from i2dl import training

    del step, measure
    return training.fit(*data, **options)


def _coarse_to_fine(*data: Any, random_points: Any, search: Any, refine: Any, **options: Any) -> Any:
    from i2dl.search import coarse_to_fine

    del random_points, search, refine
    return coarse_to_fine(*data, **options)


def _learning_rate_search(
    build: Any, rates: Any, train: Any, validation: Any, *, iterations: int, step: Any, measure: Any
) -> list[float]:
    from i2dl import training

    del step, measure
    everything = len(train[0])
    found = training.learning_rate_search(
        build, train, validation, rates, seed=0, iterations=iterations, batch_size=everything
    )
    return [loss for _, loss in found]


def _train_epoch(model: Any, optimizer: Any, minibatches: Any) -> float:
    import numpy as np

    from i2dl.training import train_step

    losses = [train_step(model, optimizer, x, y) for x, y in minibatches]
    return float(np.average(losses, weights=[len(y) for _, y in minibatches]))


def _prepare(images: Any, labels: Any, rng: Any) -> Any:
    order = rng.permutation(len(images))
    held_back, kept = order[: len(images) // 5], order[len(images) // 5 :]
    mean, spread = images[kept].mean(), images[kept].std()
    return ((images[kept] - mean) / spread, labels[kept]), ((images[held_back] - mean) / spread, labels[held_back])
