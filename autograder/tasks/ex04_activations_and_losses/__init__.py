"""The tasks of exercise 04: every activation, every loss, every regularizer, forward and backward (NumPy).

Sources: I2DL lectures 3, 4 and 7 and exam Feb 2022; NAIST *Artificial Intelligence*, lecture 8; Georgia Tech CS
4803/7643; WPI CS 4342, class 22.
"""

from __future__ import annotations

from typing import Any

from autograder.tasks.ex04_activations_and_losses.activations import (
    dead_units,
    elu,
    identity_and_step,
    leaky_relu,
    maxout,
    prelu,
    sigmoid,
    softmax,
    softplus,
    swish,
    tanh,
)
from autograder.tasks.ex04_activations_and_losses.activations_quiz import quiz_activations, quiz_properties
from autograder.tasks.ex04_activations_and_losses.losses import (
    binary_cross_entropy,
    binary_softmax_loss,
    hinge_loss,
    regression_losses,
    softmax_loss,
    svm_loss,
    why_zero_one_cannot_teach,
    zero_one_loss,
)
from autograder.tasks.ex04_activations_and_losses.losses_quiz import quiz_losses
from autograder.tasks.ex04_activations_and_losses.regularizers import (
    best_weight,
    elastic_net_penalty,
    full_loss,
    max_norm,
    reference_best_weight,
    reference_full_loss,
    weight_decay,
    why_l1_makes_zeros,
)

__all__ = [
    "TITLE",
    "best_weight",
    "binary_cross_entropy",
    "binary_softmax_loss",
    "dead_units",
    "elastic_net_penalty",
    "elu",
    "full_loss",
    "hinge_loss",
    "identity_and_step",
    "leaky_relu",
    "max_norm",
    "maxout",
    "prelu",
    "quiz_activations",
    "quiz_losses",
    "quiz_properties",
    "reference",
    "regression_losses",
    "sigmoid",
    "softmax",
    "softmax_loss",
    "softplus",
    "svm_loss",
    "swish",
    "tanh",
    "weight_decay",
    "why_l1_makes_zeros",
    "why_zero_one_cannot_teach",
    "zero_one_loss",
]

TITLE = "Activations and losses"

FROM_THE_LIBRARY = (
    *(
        f"{name}_{way}"
        for name in (
            "identity",
            "step",
            "sigmoid",
            "tanh",
            "leaky_relu",
            "prelu",
            "elu",
            "softplus",
            "swish",
            "maxout",
            "softmax",
        )
        for way in ("forward", "backward")
    ),
    "l1_loss",
    "mse_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_softmax_loss",
    "hinge_loss",
    "zero_one_loss",
    "softmax_loss",
    "svm_loss",
    "elastic_net_penalty",
    "max_norm",
    "weight_decay_coupled",
    "weight_decay_decoupled",
)


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import functional as f

    return Implementation(
        {name: getattr(f, name) for name in FROM_THE_LIBRARY}
        | {
            "dead_units": lambda x, w, b: ~(f.affine_forward(x, w, b)[0] > 0).any(axis=0),
            "full_loss": reference_full_loss,
            "best_weight": reference_best_weight,
        }
    )
