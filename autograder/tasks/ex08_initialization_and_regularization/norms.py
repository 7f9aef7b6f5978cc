"""Part 4: layer, instance and group norm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex08_initialization_and_regularization import mistakes_norms as mistakes
from autograder.tasks.ex08_initialization_and_regularization.batch_norm import FORBIDDEN, draw_affine


def _layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    numbers = {"x": [[1.0, 3.0]], "gamma": [2.0, 4.0], "beta": [0.0, 5.0], "dout": [[1.0, 0.5]]}
    example: dict[str, Any] = {name: np.array(values) for name, values in numbers.items()}
    yield case("the example", given=True, eps=1e-2, **example)
    for name, (n, d), eps, dtype in (
        ("a tall batch", (6, 4), 1e-5, "float64"),
        ("a wide batch, a large ε", (3, 7), 0.4, "float64"),
        ("float32", (4, 5), 0.05, "float32"),
    ):
        x = rng.standard_normal((n, d)) * 2 + rng.uniform(-3, 3, (n, 1))
        arrays: dict[str, Any] = {"x": x, **draw_affine(rng, d), "dout": rng.standard_normal((n, d))}
        yield case(name, eps=eps, **{k: v.astype(dtype) for k, v in arrays.items()})
    x, dout = rng.standard_normal((2, 1, 6))
    yield case("one sample", edge="a batch of one", x=x, dout=dout, eps=1e-3, **draw_affine(rng, 6))


@task(
    points=4,
    cases=_layer_cases,
    mistakes=mistakes.LAYER_NORM,
    pure=True,
    shares={"out": 2, "dx": 3, "dgamma": 1, "dbeta": 1},
    forbid=FORBIDDEN,
    hints={
        "out": "γ x̂ + β, with mean and variance over the features, axis 1.",
        "dx": "r (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) with dx̂ = γ · dout and means over axis 1.",
        "dgamma": "the sum of dout · x̂ over the samples.",
        "dbeta": "the sum of dout over the samples.",
    },
)
def layer_norm(
    impl: Any, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dout: np.ndarray, eps: float
) -> dict[str, Any]:
    """Forward; and backward from a cache of our own, so that either counts by itself."""
    out, _ = impl.layer_norm_forward(x, gamma, beta, eps)
    c = x - x.mean(axis=1, keepdims=True)
    r = 1 / np.sqrt((c * c).mean(axis=1, keepdims=True) + eps)
    dx, dgamma, dbeta = impl.layer_norm_backward(dout, (c, r.astype(x.dtype), gamma))
    return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def _group_cases(rng: np.random.Generator) -> Iterator[Case]:
    x = np.array([1.0, 3.0, 10.0, 30.0]).reshape(1, 4, 1, 1)
    yield case("the example", given=True, x=x, gamma=np.ones(4), beta=np.zeros(4), groups=2, eps=1e-12)
    for name, shape, groups, eps, dtype in (
        ("two groups of three", (3, 6, 4, 5), 2, 1e-5, "float64"),
        ("three groups of two, a large ε", (2, 6, 3, 2), 3, 0.3, "float64"),
        ("four groups of two, float32", (3, 8, 2, 3), 4, 0.02, "float32"),
        ("one group: layer norm", (4, 5, 2, 3), 1, 1e-3, "float64"),
        ("as many groups as channels: instance norm", (2, 4, 3, 5), 4, 1e-3, "float64"),
    ):
        channels = rng.uniform(-3, 3, (1, shape[1], 1, 1))
        arrays: dict[str, Any] = {"x": rng.standard_normal(shape) * rng.uniform(0.5, 3, channels.shape) + channels}
        arrays |= draw_affine(rng, shape[1])
        edge = name if ":" in name else ""
        yield case(name, edge=edge, groups=groups, eps=eps, **{k: v.astype(dtype) for k, v in arrays.items()})


@task(
    points=3,
    cases=_group_cases,
    mistakes=mistakes.GROUP_NORM,
    pure=True,
    forbid=FORBIDDEN,
    hints={"out": "one mean and variance for each sample and each C/G neighbouring channels, over all positions."},
)
def group_norm(
    impl: Any, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, eps: float
) -> dict[str, Any]:
    """The output."""
    return {"out": impl.group_norm(x, gamma, beta, groups, eps)}
