"""Losses of regression and of classification among C classes.

A loss compares the network's output with the target and answers with two things: how wrong it is, one number, and the
gradient of that number with respect to the output. This gradient is the first ``dout`` of the backward pass, so any
factor 1/N belongs here and nowhere else. What is divided by is the ``reduction``:

- ``"mean"``: the number of losses. In regression that is all entries, N·M, as in PyTorch and in the exams.
- ``"sum"``: nothing. The figures of lecture 7, 33 and 11, are such sums.
- ``"batch"``: the number N of samples, after summing over the outputs of each; lecture 3 writes 1/n Σ ‖yᵢ − ŷᵢ‖² so.

The multiclass losses have one loss per sample, and there "mean" and "batch" are the same. A constant factor does not
move the minimum, but it scales every step of gradient descent.

The losses for two classes are in ``binary_losses.py``.
"""

from array_api_compat import array_namespace, device

from i2dl.functional._checks import (
    Array,
    check_floating,
    check_labels,
    check_not_empty,
    check_number,
    check_shape,
)
from i2dl.functional._reduce import reduce_loss


def l1_loss(prediction: Array, target: Array, *, reduction: str = "mean") -> tuple[Array, Array]:
    """|ŷ − y|: robust, since an outlier costs in proportion to its distance. Its best constant is the median.

    Parameters
    ----------
    prediction : array, shape (N, ...)
        Outputs ŷ of the network.
    target : array, shape of ``prediction``
        True values y.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dprediction : array, shape of ``prediction``
        sign(ŷ − y), divided likewise; 0 where ŷ = y.

    Raises
    ------
    TypeError
        If ``prediction`` is not real floating.
    ValueError
        If the shapes differ, the batch is empty, or the reduction is unknown.

    References
    ----------
    I2DL lectures 3 and 7.
    """
    xp = array_namespace(prediction, target)
    difference = _difference(prediction, target)
    return reduce_loss(xp.abs(difference), xp.sign(difference), reduction)


def mse_loss(prediction: Array, target: Array, *, reduction: str = "mean") -> tuple[Array, Array]:
    """(ŷ − y)²: smooth and easy to minimize, but an outlier pulls hard. Its best constant is the mean.

    Parameters
    ----------
    prediction : array, shape (N, ...)
        Outputs ŷ of the network.
    target : array, shape of ``prediction``
        True values y.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dprediction : array, shape of ``prediction``
        2(ŷ − y), divided likewise.

    Raises
    ------
    TypeError
        If ``prediction`` is not real floating.
    ValueError
        If the shapes differ, the batch is empty, or the reduction is unknown.

    References
    ----------
    I2DL lectures 3, 4 and 7; exams Aug 2022, 6.2 and mock 2020, III.1b divide by the number of outputs.
    """
    difference = _difference(prediction, target)
    return reduce_loss(difference * difference, 2.0 * difference, reduction)


def softmax_loss(
    scores: Array, y: Array, *, label_smoothing: float = 0.0, reduction: str = "mean"
) -> tuple[Array, Array]:
    """Cross-entropy of the softmax: −log p_y = −log(e^(s_y) / Σ_k e^(s_k)).

    The log and the exponential are done in one go, log p_k = (s_k − max s) − log Σ_j e^(s_j − max s), so that no
    probability is ever rounded to 0 before its logarithm is taken. Pass scores, not probabilities: a softmax in front
    of this loss would be a second one. An untrained network of C classes should start near log C.

    With label smoothing ε the true distribution is no longer all on class y: it is q = (1 − ε)·onehot(y) + ε/C, and the
    loss is −Σ_k q_k log p_k.

    Parameters
    ----------
    scores : array, shape (N, C)
        Unnormalized scores s.
    y : integer array, shape (N,)
        True classes, 0 to C − 1.
    label_smoothing : float in [0, 1]
        ε, the share of the target that is spread over all classes.
    reduction : {"mean", "sum", "batch"}
        What the N summed losses are divided by: N, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dscores : array, shape (N, C)
        p − q, divided likewise: push the true class up and the others down, by as much as each is wrong.

    Raises
    ------
    TypeError
        If ``scores`` is not real floating, or ``y`` not integer.
    ValueError
        If the shapes do not fit, a label is out of range, the batch is empty, or an option is unknown.

    References
    ----------
    I2DL lecture 7; I2DL exam Jul 2021, 5.5 to 5.7; label smoothing: Szegedy and others, *Rethinking the Inception
    architecture*, 2016, and I2DL lecture 11.
    """
    xp = array_namespace(scores, y)
    _check_scores(scores, y)
    check_number("label_smoothing", label_smoothing, at_least=0.0, at_most=1.0)
    shifted = scores - xp.max(scores, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    onehot = xp.astype(_is_true_class(scores, y), scores.dtype)
    q = (1.0 - label_smoothing) * onehot + label_smoothing / scores.shape[1]
    # A class of score −∞ has log p = −∞; where it has no weight it must not turn the loss into 0 · ∞.
    losses = -xp.sum(q * xp.where(q > 0, log_p, 0.0), axis=1)
    return reduce_loss(losses, xp.exp(log_p) - q, reduction)


def svm_loss(scores: Array, y: Array, *, margin: float = 1.0, reduction: str = "mean") -> tuple[Array, Array]:
    """Multiclass hinge: Σ over k ≠ y of max(0, s_k − s_y + margin).

    Every wrong class should stay a margin below the true one. Once all do, the loss is exactly 0 and there is nothing
    left to learn, whereas the cross-entropy always wants more.

    Parameters
    ----------
    scores : array, shape (N, C)
        Scores s.
    y : integer array, shape (N,)
        True classes, 0 to C − 1.
    margin : float
        How far ahead the true class has to be.
    reduction : {"mean", "sum", "batch"}
        What the N summed losses are divided by: N, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dscores : array, shape (N, C)
        1 for each wrong class inside the margin, minus their number for the true class, divided likewise; a class
        exactly at the margin counts as outside.

    Raises
    ------
    TypeError
        If ``scores`` is not real floating, or ``y`` not integer.
    ValueError
        If the shapes do not fit, a label is out of range, the batch is empty, or an option is unknown.

    References
    ----------
    I2DL lecture 7.
    """
    xp = array_namespace(scores, y)
    _check_scores(scores, y)
    check_number("margin", margin)
    true_class = _is_true_class(scores, y)
    true_score = xp.sum(xp.where(true_class, scores, 0.0), axis=1, keepdims=True)
    hinges = xp.where(true_class, 0.0, xp.maximum(scores - true_score + margin, 0.0))
    violating = xp.astype(hinges > 0, scores.dtype)
    dscores = xp.where(true_class, -xp.sum(violating, axis=1, keepdims=True), violating)
    return reduce_loss(xp.sum(hinges, axis=1), dscores, reduction)


def _difference(prediction: Array, target: Array) -> Array:
    """Check a regression's arguments and subtract."""
    xp = array_namespace(prediction, target)
    check_floating(prediction=prediction)
    check_shape("target", target, tuple(prediction.shape))
    return prediction - xp.astype(target, prediction.dtype)


def _check_scores(scores: Array, y: Array) -> None:
    """Check a multiclass loss's arguments."""
    check_floating(scores=scores)
    check_shape("scores", scores, ("N", "C"))
    check_not_empty("scores", scores)
    check_labels(y, scores)


def _is_true_class(scores: Array, y: Array) -> Array:
    """Compare each column's number with each row's label: True once in every row, shape (N, C)."""
    xp = array_namespace(scores, y)
    classes = xp.arange(scores.shape[1], dtype=xp.int64, device=device(scores))
    return y[:, None] == classes[None, :]
