"""Part 2: dropout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex08_initialization_and_regularization import mistakes_dropout as mistakes
from autograder.tasks.ex08_initialization_and_regularization.initialization import FORBIDDEN


def _mask_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, p in (
        ("few are dropped", True, [300, 200], 0.15),
        ("some are dropped", False, [170, 400], 0.4),
        ("most are dropped", False, [150, 20, 20], 0.7),
    ):
        yield case(name, given=given, shape=shape, p=p, entropy=int(rng.integers(2**31)))
    yield case("p = 0", edge="p = 0, where all is kept", shape=[70, 30], p=0.0, entropy=int(rng.integers(2**31)))


@task(
    points=2,
    cases=_mask_cases,
    mistakes=mistakes.DROPOUT_MASK,
    forbid=FORBIDDEN,
    hints={
        "kept / (1 − p)": "an entry is kept with probability 1 − p: where a number from [0, 1) is p or more.",
        "values": "1 or True where an entry is kept, 0 or False where it is dropped.",
        "independent rows": "draw one number for each entry of the shape.",
        "from rng": "draw from rng, and from nothing else.",
    },
)
def dropout_mask(impl: Any, shape: list[int], p: float, entropy: int) -> dict[str, Any]:
    """What can be counted: values, the share that is kept, whether rows agree more often than they should."""
    rng = np.random.default_rng(entropy)
    mask, other = (np.asarray(impl.dropout_mask(tuple(shape), p, rng)) for _ in range(2))
    again = np.asarray(impl.dropout_mask(tuple(shape), p, np.random.default_rng(entropy)))
    if mask.shape != tuple(shape) or mask.dtype.kind not in "biuf":
        msg = f"the mask has shape {mask.shape} and dtype {mask.dtype}, expected {tuple(shape)} and truth values"
        raise ValueError(msg)
    kept = mask.astype(float) != 0
    share = kept.mean()
    # How often a row agrees with the next, over how often two rows would by chance.
    alike = np.mean(kept[1:] == kept[:-1]) / (share**2 + (1 - share) ** 2)
    return {
        "values": np.unique(mask.astype(float)),
        # Rounded, so that chance has no say: with this many entries it moves the third digit.
        "kept / (1 − p)": round(float(share) / (1 - p), 1),
        "independent rows": round(float(alike), 1) == 1.0,
        "from rng": bool(np.array_equal(mask, again)) and (p == 0 or not np.array_equal(mask, other)),
    }


def _dropout_cases(rng: np.random.Generator) -> Iterator[Case]:
    x, mask = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])
    yield case("the example", given=True, x=x, dout=np.array([1.0, 2.0, 3.0, -1.0]), mask=mask, p=0.2)
    for name, shape, p, dtype in (
        ("a batch", (5, 7), 0.3, "float64"),
        ("feature maps", (2, 3, 4, 5), 0.6, "float64"),
        ("float32", (6, 4), 0.8, "float32"),
    ):
        x, dout = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
        yield case(name, x=x, dout=dout, mask=rng.random(shape) >= p, p=p)
    x, dout = rng.standard_normal((2, 3, 4))
    yield case("p = 0", edge="p = 0, where nothing is dropped", x=x, dout=dout, mask=np.ones(x.shape, bool), p=0.0)


@task(
    points=3,
    cases=_dropout_cases,
    mistakes=mistakes.DROPOUT_INVERTED,
    pure=True,
    forbid=FORBIDDEN,
    hints={
        "out": "what is kept, divided by the probability to keep, 1 − p.",
        "dx": "dout times what x was multiplied with.",
        "out at test time": "x as it is.",
        "dx at test time": "dout as it is.",
    },
)
def dropout_inverted(impl: Any, x: np.ndarray, dout: np.ndarray, mask: np.ndarray, p: float) -> dict[str, Any]:
    """Inverted dropout and its gradient, in training and at test time."""
    return {
        "out": impl.dropout_forward(x, mask, p, True),
        "dx": impl.dropout_backward(dout, mask, p, True),
        "out at test time": impl.dropout_forward(x, mask, p, False),
        "dx at test time": impl.dropout_backward(dout, mask, p, False),
    }


@task(
    points=2,
    cases=_dropout_cases,
    mistakes=mistakes.DROPOUT_TEST_SCALING,
    pure=True,
    forbid=FORBIDDEN,
    hints={"out": "what is kept, unchanged.", "out at test time": "x times the probability to keep, 1 − p."},
)
def dropout_test_scaling(impl: Any, x: np.ndarray, dout: np.ndarray, mask: np.ndarray, p: float) -> dict[str, Any]:  # noqa: ARG001
    """Dropout with the weight scaling rule, in training and at test time."""
    return {"out": impl.dropout_lecture(x, mask, p, True), "out at test time": impl.dropout_lecture(x, mask, p, False)}


def _number_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the example", given=True, p=0.5, q=0.2, n=3, sizes=[2, 3, 1])
    yield case("the exam's network", p=0.5, q=0.4, n=15, sizes=[64, 10, 5, 3])
    for name in ("another network", "a deep network"):
        p, q = (round(float(v), 3) for v in rng.uniform(0.05, 0.9, 2))
        sizes = [int(v) for v in rng.integers(2, 40, int(rng.integers(3, 7)))]
        yield case(name, p=p, q=q, n=int(rng.integers(4, 30)), sizes=sizes)


@task(
    points=2,
    cases=_number_cases,
    mistakes=mistakes.DROPOUT_NUMBERS,
    hints={
        "dropped by the pair": "the pair keeps what both keep, (1 − p)(1 − q).",
        "scale of the pair": "one layer scales by 1/(1 − p), the other by 1/(1 − q).",
        "thinned networks": "each neuron is there, or not.",
        "parameters": "a weight for each connection, and a bias for each neuron but the inputs.",
    },
)
def dropout_numbers(impl: Any, p: float, q: float, n: int, sizes: list[int]) -> dict[str, Any]:
    """Two layers in a row, the number of networks, the number of parameters."""
    return {
        "dropped by the pair": impl.dropped_by_pair(p, q),
        "scale of the pair": impl.scale_of_pair(p, q),
        "thinned networks": impl.thinned_networks(n),
        "parameters": impl.trainable_parameters(list(sizes), p),
    }


def _monte_carlo_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, samples, dtype in (
        ("two predictions", True, (1, 2), 2, "float64"),
        ("several", False, (4, 3), 7, "float64"),
        ("many, float32", False, (2, 5), 25, "float32"),
    ):
        noise = rng.standard_normal((samples, *shape)).astype(dtype)
        yield case(name, given=given, x=rng.standard_normal(shape).astype(dtype), noise=noise, samples=samples)


@task(
    points=2,
    cases=_monte_carlo_cases,
    mistakes=mistakes.MONTE_CARLO,
    forbid=FORBIDDEN,
    hints={
        "mean": "the mean over the predictions, for each sample and class.",
        "std": "the root of the mean squared distance from the mean, over the predictions.",
        "predictions": "call predict as often as samples says.",
    },
)
def monte_carlo(impl: Any, x: np.ndarray, noise: np.ndarray, samples: int) -> dict[str, Any]:
    """Mean and spread of predictions that differ from call to call, and how many were taken."""
    calls: list[int] = []

    def predict(inputs: Any) -> Any:
        e = np.exp(inputs + noise[len(calls) % len(noise)])
        calls.append(1)
        return e / e.sum(axis=1, keepdims=True)

    mean, std = impl.monte_carlo(predict, x, samples)
    return {"mean": mean, "std": std, "predictions": len(calls)}
