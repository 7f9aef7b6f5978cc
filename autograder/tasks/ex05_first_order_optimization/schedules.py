"""Parts 7 and 8: clipping, and learning rates that change with the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex05_first_order_optimization.draws import Array, Mistakes

# ---------------------------------------------------------------------------------------------------------------
# 7 Clipping


def _values(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a matrix", given=True, dw=3 * rng.standard_normal((4, 3)), limit=1.0)
    yield case("a vector", dw=10 * rng.standard_normal(9), limit=4.5)
    yield case("float32", dw=rng.standard_normal((3, 2, 4)).astype(np.float32), limit=0.3)
    yield case("nothing to clip", edge="a gradient within the limit", dw=rng.uniform(-1, 1, (3, 4)), limit=2.0)


CLIP_BY_VALUE: Mistakes = {
    "only the positive side is cut: −100 is as long a step as 100.": lambda _, dw, limit: {"dw": np.minimum(dw, limit)},
    "only the negative side is cut.": lambda _, dw, limit: {"dw": np.maximum(dw, -limit)},
    "the sign is lost: an entry below −limit becomes −limit.": lambda _, dw, limit: {
        "dw": np.minimum(np.abs(dw), limit)
    },
    "what is too large becomes 0: it becomes ±limit.": lambda _, dw, limit: {"dw": np.where(np.abs(dw) > limit, 0, dw)},
    "the whole gradient is scaled down: here each entry is cut for itself.": lambda _, dw, limit: {
        "dw": dw * min(1.0, limit / np.abs(dw).max())
    },
    "this is clipping by norm: here each entry is cut for itself.": lambda _, dw, limit: {
        "dw": dw * min(1.0, limit / np.linalg.norm(dw))
    },
    "only the signs are left: entries within the limit stay as they are.": lambda _, dw, limit: {
        "dw": limit * np.sign(dw)
    },
    "the limit is 1 whatever is passed in.": lambda _, dw, limit: {"dw": np.clip(dw, -1, 1) + 0 * limit},
}


@task(
    points=1,
    cases=_values,
    forbid=("torch.nn.utils",),
    mistakes=CLIP_BY_VALUE,
    hints={"dw": "every entry above limit becomes limit, every one below −limit becomes −limit."},
)
def clip_by_value(impl: Any, dw: np.ndarray, limit: float) -> dict[str, Any]:
    """Cut each entry."""
    return {"dw": impl.clip_by_value(dw, limit)}


def _norms(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(size: float) -> dict[str, Any]:
        return {"dw": size * rng.standard_normal((4, 3)), "db": size * rng.standard_normal(3)}

    yield case("too long", given=True, **drawn(5.0), max_norm=1.0)
    yield case("too long, another bound", **drawn(2.0), max_norm=2.5)
    yield case("short enough", **drawn(0.1), max_norm=3.0)
    single: dict[str, Any] = {name: value.astype(np.float32) for name, value in drawn(3.0).items()}
    yield case("float32", **single, max_norm=4.0)
    zeros: dict[str, Any] = {"dw": np.zeros((2, 3)), "db": np.zeros(3)}
    yield case("nothing but zeros", edge="a gradient of length 0", **zeros, max_norm=1.0)


def _clipped(
    norm: Callable[[Array], float], factor: Callable[[float, float], float] = lambda n, limit: min(1.0, limit / n)
) -> Callable[..., dict[str, Any]]:
    def found(_: Any, dw: Array, db: Array, max_norm: float) -> dict[str, Any]:
        length = float(norm(np.concatenate([dw.ravel(), db])))
        scale = factor(length, max_norm) if length else 1.0
        return {"dw": scale * dw, "db": scale * db, "norm": length}

    return found


def _each(_: Any, dw: Array, db: Array, max_norm: float) -> dict[str, Any]:
    return {n: g * min(1.0, max_norm / np.linalg.norm(g)) if g.any() else g for n, g in (("dw", dw), ("db", db))}


def _length(g: Array) -> float:
    return float(np.linalg.norm(g))


CLIP_BY_GLOBAL_NORM: Mistakes = {
    "each array is clipped for itself: the length is that of all arrays together, and so is the factor.": _each,
    "short gradients are made longer: they stay as they are.": _clipped(_length, lambda n, limit: limit / n),
    "the root is missing: the length is the root of the sum of squares.": _clipped(lambda g: float(g @ g)),
    "this is the sum of the absolute values: the length is the root of the sum of squares.": (
        _clipped(lambda g: float(np.abs(g).sum()))
    ),
    "this is the largest entry: the length is the root of the sum of squares.": (
        _clipped(lambda g: float(np.abs(g).max()))
    ),
    "the entries are cut one by one: multiply all of them by one factor.": lambda _, dw, db, max_norm: {
        "dw": np.clip(dw, -max_norm, max_norm),
        "db": np.clip(db, -max_norm, max_norm),
    },
    "divided by the length, but not multiplied by max_norm.": (
        _clipped(_length, lambda n, limit: 1 / n if n > limit else 1.0)
    ),
    "the length after clipping is returned: it is the one before that is worth watching.": (
        lambda _, dw, db, max_norm: {"norm": min(max_norm, float(np.linalg.norm(np.concatenate([dw.ravel(), db]))))}
    ),
    "the mean of the squares is taken: the length is the root of their sum.": (
        _clipped(lambda g: float(np.sqrt(np.mean(g**2))))
    ),
}


@task(
    points=2,
    cases=_norms,
    forbid=("torch.nn.utils",),
    shares={"dw": 1, "db": 1, "norm": 1},
    mistakes=CLIP_BY_GLOBAL_NORM,
    hints={
        "dw": "all arrays are multiplied by the same number: max_norm / ‖g‖ if ‖g‖ is larger than max_norm, else 1.",
        "db": "all arrays are multiplied by the same number: max_norm / ‖g‖ if ‖g‖ is larger than max_norm, else 1.",
        "norm": "the length before: the root of the sum of the squares of all entries of all arrays.",
    },
)
def clip_by_global_norm(impl: Any, dw: np.ndarray, db: np.ndarray, max_norm: float) -> dict[str, Any]:
    """Two gradients of one network."""
    (dw, db), norm = impl.clip_by_global_norm([dw, db], max_norm)
    return {"dw": dw, "db": db, "norm": norm}


# ---------------------------------------------------------------------------------------------------------------
# 8 Schedules


def _rates(formula: Callable[..., float]) -> Callable[..., dict[str, Any]]:
    """Return the rates that a formula gives for the times of a case."""
    return lambda _, times, **options: {"rates": np.array([float(formula(t, **options)) for t in times])}


def _fractions(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the slide's numbers", given=True, times=[0, 1, 2, 3], initial=0.1, decay=1.0)
    initial, decay = (float(v) for v in rng.uniform(0.2, 2.0, 2))
    yield case("other numbers", times=[0, 4, 1, 9], initial=initial, decay=decay)
    yield case("no decay", edge="a decay of 0", times=[0, 1, 5], initial=initial, decay=0.0)


FRACTIONAL: Mistakes = {
    "the epoch counts from 0: at epoch 0 the rate is still α₀.": (
        _rates(lambda t, initial, decay: initial / (1 + decay * (t + 1)))
    ),
    "the 1 below is missing: at epoch 0 this divides by 0.": (
        _rates(lambda t, initial, decay: initial / (decay * t) if decay * t else np.nan)
    ),
    "the decay stands outside the product: it is 1 + d · epoch.": (
        _rates(lambda t, initial, decay: initial / (1 + decay + t) if t else initial / (1 + decay))
    ),
    "this is a power: the rate is divided by 1 + d · epoch.": (
        _rates(lambda t, initial, decay: initial / (1 + decay) ** t)
    ),
    "the decay is not used.": _rates(lambda t, initial, decay: initial / (1 + t) + 0 * decay),
    "multiplied where it should be divided: the rate has to fall.": (
        _rates(lambda t, initial, decay: initial * (1 + decay * t))
    ),
    "α₀ is missing: multiply by it.": _rates(lambda t, initial, decay: 1 / (1 + decay * t) + 0 * initial),
}


@task(
    points=1,
    cases=_fractions,
    mistakes=FRACTIONAL,
    hints={"rates": "α₀ / (1 + d · epoch), and α₀ itself at epoch 0."},
)
def fractional_decay(impl: Any, times: list[int], initial: float, decay: float) -> dict[str, Any]:
    """The rates at some epochs."""
    rates = [impl.fractional_decay(t, initial=initial, decay=decay) for t in times]
    return {"rates": None if any(r is None for r in rates) else np.array(rates, dtype=float)}


def _stairs(rng: np.random.Generator) -> Iterator[Case]:
    initial, decay = float(rng.uniform(0.2, 2.0)), float(rng.uniform(0.1, 0.4))
    yield case("halved every 3 epochs", given=True, times=list(range(8)), initial=0.8, decay=0.5, every=3)
    yield case("a smaller part, every 4", times=[0, 3, 4, 7, 8, 12, 13], initial=initial, decay=decay, every=4)
    yield case("every epoch", edge="every epoch", times=[0, 1, 2, 5], initial=initial, decay=decay, every=1)


STAIRS: Mistakes = {
    "t is the part that is taken away: 1 − t is left.": (
        _rates(lambda e, initial, decay, every: initial * decay ** (e // every))
    ),
    "the rate falls in every epoch: it stays the same for `every` epochs.": (
        _rates(lambda e, initial, decay, every: initial * (1 - decay) ** e + 0 * every)
    ),
    "there are no stairs: epoch / every is rounded down.": (
        _rates(lambda e, initial, decay, every: initial * (1 - decay) ** (e / every))
    ),
    "the same amount is taken away each time: it is a part of the present rate.": (
        _rates(lambda e, initial, decay, every: initial - decay * initial * (e // every))
    ),
    "the first reduction comes one epoch early: epoch `every` is the first with the smaller rate.": (
        _rates(lambda e, initial, decay, every: initial * (1 - decay) ** ((e + 1) // every))
    ),
    "the first reduction comes one epoch late: epoch `every` has the smaller rate already.": (
        _rates(lambda e, initial, decay, every: initial * (1 - decay) ** (max(e - 1, 0) // every))
    ),
    "reduced once only: the rate falls again every time.": (
        _rates(lambda e, initial, decay, every: initial * (1 - decay) ** (e >= every))
    ),
}


@task(
    points=1,
    cases=_stairs,
    mistakes=STAIRS,
    hints={"rates": "α₀ (1 − t)ⁿ, where n = epoch // every counts the reductions so far."},
)
def step_decay(impl: Any, times: list[int], initial: float, decay: float, every: int) -> dict[str, Any]:
    """The rates at some epochs."""
    rates = [impl.step_decay(t, initial=initial, decay=decay, every=every) for t in times]
    return {"rates": None if any(r is None for r in rates) else np.array(rates, dtype=float)}


def _warmups(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the paper's", given=True, times=[1, 1000, 4000, 20000], width=512, warmup=4000)
    width, warmup = int(rng.integers(20, 200)), int(rng.integers(50, 300))
    yield case("a small model", times=[1, warmup // 2, warmup, 3 * warmup, 10 * warmup], width=width, warmup=warmup)


WARMUP: Mistakes = {
    "the larger of the two is taken: the rate rises as long as the line is below, so it is the smaller one.": (
        _rates(lambda s, width, warmup: width**-0.5 * max(s**-0.5, s * warmup**-1.5))
    ),
    "there is no warm-up: this is the fall alone.": (
        _rates(lambda s, width, warmup: width**-0.5 * s**-0.5 + 0 * warmup)
    ),
    "this is the rise alone.": _rates(lambda s, width, warmup: width**-0.5 * s * warmup**-1.5),
    "the factor d^(−½) is missing.": _rates(lambda s, width, warmup: min(s**-0.5, s * warmup**-1.5) + 0 * width),
    "divided by d, not by its root.": _rates(lambda s, width, warmup: width**-1.0 * min(s**-0.5, s * warmup**-1.5)),
    "the rise has the exponent −½: with w^(−3/2) both branches meet at s = w.": (
        _rates(lambda s, width, warmup: width**-0.5 * min(s**-0.5, s * warmup**-0.5))
    ),
    "multiplied by √d: a wider model gets a smaller rate.": (
        _rates(lambda s, width, warmup: width**0.5 * min(s**-0.5, s * warmup**-1.5))
    ),
}


@task(
    points=1,
    cases=_warmups,
    mistakes=WARMUP,
    hints={"rates": "d^(−½) · min(s^(−½), s · w^(−3/2)), with s counted from 1."},
)
def transformer_warmup(impl: Any, times: list[int], width: int, warmup: int) -> dict[str, Any]:
    """The rates at some steps."""
    rates = [impl.transformer_warmup(t, width=width, warmup=warmup) for t in times]
    return {"rates": None if any(r is None for r in rates) else np.array(rates, dtype=float)}


def _plateaus(rng: np.random.Generator) -> Iterator[Case]:
    def curve(*shape: float) -> list[float]:
        return [float(v) for v in rng.uniform(0.5, 2.0) * np.array(shape)]

    table = [1.0, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.8]
    yield case("the table above", given=True, losses=table, rate=0.1, factor=0.1, patience=2)
    stumbling = curve(2, 1.5, 1.7, 1.6, 1.4, 1.5, 1.45, 1.42, 1.41, 1.6, 1.3, 1.35, 1.5, 1.6, 1.7, 1.8, 1.9)
    yield case("a longer curve", losses=stumbling, rate=0.4, factor=0.5, patience=3)
    yield case("rising for ever", losses=curve(*np.linspace(1, 2, 12)), rate=1.0, factor=0.3, patience=2)
    yield case(
        "no patience", edge="patience 0", losses=curve(1, 0.9, 0.95, 0.8, 0.9, 0.85), rate=0.2, factor=0.1, patience=0
    )
    yield case("a level", edge="equal losses", losses=curve(1, 1, 1, 1, 1, 1), rate=0.3, factor=0.2, patience=2)


def _watch(
    *,
    limit: int = 0,
    reset_on_better: bool = True,
    reset_on_reduction: bool = True,
    against_last: bool = False,
    ties: bool = False,
    factor_of: Callable[[float], float] = lambda f: f,
) -> Callable[..., dict[str, Any]]:
    def found(_: Any, losses: Sequence[float], rate: float, factor: float, patience: int) -> dict[str, Any]:
        best, bad, rates, bests = np.inf, 0, [], []
        for loss in losses:
            better = loss <= best if ties else loss < best
            best = loss if better or against_last else best
            bad = bad + 1 if not better else (0 if reset_on_better else bad)
            if bad > patience + limit:
                rate, bad = rate * factor_of(factor), 0 if reset_on_reduction else bad
            rates.append(rate)
            bests.append(best)
        return {"rates": np.array(rates), "best": np.array(bests)}

    return found


PLATEAU: Mistakes = {
    "reduced one epoch early: `patience` bad epochs are put up with, the next one reduces.": _watch(limit=-1),
    "reduced one epoch late: the first bad epoch beyond `patience` reduces.": _watch(limit=1),
    "an improvement does not set the count back: the bad epochs must come in a row.": _watch(reset_on_better=False),
    "the count goes on after a reduction: it begins anew, or every bad epoch reduces again.": (
        _watch(reset_on_reduction=False)
    ),
    "compared with the epoch before: it is the best loss so far that counts.": _watch(against_last=True),
    "an equal loss counts as an improvement: only a lower one does.": _watch(ties=True),
    "the factor is what is taken away: the rate is multiplied by it.": _watch(factor_of=lambda f: 1 - f),
    "the rate grows: multiply by the factor, which is below 1.": _watch(factor_of=lambda f: 1 / f),
}


@task(
    points=2,
    cases=_plateaus,
    shares={"rates": 2, "best": 1},
    mistakes=PLATEAU,
    hints={
        "rates": "count the epochs in a row without a new best loss; once they exceed patience, reduce and count anew.",
        "best": "the lowest loss so far.",
    },
)
def reduce_on_plateau(impl: Any, losses: list[float], rate: float, factor: float, patience: int) -> dict[str, Any]:
    """The rate and the best loss after each epoch."""
    best, bad_epochs = float("inf"), 0
    rates, bests = [], []
    for loss in losses:
        rate, best, bad_epochs = impl.reduce_on_plateau(
            rate, loss, best=best, bad_epochs=bad_epochs, factor=factor, patience=patience
        )
        rates.append(float(rate))
        bests.append(float(best))
    return {"rates": np.array(rates), "best": np.array(bests)}


reading_curves = written("reading_curves", points=2)
