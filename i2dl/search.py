"""Searching for hyperparameters: on a grid, at random, from coarse to fine.

A *point* is one setting of all hyperparameters, a dictionary such as ``{"rate": 0.01, "decay": 1e-4}``. A search draws
up points (`grid_points`, `random_points`), asks for the loss of each (`search`), and may look closer around the best
ones (`refine`, `coarse_to_fine`).

A grid of 4 rates and 4 decays is 16 trainings, but it tries 4 different rates only. 16 random points try 16, and that
is what counts when one of the two hardly matters. Rates and decays matter by their factor, so they are drawn uniformly
in their logarithm (`log_uniform`).

The loss must be measured on the validation set: the test set decides nothing, and is looked at once (`choose`).

>>> points = grid_points({"rate": [0.1, 0.01], "decay": [0.0]})
>>> search(lambda point: abs(point["rate"] - 0.02), points)[0]
(0.01, {'rate': 0.01, 'decay': 0.0})

Source: I2DL lecture 6, hyperparameter tuning; student summary, VI.3; J. Bergstra, Y. Bengio, *Random search for
hyper-parameter optimization*, 2012.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = [
    "Point",
    "Ranges",
    "choose",
    "coarse_to_fine",
    "grid_points",
    "log_uniform",
    "random_points",
    "refine",
    "search",
]

Point: TypeAlias = dict[str, Any]
Ranges: TypeAlias = Mapping[str, tuple[float, float]]
Result: TypeAlias = tuple[float, Point]

# A numpy.random.Generator; the name of the library is not needed to call its methods.
Generator: TypeAlias = Any


def log_uniform(low: float, high: float, size: int, rng: Generator) -> Any:
    """Draw numbers whose logarithm is uniform: as many between 1e-4 and 1e-3 as between 1e-2 and 1e-1.

    The scale for random search over rates and strengths, which matter by their factor and not by their difference.

    Parameters
    ----------
    low, high : float
        The range, 0 < low ≤ high.
    size : int
        How many numbers.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    numpy array (size,)
        low · (high/low)ᵘ with u uniform between 0 and 1.

    Raises
    ------
    ValueError
        If not 0 < low ≤ high.

    References
    ----------
    Lecture 6, hyperparameter tuning: random search.
    """
    if not 0 < low <= high:
        msg = f"the range must be 0 < low <= high, got low = {low} and high = {high}"
        raise ValueError(msg)
    return low * (high / low) ** rng.random(size)


def grid_points(values: Mapping[str, Sequence[Any]]) -> list[Point]:
    """Return all combinations of the values, the last hyperparameter changing fastest.

    Parameters
    ----------
    values : mapping from name to sequence
        What to try of each hyperparameter.

    Returns
    -------
    list of dict
        As many points as the numbers of values multiplied; one empty point if there is no hyperparameter.

    References
    ----------
    Lecture 6, hyperparameter tuning: "iterate over all possible configurations".
    """
    return [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]


def random_points(ranges: Ranges, trials: int, rng: Generator) -> list[Point]:
    """Draw points at random, each hyperparameter for itself and uniformly in its logarithm.

    Parameters
    ----------
    ranges : mapping from name to (float, float)
        Lowest and highest value of each hyperparameter, 0 < low ≤ high.
    trials : int
        How many points.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    list of dict
        Points, each value a float.

    Raises
    ------
    ValueError
        If a range is not 0 < low ≤ high.

    References
    ----------
    Lecture 6, hyperparameter tuning: "random points in the predefined ranges".
    """
    columns = {name: log_uniform(low, high, trials, rng) for name, (low, high) in ranges.items()}
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(trials)]


def search(loss_of: Callable[[Point], float], points: Iterable[Point]) -> list[Result]:
    """Ask for the loss of every point once, and sort: the best comes first.

    Parameters
    ----------
    loss_of : callable
        ``loss_of(point) -> float``: trains with these settings and returns the validation loss. NaN counts as infinity.
    points : iterable of dict
        What to try.

    Returns
    -------
    list of (float, dict)
        Loss and point, in the order of the losses; points of equal loss in the order in which they came.

    References
    ----------
    Lecture 6, coarse grid search.
    """
    results = []
    for point in points:
        loss = float(loss_of(dict(point)))
        results.append((math.inf if math.isnan(loss) else loss, dict(point)))
    return sorted(results, key=lambda result: result[0])


def refine(results: Sequence[Result], *, keep: int, factor: float) -> dict[str, tuple[float, float]]:
    """Return the ranges around the best points, for a closer look.

    For each hyperparameter the range goes from the smallest value among the best points to the largest, and a factor
    beyond on both sides. It may leave the range that was searched before: if the best point lies at its edge, the
    optimum may lie outside.

    Parameters
    ----------
    results : sequence of (float, dict)
        Losses and points in any order, as `search` returns them; values greater than 0.
    keep : int
        How many of the best points count, at least 1.
    factor : float
        How far to look beyond them, at least 1.

    Returns
    -------
    dict from name to (float, float)
        (smallest / factor, largest · factor) of each hyperparameter.

    Raises
    ------
    ValueError
        If there are no results, `keep` or `factor` is less than 1, or a value is not greater than 0.

    References
    ----------
    Lecture 6, refine grid: "refine grid search around these models".
    """
    if not results or keep < 1 or factor < 1:
        msg = (
            "results must not be empty, and keep and factor be at least 1, "
            f"got {len(results)} results, keep = {keep} and factor = {factor}"
        )
        raise ValueError(msg)
    best = [point for _, point in sorted(results, key=_loss)[:keep]]
    ranges = {name: (min(p[name] for p in best), max(p[name] for p in best)) for name in best[0]}
    for name, (low, _) in ranges.items():
        if low <= 0:
            msg = f"all values must be greater than 0, but {name} is {low} in one of the best points"
            raise ValueError(msg)
    return {name: (low / factor, high * factor) for name, (low, high) in ranges.items()}


def coarse_to_fine(
    loss_of: Callable[[Point], float],
    ranges: Ranges,
    *,
    stages: int,
    trials: int,
    rng: Generator,
    keep: int = 3,
    factor: float = 1.5,
) -> list[list[Result]]:
    """Search at random, then again around what was best, and so on.

    Parameters
    ----------
    loss_of : callable
        ``loss_of(point) -> float``, as in `search`.
    ranges : mapping from name to (float, float)
        Where the first stage looks.
    stages : int
        How many times to search.
    trials : int
        Points of each stage.
    rng : numpy.random.Generator
        Where the points come from.
    keep, factor : int, float
        How `refine` narrows the ranges, by all results so far.

    Returns
    -------
    list of lists of (float, dict)
        The results of each stage, its best first.

    Raises
    ------
    ValueError
        If a range is not 0 < low ≤ high, or `keep` or `factor` less than 1.

    References
    ----------
    Lecture 6, coarse grid search, refine grid.
    """
    found: list[list[Result]] = []
    for _ in range(stages):
        if found:
            ranges = refine(list(itertools.chain.from_iterable(found)), keep=keep, factor=factor)
        found.append(search(loss_of, random_points(ranges, trials, rng)))
    return found


def choose(
    settings: Sequence[Any],
    train: Any,
    validation: Any,
    test: Any,
    *,
    fit: Callable[[Any, Any], Any],
    error: Callable[[Any, Any], float],
) -> tuple[Any, float]:
    """Choose a setting, and say honestly how good it is: each of the three sets has one job.

    The error by which a setting was chosen is the luckiest of many, so it is too low. The error on the test set is not:
    nothing was chosen by it.

    Parameters
    ----------
    settings : sequence
        What to try.
    train, validation, test : any
        The three sets, in whatever form `fit` and `error` take them.
    fit : callable
        ``fit(setting, train) -> model``.
    error : callable
        ``error(model, data) -> float``. It is called once with the test set.

    Returns
    -------
    setting : any
        The one whose model has the lowest error on the validation set; the first of them if there are several.
    test_error : float
        The error of this model on the test set.

    Raises
    ------
    ValueError
        If there are no settings.

    References
    ----------
    Lecture 2, cross validation; lecture 6, bad practice: "debug algorithm on test data".
    """
    if not settings:
        msg = "there must be at least one setting, got none"
        raise ValueError(msg)
    models = [fit(setting, train) for setting in settings]
    errors = [error(model, validation) for model in models]
    best = errors.index(min(errors))
    return settings[best], error(models[best], test)


def _loss(result: Result) -> float:
    return math.inf if math.isnan(result[0]) else result[0]
