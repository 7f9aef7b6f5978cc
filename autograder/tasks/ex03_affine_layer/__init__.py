"""The tasks of exercise 03: the affine layer, and the first network built from it (NumPy).

Sources: D. Halperin, *Matrix derivatives* (2022); I2DL lecture 7; WPI CS 4342, class 22.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.tasks.ex03_affine_layer.layers import (
    affine_backward,
    affine_forward,
    flatten,
    quiz_jacobian,
    relu,
    sigmoid,
    toy_network,
)
from autograder.tasks.ex03_affine_layer.network import (
    digits_accuracy,
    mse_loss,
    numerical_gradient,
    sgd_update,
    softmax_loss,
    two_layer_loss,
    why_zeros_fail,
    zero_initialization,
)
from autograder.tasks.ex03_affine_layer.numbers import quiz

__all__ = [
    "TITLE",
    "affine_backward",
    "affine_forward",
    "digits_accuracy",
    "flatten",
    "mse_loss",
    "numerical_gradient",
    "quiz",
    "quiz_jacobian",
    "reference",
    "relu",
    "sgd_update",
    "sigmoid",
    "softmax_loss",
    "toy_network",
    "two_layer_loss",
    "why_zeros_fail",
    "zero_initialization",
]

TITLE = "The affine layer"


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import functional as f
    from i2dl.autodiff import numerical_gradient
    from i2dl.optim.rules import sgd_update

    return Implementation(
        {
            "flatten": lambda x: f.flatten_forward(x)[0],
            "affine_forward": f.affine_forward,
            "affine_backward": f.affine_backward,
            "sigmoid_forward": f.sigmoid_forward,
            "sigmoid_backward": f.sigmoid_backward,
            "relu_forward": f.relu_forward,
            "relu_backward": f.relu_backward,
            "square_forward": lambda x: (x**2, x),
            "square_backward": lambda dout, x: 2 * x * dout,
            "toy_network": _toy_network,
            "mse_loss": f.mse_loss,
            "softmax_loss": f.softmax_loss,
            "numerical_gradient": lambda f, x, h=1e-5: numerical_gradient(f, x, h=h),
            "two_layer_loss": _two_layer_loss,
            "sgd_update": sgd_update,
            "moving_parameters": _moving_parameters,
        }
    )


def _toy_network(x: np.ndarray, w: np.ndarray, _: Any, activation: Any) -> tuple[Any, ...]:
    from i2dl import functional as f

    forward, backward = activation
    y, affine_cache = f.affine_forward(x, w, np.zeros(w.shape[1]))
    out, cache = forward(y)
    df = np.ones_like(out)
    dy = backward(df, cache)
    dx, dw, _ = f.affine_backward(dy, affine_cache)
    return out.sum(), df, dy, dx, dw


def _two_layer_loss(x: np.ndarray, y: np.ndarray, *parameters_and_layers: Any) -> tuple[Any, ...]:
    from i2dl import functional as f

    return f.two_layer_loss(x, y, *parameters_and_layers[:4])


def _moving_parameters(
    gradients_of: Any, parameters: list[np.ndarray], *, learning_rate: float, steps: int
) -> set[str]:
    from i2dl.optim.rules import sgd_update

    now = parameters
    for _ in range(steps):
        gradients = gradients_of(now)
        now = [sgd_update(p, dp, learning_rate=learning_rate) for p, dp in zip(now, gradients, strict=True)]
    names = ("w1", "b1", "w2", "b2")
    return {name for name, p, q in zip(names, parameters, now, strict=True) if np.any(p != q)}
