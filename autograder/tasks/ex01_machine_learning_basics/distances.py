"""Parts 2 and 3: distances in three ways, and the vote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex01_machine_learning_basics.shared import LIBRARIES, Mistakes

# ---------------------------------------------------------------------------------------------------------------
# 2 Distances


def _samples(rng: np.random.Generator, n: int, m: int, d: int) -> dict[str, Any]:
    return {"x": rng.standard_normal((n, d)), "x_train": rng.standard_normal((m, d))}


def _distance_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three samples, five to compare with", given=True, **_samples(rng, 3, 5, 4))
    yield case("more samples than training samples", **_samples(rng, 7, 4, 6))
    narrow = {name: value.astype(np.float32) for name, value in _samples(rng, 4, 6, 3).items()}
    yield case("float32", **narrow)
    yield case("one sample", edge="a single sample", **_samples(rng, 1, 6, 5))
    yield case("one training sample", edge="a single training sample", **_samples(rng, 5, 1, 3))


def _no_loops_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _distance_cases(rng)
    # Away from the origin the short formula rounds, and one zero in five comes out negative: of 60, always some do.
    same = 3.0 + rng.standard_normal((60, 9))
    yield case("samples from the training set", edge="distances of 0", x=same, x_train=same[::-1].copy())


def _both(x: np.ndarray, x_train: np.ndarray, length: Callable[[np.ndarray, str], np.ndarray]) -> dict[str, Any]:
    differences = x[:, None, :] - x_train[None, :, :]
    return {"L1": length(differences, "l1"), "L2": length(differences, "l2")}


def _of(length: Callable[[np.ndarray, str], np.ndarray]) -> Callable[..., Mapping[str, Any]]:
    return lambda _, x, x_train: _both(x, x_train, length)


def _lengths(a: np.ndarray, metric: str) -> np.ndarray:
    return np.asarray(np.abs(a).sum(axis=-1) if metric == "l1" else np.sqrt((a**2).sum(axis=-1)))


def _with_squares(cross: float, train: float) -> Callable[..., Mapping[str, Any]]:
    """Return what the short formula gives with other factors; below 0 it has no root."""

    def variant(_: Any, x: np.ndarray, x_train: np.ndarray) -> dict[str, Any]:
        squares = (x**2).sum(axis=1)[:, None] + train * (x_train**2).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return {"L2": np.sqrt(np.maximum(squares + cross * x @ x_train.T, 0.0))}

    return variant


DISTANCES: Mistakes = {
    "the square root is missing: this is the squared L2 distance.": (
        _of(lambda a, metric: _lengths(a, metric) ** (1 if metric == "l1" else 2))
    ),
    "the differences are added up with their signs: take their absolute values first.": (
        _of(lambda a, _: a.sum(axis=-1))
    ),
    "the signs of the differences cancel: square each difference first, then add.": (
        _of(lambda a, _: np.abs(a.sum(axis=-1)))
    ),
    "the largest difference alone counts: a distance adds up all D of them.": (
        _of(lambda a, _: np.abs(a).max(axis=-1))
    ),
    "the differences are averaged over the D features: a distance adds them up.": (
        _of(
            lambda a, metric: (
                _lengths(a, metric) / (a.shape[-1] if metric == "l1" else np.sqrt(np.float64(a.shape[-1])))
            )
        )
    ),
    "a whole row of the table is one number: sum over the features (axis 1) alone, one number per training sample.": (
        lambda _, x, x_train: {
            name: np.broadcast_to(value[:, None], (len(x), len(x_train)))
            for name, value in {
                "L1": np.abs(x[:, None] - x_train).sum(axis=(1, 2)),
                "L2": np.sqrt(((x[:, None] - x_train) ** 2).sum(axis=(1, 2))),
            }.items()
        }
    ),
    "the samples are compared with each other: the second one belongs to x_train.": (
        lambda impl, x, **_: {
            "L1": impl.distances_two_loops(x, x, metric="l1"),
            "L2": impl.distances_two_loops(x, x, metric="l2"),
        }
    ),
}

NO_LOOPS: Mistakes = DISTANCES | {
    "the mixed term is x·c once: multiplied out, the square has −2 x·c.": _with_squares(-1.0, 1.0),
    "the mixed term is added: multiplied out, (x − c)² has −2 x·c.": _with_squares(2.0, 1.0),
    "summed over the training samples (axis 1): sum over the features, the last axis.": (
        lambda _, x, x_train: {"L1": np.abs(x[:, None] - x_train).sum(axis=1)}
    ),
    "the squared lengths of the training samples are missing: ‖x‖² − 2 x·c + ‖c‖².": _with_squares(-2.0, 0.0),
}

_HINTS = {
    "L1": "L1 adds up the absolute differences of the D features, for each pair (i, j).",
    "L2": "L2 is the square root of the sum of the squared differences, for each pair (i, j).",
}


@task(points=2, cases=_distance_cases, forbid=LIBRARIES, mistakes=dict(DISTANCES), hints=_HINTS)
def distances_two_loops(impl: Any, x: np.ndarray, x_train: np.ndarray) -> dict[str, Any]:
    """Both distances, a pair at a time."""
    return {
        "L1": impl.distances_two_loops(x, x_train, metric="l1"),
        "L2": impl.distances_two_loops(x, x_train, metric="l2"),
    }


@task(points=2, cases=_distance_cases, forbid=LIBRARIES, mistakes=dict(DISTANCES), hints=_HINTS)
def distances_one_loop(impl: Any, x: np.ndarray, x_train: np.ndarray) -> dict[str, Any]:
    """Both distances, a row at a time."""
    return {
        "L1": impl.distances_one_loop(x, x_train, metric="l1"),
        "L2": impl.distances_one_loop(x, x_train, metric="l2"),
    }


@task(
    points=3,
    cases=_no_loops_cases,
    mistakes=dict(NO_LOOPS),
    hints={
        **_HINTS,
        "L2 is thrifty": "the L2 distances take as much memory as all N·M·D differences: use ‖x‖² − 2 x·c + ‖c‖².",
    },
    forbid=(*LIBRARIES, "loops", "torch.cdist"),
)
def distances_no_loops(impl: Any, x: np.ndarray, x_train: np.ndarray) -> dict[str, Any]:
    """Both distances at once, and whether L2 does without N·M·D numbers in memory."""
    import tracemalloc

    found = {
        "L1": impl.distances_no_loops(x, x_train, metric="l1"),
        "L2": impl.distances_no_loops(x, x_train, metric="l2"),
    }
    many, others = np.linspace(0.0, 1.0, 80 * 500).reshape(80, 500), np.linspace(1.0, 2.0, 70 * 500).reshape(70, 500)
    was_tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        impl.distances_no_loops(many, others, metric="l2")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not was_tracing:
            tracemalloc.stop()
    return {**found, "L2 is thrifty": peak - before < 80 * 70 * 500 * 8 / 2}


# ---------------------------------------------------------------------------------------------------------------
# 3 The vote


def _votes(distances: np.ndarray, y_train: np.ndarray, k: int) -> np.ndarray:
    """Return how many of the k nearest have each label, shape (N, C)."""
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.stack([np.bincount(labels, minlength=y_train.max() + 1) for labels in y_train[nearest]])


def _vote_case(
    rng: np.random.Generator, name: str, n: int, labels: list[int], m: int, k: int, dtype: Any = float, **options: Any
) -> Case:
    """Return a case in which some labels occur often; samples with a tie may have any answer."""
    distances = rng.uniform(0.0, 5.0, (n, m)).astype(dtype)
    y_train = rng.permutation(np.resize(labels, m))
    # Whoever lets the first k vote, or all, shall not be right by chance, and the two shall differ.
    while k < m and np.bincount(y_train[:k]).argmax() == np.bincount(y_train).argmax():
        y_train = rng.permutation(y_train)
    votes = np.sort(_votes(distances, y_train, k), axis=1)
    tied = votes[:, -1] == votes[:, -2]
    return case(name, ignore={"labels": tied}, distances=distances, y_train=y_train, k=k, **options)


def _vote_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _vote_case(rng, "two classes, three votes", 7, [0, 1, 1], 8, 3, given=True)
    yield _vote_case(rng, "labels 2, 5 and 7", 12, [2, 5, 7, 7], 15, 5)
    yield _vote_case(rng, "two classes in float32", 11, [3, 1], 14, 7, np.float32)
    yield _vote_case(rng, "the nearest alone", 10, [0, 4, 6, 9], 13, 1, edge="k = 1")
    yield _vote_case(rng, "everybody", 6, [1, 8, 8], 9, 9, edge="k = M, all training samples vote")


def _named(distances: np.ndarray, y_train: np.ndarray, k: int) -> np.ndarray:
    return np.asarray(_votes(distances, y_train, k).argmax(axis=1))


VOTE: Mistakes = {
    "the columns are sorted: the distances of one sample stand in a row (axis 1).": (
        lambda _, distances, y_train, k: {
            "labels": np.array([np.bincount(v).argmax() for v in y_train[np.argsort(distances, axis=0)[:, :k]]])
        }
    ),
    "the farthest training samples vote: take the smallest distances.": (
        lambda _, distances, y_train, k: {"labels": _named(-distances, y_train, k)}
    ),
    "the place of the nearest training sample is returned: look up the label there.": (
        lambda _, distances, **__: {"labels": distances.argmin(axis=1)}
    ),
    "the winner is a number within the k votes or the list of labels: return the label itself.": (
        lambda _, distances, y_train, k: {
            "labels": np.searchsorted(np.unique(y_train), _named(distances, y_train, k)),
        }
    ),
    "one neighbour too few votes: [:k] holds k of them.": (
        lambda _, distances, y_train, k: {"labels": _named(distances, y_train, max(k - 1, 1))}
    ),
    "one neighbour too many votes: [:k] holds k of them.": (
        lambda _, distances, y_train, k: {"labels": _named(distances, y_train, min(k + 1, len(y_train)))}
    ),
    "the nearest training sample alone decides: k of them vote.": (
        lambda _, distances, y_train, **__: {"labels": _named(distances, y_train, 1)}
    ),
    "the labels are averaged: labels are names, and the mean of 2 and 7 is no vote.": (
        lambda _, distances, y_train, k: {
            "labels": np.rint(y_train[np.argsort(distances, axis=1)[:, :k]].mean(axis=1)).astype(int)
        }
    ),
    "the labels are averaged and cut off: labels are names, and the mean of 2 and 7 is no vote.": (
        lambda _, distances, y_train, k: {
            "labels": y_train[np.argsort(distances, axis=1)[:, :k]].mean(axis=1).astype(int)
        }
    ),
    "the largest label among the k nearest wins: count how often each occurs.": (
        lambda _, distances, y_train, k: {"labels": y_train[np.argsort(distances, axis=1)[:, :k]].max(axis=1)}
    ),
    "the first k training samples vote: sort by distance first.": (
        lambda _, distances, y_train, k: {
            "labels": np.full(len(distances), np.bincount(y_train[:k]).argmax()),
        }
    ),
    "the labels of the whole training set are counted: only the k nearest vote.": (
        lambda _, distances, y_train, **__: {"labels": np.full(len(distances), np.bincount(y_train).argmax())}
    ),
}


@task(
    points=3,
    cases=_vote_cases,
    forbid=LIBRARIES,
    mistakes=VOTE,
    hints={"labels": "for each row: the places of the k smallest distances, the labels there, the commonest of them."},
)
def majority_vote(impl: Any, distances: np.ndarray, y_train: np.ndarray, k: int) -> dict[str, Any]:
    """The commonest label among the k nearest."""
    return {"labels": impl.majority_vote(distances, y_train, k=k)}
