"""Three functions to descend on, with their gradients: a ravine, Rosenbrock's valley, a logistic regression."""

import numpy as np
import torch
from array_api_compat import array_namespace

CURVATURES = np.array([1.0, 10.0, 100.0])
RNG = np.random.default_rng(0)
FEATURES = np.concatenate([RNG.normal(size=(40, 3)), np.ones((40, 1))], axis=1)
LABELS = (FEATURES @ np.array([2.0, -1.0, 0.5, 0.3]) + 0.5 * RNG.normal(size=40) > 0).astype("float64")


def sigmoid(s):
    return 1.0 / (1.0 + array_namespace(s).exp(-s))


def ravine_gradient(x, curvatures):
    return curvatures * x


def rosenbrock_gradient(x, one):
    across, along = x[0], x[1]
    return array_namespace(x).stack(
        [2.0 * (across - one[0]) - 400.0 * across * (along - across**2), 200.0 * (along - across**2)]
    )


def logistic_gradient(x, features, labels):
    xp = array_namespace(x)
    return xp.matmul(xp.matrix_transpose(features), sigmoid(xp.matmul(features, x)) - labels) / features.shape[0]


# Gradient and loss of each problem, where it starts, and the numbers that belong to it.
PROBLEMS = {
    "ravine": (ravine_gradient, lambda x, c: (0.5 * c * x**2).sum(), np.array([3.0, -2.0, 1.0]), [CURVATURES]),
    "rosenbrock": (
        rosenbrock_gradient,
        lambda x, one: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
        np.array([-1.2, 1.0]),
        [np.ones(1)],
    ),
    "logistic regression": (
        logistic_gradient,
        lambda x, a, y: torch.nn.functional.binary_cross_entropy_with_logits(a @ x, y),
        np.zeros(4),
        [FEATURES, LABELS],
    ),
}
# Rates with which every rule descends and none diverges.
SMALL = {"ravine": 0.005, "rosenbrock": 1e-4, "logistic regression": 0.3}
RATES = dict.fromkeys(("sgd", "momentum", "momentum_outside", "nesterov", "nesterov_outside"), SMALL)


def rate_of(rule, problem):
    return 1.0 if rule == "adadelta" else RATES.get(rule, dict.fromkeys(PROBLEMS, 0.01))[problem]
