"""Splitting data, and choosing what training cannot choose.

*Three parts.* The model is fitted to the training data. Hyperparameters, like the k of k-NN, are chosen by the error on
the *validation* data, since on its own training data the most flexible model always wins. The *test* data is used once,
at the very end: whatever was chosen by looking at it would be too optimistic about new data.

*Folds.* With little data a single validation part is small, and its error a matter of luck. *k-fold cross-validation*
cuts the training data into k parts and trains k times, each time with another part left out for validation. All samples
have then been validated on, each by a model that has not seen it, and the k scores show by how much they vary. It costs
k trainings. The test data stays out of this.

Data often comes sorted by class, so both kinds of splitting shuffle first.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device

from i2dl.classic.knn import distances_no_loops, majority_vote
from i2dl.functional._checks import Array


@dataclass(frozen=True)
class KChoice:
    """The k of k-NN that cross-validation recommends.

    Attributes
    ----------
    k : int
        The one with the best mean accuracy; of several, the largest, which has the smoothest boundary.
    accuracies : mapping from int to array, shape (folds,)
        For each candidate the accuracy on each fold.
    """

    k: int
    accuracies: Mapping[int, np.ndarray]


def split_indices(
    n: int, *, fractions: Sequence[float] = (0.6, 0.2, 0.2), rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Shuffle the numbers of n samples, and cut them into parts: training, validation, test.

    Parameters
    ----------
    n : int
        Number of samples.
    fractions : sequence of float
        The share of each part; they add up to 1. The lecture has 60/20/20 and 80/10/10.
    rng : numpy.random.Generator
        Where the order comes from.

    Returns
    -------
    tuple of integer arrays, shapes (N₁,), (N₂,), ...
        Indices, each in one part alone; the shares are rounded to whole samples.

    Raises
    ------
    ValueError
        If there are no samples, a fraction is negative, or they do not add up to 1.

    References
    ----------
    I2DL lecture 2, basic recipe for machine learning; student summary, II.
    """
    if n < 1:
        msg = f"n must be at least 1, but it is {n}"
        raise ValueError(msg)
    if any(fraction < 0 for fraction in fractions) or not math.isclose(sum(fractions), 1.0, abs_tol=1e-9):
        msg = f"fractions must be shares of at least 0 that add up to 1, but they are {tuple(fractions)}"
        raise ValueError(msg)
    cuts = np.round(np.cumsum(fractions)[:-1] * n).astype(int)
    return tuple(np.split(rng.permutation(n), cuts))


def k_fold_indices(n: int, *, k: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Shuffle the numbers of n samples, cut them into k folds, and leave each out in turn.

    Parameters
    ----------
    n : int
        Number of samples.
    k : int
        Number of folds, 2 to n. With n folds each sample is left out alone.
    rng : numpy.random.Generator
        Where the order comes from.

    Returns
    -------
    list of (integer array, shape (N − F,), integer array, shape (F,))
        For each run the indices to train with, and those of the fold to validate on. Folds differ by one sample at
        most, the first ones being larger.

    Raises
    ------
    ValueError
        If ``k`` is not from 2 to ``n``.

    References
    ----------
    I2DL lecture 2, cross validation; I2DL exams Aug 2020 (shuffle first) and Feb 2022, 2.1 (what more folds cost).
    """
    if not 2 <= k <= n:
        msg = f"k must be from 2 to the number of samples, {n}, but it is {k}"
        raise ValueError(msg)
    folds = np.array_split(rng.permutation(n), k)
    return [(np.concatenate(folds[:i] + folds[i + 1 :]), fold) for i, fold in enumerate(folds)]


def cross_validate(
    score: Callable[[Array, Array, Array, Array], float], x: Array, y: Array, *, k: int, rng: np.random.Generator
) -> np.ndarray:
    """Train k times, each time without one fold, and score on that fold.

    Parameters
    ----------
    score : callable
        ``score(x_train, y_train, x_validation, y_validation)`` trains a model and returns how good it is, one number.
    x : array, shape (N, ...)
        Samples.
    y : array, shape (N, ...)
        Labels or targets.
    k : int
        Number of folds, 2 to N.
    rng : numpy.random.Generator
        Where the order of the samples comes from.

    Returns
    -------
    array, shape (k,)
        The scores, as a NumPy array; their mean is the estimate, their spread tells how far to trust it.

    Raises
    ------
    ValueError
        If ``x`` and ``y`` differ in length, or ``k`` is not from 2 to N.

    References
    ----------
    I2DL lecture 2, cross validation.
    """
    _check_lengths(x, y)
    return np.array(
        [
            float(score(_rows(x, train), _rows(y, train), _rows(x, fold), _rows(y, fold)))
            for train, fold in k_fold_indices(x.shape[0], k=k, rng=rng)
        ]
    )


def choose_k(
    x: Array,
    y: Array,
    *,
    candidates: Sequence[int] = (1, 3, 5, 7, 9),
    folds: int = 5,
    metric: str = "l2",
    rng: np.random.Generator,
) -> KChoice:
    """Choose the k of k-NN by cross-validation; all candidates see the same folds.

    Parameters
    ----------
    x : array, shape (N, D)
        Training samples.
    y : integer array, shape (N,)
        Their labels.
    candidates : sequence of int
        Which k to try, each from 1 to the size of the smallest training part.
    folds : int
        Number of folds, 2 to N.
    metric : {"l1", "l2"}
        Which distance.
    rng : numpy.random.Generator
        Where the order of the samples comes from.

    Returns
    -------
    KChoice
        The best k, and all accuracies.

    Raises
    ------
    TypeError
        If samples are not real floating, or labels not integer.
    ValueError
        If ``x`` and ``y`` differ in length, there are no candidates, or a hyperparameter is out of its range.

    References
    ----------
    I2DL lecture 2, nearest neighbor: how do we choose these hyperparameters?
    """
    _check_lengths(x, y)
    if not candidates:
        msg = "candidates must hold at least one number of neighbours, but it holds 0"
        raise ValueError(msg)
    xp = array_namespace(x, y)
    accuracies: dict[int, list[float]] = {k: [] for k in candidates}
    for train, fold in k_fold_indices(x.shape[0], k=folds, rng=rng):
        # The distances do not depend on k.
        distances = distances_no_loops(_rows(x, fold), _rows(x, train), metric=metric)
        for k in candidates:
            right = majority_vote(distances, _rows(y, train), k=k) == _rows(y, fold)
            accuracies[k].append(float(xp.mean(xp.astype(right, xp.float64))))
    best = max(accuracies, key=lambda k: (float(np.mean(accuracies[k])), k))
    return KChoice(best, {k: np.array(values) for k, values in accuracies.items()})


def _rows(array: Array, indices: np.ndarray) -> Array:
    """Take samples out of an array of any library."""
    xp = array_namespace(array)
    return xp.take(array, xp.asarray(indices, device=device(array)), axis=0)


def _check_lengths(x: Array, y: Array) -> None:
    if x.shape[0] != y.shape[0]:
        msg = f"x and y must have one length, but their shapes are {tuple(x.shape)} and {tuple(y.shape)}"
        raise ValueError(msg)
