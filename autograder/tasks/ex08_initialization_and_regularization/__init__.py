"""The tasks of exercise 08: initialization, dropout, normalization, augmentation, early stopping, ensembles.

No task needs another: what a step takes from an earlier one is handed to it.

Sources: I2DL lectures 7 and 8, student summary VII and VIII, exams Aug 2020, Jul 2021, Feb 2022 and Aug 2022;
WPI CS 4342, class 22.
"""

from __future__ import annotations

from autograder.tasks.ex08_initialization_and_regularization.answers import reference
from autograder.tasks.ex08_initialization_and_regularization.batch_norm import (
    batch_norm_compact,
    batch_norm_forward,
    batch_norm_graph,
    batch_norm_numbers,
    train_test,
    why_two_modes,
)
from autograder.tasks.ex08_initialization_and_regularization.data import (
    shifted_crops,
    ten_crops,
    which_augmentation,
)
from autograder.tasks.ex08_initialization_and_regularization.dropout import (
    dropout_inverted,
    dropout_mask,
    dropout_numbers,
    dropout_test_scaling,
    monte_carlo,
)
from autograder.tasks.ex08_initialization_and_regularization.ensembles import bootstrap, combine, early_stopping
from autograder.tasks.ex08_initialization_and_regularization.initialization import (
    deep_activations,
    descend,
    weight_scales,
)
from autograder.tasks.ex08_initialization_and_regularization.norms import group_norm, layer_norm

__all__ = [
    "TITLE",
    "batch_norm_compact",
    "batch_norm_forward",
    "batch_norm_graph",
    "batch_norm_numbers",
    "bootstrap",
    "combine",
    "deep_activations",
    "descend",
    "dropout_inverted",
    "dropout_mask",
    "dropout_numbers",
    "dropout_test_scaling",
    "early_stopping",
    "group_norm",
    "layer_norm",
    "monte_carlo",
    "reference",
    "shifted_crops",
    "ten_crops",
    "train_test",
    "weight_scales",
    "which_augmentation",
    "why_two_modes",
]

TITLE = "Initialization and regularization"
