"""Losses for two classes: the label y is 0 or 1 where the output is a probability, z is −1 or +1 where it is a score.

Both ways of writing the label say the same: z = 2y − 1. As functions of the score s, all these losses depend on
ξ = z·s alone, which is positive when the score is on the right side. They differ in what they charge:

- 0/1 loss: 1 if ξ < 0, else 0. What one would like to minimize, and cannot: it is flat.
- hinge: max(0, 1 − ξ). Stops at ξ = 1.
- cross-entropy: log(1 + e^(−ξ)), or log(1 + e^(−2ξ)) in the ±1 form. Never stops.

All of them act entry by entry; what ``reduction`` divides by is explained at the top of ``losses.py``.
"""

from array_api_compat import array_namespace

from i2dl.functional._checks import (
    Array,
    check_floating,
    check_not_empty,
    check_number,
    check_probabilities,
    check_shape,
    check_signs,
)
from i2dl.functional._reduce import reduce_loss
from i2dl.functional.activations import sigmoid_forward, softplus_forward

# PyTorch's two guards, so that the loss and its gradient agree with PyTorch's for every p, even for 0 and 1.
_LOWEST_LOG = -100.0
_SMALLEST_SLOPE = 1e-12


def binary_cross_entropy(probabilities: Array, y: Array, *, reduction: str = "mean") -> tuple[Array, Array]:
    """−[y log p + (1 − y) log(1 − p)], for probabilities that a sigmoid has already produced.

    For p = 0 or 1 a logarithm is −∞. As in PyTorch, logarithms are cut off at −100, so a prediction that is certain and
    wrong costs 100, and the p(1 − p) in the gradient's denominator is not let below 10⁻¹². Where the scores are at
    hand, `binary_cross_entropy_with_logits` needs no such guards.

    Parameters
    ----------
    probabilities : array, shape (N, ...)
        Predicted probabilities p of class 1.
    y : array, shape of ``probabilities``
        Labels, 0 or 1; anything between is a soft label.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dprobabilities : array, shape of ``probabilities``
        (p − y) / (p(1 − p)), divided likewise.

    Raises
    ------
    TypeError
        If ``probabilities`` is not real floating.
    ValueError
        If the shapes differ, a number lies outside [0, 1], the batch is empty, or the reduction is unknown.

    References
    ----------
    I2DL lectures 2, 3 and 4.
    """
    p = probabilities
    xp = array_namespace(p, y)
    y = _checked_target(probabilities=p, y=y)
    check_probabilities("probabilities", p)
    check_probabilities("y", y)
    # The logarithm of 0 is not taken at all: NumPy would warn of it.
    log_p = xp.where(p == 0, _LOWEST_LOG, xp.log(xp.where(p == 0, 1.0, p)))
    log_q = xp.where(p == 1, _LOWEST_LOG, xp.log1p(-xp.where(p == 1, 0.0, p)))
    losses = -(y * xp.maximum(log_p, _LOWEST_LOG) + (1.0 - y) * xp.maximum(log_q, _LOWEST_LOG))
    gradient = (p - y) / xp.maximum(p * (1.0 - p), _SMALLEST_SLOPE)
    return reduce_loss(losses, gradient, reduction)


def binary_cross_entropy_with_logits(scores: Array, y: Array, *, reduction: str = "mean") -> tuple[Array, Array]:
    """Binary cross-entropy of p = σ(s), computed from the score s: log(1 + eˢ) − y·s.

    Inserting the sigmoid cancels every logarithm of a probability, and the gradient becomes as plain as it can be,
    p − y: the factor p(1 − p) of the sigmoid's slope cancels against the loss's denominator. So a saturated sigmoid
    does not stop the learning here.

    Parameters
    ----------
    scores : array, shape (N, ...)
        Scores s, before the sigmoid.
    y : array, shape of ``scores``
        Labels, 0 or 1; anything between is a soft label.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dscores : array, shape of ``scores``
        σ(s) − y, divided likewise.

    Raises
    ------
    TypeError
        If ``scores`` is not real floating.
    ValueError
        If the shapes differ, a label lies outside [0, 1], the batch is empty, or the reduction is unknown.

    References
    ----------
    I2DL lecture 4 ("derivatives of cross entropy loss").
    """
    y = _checked_target(scores=scores, y=y)
    check_probabilities("y", y)
    softplus, _ = softplus_forward(scores)
    p, _ = sigmoid_forward(scores)
    return reduce_loss(softplus - y * scores, p - y, reduction)


def binary_softmax_loss(scores: Array, z: Array, *, reduction: str = "mean") -> tuple[Array, Array]:
    """−log p(z) with p(z) = 1 / (1 + e^(−2z·s)): the softmax of the two scores +s and −s.

    The two scores are 2s apart, hence the 2: this is the binary cross-entropy of the score 2s.

    Parameters
    ----------
    scores : array, shape (N, ...)
        Scores s; positive ones vote for z = +1.
    z : array, shape of ``scores``
        Labels, −1 or +1.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dscores : array, shape of ``scores``
        −2z (1 − p(z)), divided likewise.

    Raises
    ------
    TypeError
        If ``scores`` is not real floating.
    ValueError
        If the shapes differ, a label is not ±1, the batch is empty, or the reduction is unknown.

    References
    ----------
    NAIST *Artificial Intelligence*, lecture 8, "softmax for binary classification".
    """
    z = _checked_target(scores=scores, z=z)
    check_signs(z)
    losses, _ = softplus_forward(-2.0 * z * scores)
    wrong, _ = sigmoid_forward(-2.0 * z * scores)
    return reduce_loss(losses, -2.0 * z * wrong, reduction)


def hinge_loss(scores: Array, z: Array, *, margin: float = 1.0, reduction: str = "mean") -> tuple[Array, Array]:
    """max(0, margin − z·s): charges for every sample that is wrong, or right by less than the margin.

    Parameters
    ----------
    scores : array, shape (N, ...)
        Scores s; positive ones vote for z = +1.
    z : array, shape of ``scores``
        Labels, −1 or +1.
    margin : float
        How far on the right side a score has to be.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dscores : array, shape of ``scores``
        −z where z·s < margin, else 0, divided likewise.

    Raises
    ------
    TypeError
        If ``scores`` is not real floating.
    ValueError
        If the shapes differ, a label is not ±1, the batch is empty, or an option is unknown.

    References
    ----------
    NAIST *Artificial Intelligence*, lecture 8, "hinge loss" and "hand calculation".
    """
    xp = array_namespace(scores, z)
    z = _checked_target(scores=scores, z=z)
    check_signs(z)
    check_number("margin", margin)
    losses = xp.maximum(margin - z * scores, 0.0)
    return reduce_loss(losses, xp.where(losses > 0, -z, 0.0), reduction)


def zero_one_loss(scores: Array, z: Array, *, reduction: str = "mean") -> tuple[Array, Array]:
    """0 if z·s ≥ 0, else 1: the share of wrong answers, one minus the accuracy.

    Its gradient is zero wherever it exists: a small change of a weight changes no answer. At s = 0 the loss jumps and
    has no derivative. Gradient descent therefore never takes a step, and training minimizes a stand-in (hinge or
    cross-entropy) that slopes towards the right answer. A score of exactly 0 passes as right for either label.

    Parameters
    ----------
    scores : array, shape (N, ...)
        Scores s; positive ones vote for z = +1.
    z : array, shape of ``scores``
        Labels, −1 or +1.
    reduction : {"mean", "sum", "batch"}
        What the summed losses are divided by: their number, nothing, or N.

    Returns
    -------
    loss : array, shape ()
        The loss.
    dscores : array, shape of ``scores``
        Zeros.

    Raises
    ------
    TypeError
        If ``scores`` is not real floating.
    ValueError
        If the shapes differ, a label is not ±1, the batch is empty, or the reduction is unknown.

    References
    ----------
    NAIST *Artificial Intelligence*, lecture 8, "zero-one loss is difficult to optimize".
    """
    xp = array_namespace(scores, z)
    z = _checked_target(scores=scores, z=z)
    check_signs(z)
    losses = xp.astype(z * scores < 0, scores.dtype)
    return reduce_loss(losses, xp.zeros_like(scores), reduction)


def _checked_target(**arguments: Array) -> Array:
    """Check a prediction and its target, passed by their names in this order; the target in the prediction's dtype."""
    (name, prediction), (target_name, target) = arguments.items()
    xp = array_namespace(prediction, target)
    check_floating(**{name: prediction})
    check_shape(target_name, target, tuple(prediction.shape))
    check_not_empty(name, prediction)
    return xp.astype(target, prediction.dtype)
