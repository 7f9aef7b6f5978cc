"""What the tasks on update rules share: the walks that they ask for, and how a wrong rule walks.

A walk is a parameter, a sequence of drawn gradients and a rate for each. Most walks begin in the middle, with a state
that is not zero any more: a rule that forgets its state shows at the first step. The rates change from step to step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.task import Case, case

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]
Hyper = Mapping[str, tuple[float, float, float]]

ONE, ALL = "w after one step", "w after all steps"


def draw_walk(rng: np.random.Generator, shape: tuple[int, ...], steps: int = 5) -> dict[str, Any]:
    """Draw a parameter, gradients whose entries differ in size, and falling rates."""
    size = 10 ** rng.uniform(-0.7, 0.7, shape)
    return {
        "w": rng.standard_normal(shape),
        "gradients": size * (rng.standard_normal((steps, *shape)) + 0.5 * rng.standard_normal(shape)),
        "rates": [float(r) for r in np.sort(rng.uniform(0.05, 0.4, steps))[::-1]],
    }


def walks(rng: np.random.Generator, signed: Sequence[str], squares: Sequence[str], hyper: Hyper) -> Iterator[Case]:
    """Yield the cases of a rule.

    ``signed`` and ``squares`` name the arrays of its state, those of any sign and those that hold squares or sizes.
    ``hyper`` has three values of each hyperparameter: the usual one, and two others.
    """
    for name, given, shape, start, which, dtype in (
        ("a matrix, from the start", True, (3, 2), True, 0, "float64"),
        ("a vector, on the way", False, (5,), False, 1, "float64"),
        ("a stack of filters, on the way", False, (2, 3, 4), False, 2, "float64"),
        ("float32, on the way", False, (4, 3), False, 0, "float32"),
    ):
        walk = draw_walk(rng, shape)
        state = {key: rng.standard_normal(shape) for key in signed}
        state |= {key: rng.uniform(0.2, 2.0, shape) for key in squares}
        if start:
            state = {key: np.zeros(shape) for key in state}
        arrays = {key: value.astype(dtype) for key, value in (walk | state).items() if key != "rates"}
        inputs: dict[str, Any] = arrays | {"rates": walk["rates"]} | {k: v[which] for k, v in hyper.items()}
        yield case(name, given=given, **inputs)
    if squares:
        yield _with_zeros(rng, signed, squares, hyper)


def _with_zeros(rng: np.random.Generator, signed: Sequence[str], squares: Sequence[str], hyper: Hyper) -> Case:
    """Return a walk in which some entries never have a gradient: what ε is for."""
    shape = (2, 4)
    walk = draw_walk(rng, shape)
    walk["gradients"][..., ::2] = 0.0
    state = {key: np.zeros(shape) for key in (*signed, *squares)}
    edge = "entries whose gradient is always 0"
    inputs: dict[str, Any] = walk | state | {k: v[0] for k, v in hyper.items()}
    return case("idle entries", edge=edge, **inputs)


def replay(step: Callable[..., tuple[Any, ...]], *states: str) -> Callable[..., dict[str, Any]]:
    """Return the task's walk as it goes with ``step(w, dw, rate, *state, **hyper) -> (w, *state)``."""

    def walk(_: Any, w: Array, gradients: Array, rates: Sequence[float], **given: Any) -> dict[str, Any]:
        state = [given.pop(name) for name in states]
        visited = []
        for dw, rate in zip(gradients, rates, strict=True):
            w, *state = step(w, dw, rate, *state, **given)
            visited.append(w)
        return {ONE: visited[0], ALL: visited[-1], **dict(zip(states, state, strict=True))}

    return walk
