"""Part 6: Adam and its relatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex05_first_order_optimization import rules_adam_mistakes as mistakes
from autograder.tasks.ex05_first_order_optimization.draws import walks

LIBRARY = ("torch.optim",)
STEPS_BEFORE = (0, 3, 11, 2, 0)
HYPER = {"beta1": (0.9, 0.5, 0.8), "beta2": (0.999, 0.9, 0.7), "eps": (1e-8, 0.1, 0.3)}
WEIGHT = "w ← w − α m̂ / (√v̂ + ε), with the moments of this step."
COUNT = "one step more than came in."


def _walks(rng: np.random.Generator, squares: Sequence[str], hyper: Any) -> Iterator[Case]:
    """Yield walks that begin with the first step or later, as the counter says."""
    for c, step in zip(walks(rng, ["m"], squares, hyper), STEPS_BEFORE, strict=True):
        yield case(c.name, edge=c.edge, given=c.given, **c.inputs, step=step)


def _adam_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _walks(rng, ["v"], HYPER)


@task(
    points=4,
    cases=_adam_cases,
    forbid=LIBRARY,
    shares={
        "w after one step": 2,
        "w after all steps": 2,
        "m": 1,
        "v": 1,
        "step": 0.5,
        "w without bias correction": 1.5,
    },
    mistakes=mistakes.ADAM,
    hints={
        "w after one step": WEIGHT,
        "w after all steps": WEIGHT,
        "m": "m ← β₁m + (1 − β₁) dw, returned as it is, not corrected.",
        "v": "v ← β₂v + (1 − β₂) dw², returned as it is, not corrected.",
        "step": COUNT,
        "w without bias correction": "with bias_correction=False, m and v stand in the step as they are.",
    },
)
def adam_update(
    impl: Any,
    w: np.ndarray,
    gradients: np.ndarray,
    rates: list[float],
    m: np.ndarray,
    v: np.ndarray,
    step: int,
    beta1: float,
    beta2: float,
    eps: float,
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates, and one without the correction."""
    hyper = {"beta1": beta1, "beta2": beta2, "eps": eps}
    visited = []
    plain = impl.adam_update(
        w.copy(),
        gradients[0],
        m=m.copy(),
        v=v.copy(),
        step=step,
        learning_rate=rates[0],
        bias_correction=False,
        **hyper,
    )
    for dw, rate in zip(gradients, rates, strict=True):
        w, m, v, step = impl.adam_update(w, dw, m=m, v=v, step=step, learning_rate=rate, **hyper)
        visited.append(np.array(w))
    return {
        "w after one step": visited[0],
        "w after all steps": visited[-1],
        "m": m,
        "v": v,
        "step": step,
        "w without bias correction": plain[0],
    }


bias_correction_answer = written("bias_correction_answer", points=2)


def _adamax_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _walks(rng, ["u"], {"beta1": (0.9, 0.5, 0.8), "beta2": (0.999, 0.9, 0.7)})


@task(
    points=2,
    cases=_adamax_cases,
    forbid=LIBRARY,
    mistakes=mistakes.ADAMAX,
    hints={
        "w after one step": "w ← w − α/(1 − β₁ᵏ⁺¹) · m/u, with the new m and u.",
        "w after all steps": "w ← w − α/(1 − β₁ᵏ⁺¹) · m/u, with the new m and u.",
        "m": "m ← β₁m + (1 − β₁) dw, as in Adam.",
        "u": "u ← the larger of β₂u and |dw| + ε, entry by entry.",
        "step": COUNT,
    },
)
def adamax_update(
    impl: Any,
    w: np.ndarray,
    gradients: np.ndarray,
    rates: list[float],
    m: np.ndarray,
    u: np.ndarray,
    step: int,
    beta1: float,
    beta2: float,
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, m, u, step = impl.adamax_update(w, dw, m=m, u=u, step=step, learning_rate=rate, beta1=beta1, beta2=beta2)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "m": m, "u": u, "step": step}


@task(
    points=2,
    cases=_adam_cases,
    forbid=LIBRARY,
    mistakes=mistakes.NADAM,
    hints={
        "w after one step": "m̂ = β₁m/(1 − β₁ᵏ⁺²) + (1 − β₁)dw/(1 − β₁ᵏ⁺¹) with the new m; the rest is Adam.",
        "w after all steps": "m̂ = β₁m/(1 − β₁ᵏ⁺²) + (1 − β₁)dw/(1 − β₁ᵏ⁺¹) with the new m; the rest is Adam.",
        "m": "m ← β₁m + (1 − β₁) dw, as in Adam: the look ahead is in m̂ alone.",
        "v": "v ← β₂v + (1 − β₂) dw², as in Adam.",
        "step": COUNT,
    },
)
def nadam_update(
    impl: Any,
    w: np.ndarray,
    gradients: np.ndarray,
    rates: list[float],
    m: np.ndarray,
    v: np.ndarray,
    step: int,
    beta1: float,
    beta2: float,
    eps: float,
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, m, v, step = impl.nadam_update(
            w, dw, m=m, v=v, step=step, learning_rate=rate, beta1=beta1, beta2=beta2, eps=eps
        )
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "m": m, "v": v, "step": step}


def _amsgrad_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _walks(rng, ["v", "v_max"], HYPER)


@task(
    points=2,
    cases=_amsgrad_cases,
    forbid=LIBRARY,
    mistakes=mistakes.AMSGRAD,
    hints={
        "w after one step": "Adam's step with √(v_max / (1 − β₂ᵏ⁺¹)) below.",
        "w after all steps": "Adam's step with √(v_max / (1 − β₂ᵏ⁺¹)) below.",
        "m": "m ← β₁m + (1 − β₁) dw, as in Adam.",
        "v": "v ← β₂v + (1 − β₂) dw², as in Adam: v itself may fall.",
        "v_max": "the larger of the old v_max and the new v, entry by entry.",
        "step": COUNT,
    },
)
def amsgrad_update(
    impl: Any,
    w: np.ndarray,
    gradients: np.ndarray,
    rates: list[float],
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray,
    step: int,
    beta1: float,
    beta2: float,
    eps: float,
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates that change."""
    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, m, v, v_max, step = impl.amsgrad_update(
            w, dw, m=m, v=v, v_max=v_max, step=step, learning_rate=rate, beta1=beta1, beta2=beta2, eps=eps
        )
        visited.append(np.array(w))
    ends = {"w after one step": visited[0], "w after all steps": visited[-1]}
    return {**ends, "m": m, "v": v, "v_max": v_max, "step": step}


def _adamw_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in _walks(rng, ["v"], {"decay": (0.05, 0.3, 0.6)}):
        if not c.edge:
            yield c
    walk = next(c for c in _walks(rng, ["v"], {"decay": (0.0, 0.0, 0.0)}) if not c.edge)
    yield case("no decay", edge="decay 0: plain Adam", **walk.inputs)


@task(
    points=2,
    cases=_adamw_cases,
    forbid=LIBRARY,
    mistakes=mistakes.ADAMW,
    hints={
        "w after one step": "w ← (1 − αλ) w, then Adam's step with the plain gradient.",
        "w after all steps": "w ← (1 − αλ) w, then Adam's step with the plain gradient.",
        "m": "the moments see the plain gradient, without any decay.",
        "v": "the moments see the plain gradient, without any decay.",
        "step": COUNT,
    },
)
def adamw_update(
    impl: Any,
    w: np.ndarray,
    gradients: np.ndarray,
    rates: list[float],
    m: np.ndarray,
    v: np.ndarray,
    step: int,
    decay: float,
) -> dict[str, Any]:
    """Some steps with drawn gradients and rates; the step of Adam is given."""

    def adam(w: Any, dw: Any, *, m: Any, v: Any, step: int, learning_rate: float) -> Any:
        m, v, step = 0.9 * m + 0.1 * dw, 0.999 * v + 0.001 * dw**2, step + 1
        move = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        return w - learning_rate * move, m, v, step

    visited = []
    for dw, rate in zip(gradients, rates, strict=True):
        w, m, v, step = impl.adamw_update(w, dw, adam=adam, m=m, v=v, step=step, learning_rate=rate, decay=decay)
        visited.append(np.array(w))
    return {"w after one step": visited[0], "w after all steps": visited[-1], "m": m, "v": v, "step": step}
