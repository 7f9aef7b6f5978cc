"""Section 11: more hyperparameters at once: on a grid, at random, from coarse to fine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes_search
from autograder.tasks.ex07_training_a_network.drawing import explain

# ---------------------------------------------------------------------------------------------------------------
# A grid


def _grid_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(n: int) -> list[float]:
        return [float(v) for v in 10 ** rng.uniform(-5, 0, n)]

    yield case("rate and decay", given=True, values={"rate": [0.1, 0.01, 0.001], "decay": [1e-4, 0.0]})
    yield case("three hyperparameters", values={"rate": drawn(2), "decay": drawn(4), "momentum": drawn(3)})
    yield case("four hyperparameters", values={"d": drawn(2), "c": drawn(3), "b": drawn(2), "a": drawn(2)})
    yield case("one hyperparameter", edge="a single hyperparameter", values={"rate": drawn(4)})
    yield case("one value each", edge="a single point", values={"rate": drawn(1), "decay": drawn(1)})


@task(
    points=1,
    cases=_grid_cases,
    hints={
        "count": "there are as many points as the numbers of values multiplied",
        "points": "every value of one hyperparameter meets every value of every other, each combination once",
    },
)
def grid_points(impl: Any, values: dict[str, list[float]]) -> dict[str, Any]:
    """All points of a grid, in whatever order they come."""
    points = impl.grid_points({name: list(each) for name, each in values.items()})
    if points is None:
        return {"count": None, "points": None}
    points = list(points)
    rows = [[float(point.get(name, -1)) for name in sorted(values)] for point in points]
    return {"count": len(points), "points": np.array(sorted(rows))}


explain(grid_points, "grid_points", mistakes_search.GRID_POINTS)


# ---------------------------------------------------------------------------------------------------------------
# At random


def _random_cases(rng: np.random.Generator) -> Iterator[Case]:
    bottom = float(10 ** rng.uniform(-6, -4))
    for name, given, ranges in (
        ("rate and decay", True, {"rate": [1e-4, 1e-1], "decay": [1e-6, 1e-3]}),
        ("three hyperparameters", False, {"c": [bottom, 3e4 * bottom], "b": [0.5, 0.9], "a": [1.0, 1e3 / bottom]}),
    ):
        yield case(
            name,
            given=given,
            ranges=ranges,
            trials=int(rng.integers(1800, 2200)),
            order=int(rng.integers(2**31)),
            private={"ranges": ranges},
        )


def _distance(sample: np.ndarray, low: float, high: float) -> float:
    """Return how far the sample's distribution function is from that of U(low, high), at most (Kolmogorov, Smirnov)."""
    expected = (np.sort(sample) - low) / (high - low)
    n = len(sample)
    return float(np.max(np.maximum(np.arange(1, n + 1) / n - expected, expected - np.arange(n) / n)))


def _scatter(outputs: Mapping[str, Any], *, ranges: Mapping[str, list[float]]) -> float:
    """Return the largest distance from the log-uniform distribution, or say in one sentence why there is none."""
    columns, repeated, trials = outputs.get("columns"), outputs.get("repeated"), outputs.get("trials")
    if not isinstance(columns, np.ndarray) or columns.shape != (trials, len(ranges)):
        msg = "random_points must return a list of `trials` points, each a dictionary with a number for every name"
        raise ValueError(msg)
    for k, (name, (low, high)) in enumerate(ranges.items()):
        column = columns[:, k]
        if not np.all((column >= low * (1 - 1e-6)) & (column <= high * (1 + 1e-6))):
            msg = f"{name} goes from {column.min():.3g} to {column.max():.3g}; {low:.3g} to {high:.3g} was asked for"
            raise ValueError(msg)
        if len(np.unique(column)) == 1 < len(column):
            msg = f"all points have the same {name}: draw it for each point"
            raise ValueError(msg)
        if len(np.unique(column)) < len(column) / 2:
            msg = f"the same few values of {name} come again and again, as on a grid: draw a new one for each point"
            raise ValueError(msg)
    ranks = columns.argsort(axis=0).argsort(axis=0)
    together = np.corrcoef(ranks, rowvar=False) - np.eye(len(ranges))
    if np.abs(together).max() > 0.3:
        msg = "the hyperparameters rise and fall together, so the points lie on a line: draw each for itself"
        raise ValueError(msg)
    if not isinstance(repeated, np.ndarray) or not np.array_equal(columns, repeated):
        msg = "two generators in the same state gave different points: all randomness must come from rng"
        raise ValueError(msg)
    logs = [_distance(np.log(columns[:, k]), *np.log(limits)) for k, limits in enumerate(ranges.values())]
    return max(logs)


@task(
    points=2,
    cases=_random_cases,
    kind="metric",
    measure=_scatter,
    measure_name="distance from log-uniform",
    full=0.06,
    none=0.2,
)
def random_points(impl: Any, ranges: dict[str, list[float]], trials: int, order: int) -> dict[str, Any]:
    """Points drawn at random, with a right way to draw the numbers, and the same again."""

    def draw(low: float, high: float, size: int, rng: np.random.Generator) -> np.ndarray:
        return np.exp(rng.uniform(np.log(low), np.log(high), size))

    given = {name: tuple(limits) for name, limits in ranges.items()}
    found: list[Any] = []
    for _ in range(2):
        points = impl.random_points(given, trials, np.random.default_rng(order), draw=draw)
        try:
            found.append(np.array([[float(point[name]) for name in ranges] for point in points]))
        except (TypeError, KeyError, ValueError):
            found.append(None)
    return {"columns": found[0], "repeated": found[1], "trials": trials}


# ---------------------------------------------------------------------------------------------------------------
# Trying them


def _result_cases(rng: np.random.Generator) -> Iterator[Case]:
    def losses(n: int) -> list[float]:
        return [float(v) for v in rng.permutation(np.linspace(0.2, 2, n) + 0.05 * rng.random(n))]

    nan = float("nan")
    yield case("five points", given=True, losses=losses(5))
    yield case("eight points", losses=losses(8))
    yield case("one point", edge="a single point", losses=losses(1))
    mixed = [*losses(3), nan, *losses(2), nan, 0.1]
    yield case("two that diverged", edge="NaN", losses=mixed)
    yield case("twins", edge="equal losses", losses=[0.8, 0.5, 0.9, 0.5, 0.8, 0.3])


@task(
    points=1,
    cases=_result_cases,
    hints={
        "results": "a pair (loss, point) for each point, the lowest loss first, of equal losses the one tried first; "
        "infinity in the place of NaN",
        "trainings": "loss_of trains a network: call it once for each point",
    },
)
def search(impl: Any, losses: list[float]) -> dict[str, Any]:
    """Points whose losses are known: the results in order, and how often each was asked for."""
    calls = [0] * len(losses)

    def loss_of(point: dict[str, Any]) -> float:
        calls[point["number"]] += 1
        return losses[point["number"]]

    results = impl.search(loss_of, [{"number": i, "rate": 0.1 / (i + 1)} for i in range(len(losses))])
    if results is None:
        return {"results": None, "trainings": np.array(calls)}
    found = np.array([[float(loss), float(point["number"])] for loss, point in results])
    # Numbers that can be compared stand for those that cannot.
    return {"results": np.nan_to_num(found, nan=-999.0, posinf=999.0), "trainings": np.array(calls)}


explain(search, "search", mistakes_search.SEARCH)


# ---------------------------------------------------------------------------------------------------------------
# From coarse to fine


def _results(rng: np.random.Generator, n: int, keep: int, *names: str) -> list[list[Any]]:
    """Draw results; of the best, the second has the smallest value of everything, and the third the largest."""
    losses = np.linspace(0.2, 2, n) + 0.05 * rng.random(n)
    columns = {}
    for name in names:
        column = 10 ** rng.uniform(-4, 0, n)
        extremes = np.argsort(column[:keep])[[0, -1]]
        others = [i for i in range(keep) if i not in extremes]
        columns[name] = column[[*others[:1], *extremes, *others[1:], *range(keep, n)]] if keep > 3 else column
    points = [{name: float(column[i]) for name, column in columns.items()} for i in range(n)]
    return [[float(losses[i]), points[i]] for i in rng.permutation(n)]


def _refine_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, keep, factor, names in (
        ("the best four of eight", 8, 4, 2.0, ("rate", "decay")),
        ("the best five of nine", 9, 5, 1.5, ("rate",)),
        ("the best four of seven", 7, 4, 3.0, ("c", "b", "a")),
    ):
        yield case(name, given=n == 8, results=_results(rng, n, keep, *names), keep=keep, factor=factor)
    yield case("the best one", edge="keep = 1", results=_results(rng, 5, 1, "rate", "decay"), keep=1, factor=2.0)
    few = _results(rng, 3, 3, "rate", "decay")
    yield case("fewer than to be kept", edge="fewer results than `keep`", results=few, keep=5, factor=1.25)


@task(
    points=2,
    cases=_refine_cases,
    hints={
        "low": "the smallest value among the `keep` best points, divided by `factor`",
        "high": "the largest value among the `keep` best points, times `factor`",
    },
)
def refine(impl: Any, results: list[Any], keep: int, factor: float) -> dict[str, Any]:
    """The ranges around the best of several points."""
    names = sorted(results[0][1])
    ranges = impl.refine([(loss, dict(point)) for loss, point in results], keep=keep, factor=factor)
    if ranges is None:
        return {"low": None, "high": None}
    low, high = zip(*(ranges[name] for name in names), strict=True)
    return {"low": np.array([float(v) for v in low]), "high": np.array([float(v) for v in high])}


explain(refine, "refine", mistakes_search.REFINE)


def _stage_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, edge, ranges, stages, trials, keep, factor in (
        ("two stages", "", {"rate": [1e-4, 1.0], "decay": [1e-6, 1e-2]}, 2, 6, 3, 1.5),
        ("three stages", "", {"rate": [1e-3, 10.0]}, 3, 5, 2, 2.0),
        ("four stages", "", {"c": [1e-3, 1e3], "b": [1e-5, 1e-1], "a": [1e-2, 1e2]}, 4, 7, 4, 1.25),
        ("one stage", "a single stage", {"rate": [1e-3, 1.0]}, 1, 5, 2, 1.5),
    ):
        yield case(
            name,
            given=stages == 2,
            edge=edge,
            ranges=ranges,
            best=[float(np.exp(rng.uniform(*np.log(limits)))) for limits in ranges.values()],
            stages=stages,
            trials=trials,
            order=int(rng.integers(2**31)),
            keep=keep,
            factor=factor,
        )


@task(
    points=2,
    cases=_stage_cases,
    hints={
        "losses": "a list of results a stage, best first: the first stage in the given ranges, each later one in those "
        "that `refine` returns for all results so far",
        "trainings": "`trials` trainings in each of the `stages`",
    },
)
def coarse_to_fine(
    impl: Any,
    ranges: dict[str, list[float]],
    best: list[float],
    stages: int,
    trials: int,
    order: int,
    keep: int,
    factor: float,
) -> dict[str, Any]:
    """A search in several stages for the bottom of a bowl, with right helpers: the losses of every stage."""

    def random_points(ranges: Any, trials: int, rng: np.random.Generator) -> list[dict[str, float]]:
        columns = {name: low * (high / low) ** rng.random(trials) for name, (low, high) in ranges.items()}
        return [{name: float(column[i]) for name, column in columns.items()} for i in range(trials)]

    def search(loss_of: Any, points: Any) -> list[Any]:
        return sorted(((loss_of(point), point) for point in points), key=lambda result: result[0])

    def refine(results: Any, *, keep: int = keep, factor: float = factor) -> dict[str, Any]:
        points = [point for _, point in sorted(results, key=lambda result: result[0])[:keep]]
        columns = {name: [point[name] for point in points] for name in points[0]}
        return {name: (min(column) / factor, max(column) * factor) for name, column in columns.items()}

    calls = []

    def loss_of(point: dict[str, float]) -> float:
        calls.append(point)
        away = [np.log(point[name] / middle) for name, middle in zip(ranges, best, strict=True)]
        return float(np.sum(np.square(away)) + 0.1)

    found = impl.coarse_to_fine(
        loss_of,
        {name: tuple(limits) for name, limits in ranges.items()},
        stages=stages,
        trials=trials,
        rng=np.random.default_rng(order),
        random_points=random_points,
        search=search,
        refine=refine,
        keep=keep,
        factor=factor,
    )
    if found is None:
        return {"losses": None, "trainings": len(calls)}
    return {"losses": np.array([[float(loss) for loss, _ in stage] for stage in found]), "trainings": len(calls)}


explain(coarse_to_fine, "coarse_to_fine", mistakes_search.COARSE_TO_FINE)
