"""Part 1: where the weights start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex08_initialization_and_regularization import mistakes_initialization as mistakes

FORBIDDEN: tuple[str, ...] = ("torch",)
"""What no step may take; the parts import it from one another, which puts their tasks in order."""


def _scale_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the example", given=True, n=12, m=4)
    for name in ("a layer that narrows", "another layer"):
        n, m = (int(v) for v in rng.choice(np.arange(5, 900), 2, replace=False))
        yield case(name, n=max(n, m), m=min(n, m))
    yield case("a layer that widens", n=int(rng.integers(5, 50)), m=int(rng.integers(60, 900)))


@task(
    points=2,
    cases=_scale_cases,
    mistakes=mistakes.WEIGHT_SCALES,
    forbid=FORBIDDEN,
    hints={
        "Xavier": "n · std² = 1.",
        "Kaiming": "n · std² = 2.",
        "uniform": "n · α²/3 = 1.",
        "Glorot": "a²/3 = 2/(n + m).",
    },
)
def weight_scales(impl: Any, n: int, m: int) -> dict[str, Any]:
    """Standard deviations and bounds."""
    return {
        "Xavier": float(impl.xavier_std(n)),
        "Kaiming": float(impl.kaiming_std(n)),
        "uniform": float(impl.uniform_bound(n)),
        "Glorot": float(impl.glorot_bound(n, m)),
    }


def _deep_cases(rng: np.random.Generator) -> Iterator[Case]:
    x, weights = np.array([[1.0, 2.0]]), [np.array([[1.0], [1.0]]), np.array([[-2.0]])]
    yield case("the example", given=True, x=x, weights=weights, relu=True)
    for name, sizes, relu, dtype in (
        ("equal widths, tanh", (5, 5, 5, 5), False, "float64"),
        ("different widths, ReLU", (4, 7, 3, 6), True, "float64"),
        ("float32, equal widths", (4, 4, 4), False, "float32"),
    ):
        weights = [rng.standard_normal(s) / np.sqrt(s[0]) for s in zip(sizes, sizes[1:], strict=False)]  # noqa: RUF007
        x = rng.standard_normal((3, sizes[0]))
        yield case(name, x=x.astype(dtype), weights=[w.astype(dtype) for w in weights], relu=relu)
    yield case("one layer", edge="a single layer", x=x[:, :2], weights=[rng.standard_normal((2, 3))], relu=False)


@task(
    points=2,
    cases=_deep_cases,
    mistakes=mistakes.DEEP_ACTIVATIONS,
    forbid=FORBIDDEN,
    hints={
        "layers": "one array per weight matrix.",
        "first": "f(x W) with the first W.",
        "last": "each layer gets the activations of the one before.",
    },
)
def deep_activations(impl: Any, x: np.ndarray, weights: list[np.ndarray], relu: bool) -> dict[str, Any]:
    """How many layers come back, the first and the last."""
    layers = impl.deep_activations(x, weights, lambda s: np.where(s > 0, s, 0 * s) if relu else np.tanh(s))
    return {"layers": len(layers), "first": layers[0], "last": layers[-1]}


def _descend_cases(rng: np.random.Generator) -> Iterator[Case]:
    n, d, h, c = 7, 5, 4, 3
    for name, first, second, steps in (
        ("all zero", 0.0, 0.0, 3),
        ("first layer zero", 0.0, 1.0, 4),
        ("second layer zero, several steps", 1.0, 0.0, 3),
        ("second layer zero, one step", 1.0, 0.0, 1),
        ("drawn", 1.0, 1.0, 2),
    ):
        yield case(
            name,
            x=rng.standard_normal((n, d)),
            labels=rng.permutation(np.arange(n) % c),
            W1=first * rng.standard_normal((d, h)),
            b1=first * (0.5 + rng.random(h)),
            W2=second * rng.standard_normal((h, c)),
            b2=second * rng.standard_normal(c),
            rate=float(rng.uniform(0.05, 0.3)),
            steps=steps,
        )


@task(
    points=3,
    cases=_descend_cases,
    mistakes=mistakes.DESCEND,
    pure=True,
    shares={"moved": 2, "W1": 1, "W2": 1, "b2": 1},
    forbid=FORBIDDEN,
    hints={
        "moved": "compare each parameter after the last step with its start.",
        "W1": "W₁ − rate · gradient, in every step with a gradient of its own.",
    },
)
def descend(
    impl: Any,
    x: np.ndarray,
    labels: np.ndarray,
    W1: np.ndarray,
    b1: np.ndarray,
    W2: np.ndarray,
    b2: np.ndarray,
    rate: float,
    steps: int,
) -> dict[str, Any]:
    """Train the network of class 22, and ask what has moved."""

    def gradients_of(p: Any) -> Any:
        h = np.maximum(0.0, x @ p["W1"] + p["b1"])
        e = np.exp(h @ p["W2"] + p["b2"])
        error = (e / e.sum(axis=1, keepdims=True) - np.eye(len(p["b2"]))[labels]) / len(x)
        g = error @ p["W2"].T * (h > 0)
        return {"W1": x.T @ g, "b1": g.sum(axis=0), "W2": h.T @ error, "b2": error.sum(axis=0)}

    end, moved = impl.descend({"W1": W1, "b1": b1, "W2": W2, "b2": b2}, gradients_of, rate, steps)
    return {"moved": " ".join(sorted(moved)), "W1": end["W1"], "W2": end["W2"], "b2": end["b2"]}
