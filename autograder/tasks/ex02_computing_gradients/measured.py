"""Part 2: numerical gradients, their best steps, the gradient check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex02_computing_gradients import mistakes
from autograder.tasks.ex02_computing_gradients.by_hand import FORBIDDEN, signed


def _difference_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the cube at 1", given=True, a=0.0, x=1.0, h=0.1)
    for name, h in (("a large step", 0.4), ("a smaller one", 0.03), ("a small one", 1e-3)):
        yield case(name, a=signed(rng), x=signed(rng, 0.2, 1.5), h=h)


@task(
    points=2,
    cases=_difference_cases,
    mistakes=mistakes.DIFFERENCES,
    forbid=(*FORBIDDEN, "scipy"),
    hints={
        "one-sided": "f(x + h) minus f(x), over h.",
        "central": "f(x + h) minus f(x − h), over the distance of the two points.",
    },
)
def differences(impl: Any, a: float, x: float, h: float) -> dict[str, Any]:
    """Both differences of x³ + a sin x; with a large h, of these differences exactly."""

    def f(v: float) -> float:
        return float(v**3 + a * np.sin(v))

    return {"one-sided": impl.one_sided(f, x, h), "central": impl.central(f, x, h)}


def _step_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("all sizes 1", given=True, f=1.0, f2=1.0, f3=1.0, eps=2.2e-16)
    for name, eps in (("float64", 2.220446049250313e-16), ("float32", 1.1920928955078125e-07), ("another", 3.3e-12)):
        f, f2, f3 = (float(v) for v in rng.uniform(0.2, 40.0, 3))
        yield case(name, f=f, f2=f2, f3=f3, eps=eps)


@task(
    points=2,
    cases=_step_cases,
    mistakes=mistakes.BEST_STEPS,
    hints={
        "one-sided": "set the derivative of E₁ by h to zero: |f″|/2 − 2ε|f|/h² = 0.",
        "central": "set the derivative of E₂ by h to zero: h|f‴|/3 − ε|f|/h² = 0.",
    },
)
def best_steps(impl: Any, f: float, f2: float, f3: float, eps: float) -> dict[str, Any]:
    """The steps at which the two differences err least."""
    return {"one-sided": impl.best_step_one_sided(f, f2, eps), "central": impl.best_step_central(f, f3, eps)}


why_not_smaller = written("why_not_smaller", points=2)


def _gradient_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, h in (
        ("a vector", True, (2,), 1e-5),
        ("a matrix, a large step", False, (3, 4), 0.1),
        ("a stack of matrices", False, (2, 3, 2), 0.03),
    ):
        yield case(name, given=given, x=rng.standard_normal(shape), c=rng.standard_normal(shape), h=h)
    yield case("one number", edge="a single entry", x=rng.standard_normal(1), c=rng.standard_normal(1), h=0.2)


@task(
    points=2,
    cases=_gradient_cases,
    mistakes=mistakes.NUMERICAL_GRADIENT,
    forbid=(*FORBIDDEN, "scipy"),
    hints={"gradient": "for every entry: f with it h higher, minus f with it h lower, over 2h; the others stay put."},
)
def numerical_gradient(impl: Any, x: np.ndarray, c: np.ndarray, h: float) -> dict[str, Any]:
    """Central differences of a function whose entries interact."""

    def f(v: np.ndarray) -> float:
        return float(np.sum(c * np.exp(v)) + np.sum(v) ** 3)

    return {"gradient": impl.numerical_gradient(f, x, h)}


def _pair(rng: np.random.Generator, shape: tuple[int, ...], noise: float, *, turn: bool = False) -> dict[str, Any]:
    """Return two gradients: close in all entries, of very different sizes, and far apart in one that is small.

    There, the measured entry is the larger one, or with ``turn`` the derived one.
    """
    derived = rng.uniform(1.0, 2.0, shape) * rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.integers(0, 4, shape)
    measured = derived * (1 + noise * rng.uniform(0.2, 1.0, shape) * rng.choice([-1.0, 1.0], shape))
    worst = int(rng.integers(derived.size))
    derived.flat[worst], measured.flat[worst] = rng.uniform(0.01, 0.02), rng.uniform(0.03, 0.04)
    return {"derived": measured, "measured": derived} if turn else {"derived": derived, "measured": measured}


def _compare_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the example", given=True, derived=np.array([1.0, 2.0, 0.0]), measured=np.array([1.0, 2.2, 0.0]))
    yield case("a matrix", **_pair(rng, (4, 3), 0.01))
    yield case("a stack of matrices", **_pair(rng, (2, 3, 5), 0.05, turn=True))
    opposite = _pair(rng, (6,), 1e-6)
    opposite["derived"][2], opposite["measured"][2] = 700.0, -700.0
    yield case("one sign is wrong", **opposite)
    tiny = _pair(rng, (5,), 0.02)
    tiny["derived"][4], tiny["measured"][4] = 3e-12, -2e-12
    yield case("rounding around 0", edge="an entry of almost 0", **tiny)


@task(
    points=2,
    cases=_compare_cases,
    mistakes=mistakes.COMPARE_GRADIENTS,
    hints={
        "error": "the largest of |a − b| / max(|a| + |b|, 1e-8), entry by entry.",
        "index": "one index per axis, of the entry with the largest relative error.",
    },
)
def compare_gradients(impl: Any, derived: np.ndarray, measured: np.ndarray) -> dict[str, Any]:
    """The largest relative error of two gradients, and where it is."""
    error, index = impl.compare_gradients(derived, measured)
    if isinstance(index, (tuple, list)):
        index = [int(i) for i in index]
    return {"error": error, "index": index if index is None else np.atleast_1d(np.array(index, dtype=float))}
