"""Parts 4 and 5: momentum in three forms, and rates that adapt to each parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex05_first_order_optimization import rules_mistakes as mistakes
from autograder.tasks.ex05_first_order_optimization.draws import walks

LIBRARY = ("torch.optim",)
BETA = (0.9, 0.5, 0.8)

# ---------------------------------------------------------------------------------------------------------------
# 4 Momentum


def _momentum_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from walks(rng, ["velocity"], [], {"beta": BETA})


@task(
    points=2,
    cases=_momentum_cases,
    forbid=LIBRARY,
    mistakes=mistakes.MOMENTUM,
    hints={
        "w after one step": "v ← βv − α dw, and then w ← w + v with the new v.",
        "w after all steps": "v ← βv − α dw, and then w ← w + v with the new v.",
        "velocity": "v ← βv − α dw, with the learning rate inside.",
    },
)
def momentum_update(
    impl: Any, w: np.ndarray, gradients: np.ndarray, rates: list[float], velocity: np.ndarray, beta: float
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, velocity = impl.momentum_update(w, dw, velocity=velocity, learning_rate=rate, beta=beta)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "velocity": velocity}


@task(
    points=1,
    cases=_momentum_cases,
    forbid=LIBRARY,
    mistakes=mistakes.MOMENTUM_OUTSIDE,
    hints={
        "w after one step": "u ← βu + dw, and then w ← w − αu with the new u.",
        "w after all steps": "u ← βu + dw, and then w ← w − αu with the new u.",
        "velocity": "u ← βu + dw, without the learning rate.",
    },
)
def momentum_outside_update(
    impl: Any, w: np.ndarray, gradients: np.ndarray, rates: list[float], velocity: np.ndarray, beta: float
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, velocity = impl.momentum_outside_update(w, dw, velocity=velocity, learning_rate=rate, beta=beta)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "velocity": velocity}


def _nesterov_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, beta, start in (
        ("two variables, from rest", True, (2,), 0.9, 0.0),
        ("a matrix, on the way", False, (3, 4), 0.7, 1.0),
        ("a vector, on the way", False, (5,), 0.9, 0.5),
    ):
        yield case(
            name,
            given=given,
            w=rng.standard_normal(shape),
            curvature=rng.uniform(0.5, 3.0, shape),
            minimum=rng.standard_normal(shape),
            rates=[float(r) for r in rng.uniform(0.05, 0.2, 5)],
            velocity=start * rng.standard_normal(shape),
            beta=beta,
        )


@task(
    points=2,
    cases=_nesterov_cases,
    forbid=LIBRARY,
    mistakes=mistakes.NESTEROV,
    hints={
        "w after one step": "v ← βv − α ∇f(w + βv), and then w ← w + v.",
        "w after all steps": "v ← βv − α ∇f(w + βv), and then w ← w + v.",
        "velocity": "v ← βv − α ∇f(w + βv): the gradient is taken where βv leads to.",
    },
)
def nesterov_update(
    impl: Any,
    w: np.ndarray,
    curvature: np.ndarray,
    minimum: np.ndarray,
    rates: list[float],
    velocity: np.ndarray,
    beta: float,
) -> dict[str, Any]:
    """Some steps down a bowl that is not a parabola."""

    def gradient(x: np.ndarray) -> np.ndarray:
        return curvature * np.arctan(x - minimum)

    visited = []
    for rate in rates:
        w, velocity = impl.nesterov_update(w, gradient, velocity=velocity, learning_rate=rate, beta=beta)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "velocity": velocity}


# ---------------------------------------------------------------------------------------------------------------
# 5 Adaptive rates


def _adagrad_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from walks(rng, [], ["s"], {"eps": (1e-10, 0.1, 0.5)})


@task(
    points=2,
    cases=_adagrad_cases,
    forbid=LIBRARY,
    mistakes=mistakes.ADAGRAD,
    hints={
        "w after one step": "w ← w − α dw / (√s + ε), with the new s.",
        "w after all steps": "w ← w − α dw / (√s + ε), with the new s.",
        "s": "s ← s + dw², entry by entry; nothing is forgotten.",
    },
)
def adagrad_update(
    impl: Any, w: np.ndarray, gradients: np.ndarray, rates: list[float], s: np.ndarray, eps: float
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, s = impl.adagrad_update(w, dw, s=s, learning_rate=rate, eps=eps)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "s": s}


def _rmsprop_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from walks(rng, [], ["s"], {"beta": (0.9, 0.6, 0.8), "eps": (1e-8, 0.1, 0.5)})


@task(
    points=2,
    cases=_rmsprop_cases,
    forbid=LIBRARY,
    mistakes=mistakes.RMSPROP,
    hints={
        "w after one step": "w ← w − α dw / (√s + ε), with the new s.",
        "w after all steps": "w ← w − α dw / (√s + ε), with the new s.",
        "s": "s ← βs + (1 − β) dw², entry by entry.",
    },
)
def rmsprop_update(
    impl: Any, w: np.ndarray, gradients: np.ndarray, rates: list[float], s: np.ndarray, beta: float, eps: float
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, s = impl.rmsprop_update(w, dw, s=s, learning_rate=rate, beta=beta, eps=eps)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "s": s}


def _adadelta_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in walks(rng, [], ["s", "d"], {"rho": (0.9, 0.6, 0.8), "eps": (1e-6, 0.1, 0.3)}):
        inputs = {name: value for name, value in c.inputs.items() if name != "rates"}
        yield case(c.name, edge=c.edge, given=c.given, **inputs)


@task(
    points=3,
    cases=_adadelta_cases,
    forbid=LIBRARY,
    mistakes=mistakes.ADADELTA,
    hints={
        "w after one step": "Δ = dw · √(d + ε) / √(s + ε), with the new s and the old d; then w ← w − Δ.",
        "w after all steps": "Δ = dw · √(d + ε) / √(s + ε), with the new s and the old d; then w ← w − Δ.",
        "s": "s ← ρs + (1 − ρ) dw², entry by entry.",
        "d": "d ← ρd + (1 − ρ) Δ², after the step has been computed.",
    },
)
def adadelta_update(
    impl: Any, w: np.ndarray, gradients: np.ndarray, s: np.ndarray, d: np.ndarray, rho: float, eps: float
) -> dict[str, Any]:
    """Some steps with drawn gradients."""
    visited = []
    for dw in gradients:
        w, s, d = impl.adadelta_update(w, dw, s=s, d=d, rho=rho, eps=eps)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "s": s, "d": d}
