"""k-means: find k centres such that each sample has one close by. No labels are needed.

What is minimized is the *inertia* Σᵢ ‖xᵢ − c(i)‖², where c(i) is the centre nearest to sample i. Finding the best
centres is hard, but either half of the problem is easy:

1. *assign*: given the centres, give each sample to the nearest one;
2. *update*: given who belongs where, move each centre to the mean of its samples, the point with the least sum of
   squared distances to them.

Neither half can raise the inertia, and there are only finitely many ways to assign: doing both in turn comes to rest.
Where depends on the start, since the inertia has many local minima. A good start has centres that are far apart, but
not all at outliers: *k-means++* draws each further centre from the samples, with a probability proportional to the
squared distance to the centres that are already there.
"""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_not_empty, check_shape

STARTS = ("k-means++", "random")


@dataclass(frozen=True)
class KMeans:
    """What k-means has come to.

    Attributes
    ----------
    centres : array, shape (k, D)
        The centres.
    labels : integer array, shape (N,)
        For each sample the index of its centre, 0 to k − 1.
    inertia : float
        Sum of the squared distances of all samples to their centres.
    history : tuple of float
        The inertia after each assignment; the last is ``inertia``.
    converged : bool
        Whether the last round changed no label.
    """

    centres: Array
    labels: Array
    inertia: float
    history: tuple[float, ...]
    converged: bool


def kmeans_start(x: Array, *, k: int, rng: np.random.Generator, method: str = "k-means++") -> Array:
    """Choose k of the samples as the first centres.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    k : int
        How many centres, 1 to N.
    rng : numpy.random.Generator
        Where the choice comes from.
    method : {"k-means++", "random"}
        Far apart, or any k different samples.

    Returns
    -------
    array, shape (k, D)
        Centres.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``x`` has another rank or is empty, ``k`` is not from 1 to N, or the method is unknown.

    References
    ----------
    D. Arthur, S. Vassilvitskii, *k-means++: the advantages of careful seeding*, 2007.
    """
    xp = array_namespace(x)
    _check(x, k)
    n = x.shape[0]
    if method not in STARTS:
        msg = f"method must be 'k-means++' or 'random', but it is {method!r}"
        raise ValueError(msg)
    if method == "random":
        return _rows(x, [int(i) for i in rng.choice(n, size=k, replace=False)])
    chosen = [int(rng.integers(n))]
    while len(chosen) < k:
        _, squared = kmeans_assign(x, _rows(x, chosen))
        # A dart thrown at all squared distances laid end to end: the larger, the likelier to be hit.
        ends = xp.cumulative_sum(squared)
        dart = rng.random() * float(ends[-1])
        hit = int(xp.sum(xp.astype(ends <= dart, xp.int64)))
        chosen.append(min(hit, n - 1))  # all distances are 0 if there are fewer than k different samples
    return _rows(x, chosen)


def kmeans_assign(x: Array, centres: Array) -> tuple[Array, Array]:
    """Give each sample to the nearest centre; of two at one distance, to the first.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    centres : array, shape (k, D)
        Centres.

    Returns
    -------
    labels : integer array, shape (N,)
        Index of the nearest centre.
    squared : array, shape (N,)
        Squared distance to it; their sum is the inertia.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or an array is empty.

    References
    ----------
    I2DL lecture 2, unsupervised learning: clustering.
    """
    xp = array_namespace(x, centres)
    check_floating(x=x, centres=centres)
    check_shape("x", x, ("N", "D"))
    check_shape("centres", centres, ("k", x.shape[1]))
    check_not_empty("x", x)
    check_not_empty("centres", centres)
    # One centre at a time: exact differences, and never more than N × D numbers at once.
    squared = xp.stack([xp.sum((x - centres[j, :]) ** 2, axis=1) for j in range(centres.shape[0])], axis=1)
    return xp.argmin(squared, axis=1), xp.min(squared, axis=1)


def kmeans_update(x: Array, labels: Array, centres: Array) -> Array:
    """Move each centre to the mean of its samples. One that has none stays where it is.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    labels : integer array, shape (N,)
        Index of each sample's centre, 0 to k − 1.
    centres : array, shape (k, D)
        The centres so far.

    Returns
    -------
    array, shape (k, D)
        The new centres.

    Raises
    ------
    TypeError
        If ``x`` or ``centres`` is not real floating, or ``labels`` not integer.
    ValueError
        If the shapes do not fit.

    References
    ----------
    I2DL lecture 2, unsupervised learning: clustering.
    """
    xp = array_namespace(x, labels, centres)
    check_floating(x=x, centres=centres)
    check_shape("x", x, ("N", "D"))
    check_shape("labels", labels, (x.shape[0],))
    check_shape("centres", centres, ("k", x.shape[1]))
    if not xp.isdtype(labels.dtype, "integral"):
        msg = f"labels must hold the indices of centres, but its dtype is {labels.dtype}"
        raise TypeError(msg)
    numbers = xp.arange(centres.shape[0], dtype=labels.dtype, device=device(x))
    belongs = xp.astype(labels[None, :] == numbers[:, None], x.dtype)
    count = xp.sum(belongs, axis=1)[:, None]
    mean = xp.matmul(belongs, x) / xp.maximum(count, 1.0)
    return xp.where(count > 0, mean, centres)


def kmeans(
    x: Array,
    *,
    k: int,
    rng: np.random.Generator,
    start: str | Array = "k-means++",
    rounds: int = 300,
) -> KMeans:
    """Assign and update in turn until no sample changes its centre.

    The result is a local minimum; run it several times and keep the one of least inertia.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    k : int
        How many centres, 1 to N. More always fit better: with k = N the inertia is 0, and nothing has been learnt.
    rng : numpy.random.Generator
        Where the start comes from.
    start : {"k-means++", "random"} or array, shape (k, D)
        How to choose the first centres (see `kmeans_start`), or these themselves.
    rounds : int
        At most so many.

    Returns
    -------
    KMeans
        Centres, labels and inertia.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``x`` has another rank or is empty, ``k`` is not from 1 to N, ``start`` does not fit, or ``rounds`` is not
        positive.

    References
    ----------
    S. Lloyd, *Least squares quantization in PCM*, 1982; I2DL lecture 2, unsupervised learning: clustering; I2DL exam
    Feb 2022, where k = N is the example of unsupervised overfitting.
    """
    xp = array_namespace(x)
    _check(x, k)
    if rounds < 1:
        msg = f"rounds must be at least 1, but it is {rounds}"
        raise ValueError(msg)
    centres = kmeans_start(x, k=k, rng=rng, method=start) if isinstance(start, str) else start
    check_shape("start", centres, (k, x.shape[1]))
    labels, squared = kmeans_assign(x, centres)
    history = [float(xp.sum(squared))]
    converged = False
    while not converged and len(history) <= rounds:
        centres = kmeans_update(x, labels, centres)
        before = labels
        labels, squared = kmeans_assign(x, centres)
        history.append(float(xp.sum(squared)))
        converged = bool(xp.all(labels == before))
    return KMeans(centres, labels, history[-1], tuple(history), converged)


def _rows(x: Array, indices: list[int]) -> Array:
    xp = array_namespace(x)
    return xp.take(x, xp.asarray(indices, dtype=xp.int64, device=device(x)), axis=0)


def _check(x: Array, k: int) -> None:
    check_floating(x=x)
    check_shape("x", x, ("N", "D"))
    check_not_empty("x", x)
    if not 1 <= k <= x.shape[0]:
        msg = f"k must be from 1 to the number of samples in x of shape {tuple(x.shape)}, but it is {k}"
        raise ValueError(msg)
