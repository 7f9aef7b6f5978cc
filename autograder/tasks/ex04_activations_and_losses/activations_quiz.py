"""The activations' properties by name, and numbers as small functions of what is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex04_activations_and_losses import mistakes_quizzes as mistakes


def _one_case(rng: np.random.Generator) -> Iterator[Case]:  # noqa: ARG001
    yield case("your answers")


def _properties() -> Any:
    """Read the answers from the reference's own table, which is tested against the functions."""
    from autograder.inside import Implementation
    from i2dl.functional import ACTIVATIONS

    table = ACTIVATIONS.values()
    return Implementation(
        {
            "saturate": [a.name for a in table if a.saturates],
            "zero_centred": [a.name for a in table if a.zero_centred],
            "can_die": [a.name for a in table if a.can_die],
            "never_negative": [a.name for a in table if a.range[0] >= 0],
        }
    )


@task(
    points=2,
    cases=_one_case,
    kind="quiz",
    mistakes=mistakes.QUIZ_PROPERTIES,
    reference=_properties,
    hints={
        "saturate": "saturating means that the slope fades at both ends, left and right.",
        "zero_centred": "zero-centred means f(−x) = −f(x): look for curves that a half turn maps onto themselves.",
        "can_die": "a unit can die where the slope is exactly 0 for all negative scores.",
        "never_negative": "look at the lowest point of each curve, also slightly left of 0.",
    },
)
def quiz_properties(impl: Any) -> dict[str, Any]:
    """Sort the nine elementwise activations."""
    names = ("saturate", "zero_centred", "can_die", "never_negative")
    given = {name: getattr(impl, name, None) for name in names}
    # Neither the order of the names nor how they are held counts.
    return {
        name: None
        if v is None
        else ", ".join(sorted({str(a).strip().lower() for a in ([v] if isinstance(v, str) else v)}))
        for name, v in given.items()
    }


def _answers() -> Any:
    from autograder.inside import Implementation
    from i2dl import functional as f

    def largest(layers: int) -> float:
        _, cache = f.sigmoid_forward(np.zeros(1))
        return float(f.sigmoid_backward(np.ones(1), cache)[0]) ** layers

    return Implementation(
        {
            "largest_gradient": largest,
            "tanh_from_sigmoid": lambda s: 2.0 * s - 1.0,
            "maxout_parameters": lambda inputs, units, pieces: pieces * (inputs + 1) * units,
            "deadly_bias": lambda w: -float(np.maximum(w, 0.0).sum()),
        }
    )


def _activation_cases(rng: np.random.Generator) -> Iterator[Case]:
    for i in range(3):
        yield case(
            f"numbers {i + 1}",
            given=i == 0,
            layers=int(rng.integers(2, 7)),
            s=float(rng.uniform(0.1, 0.9)),
            sizes=[int(n) for n in rng.integers(3, 40, 2)] + [2 + i],
            w=rng.standard_normal(4 + i),
        )


@task(
    points=2,
    cases=_activation_cases,
    reference=_answers,
    mistakes=mistakes.QUIZ_ACTIVATIONS,
    hints={
        "largest_gradient": "each sigmoid multiplies the gradient by at most its largest slope.",
        "tanh_from_sigmoid": "tanh is a sigmoid that is stretched and shifted: look at its definition in part 2.",
        "maxout_parameters": "each of the pieces is an affine layer of its own, with weights and biases.",
        "deadly_bias": "find the input between 0 and 1 that makes w · x as large as it can be.",
    },
)
def quiz_activations(impl: Any, layers: int, s: float, sizes: list[int], w: np.ndarray) -> dict[str, Any]:
    """Four numbers, each as a function of what is given."""
    return {
        "largest_gradient": float(impl.largest_gradient(layers)),
        "tanh_from_sigmoid": float(impl.tanh_from_sigmoid(s)),
        "maxout_parameters": float(impl.maxout_parameters(*sizes)),
        "deadly_bias": float(impl.deadly_bias(w)),
    }
