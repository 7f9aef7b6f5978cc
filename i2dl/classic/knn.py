"""k nearest neighbours: a sample gets the label that most of its k nearest training samples have.

There is nothing to train; the training set is the model, and all the work is done when a label is asked for: one
distance to each training sample. Two hyperparameters, k and the distance, are chosen on validation data
(`i2dl.classic.cross_validation.choose_k`). With k = 1 the classifier is right on all of its training data (if no two
samples coincide), which says nothing about new data: each outlier carves an island out of its surroundings. A larger k
smooths the boundary.

The course's summary calls this an unsupervised method, and its own footnote rightly objects: the labels take the vote.

The N × M table of distances is computed here in three ways that give the same numbers, to show what loops cost:

- *two loops*: one distance at a time, N·M small operations;
- *one loop*: one sample against all training samples at once, N operations;
- *no loops*: everything at once. For L1 this needs all N·M·D differences in memory. For L2 it does not, because
  ‖x − c‖² = ‖x‖² − 2 x·c + ‖c‖², and the N × M table of x·c is one matrix product.
"""

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_not_empty, check_shape

METRICS = ("l1", "l2")


def distances_two_loops(x: Array, x_train: Array, *, metric: str = "l2") -> Array:
    """Distances of all samples to all training samples, one by one.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    x_train : array, shape (M, D)
        Training samples.
    metric : {"l1", "l2"}
        Σ |x − c| (Manhattan), or √Σ (x − c)² (Euclidean).

    Returns
    -------
    array, shape (N, M)
        Entry (i, j) is the distance of sample i to training sample j.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, there is no sample at all, or the metric is unknown.

    References
    ----------
    I2DL lecture 2, nearest neighbor: hyperparameters.
    """
    xp = array_namespace(x, x_train)
    _check(x, x_train, metric)
    n, m = x.shape[0], x_train.shape[0]
    return xp.stack([xp.stack([_length(x[i, :] - x_train[j, :], metric) for j in range(m)]) for i in range(n)])


def distances_one_loop(x: Array, x_train: Array, *, metric: str = "l2") -> Array:
    """Distances of all samples to all training samples, one sample at a time.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    x_train : array, shape (M, D)
        Training samples.
    metric : {"l1", "l2"}
        Σ |x − c|, or √Σ (x − c)².

    Returns
    -------
    array, shape (N, M)
        Entry (i, j) is the distance of sample i to training sample j.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, there is no sample at all, or the metric is unknown.

    References
    ----------
    I2DL lecture 2, nearest neighbor: hyperparameters.
    """
    xp = array_namespace(x, x_train)
    _check(x, x_train, metric)
    return xp.stack([_length(x[i, :] - x_train, metric) for i in range(x.shape[0])])


def distances_no_loops(x: Array, x_train: Array, *, metric: str = "l2") -> Array:
    """Distances of all samples to all training samples at once.

    The short formula for L2 subtracts large numbers from each other where a distance is small. Moving all samples by
    the same vector changes no distance, so the mean of the training samples is moved to the origin first, which keeps
    the numbers small. What remains is an error of a few √ε·s for a distance of 0 (s: how far the samples spread;
    ε = 2·10⁻¹⁶ in float64, 10⁻⁷ in float32), and of a few ε·s where distances are about as large as s.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    x_train : array, shape (M, D)
        Training samples.
    metric : {"l1", "l2"}
        Σ |x − c|, or √Σ (x − c)².

    Returns
    -------
    array, shape (N, M)
        Entry (i, j) is the distance of sample i to training sample j.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, there is no sample at all, or the metric is unknown.

    References
    ----------
    I2DL lecture 2, nearest neighbor: hyperparameters.
    """
    xp = array_namespace(x, x_train)
    _check(x, x_train, metric)
    if metric == "l1":
        return _length(x[:, None, :] - x_train[None, :, :], metric)
    middle = xp.mean(x_train, axis=0)
    x, x_train = x - middle, x_train - middle
    squares = xp.sum(x * x, axis=1)[:, None] + xp.sum(x_train * x_train, axis=1)[None, :]
    squared = squares - 2.0 * xp.matmul(x, xp.matrix_transpose(x_train))
    return xp.sqrt(xp.maximum(squared, 0.0))


def majority_vote(distances: Array, y_train: Array, *, k: int) -> Array:
    """Give each sample the label that most of its k nearest neighbours have.

    Ties: of two training samples at one distance, the earlier one counts as nearer. Of two labels with equally many
    votes, that one wins whose neighbours are nearer (the smaller sum of distances); if these agree too, the lower one.

    Parameters
    ----------
    distances : array, shape (N, M)
        Of each sample to each training sample.
    y_train : integer array, shape (M,)
        Labels of the training samples.
    k : int
        How many neighbours vote, 1 to M.

    Returns
    -------
    integer array, shape (N,)
        Labels, each one of those in ``y_train``.

    Raises
    ------
    TypeError
        If ``distances`` is not real floating, or ``y_train`` not integer.
    ValueError
        If the shapes do not fit, or there are fewer than ``k`` training samples.

    References
    ----------
    I2DL lecture 2, nearest neighbor: NN and 5NN classifier.
    """
    xp = array_namespace(distances, y_train)
    check_floating(distances=distances)
    check_shape("distances", distances, ("N", "M"))
    n, m = distances.shape
    check_shape("y_train", y_train, (m,))
    if not xp.isdtype(y_train.dtype, "integral"):
        msg = f"y_train must hold integer class labels, but its dtype is {y_train.dtype}"
        raise TypeError(msg)
    if not 1 <= k <= m:
        msg = f"k must be from 1 to the number of training samples in distances of shape {(n, m)}, but it is {k}"
        raise ValueError(msg)
    nearest = xp.argsort(distances, axis=1, stable=True)[:, :k]
    near = xp.sort(distances, axis=1)[:, :k]
    labels = xp.reshape(xp.take(y_train, xp.reshape(nearest, (-1,))), (n, k))

    classes = xp.sort(xp.unique_values(y_train))
    voted = labels[:, :, None] == classes[None, None, :]
    votes = xp.sum(xp.astype(voted, xp.int64), axis=1)
    distance = xp.sum(xp.where(voted, near[:, :, None], 0.0), axis=1)
    # argmin returns the first of equals, and the classes are sorted: the lower label.
    distance = xp.where(votes == xp.max(votes, axis=1, keepdims=True), distance, xp.inf)
    return xp.take(classes, xp.argmin(distance, axis=1))


def knn_predict(x: Array, x_train: Array, y_train: Array, *, k: int, metric: str = "l2") -> Array:
    """Classify samples by the vote of their k nearest training samples.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    x_train : array, shape (M, D)
        Training samples.
    y_train : integer array, shape (M,)
        Their labels.
    k : int
        How many neighbours vote, 1 to M; ties are decided as in `majority_vote`.
    metric : {"l1", "l2"}
        Which distance.

    Returns
    -------
    integer array, shape (N,)
        Labels.

    Raises
    ------
    TypeError
        If samples are not real floating, or labels not integer.
    ValueError
        If the shapes do not fit, there is no sample at all, ``k`` is not from 1 to M, or the metric is unknown.

    References
    ----------
    I2DL lecture 2, nearest neighbor; student summary, II.
    """
    return majority_vote(distances_no_loops(x, x_train, metric=metric), y_train, k=k)


def _length(difference: Array, metric: str) -> Array:
    """Length of the difference vectors that lie along the last axis."""
    xp = array_namespace(difference)
    if metric == "l1":
        return xp.asarray(xp.sum(xp.abs(difference), axis=-1), device=device(difference))
    return xp.sqrt(xp.asarray(xp.sum(difference * difference, axis=-1), device=device(difference)))


def _check(x: Array, x_train: Array, metric: str) -> None:
    check_floating(x=x, x_train=x_train)
    check_shape("x_train", x_train, ("M", "D"))
    check_shape("x", x, ("N", x_train.shape[1]))
    check_not_empty("x_train", x_train)
    check_not_empty("x", x)
    if metric not in METRICS:
        msg = f"metric must be 'l1' or 'l2', but it is {metric!r}"
        raise ValueError(msg)
