"""Part 3: mini-batches, their noise, and the rates with which stochastic descent converges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex05_first_order_optimization.draws import Array, Mistakes

# So few samples may stay in their order by chance.
FEW = 10

# ---------------------------------------------------------------------------------------------------------------
# Mini-batches


def _batch_cases(rng: np.random.Generator) -> Iterator[Case]:
    def seed() -> int:
        return int(rng.integers(2**31))

    yield case("23 samples, 5 at a time", given=True, samples=23, batch_size=5, order=seed())
    yield case("an even division", samples=24, batch_size=8, order=seed())
    yield case("31 samples, 4 at a time", samples=31, batch_size=4, order=seed())
    yield case("one at a time", edge="batches of one", samples=7, batch_size=1, order=seed())
    yield case("all at once", edge="a batch larger than the data", samples=6, batch_size=9, order=seed())


def _sliced(order: Array, batch_size: int) -> list[Array]:
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def _epochs(draw: Callable[[np.random.Generator, int, int], list[Array]]) -> Callable[..., dict[str, Any]]:
    """Return what the task finds out about another way of drawing an epoch."""

    def found(_: Any, samples: int, batch_size: int, order: int) -> dict[str, Any]:
        rng = np.random.default_rng(order)
        first, second = (draw(rng, samples, batch_size) for _ in range(2))
        again = draw(np.random.default_rng(order), samples, batch_size)
        one, two, three = (np.concatenate(epoch) for epoch in (first, second, again))
        return {
            "sizes": np.array([float(len(batch)) for batch in first]),
            "samples of one epoch": np.sort(one).astype(float),
            "in random order": samples < FEW or not np.array_equal(one, np.sort(one)),
            "in a new order every time": samples < FEW or not np.array_equal(one, two),
            "drawn from rng": np.array_equal(one, three),
        }

    return found


MINIBATCHES: Mistakes = {
    "the last batch of an epoch is left out: it is smaller, but its samples count too.": _epochs(
        lambda rng, n, m: _sliced(rng.permutation(n)[: max(n // m, 1) * m], m)
    ),
    "drawn with replacement: in an epoch each sample comes up exactly once, so shuffle all and cut.": _epochs(
        lambda rng, n, m: _sliced(rng.integers(n, size=n), m)
    ),
    "always in the same order: shuffle with rng in every call.": _epochs(lambda _, n, m: _sliced(np.arange(n), m)),
    "batch_size is the size of a batch, not the number of batches.": _epochs(
        lambda rng, n, m: [part for part in np.array_split(rng.permutation(n), m) if part.size]
    ),
    "the batches are made equally large: all but the last have batch_size samples.": _epochs(
        lambda rng, n, m: np.array_split(rng.permutation(n), -(-n // m))
    ),
}


@task(
    points=2,
    cases=_batch_cases,
    shares={
        "sizes": 1,
        "samples of one epoch": 1,
        "in random order": 1,
        "in a new order every time": 0.5,
        "drawn from rng": 0.5,
    },
    mistakes=MINIBATCHES,
    hints={
        "sizes": "every batch has batch_size samples, but for the last one, which has what is left.",
        "samples of one epoch": "in an epoch each sample comes up exactly once: shuffle all indices, then cut.",
        "in random order": "the indices come in the order 0, 1, 2, …: shuffle them with rng.",
        "in a new order every time": "two calls with one rng gave the same order: draw a new one in every call.",
        "drawn from rng": "two generators in the same state gave different orders: all randomness must come from rng.",
    },
)
def minibatches(impl: Any, samples: int, batch_size: int, order: int) -> dict[str, Any]:
    """Two epochs from one generator, and one from another in the same state."""
    rng = np.random.default_rng(order)
    first, second = impl.minibatches(samples, batch_size, rng), impl.minibatches(samples, batch_size, rng)
    again = impl.minibatches(samples, batch_size, np.random.default_rng(order))
    first, second, again = (None if e is None else [np.asarray(b) for b in e] for e in (first, second, again))
    if first is None or second is None or again is None:
        names = "sizes", "samples of one epoch", "in random order", "in a new order every time", "drawn from rng"
        return dict.fromkeys(names)
    one, two, three = (np.concatenate(epoch) for epoch in (first, second, again))
    # Few samples may be in the order 0, 1, 2, … by chance.
    few = samples < 10
    return {
        "sizes": np.array([float(len(batch)) for batch in first]),
        "samples of one epoch": np.sort(one).astype(float),
        "in random order": bool(few or not np.array_equal(one, np.sort(one))),
        "in a new order every time": bool(few or not np.array_equal(one, two)),
        "drawn from rng": bool(np.array_equal(one, three)),
    }


# ---------------------------------------------------------------------------------------------------------------
# Their noise


def _gradient_clouds(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n, d, m in (
        ("12 gradients, batches of 4", True, 12, 2, 4),
        ("20 gradients, batches of 5", False, 20, 6, 5),
        ("15 gradients, batches of 2", False, 15, 3, 2),
    ):
        yield case(name, given=given, gradients=3 + rng.standard_normal((n, d)) * rng.uniform(0.5, 3, d), batch_size=m)
    yield case("single samples", edge="batches of one", gradients=1 + rng.standard_normal((9, 4)), batch_size=1)
    yield case("all samples", edge="the whole set as one batch", gradients=rng.standard_normal((8, 3)), batch_size=8)


def _noise(formula: Callable[[float, int, int, Array], float]) -> Callable[..., dict[str, Any]]:
    def found(_: Any, gradients: Array, batch_size: int) -> dict[str, Any]:
        spread = np.sum(gradients.var(axis=0))
        return {"noise": float(np.sqrt(formula(spread, len(gradients), batch_size, gradients)))}

    return found


GRADIENT_NOISE: Mistakes = {
    "the factor (n − m)/(n − 1) is missing: without replacement the noise ends at 0 for a batch of all samples.": (
        _noise(lambda spread, _, m, __: spread / m)
    ),
    "the mean square is returned: the noise is its root.": (
        _noise(lambda spread, n, m, _: (spread / m * (n - m) / (n - 1)) ** 2)
    ),
    "the noise falls with the root of m: divide the variance by m, or its root by √m.": (
        _noise(lambda spread, n, m, _: spread / m**2 * (n - m) / (n - 1))
    ),
    "the variance is divided by n − 1 where n is due: here the n samples are all there are.": (
        _noise(lambda spread, n, m, _: spread * n / (n - 1) / m * (n - m) / (n - 1))
    ),
    "the mean is not subtracted: noise is the distance from the full gradient, not from 0.": (
        _noise(lambda _, n, m, g: np.mean(np.sum(g**2, axis=1)) / m * (n - m) / (n - 1))
    ),
    "averaged over the entries of the gradient: the length of a vector is the root of a sum.": (
        _noise(lambda spread, n, m, g: spread / g.shape[1] / m * (n - m) / (n - 1))
    ),
    "the factor is (n − m)/(n − 1), here (n − m)/n.": _noise(lambda spread, n, m, _: spread / m * (n - m) / n),
    "the batch size does not enter: this is the spread of single samples.": _noise(lambda spread, *_: spread),
}


@task(
    points=2,
    cases=_gradient_clouds,
    mistakes=GRADIENT_NOISE,
    hints={
        "noise": "the root of σ²/m · (n − m)/(n − 1), where σ² is the mean squared distance from the full gradient."
    },
)
def gradient_noise(impl: Any, gradients: np.ndarray, batch_size: int) -> dict[str, Any]:
    """How far the gradient of a mini-batch lies from the full one."""
    return {"noise": impl.gradient_noise(gradients, batch_size)}


# ---------------------------------------------------------------------------------------------------------------
# Robbins and Monro


def _powers(rng: np.random.Generator) -> Iterator[Case]:
    inner, slow, fast = rng.uniform(0.6, 0.9), rng.uniform(0.1, 0.4), rng.uniform(1.2, 1.8)
    yield case("the classics", given=True, powers=[0.0, 0.5, 1.0, 2.0])
    yield case("others", powers=[float(p) for p in (inner, slow, fast)])
    yield case("between", powers=[float(p) for p in rng.permutation([0.75, 0.25, 1.0, 1.5, 0.0])])


def _series(first: Callable[[float], bool], second: Callable[[float], bool]) -> Callable[..., dict[str, Any]]:
    return lambda _, powers: {
        "sum diverges": np.array([float(first(p)) for p in powers]),
        "squares converge": np.array([float(second(p)) for p in powers]),
    }


ROBBINS_MONRO: Mistakes = {
    "Σ 1/n diverges, however slowly: p = 1 belongs to the rates whose sum is infinite.": (
        _series(lambda p: p < 1, lambda p: p > 0.5)
    ),
    "the squares are 1/n²ᵖ, and Σ 1/n diverges: p = ½ is not enough.": _series(lambda p: p <= 1, lambda p: p >= 0.5),
    "the rates are summed, not their squares: the squares are 1/n²ᵖ.": _series(lambda p: p <= 1, lambda p: p > 1),
    "the two answers are swapped, or each says the opposite: the sum must diverge, the squares must converge.": (
        _series(lambda p: p > 0.5, lambda p: p <= 1)
    ),
    "the opposite: a larger p makes the rates smaller and the sum finite.": (
        _series(lambda p: p > 1, lambda p: p <= 0.5)
    ),
}


@task(
    points=1,
    cases=_powers,
    mistakes=ROBBINS_MONRO,
    hints={
        "sum diverges": "Σ 1/nᵖ is finite exactly for p > 1.",
        "squares converge": "the squares are 1/n²ᵖ: when is their sum finite?",
    },
)
def robbins_monro(impl: Any, powers: list[float]) -> dict[str, Any]:
    """Both conditions for the rates α/nᵖ."""
    answers = [impl.robbins_monro(p) for p in powers]
    if any(answer is None for answer in answers):
        return {"sum diverges": None, "squares converge": None}
    return {
        "sum diverges": np.array([float(first) for first, _ in answers]),
        "squares converge": np.array([float(second) for _, second in answers]),
    }
