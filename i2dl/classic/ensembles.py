"""Ensembles: several models asked, one answer given.

Models that err in different ways correct one another. Let each of k models be off by an error with mean 0, variance v,
and covariance c between any two of them. Then the error of their average has the expected square

    E[((1/k) Σᵢ εᵢ)²] = v/k + (1 − 1/k) · c.

With uncorrelated errors, c = 0, it falls as 1/k: in inverse proportion to the number of models. (Lecture 8 says that
it decreases linearly with the ensemble size.) With c = v all err alike, and nothing is gained. So what makes an
ensemble is that its members differ: another start, another architecture, or other data.

**Bagging** (bootstrap aggregating) gives every model a training set of its own: N samples drawn from the N there are,
with replacement. One draw misses a given sample with probability 1 − 1/N, all N draws with (1 − 1/N)ᴺ ≈ 1/e, so each
training set has about 63 % of the samples, some of them repeatedly; those it misses, "out of bag", can validate it.

Source: I2DL lecture 8, bagging and ensemble methods; student summary, VIII.2; Breiman, *Bagging predictors*, 1996.
"""

from typing import Any, TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape

__all__ = ["average_probabilities", "bootstrap_indices", "ensemble_error", "majority", "out_of_bag"]

# A numpy.random.Generator; the name of the library is not needed to call its methods.
Generator: TypeAlias = Any


def bootstrap_indices(n: int, *, rng: Generator) -> Any:
    """Draw n of n samples, with replacement.

    Parameters
    ----------
    n : int
        Samples in the training set.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    integer NumPy array, shape (n,)
        Indices from 0 to n − 1, about 63 % of them different.

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    References
    ----------
    Breiman, 1996; I2DL lecture 8, bagging.
    """
    if n < 1:
        msg = f"n must be at least 1, but it is {n}"
        raise ValueError(msg)
    return rng.integers(n, size=n)


def out_of_bag(indices: Array, n: int) -> Array:
    """Tell which samples a bootstrap sample misses.

    Parameters
    ----------
    indices : integer array, shape (M,)
        The samples that were drawn.
    n : int
        Samples in the training set.

    Returns
    -------
    boolean array, shape (n,)
        True where a sample was never drawn.

    Raises
    ------
    ValueError
        If ``indices`` has more than one axis.

    References
    ----------
    Breiman, *Out-of-bag estimation*, 1996.
    """
    xp = array_namespace(indices)
    check_shape("indices", indices, ("M",))
    samples = xp.arange(n, dtype=indices.dtype, device=device(indices))
    return ~xp.any(samples[:, None] == indices[None, :], axis=1)


def average_probabilities(probabilities: Array) -> Array:
    """Average the models' probabilities: the mean over the first axis.

    Parameters
    ----------
    probabilities : array, shape (K, N, C)
        From each of K models, the probabilities of C classes for N samples.

    Returns
    -------
    array, shape (N, C)
        The ensemble's probabilities; its answer is their argmax.

    Raises
    ------
    TypeError
        If ``probabilities`` is not real floating.
    ValueError
        If it has another number of axes, or there is no model.

    References
    ----------
    I2DL lecture 8: train multiple models and average their results.
    """
    check_floating(probabilities=probabilities)
    check_shape("probabilities", probabilities, ("K", "N", "C"))
    _check_members(probabilities)
    return array_namespace(probabilities).mean(probabilities, axis=0)


def majority(predictions: Array, *, classes: int) -> Array:
    """Give each sample the class that most models voted for; of classes with equally many votes, the lowest.

    Parameters
    ----------
    predictions : integer array, shape (K, N)
        From each of K models, the class of N samples, from 0 to ``classes`` − 1.
    classes : int
        Number of classes.

    Returns
    -------
    integer array, shape (N,)
        The ensemble's classes.

    Raises
    ------
    TypeError
        If ``predictions`` is not of integers.
    ValueError
        If it has another number of axes, or there is no model.

    References
    ----------
    I2DL lecture 8, bagging and ensemble methods; Breiman, 1996.
    """
    xp = array_namespace(predictions)
    if not xp.isdtype(predictions.dtype, "integral"):
        msg = f"predictions must hold integer classes, but their dtype is {predictions.dtype}"
        raise TypeError(msg)
    check_shape("predictions", predictions, ("K", "N"))
    _check_members(predictions)
    candidates = xp.arange(classes, dtype=predictions.dtype, device=device(predictions))
    votes = xp.sum(xp.astype(predictions[:, :, None] == candidates, predictions.dtype), axis=0)
    return xp.argmax(votes, axis=1)


def ensemble_error(variance: float, covariance: float, members: int) -> float:
    """v/k + (1 − 1/k) · c: the expected squared error of the average of k models.

    Parameters
    ----------
    variance : float
        v, the expected squared error of one model (a number, no unit of its own), whose error has mean 0.
    covariance : float
        c, that of the errors of two models.
    members : int
        k, the number of models.

    Returns
    -------
    float
        The expected squared error of their average.

    Raises
    ------
    ValueError
        If there is no model, or the covariance is larger than the variance.

    References
    ----------
    Goodfellow, Bengio, Courville, *Deep Learning*, 2016, section 7.11; I2DL lecture 8.
    """
    if members < 1:
        msg = f"members must be at least 1, but there are {members}"
        raise ValueError(msg)
    if abs(covariance) > variance:
        msg = f"covariance must be at most the variance {variance} in size, but it is {covariance}"
        raise ValueError(msg)
    return variance / members + (1 - 1 / members) * covariance


def _check_members(answers: Array) -> None:
    if answers.shape[0] < 1:
        msg = f"there must be at least one model, along axis 0, but the shape is {tuple(answers.shape)}"
        raise ValueError(msg)
