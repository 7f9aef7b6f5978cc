"""Part 3: batch norm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex08_initialization_and_regularization import mistakes_batch_norm as mistakes
from autograder.tasks.ex08_initialization_and_regularization.dropout import FORBIDDEN


def draw_affine(rng: np.random.Generator, d: int) -> dict[str, Any]:
    """Draw γ, away from 0 and of either sign, and β."""
    return {"gamma": rng.uniform(0.4, 2.2, d) * rng.choice([-1.0, 1.0], d), "beta": rng.standard_normal(d)}


def _forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    one: dict[str, Any] = {"gamma": np.array([2.0]), "beta": np.array([5.0]), "eps": 1e-12}
    yield case("the example", given=True, x=np.array([[1.0], [3.0]]), **one)
    for name, (n, d), eps, dtype in (
        ("a batch", (6, 4), 1e-5, "float64"),
        ("a large ε", (5, 3), 0.3, "float64"),
        ("a wide batch, far from 0", (3, 7), 0.05, "float64"),
        ("float32", (8, 5), 1e-3, "float32"),
    ):
        x = rng.standard_normal((n, d)) * rng.uniform(0.5, 3, d) + rng.uniform(-4, 4, d)
        arrays: dict[str, Any] = {"x": x, **draw_affine(rng, d)}
        yield case(name, eps=eps, **{k: v.astype(dtype) for k, v in arrays.items()})
    x = rng.standard_normal((4, 3))
    x[:, 1] = 0.5
    yield case("a constant feature", edge="a feature that never changes", x=x, eps=1e-5, **draw_affine(rng, 3))


@task(
    points=3,
    cases=_forward_cases,
    mistakes=mistakes.BATCH_NORM_FORWARD,
    pure=True,
    shares={"out": 2, "c": 1, "r": 1},
    forbid=FORBIDDEN,
    hints={
        "out": "γ x̂ + β, with mean and variance over the samples, axis 0.",
        "c": "x minus the mean over the samples.",
        "r": "1/√(σ² + ε), one number for each feature.",
    },
)
def batch_norm_forward(impl: Any, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> dict[str, Any]:
    """The output, and what is handed to the backward pass."""
    out, (c, r, _) = impl.batch_norm_forward(x, gamma, beta, eps)
    return {"out": out, "c": c, "r": np.reshape(r, -1)}


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, (n, d), eps, dtype in (
        ("a small batch", True, (3, 2), 0.1, "float64"),
        ("a tall batch", False, (7, 4), 0.3, "float64"),
        ("a wide batch", False, (4, 6), 0.05, "float64"),
        ("float32", False, (5, 3), 0.2, "float32"),
    ):
        x = rng.standard_normal((n, d)) * rng.uniform(0.5, 2, d)
        c, gamma = x - x.mean(axis=0), draw_affine(rng, d)["gamma"]
        r = 1 / np.sqrt((c**2).mean(axis=0) + eps)
        arrays = {"dout": rng.standard_normal((n, d)), "c": c, "r": r, "gamma": gamma}
        yield case(name, given=given, **{k: v.astype(dtype) for k, v in arrays.items()})
    c, r, gamma = np.zeros((1, 3)), rng.uniform(0.5, 2, 3), draw_affine(rng, 3)["gamma"]
    yield case("one sample", edge="a batch of one", dout=rng.standard_normal((1, 3)), c=c, r=r, gamma=gamma)


@task(
    points=5,
    cases=_backward_cases,
    mistakes=mistakes.BATCH_NORM_GRAPH,
    pure=True,
    shares={"dgamma": 1, "dbeta": 1, "dr": 1, "dv": 1, "dc": 2, "dmu": 1, "dx": 3},
    forbid=FORBIDDEN,
    hints={
        "dgamma": "the sum of dout · x̂ over the samples.",
        "dbeta": "the sum of dout over the samples.",
        "dr": "the sum of dx̂ · c over the samples, with dx̂ = γ · dout.",
        "dv": "−½ r³ dr.",
        "dc": "dx̂ · r from x̂, plus 2c · dv/N from the variance.",
        "dmu": "minus the sum of dc over the samples.",
        "dx": "dc, and dmu/N for every sample.",
    },
)
def batch_norm_graph(impl: Any, dout: np.ndarray, c: np.ndarray, r: np.ndarray, gamma: np.ndarray) -> dict[str, Any]:
    """The gradient of every node."""
    found = impl.batch_norm_graph(dout, (c, r, gamma))
    return {name: found.get(name) for name in ("dgamma", "dbeta", "dr", "dv", "dc", "dmu", "dx")}


@task(
    points=3,
    cases=_backward_cases,
    mistakes=mistakes.BATCH_NORM_COMPACT,
    pure=True,
    shares={"dx": 2, "dgamma": 1, "dbeta": 1},
    forbid=FORBIDDEN,
    hints={
        "dx": "γ r (dout − dβ/N − x̂ dγ/N).",
        "dgamma": "the sum of dout · x̂ over the samples.",
        "dbeta": "the sum of dout over the samples.",
    },
)
def batch_norm_compact(impl: Any, dout: np.ndarray, c: np.ndarray, r: np.ndarray, gamma: np.ndarray) -> dict[str, Any]:
    """The three gradients."""
    dx, dgamma, dbeta = impl.batch_norm_backward(dout, (c, r, gamma))
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def _running_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, (n, d), momentum, eps, dtype in (
        ("a small batch", True, (2, 1), 0.9, 1e-5, "float64"),
        ("a batch", False, (5, 3), 0.8, 0.1, "float64"),
        ("a slow average", False, (4, 6), 0.99, 0.3, "float64"),
        ("float32", False, (7, 2), 0.7, 0.05, "float32"),
    ):
        arrays: dict[str, Any] = {
            "x": rng.standard_normal((n, d)) * 2 + 1,
            **draw_affine(rng, d),
            "running_mean": rng.standard_normal(d),
            "running_var": rng.uniform(0.3, 3, d),
        }
        yield case(name, given=given, momentum=momentum, eps=eps, **{k: v.astype(dtype) for k, v in arrays.items()})
    arrays = {k: v[:1] if k == "x" else v for k, v in arrays.items()}
    yield case("one sample", edge="a batch of one", momentum=0.9, eps=1e-3, **arrays)


@task(
    points=4,
    cases=_running_cases,
    mistakes=mistakes.TRAIN_TEST,
    pure=True,
    shares={"running_mean": 1, "running_var": 1, "out at test time": 2},
    forbid=FORBIDDEN,
    hints={
        "running_mean": "βₘ times the old one, plus 1 − βₘ times the mean of the batch.",
        "running_var": "βₘ times the old one, plus 1 − βₘ times the variance of the batch, divided by N.",
        "out at test time": "γ (x − running mean)/√(running variance + ε) + β.",
    },
)
def train_test(
    impl: Any,
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    momentum: float,
    eps: float,
) -> dict[str, Any]:
    """The running averages after a batch, and the output at test time with those from before."""
    out = impl.batch_norm_test(x, gamma, beta, running_mean, running_var, eps)
    mean, var = impl.update_running(running_mean, running_var, x, momentum)
    return {"running_mean": mean, "running_var": var, "out at test time": out}


def _number_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the exam's feature maps", given=True, shape=[8, 3, 32, 64])
    yield case("behind an affine layer", shape=[int(v) for v in rng.choice(np.arange(3, 200), 2, replace=False)])
    for name in ("feature maps", "others"):
        yield case(name, shape=[int(v) for v in rng.choice(np.arange(3, 40), 4, replace=False)])


@task(
    points=2,
    cases=_number_cases,
    mistakes=mistakes.BATCH_NORM_NUMBERS,
    hints={
        "learned": "a γ and a β for each feature or channel, axis 1.",
        "running": "a mean and a variance for each feature or channel, axis 1.",
        "per mean": "all entries that one feature or channel has in the batch.",
    },
)
def batch_norm_numbers(impl: Any, shape: list[int]) -> dict[str, Any]:
    """What is learned, what is kept, and what a mean is taken over."""
    return {
        "learned": impl.learned_numbers(tuple(shape)),
        "running": impl.running_numbers(tuple(shape)),
        "per mean": impl.numbers_per_mean(tuple(shape)),
    }


why_two_modes = written("why_two_modes", points=3)
