"""Part 6: early stopping, bagging, ensembles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex08_initialization_and_regularization import mistakes_ensembles as mistakes
from autograder.tasks.ex08_initialization_and_regularization.data import FORBIDDEN


def _losses(rng: np.random.Generator, n: int, turn: int) -> list[float]:
    """Draw a curve that falls until ``turn`` and rises afterwards, and jitters all the time."""
    trend = np.abs(np.arange(n) - turn) * 0.25 + 2
    return [round(float(v), 3) for v in trend + rng.uniform(-0.45, 0.45, n)]


def _stopping_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the example", given=True, losses=[5.0, 3.0, 4.0, 2.0, 3.0, 2.5, 2.2, 1.0], patience=3)
    # Falling neighbours above the best, a tie with the best, a second chance; behind it all, a loss never seen.
    middle = [round(float(v), 3) for v in rng.uniform(1.2, 1.9, 3)]
    yield case("a saw", losses=[3.0, 2.0, *sorted(middle), 1.0, 2.9, 2.4, 1.9, 1.5, 1.1, 0.2], patience=4)
    yield case("an equal loss", losses=[3.0, 1.0, 2.0, 1.0, 2.0, 1.5, 0.5], patience=3)
    for name, patience in (("a jittering curve", 4), ("an impatient run", 2)):
        n = int(rng.integers(25, 32))
        yield case(name, losses=[*_losses(rng, n, int(rng.integers(8, 12))), 0.01], patience=patience)
    yield case("time enough", losses=[5.0, 3.0, 4.0, 2.0, 3.0, 2.5, 2.2, 1.0], patience=5)
    falling = [round(float(v), 3) for v in np.sort(rng.uniform(0.1, 2, 6))[::-1]]
    yield case("falls to the end", edge="a loss that always falls", losses=falling, patience=1)


@task(
    points=2,
    cases=_stopping_cases,
    mistakes=mistakes.EARLY_STOPPING,
    hints={
        "stop": "the first epoch that comes `patience` epochs after the best so far.",
        "best": "of the epochs that were run, the first with the lowest loss.",
    },
)
def early_stopping(impl: Any, losses: list[float], patience: int) -> dict[str, Any]:
    """When training ends, and to which epoch it goes back."""
    stop, best = impl.early_stopping(list(losses), patience)
    return {"stop": int(stop), "best": int(best)}


def _bootstrap_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n, shape in (
        ("numbers", True, 20000, [1]),
        ("vectors", False, 16000, [3]),
        ("images", False, 15000, [1, 2, 2]),
    ):
        yield case(name, given=given, n=n, shape=shape, entropy=int(rng.integers(2**31)))


@task(
    points=2,
    cases=_bootstrap_cases,
    mistakes=mistakes.BOOTSTRAP,
    forbid=(*FORBIDDEN, "scipy"),
    hints={
        "samples": "as many as there are.",
        "each with its label": "take x and y at the same indices.",
        "share of different ones": "draw with replacement: about 63 % are drawn at all.",
        "from rng": "draw from rng, and from nothing else.",
    },
)
def bootstrap(impl: Any, n: int, shape: list[int], entropy: int) -> dict[str, Any]:
    """What can be counted: sizes, pairs, the share of samples that were drawn at all."""
    y = np.random.default_rng(entropy).permutation(n)
    x = np.broadcast_to(y.reshape(-1, *[1] * len(shape)) / 2, (n, *shape)).copy()
    rng = np.random.default_rng(entropy + 1)
    (xs, ys), (_, other) = impl.bootstrap(x, y, rng), impl.bootstrap(x, y, rng)
    _, again = impl.bootstrap(x, y, np.random.default_rng(entropy + 1))
    xs, ys = np.asarray(xs), np.asarray(ys)
    pairs = xs.shape == (len(ys), *shape) and bool(np.all(xs.reshape(len(ys), -1) * 2 == ys.reshape(-1, 1)))
    return {
        "samples": len(ys),
        "each with its label": pairs,
        # Rounded, so that chance has no say: with this many samples it moves the third digit.
        "share of different ones": round(len(np.unique(ys)) / n, 1),
        "from rng": bool(np.array_equal(ys, again)) and not np.array_equal(ys, other),
    }


def _answers(rng: np.random.Generator, k: int, n: int, classes: int) -> dict[str, Any]:
    """Draw probabilities of which some models are sure and wrong, and votes with ties."""
    sharp = rng.uniform(0.5, 6, (k, n, 1))
    p = np.exp(sharp * rng.standard_normal((k, n, classes)))
    votes = rng.integers(classes, size=(k, n))
    v = float(rng.uniform(1, 5))
    numbers = {"v": v, "c": float(v * rng.uniform(0.1, 0.6)), "k": int(rng.integers(3, 12))}
    return {"probabilities": p / p.sum(axis=2, keepdims=True), "votes": votes, "classes": classes, **numbers}


def _combine_cases(rng: np.random.Generator) -> Iterator[Case]:
    p = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.4, 0.6], [0.7, 0.3]], [[0.4, 0.6], [0.3, 0.7]]])
    example: dict[str, Any] = {"probabilities": p, "votes": p.argmax(axis=2), "classes": 2, "v": 4.0, "c": 1.0, "k": 2}
    yield case("the example", given=True, **example)
    yield case("five models", **_answers(rng, 5, 40, 3))
    yield case("six models, ties", **_answers(rng, 6, 50, 4))
    yield case("many classes", **_answers(rng, 9, 60, 10))
    alone = _answers(rng, 1, 12, 5) | {"k": 1}
    yield case("one model", edge="an ensemble of one", **alone)


@task(
    points=3,
    cases=_combine_cases,
    mistakes=mistakes.COMBINE,
    forbid=(*FORBIDDEN, "scipy"),
    hints={
        "average": "average over the models, axis 0, then take the largest over the classes.",
        "vote": "count the votes of each class, then take the class with the most; argmax takes the first.",
        "error": "k of the k² products are squares, each v; the others are mixed, each c.",
    },
)
def combine(
    impl: Any, probabilities: np.ndarray, votes: np.ndarray, classes: int, v: float, c: float, k: int
) -> dict[str, Any]:
    """Classes by averaging and by voting, and the expected error."""
    return {
        "average": np.asarray(impl.average_answer(probabilities), dtype=float),
        "vote": np.asarray(impl.majority_answer(votes, classes), dtype=float),
        "error": float(impl.ensemble_error(v, c, k)),
    }
