"""The tasks of exercise 05: every first-order rule of the course, line search, mini-batches, clipping, schedules.

Sources: I2DL lectures 5, 6, 10 and 11; I2DL student summary, V and VI; NAIST Artificial Intelligence, lecture 8; I2DL
exams Aug 2022 (8.3 to 8.6) and Feb 2022 (5.1 to 5.7).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.tasks.ex05_first_order_optimization.descent import (
    backtracking_line_search,
    exact_line_search,
    gradient_descent,
    sgd_update,
    step_sizes,
)
from autograder.tasks.ex05_first_order_optimization.noise import (
    gradient_noise,
    minibatches,
    robbins_monro,
)
from autograder.tasks.ex05_first_order_optimization.rules import (
    adadelta_update,
    adagrad_update,
    momentum_outside_update,
    momentum_update,
    nesterov_update,
    rmsprop_update,
)
from autograder.tasks.ex05_first_order_optimization.rules_adam import (
    adam_update,
    adamax_update,
    adamw_update,
    amsgrad_update,
    bias_correction_answer,
    nadam_update,
)
from autograder.tasks.ex05_first_order_optimization.schedules import (
    clip_by_global_norm,
    clip_by_value,
    fractional_decay,
    reading_curves,
    reduce_on_plateau,
    step_decay,
    transformer_warmup,
)

__all__ = [
    "TITLE",
    "adadelta_update",
    "adagrad_update",
    "adam_update",
    "adamax_update",
    "adamw_update",
    "amsgrad_update",
    "backtracking_line_search",
    "bias_correction_answer",
    "clip_by_global_norm",
    "clip_by_value",
    "exact_line_search",
    "fractional_decay",
    "gradient_descent",
    "gradient_noise",
    "minibatches",
    "momentum_outside_update",
    "momentum_update",
    "nadam_update",
    "nesterov_update",
    "reading_curves",
    "reduce_on_plateau",
    "reference",
    "rmsprop_update",
    "robbins_monro",
    "sgd_update",
    "step_decay",
    "step_sizes",
    "transformer_warmup",
]

TITLE = "First-order optimization"


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import optim

    names = (
        "sgd_update",
        "exact_line_search",
        "backtracking_line_search",
        "momentum_update",
        "momentum_outside_update",
        "adagrad_update",
        "rmsprop_update",
        "adadelta_update",
        "adam_update",
        "adamax_update",
        "amsgrad_update",
        "clip_by_value",
        "clip_by_global_norm",
        "fractional_decay",
        "step_decay",
        "transformer_warmup",
    )
    return Implementation(
        {
            **{name: getattr(optim, name) for name in names},
            "gradient_descent": _gradient_descent,
            "step_sizes": _step_sizes,
            "minibatches": _minibatches,
            "gradient_noise": _gradient_noise,
            "robbins_monro": _robbins_monro,
            "nesterov_update": _nesterov_update,
            "nadam_update": _nadam_update,
            "adamw_update": _adamw_update,
            "reduce_on_plateau": _reduce_on_plateau,
        }
    )


def _gradient_descent(
    gradient: Any, x0: np.ndarray, *, learning_rate: float, tolerance: float, max_steps: int
) -> np.ndarray:
    from i2dl.optim import minimize

    # The rule needs no value; a constant one never ends the walk early.
    path, _ = minimize(lambda _: 0.0, gradient, x0, steps=max_steps, tolerance=tolerance, learning_rate=learning_rate)
    return np.stack(path)


def _step_sizes(curvatures: np.ndarray) -> tuple[float, float, float]:
    """Measure what gradient descent does to a bowl: one step from 1 in every direction gives the factors."""
    from i2dl.optim import sgd_update

    flat, steep = float(np.min(curvatures)), float(np.max(curvatures))
    best = 2.0 / (flat + steep)
    ones = np.ones_like(curvatures)
    factors = sgd_update(ones, curvatures * ones, learning_rate=best)
    return 2.0 / steep, best, float(np.max(np.abs(factors)))


def _minibatches(samples: int, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    from i2dl.data import batches

    everything = np.arange(samples)
    return [indices for indices, _ in batches(everything, everything, batch_size, rng)]


def _gradient_noise(gradients: np.ndarray, batch_size: int) -> float:
    n = len(gradients)
    spread = float(np.mean(np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1)))
    return float(np.sqrt(spread / batch_size * (n - batch_size) / (n - 1)))


def _robbins_monro(power: float) -> tuple[bool, bool]:
    from i2dl.optim import robbins_monro

    found = robbins_monro(lambda n: float(n) ** -power)
    return found.sum_diverges, found.squares_converge


def _nesterov_update(
    w: np.ndarray, gradient: Any, *, velocity: np.ndarray, learning_rate: float, beta: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    from i2dl import optim

    ahead = optim.nesterov_lookahead(w, velocity=velocity, beta=beta)
    return optim.nesterov_update(w, gradient(ahead), velocity=velocity, learning_rate=learning_rate, beta=beta)


def _nadam_update(w: np.ndarray, dw: np.ndarray, *, step: int, beta1: float = 0.9, **options: Any) -> tuple[Any, ...]:
    from i2dl.optim import nadam_update

    return nadam_update(w, dw, step=step, mu_product=beta1**step, beta1=beta1, momentum_decay=None, **options)[:4]


def _adamw_update(w: np.ndarray, dw: np.ndarray, *, adam: Any, **options: Any) -> tuple[Any, ...]:  # noqa: ARG001
    from i2dl.optim import adamw_update

    return adamw_update(w, dw, **options)


def _reduce_on_plateau(
    rate: float, loss: float, *, best: float, bad_epochs: int, factor: float = 0.1, patience: int = 10
) -> tuple[float, float, int]:
    from i2dl.optim import reduce_on_plateau

    options: dict[str, Any] = {"factor": factor, "patience": patience, "threshold": 0.0, "least_change": 0.0}
    return reduce_on_plateau(rate, loss, best=best, bad_epochs=bad_epochs, **options)[:3]
