"""The tasks of exercise 07: a network in PyTorch, and the recipe for training it.

Sources: I2DL lecture 6 (training neural networks); lecture 7 and the student summary VIII.2 (early stopping).
"""

from __future__ import annotations

from typing import Any

from autograder.tasks.ex07_training_a_network.network import (
    SIZES,
    evaluate,
    initial_loss,
    mlp,
    numbers,
    overfit,
    train_step,
)
from autograder.tasks.ex07_training_a_network.recipe import (
    digits_accuracy,
    early_stopping,
    fit,
    learning_rate_search,
    own_accuracy,
    own_network,
    reading_curves,
    sample_learning_rates,
)

__all__ = [
    "PROVIDES",
    "TITLE",
    "digits_accuracy",
    "early_stopping",
    "evaluate",
    "fit",
    "initial_loss",
    "learning_rate_search",
    "mlp",
    "numbers",
    "overfit",
    "own_accuracy",
    "own_network",
    "reading_curves",
    "reference",
    "sample_learning_rates",
    "train_step",
]

TITLE = "Training a network"
PROVIDES = ("i2dl.bridge",)


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import training
    from i2dl.models import MLP

    return Implementation(
        {
            "MLP": MLP,
            "OwnMLP": MLP,
            "initial_loss": training.initial_loss,
            "train_step": training.train_step,
            "evaluate": training.evaluate,
            "fit": training.fit,
            "EarlyStopping": training.EarlyStopping,
            "learning_rate_search": _learning_rate_search,
            "fit_weights": "train",
            "choose_rate": "validation",
            "report": "test",
            "parameters": sum(p.numel() for p in MLP(SIZES).parameters()),
            "start_loss": training.initial_loss(1000),
            "iterations": 20 * -(-1077 // 32),
        }
    )


def _learning_rate_search(build: Any, rates: Any, train: Any, validation: Any, *, iterations: int) -> list[float]:
    from i2dl import training

    everything = len(train[0])
    found = training.learning_rate_search(
        build, train, validation, rates, seed=0, iterations=iterations, batch_size=everything
    )
    return [loss for _, loss in found]
