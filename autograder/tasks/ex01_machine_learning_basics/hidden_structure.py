"""Parts 5 and 6: k-means and principal components."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex01_machine_learning_basics.shared import LIBRARIES, Mistakes

# ---------------------------------------------------------------------------------------------------------------
# 5 k-means


def _assign_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, k, d, edge, dtype in (
        ("nine samples, four centres", 9, 4, 2, "", float),
        ("more features", 12, 5, 7, "", float),
        ("float32", 11, 3, 4, "", np.float32),
        ("one centre", 5, 1, 3, "a single centre", float),
    ):
        x, centres = rng.standard_normal((n, d)), 1.5 * rng.standard_normal((k, d))
        yield case(name, edge=edge, given=k == 4, x=x.astype(dtype), centres=centres.astype(dtype))


def _table(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray(((x[:, None, :] - centres) ** 2).sum(axis=2))


ASSIGN: Mistakes = {
    "the farthest centre is taken: take the nearest.": (
        lambda _, x, centres: {
            "labels": _table(x, centres).argmax(axis=1),
            "squared distances": _table(x, centres).max(axis=1),
        }
    ),
    "each centre gets its nearest sample: each sample needs its nearest centre (the other axis).": (
        lambda _, x, centres: {
            "labels": _table(x, centres).argmin(axis=0),
            "squared distances": _table(x, centres).min(axis=0),
        }
    ),
    "the distances are not squared: leave the square root out.": (
        lambda _, x, centres: {"squared distances": np.sqrt(_table(x, centres).min(axis=1))}
    ),
    "the squared distances to all centres are returned: only that to the nearest is asked for.": (
        lambda _, x, centres: {"squared distances": _table(x, centres)}
    ),
    "their sum is returned: the squared distance of each sample is asked for.": (
        lambda _, x, centres: {"squared distances": _table(x, centres).min(axis=1).sum()}
    ),
    "the nearest centre is found by L1: k-means squares the differences.": (
        lambda _, x, centres: {
            "labels": np.abs(x[:, None] - centres).sum(axis=2).argmin(axis=1),
            "squared distances": np.abs(x[:, None] - centres).sum(axis=2).min(axis=1),
        }
    ),
    "the L1 distance is squared: square each difference, then add.": (
        lambda _, x, centres: {
            "labels": np.abs(x[:, None] - centres).sum(axis=2).argmin(axis=1),
            "squared distances": np.abs(x[:, None] - centres).sum(axis=2).min(axis=1) ** 2,
        }
    ),
    "the labels count from 1: the first centre has the number 0.": (
        lambda _, x, centres: {"labels": _table(x, centres).argmin(axis=1) + 1}
    ),
}


@task(
    points=2,
    cases=_assign_cases,
    forbid=LIBRARIES,
    mistakes=ASSIGN,
    hints={
        "labels": "the number of the nearest centre, for each sample.",
        "squared distances": "the sum of the squared differences to the nearest centre, for each sample.",
    },
)
def kmeans_assign(impl: Any, x: np.ndarray, centres: np.ndarray) -> dict[str, Any]:
    """Who belongs to which centre."""
    labels, squared = impl.kmeans_assign(x, centres)
    return {"labels": labels, "squared distances": squared}


def _update_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, k, d, empty, dtype in (
        ("eight samples, three centres", 8, 3, 2, False, float),
        ("more features", 13, 4, 5, False, float),
        ("float32", 10, 2, 3, False, np.float32),
        ("a centre that nobody chose", 7, 4, 3, True, float),
    ):
        labels = rng.permutation(np.concatenate([np.arange(k), np.zeros(2, int), rng.integers(k, size=n - k - 2)]))
        if empty:
            labels[labels == 1] = 2
        x, centres = 1.0 + rng.standard_normal((n, d)), rng.standard_normal((k, d))
        edge = "a centre without samples" if empty else ""
        inputs: dict[str, Any] = {"x": x.astype(dtype), "labels": labels, "centres": centres.astype(dtype)}
        yield case(name, edge=edge, given=d == 2, **inputs)


def _means(x: np.ndarray, labels: np.ndarray, centres: np.ndarray, fill: Any) -> np.ndarray:
    """Return the means of the clusters, with ``fill(j)`` where there is none."""
    return np.stack([x[labels == j].mean(axis=0) if np.any(labels == j) else fill(j) for j in range(len(centres))])


UPDATE: Mistakes = {
    "the samples are added up, not averaged.": (
        lambda _, x, labels, centres: {"centres": np.stack([x[labels == j].sum(axis=0) for j in range(len(centres))])}
    ),
    "the sums are divided by the number of all samples: divide by the number in the cluster.": (
        lambda _, x, labels, centres: {
            "centres": np.stack([x[labels == j].sum(axis=0) for j in range(len(centres))]) / len(x)
        }
    ),
    "each centre becomes one number: average over the samples (axis 0), not over the features too.": (
        lambda _, x, labels, centres: {
            "centres": np.stack([np.full(x.shape[1], x[labels == j].mean()) for j in range(len(centres))])
        }
    ),
    "the old centre is averaged in: only the samples count.": (
        lambda _, x, labels, centres: {
            "centres": np.stack(
                [np.vstack([x[labels == j], centres[j : j + 1]]).mean(axis=0) for j in range(len(centres))]
            )
        }
    ),
    "the median is taken: the mean has the smallest sum of squares.": (
        lambda _, x, labels, centres: {
            "centres": np.stack(
                [np.median(x[labels == j], axis=0) if np.any(labels == j) else centres[j] for j in range(len(centres))]
            )
        }
    ),
    "a centre without samples jumps to the origin: it has to stay where it is.": (
        lambda _, x, labels, centres: {"centres": _means(x, labels, centres, lambda _: np.zeros(x.shape[1]))}
    ),
    "a centre without samples jumps to the mean of all samples: it has to stay where it is.": (
        lambda _, x, labels, centres: {"centres": _means(x, labels, centres, lambda _: x.mean(axis=0))}
    ),
    "a centre without samples is dropped: it has to stay where it is.": (
        lambda _, x, labels, **__: {"centres": np.stack([x[labels == j].mean(axis=0) for j in np.unique(labels)])}
    ),
}


@task(
    points=2,
    cases=_update_cases,
    forbid=LIBRARIES,
    mistakes=UPDATE,
    hints={"centres": "the mean over the samples of each cluster; the old centre where there are none."},
)
def kmeans_update(impl: Any, x: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> dict[str, Any]:
    """Where the centres move."""
    return {"centres": impl.kmeans_update(x, labels, centres)}


def _kmeans_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, k, d, rounds, edge in (
        ("three centres", 40, 3, 2, 100, ""),
        ("five centres", 60, 5, 3, 100, ""),
        ("two centres", 30, 2, 4, 100, ""),
        ("stopped early", 80, 6, 2, 2, "no more rounds than allowed"),
    ):
        x = rng.standard_normal((n, d)) + 2.0 * rng.integers(-1, 2, (n, d))
        # All starts in one corner, so that there is a way to go.
        centres = x.min(axis=0) + rng.uniform(0.0, 1.0, (k, d))
        yield case(name, edge=edge, given=k == 3, x=x, centres=centres, rounds=rounds)


def _run(x: np.ndarray, centres: np.ndarray, rounds: int, *, until: str = "labels") -> tuple[Any, ...]:
    labels = _table(x, centres).argmin(axis=1)
    history = [_table(x, centres).min(axis=1).sum()]
    for _ in range(rounds):
        before = centres, labels
        centres = _means(x, labels, centres, lambda j, old=centres: old[j])
        labels = _table(x, centres).argmin(axis=1)
        history.append(_table(x, centres).min(axis=1).sum())
        if until == "labels" and np.array_equal(labels, before[1]):
            break
    return before[0] if until == "lagging" else centres, labels, np.array(history)


def _named(centres: Any, labels: Any, history: Any) -> dict[str, Any]:
    return {"centres": centres, "labels": labels, "history": history}


KMEANS: Mistakes = {
    "there is a single round: go on until no label changes.": (
        lambda _, x, centres, **__: _named(*_run(x, centres, 1))
    ),
    "one round too many: stop after `rounds` updates.": (
        lambda _, x, centres, rounds: _named(*_run(x, centres, rounds + 1))
    ),
    "one round too few: `rounds` updates are allowed.": (
        lambda _, x, centres, rounds: _named(*_run(x, centres, rounds - 1))
    ),
    "`rounds` is ignored: stop after so many updates, even if labels still change.": (
        lambda _, x, centres, **__: _named(*_run(x, centres, 1000))
    ),
    "the history starts after the first update: the inertia of the start belongs to it.": (
        lambda _, x, centres, rounds: {"history": _run(x, centres, rounds)[2][1:]}
    ),
    "the last inertia is missing from the history: it has one after each assignment.": (
        lambda _, x, centres, rounds: {"history": _run(x, centres, rounds)[2][:-1]}
    ),
    "the history holds means: the inertia is the sum of the squared distances.": (
        lambda _, x, centres, rounds: {"history": _run(x, centres, rounds)[2] / len(x)}
    ),
    "the centres are those from before the last update.": (
        lambda _, x, centres, rounds: {"centres": _run(x, centres, min(rounds, 300), until="lagging")[0]}
    ),
    "the first centres are returned: keep what `update` returns.": lambda _, centres, **__: {"centres": centres},
    "these are the labels of the first assignment: assign again after each update.": (
        lambda _, x, centres, **__: {"labels": _table(x, centres).argmin(axis=1)}
    ),
}


@task(
    points=3,
    cases=_kmeans_cases,
    forbid=LIBRARIES,
    mistakes=KMEANS,
    hints={
        "centres": "assign once; then update and assign in turn, until an assignment changes no label.",
        "labels": "the assignment to the last centres.",
        "history": "the sum of the squared distances after each assignment, the first one included.",
    },
)
def kmeans(impl: Any, x: np.ndarray, centres: np.ndarray, rounds: int) -> dict[str, Any]:
    """Where it all comes to rest; to stop when no centre moves is as good, and adds equal numbers to the history."""

    def assign(x: np.ndarray, centres: np.ndarray) -> Any:
        squared = np.sum((x[:, np.newaxis] - centres[np.newaxis]) ** 2, axis=2)
        return np.argmin(squared, axis=1), np.min(squared, axis=1)

    def update(x: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> np.ndarray:
        return np.stack([np.mean(x[labels == j], axis=0) if j in labels else c for j, c in enumerate(centres)])

    centres, labels, history = impl.kmeans(x, centres, assign, update, rounds=rounds)
    numbers = [float(value) for value in history]
    while len(numbers) > 1 and abs(numbers[-1] - numbers[-2]) <= 1e-9 * abs(numbers[-2]):
        numbers.pop()
    return {"centres": centres, "labels": labels, "history": np.array(numbers)}


# ---------------------------------------------------------------------------------------------------------------
# 6 PCA


def _pca_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, components, edge, dtype in (
        ("two of three directions", 20, 3, 2, "", float),
        ("three of five directions", 14, 5, 3, "", float),
        ("float32", 25, 4, 2, "", np.float32),
        ("all directions", 12, 4, 4, "all directions kept", float),
        ("more features than samples", 5, 9, 3, "more features than samples", float),
    ):
        # Spreads of 3, 2.1, 1.5, … in turned directions: no two variances come close.
        spreads = 3.0 * 0.7 ** np.arange(d)
        turned = np.linalg.qr(rng.standard_normal((d, d)))[0]
        x = (
            2.0
            + (np.linalg.qr(rng.standard_normal((n, min(n, d))))[0] * np.sqrt(n) * spreads[: min(n, d)])
            @ (turned[: min(n, d)])
        )
        yield case(name, edge=edge, given=d == 3, x=x.astype(dtype), components=components)


def _decomposed(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _, s, vt = np.linalg.svd(x, full_matrices=False)
    return vt, s**2


def _peaks_up(directions: np.ndarray) -> np.ndarray:
    peaks = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    return directions * np.where(peaks < 0, -1.0, 1.0)


def _not_centred(_: Any, x: np.ndarray, components: int) -> dict[str, Any]:
    vt, squares = _decomposed(x)
    return {"directions": _peaks_up(vt[:components]), "variances": squares[:components] / (len(x) - 1)}


def _weakest(_: Any, x: np.ndarray, components: int) -> dict[str, Any]:
    values, vectors = np.linalg.eigh(np.cov(x.T))
    return {"directions": _peaks_up(vectors.T[:components]), "variances": values[:components]}


def _standardized(_: Any, x: np.ndarray, components: int) -> dict[str, Any]:
    vt, squares = _decomposed((x - x.mean(axis=0)) / x.std(axis=0))
    return {"directions": _peaks_up(vt[:components]), "variances": squares[:components] / (len(x) - 1)}


def _variances(change: Callable[[np.ndarray, int], np.ndarray]) -> Callable[..., Mapping[str, Any]]:
    def variant(_: Any, x: np.ndarray, components: int) -> dict[str, Any]:
        return {"variances": change(_decomposed(x - x.mean(axis=0))[1], len(x))[:components]}

    return variant


PCA: Mistakes = {
    "the data is not centred: subtract the mean of each feature first.": _not_centred,
    "the weakest directions are kept: `eigh` sorts upwards, the last ones are the strongest.": _weakest,
    "every feature is divided by its spread: here the data is only centred.": _standardized,
    "the columns of Vᵀ are taken: the directions are its rows (or the columns of `eigh`'s matrix).": (
        lambda _, x, components: {"directions": _peaks_up(_decomposed(x - x.mean(axis=0))[0].T[:components])}
    ),
    "the columns of Vᵀ are taken: with `svd` the directions are its rows, one in each.": (
        lambda _, x, components: {"directions": _peaks_up(_decomposed(x - x.mean(axis=0))[0][:, :components])}
    ),
    "divided by N: this variance has N − 1 in the denominator.": _variances(lambda s2, n: s2 / n),
    "the squared singular values are not divided by N − 1.": _variances(lambda s2, _: s2),
    "the singular values are returned: the variances are their squares over N − 1.": _variances(
        lambda s2, _: np.sqrt(s2)
    ),
    "the singular values are divided by N − 1 without being squared.": _variances(lambda s2, n: np.sqrt(s2) / (n - 1)),
    "these are standard deviations: the variances are their squares.": _variances(lambda s2, n: np.sqrt(s2 / (n - 1))),
    "these are shares of the whole variance: the variances themselves are asked for.": (
        _variances(lambda s2, _: s2 / s2.sum())
    ),
    "the mean of each sample is taken: the mean runs over the samples, one number per feature.": (
        lambda _, x, **__: {"mean": x.mean(axis=1)}
    ),
    "the mean of all numbers is taken: each feature has its own.": lambda _, x, **__: {"mean": np.mean(x)},
}


@task(
    points=3,
    cases=_pca_cases,
    mistakes=PCA,
    hints={
        "mean": "the mean over the samples, one number per feature.",
        "directions": "the first rows of Vᵀ in the decomposition of the centred data.",
        "variances": "the squared singular values over N − 1, or the eigenvalues of the covariance.",
    },
    forbid=(*LIBRARIES, "torch.pca_lowrank"),
)
def pca(impl: Any, x: np.ndarray, components: int) -> dict[str, Any]:
    """Mean, directions with their largest entry turned positive, variances."""
    mean, directions, variances = impl.pca(x, components=components)
    directions = np.asarray(directions)
    if directions.ndim == 2 and directions.size:
        peaks = np.take_along_axis(directions, np.argmax(np.abs(directions), axis=1)[:, np.newaxis], axis=1)
        directions = np.where(peaks < 0, -directions, directions)
    return {"mean": mean, "directions": directions, "variances": variances}


def _reconstruct_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, k, edge, dtype in (
        ("two of four directions", 6, 4, 2, "", float),
        ("three of seven directions", 5, 7, 3, "", float),
        ("float32", 8, 6, 4, "", np.float32),
        ("one sample", 1, 5, 3, "a single sample", float),
    ):
        directions = np.linalg.qr(rng.standard_normal((d, d)))[0][:k]
        x, z, mean = rng.standard_normal((n, d)), rng.standard_normal((n, k)), 1.0 + rng.standard_normal(d)
        x, z, mean, directions = (value.astype(dtype) for value in (x, z, mean, directions))
        yield case(name, edge=edge, given=d == 4, x=x, z=z, mean=mean, directions=directions)


RECONSTRUCT: Mistakes = {
    "the mean is not subtracted before projecting.": lambda _, x, directions, **__: {"z": x @ directions.T},
    "the mean is added before projecting: subtract it.": (
        lambda _, x, mean, directions, **__: {"z": (x + mean) @ directions.T}
    ),
    "the data's own mean is subtracted: use the mean that is handed in.": (
        lambda _, x, directions, **__: {"z": (x - x.mean(axis=0)) @ directions.T}
    ),
    "the mean is not added back.": lambda _, z, directions, **__: {"samples": z @ directions},
    "the mean is subtracted on the way back: add it.": (
        lambda _, z, mean, directions, **__: {"samples": z @ directions - mean}
    ),
    "the samples are projected and taken back: only the coordinates are asked for.": (
        lambda _, x, mean, directions, **__: {"z": (x - mean) @ directions.T @ directions + mean}
    ),
    "directions is reshaped where it has to be transposed.": (
        lambda _, x, mean, directions, **__: {"z": (x - mean) @ directions.reshape(directions.shape[::-1])}
    ),
}


@task(
    points=2,
    cases=_reconstruct_cases,
    forbid=LIBRARIES,
    mistakes=RECONSTRUCT,
    hints={"z": "the centred samples times the transposed directions.", "samples": "z times directions, plus mean."},
)
def pca_reconstruct(
    impl: Any, x: np.ndarray, z: np.ndarray, mean: np.ndarray, directions: np.ndarray
) -> dict[str, Any]:
    """To coordinates, and from other coordinates back to samples."""
    return {"z": impl.pca_project(x, mean, directions), "samples": impl.pca_reconstruct(z, mean, directions)}
