"""Mistakes with the searches of exercise 07."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import numpy as np

from autograder.tasks.ex07_training_a_network.drawing import Mistakes

__all__ = ["COARSE_TO_FINE", "GRID_POINTS", "LEARNING_RATE_SEARCH", "REFINE", "SEARCH"]

Point = dict[str, Any]
Result = tuple[float, Point]


# ---------------------------------------------------------------------------------------------------------------
# Learning rates


def _rates(
    build: Any,
    rates: Any,
    train: Any,
    validation: Any,
    *,
    iterations: int,
    step: Any,
    measure: Any,
    mistake: str = "",
    steps: int | None = None,
) -> list[float]:
    losses, before = [], None
    for rate in rates:
        model, optimizer = build(rate)
        if mistake == "goes on" and before is not None:
            model.load_state_dict(before.state_dict())
        for _ in range(iterations if steps is None else steps):
            step(model, optimizer, *train)
        loss, _ = measure(model, *(train if mistake == "on train" else validation))
        losses.append(loss if np.isfinite(loss) else math.inf)
        before = model
    return losses


LEARNING_RATE_SEARCH: Mistakes = {
    "each rate goes on from the weights of the one before: build a new model for every rate": (
        partial(_rates, mistake="goes on")
    ),
    "this is the training loss: compare the rates on the validation set": partial(_rates, mistake="on train"),
    "each rate got 100 steps, whatever `iterations` says": partial(_rates, steps=100),
    "each rate got a single step: take `iterations` of them": partial(_rates, steps=1),
    "the models were not trained": partial(_rates, steps=0),
}


# ---------------------------------------------------------------------------------------------------------------
# A grid


def _one_at_a_time(values: dict[str, list[float]]) -> list[Point]:
    first = {name: each[0] for name, each in values.items()}
    return [first, *({**first, name: value} for name, each in values.items() for value in each[1:])]


def _product(values: dict[str, list[float]]) -> list[Point]:
    return [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]


def _parallel(values: dict[str, list[float]]) -> list[Point]:
    return [dict(zip(values, each, strict=True)) for each in zip(*values.values(), strict=False)]


GRID_POINTS: Mistakes = {
    "the lists are gone through side by side here: every value of one must meet every value of the others": _parallel,
    "only one hyperparameter changes at a time, the others stay at their first value": _one_at_a_time,
    "all points are one and the same dictionary, changed again and again: make a new one for each point": (
        lambda values: [_product(values)[-1]] * len(_product(values))
    ),
    "the last value of each hyperparameter is missing": (
        lambda values: _product({name: each[:-1] for name, each in values.items()})
    ),
    "only the first two hyperparameters are combined: there may be any number of them": (
        lambda values: _product(dict(itertools.islice(values.items(), 2)))
    ),
    "each value stands alone: a point has a value for every hyperparameter": (
        lambda values: [{name: value} for name, each in values.items() for value in each]
    ),
}


# ---------------------------------------------------------------------------------------------------------------
# Trying points


def _search(loss_of: Any, points: list[Point], *, mistake: str) -> list[Result]:
    results = [(float(loss_of(point)), point) for point in points]
    if mistake == "loss_of twice":
        results = [(float(loss_of(point)), point) for _, point in results]
    if mistake != "NaN kept":
        results = [(math.inf if math.isnan(loss) else loss, point) for loss, point in results]
    if mistake == "NaN dropped":
        results = [result for result in results if math.isfinite(result[0])]
    if mistake == "NaN as zero":
        results = [(0.0 if math.isinf(loss) else loss, point) for loss, point in results]
    if mistake == "not sorted":
        return results
    if mistake == "losses alone sorted":
        return list(zip(sorted(loss for loss, _ in results), points, strict=True))
    if mistake == "last of the equal first":
        results.reverse()
    results.sort(key=lambda result: result[0], reverse=mistake == "worst first")
    return results[:1] if mistake == "the best alone" else results


SEARCH: Mistakes = {
    "the results come in the order in which they were tried: sort them by their loss": (
        partial(_search, mistake="not sorted")
    ),
    "the worst comes first: the lowest loss is the best": partial(_search, mistake="worst first"),
    "the losses are sorted, but not their points with them: keep each loss beside its point": (
        partial(_search, mistake="losses alone sorted")
    ),
    "only the best is returned: the refinement needs the others, too": partial(_search, mistake="the best alone"),
    "each point was trained twice: keep the loss of the first time": partial(_search, mistake="loss_of twice"),
    "a loss of NaN stays NaN, and sorting goes wrong: put infinity in its place": partial(_search, mistake="NaN kept"),
    "a point whose loss is NaN is left out: keep it, with infinity": partial(_search, mistake="NaN dropped"),
    "a loss of NaN became 0, the best of all: put infinity in its place": partial(_search, mistake="NaN as zero"),
    "of equal losses the one that was tried last comes first": partial(_search, mistake="last of the equal first"),
}


# ---------------------------------------------------------------------------------------------------------------
# From coarse to fine


def _refine(results: list[Result], *, keep: int, factor: float, mistake: str) -> dict[str, tuple[float, float]]:
    if mistake != "not sorted":
        results = sorted(results, key=lambda result: result[0], reverse=mistake == "worst")
    best = [point for _, point in results[: {"all": None, "best alone": 1}.get(mistake, keep)]]
    ranges = {}
    for name in best[0]:
        column = [point[name] for point in best]
        low, high = min(column), max(column)
        if mistake == "first and last":
            low, high = sorted((column[0], column[-1]))
        if mistake == "mean":
            low = high = math.exp(sum(map(math.log, column)) / len(column))
        if mistake == "difference":
            low, high = low - factor, high + factor
        elif mistake == "narrowed":
            low, high = low * factor, high / factor
        elif mistake != "no factor":
            low, high = low / (1.0 if mistake == "above only" else factor), high * factor
        ranges[name] = low, high
    return ranges


REFINE: Mistakes = {
    "the first `keep` results are taken as they come: sort them by their loss first": (
        partial(_refine, mistake="not sorted")
    ),
    "these are the ranges around the points with the highest losses": partial(_refine, mistake="worst"),
    "these are the ranges of all points: only the `keep` best count": partial(_refine, mistake="all"),
    "these are the ranges around the best point alone: the `keep` best count": partial(_refine, mistake="best alone"),
    "the range goes from the best point to the last one kept: take the smallest and the largest value": (
        partial(_refine, mistake="first and last")
    ),
    "the range lies around the middle of the best points: it goes from their smallest value to their largest": (
        partial(_refine, mistake="mean")
    ),
    "`factor` is missing: look beyond the best points on both sides": partial(_refine, mistake="no factor"),
    "`factor` is added and taken away: rates matter by their factor, so divide and multiply": (
        partial(_refine, mistake="difference")
    ),
    "the range is made narrower by `factor`: divide the low end, multiply the high one": (
        partial(_refine, mistake="narrowed")
    ),
    "`factor` widens the range above only": partial(_refine, mistake="above only"),
}


def _stages(
    loss_of: Any,
    ranges: Any,
    *,
    stages: int,
    trials: int,
    rng: Any,
    random_points: Any,
    search: Any,
    refine: Any,
    keep: int,
    factor: float,
    mistake: str,
) -> list[list[Result]]:
    found: list[list[Result]] = []
    for _ in range(stages - (mistake == "one too few")):
        if found and mistake != "never refined":
            known = {"last stage": found[-1], "first stage": found[0]}.get(mistake, list(itertools.chain(*found)))
            best = min(known, key=lambda result: result[0])
            ranges = refine([best] if mistake == "best alone" else known, keep=keep, factor=factor)
        found.append(search(loss_of, random_points(ranges, trials, rng)))
    if mistake == "last only":
        return found[-1:]
    return [sorted(itertools.chain(*found), key=lambda result: result[0])] if mistake == "all in one" else found


COARSE_TO_FINE: Mistakes = {
    "the ranges never change: refine them before every stage but the first": partial(_stages, mistake="never refined"),
    "the ranges are refined by the last stage alone: all results so far count": partial(_stages, mistake="last stage"),
    "the ranges are refined by the first stage alone: all results so far count": (
        partial(_stages, mistake="first stage")
    ),
    "the ranges are refined by the best point alone: hand all results so far to `refine`": (
        partial(_stages, mistake="best alone")
    ),
    "there is one stage too few": partial(_stages, mistake="one too few"),
    "this is the last stage alone: return the results of all": partial(_stages, mistake="last only"),
    "all results are in one list: return a list for each stage": partial(_stages, mistake="all in one"),
}
