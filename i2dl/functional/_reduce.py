"""From the losses of single entries or samples to the one number that is minimized."""

import math

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_not_empty, check_reduction


def reduce_loss(losses: Array, gradient: Array, reduction: str) -> tuple[Array, Array]:
    """Add the losses up, and give the gradient the factor that the sum was given.

    Parameters
    ----------
    losses : array, shape (N, ...)
        Separate losses, N of them along the batch axis.
    gradient : array
        Derivative of their plain sum.
    reduction : {"mean", "sum", "batch"}
        "mean" divides by the number of losses, "sum" by nothing, "batch" by the number N of samples.

    Returns
    -------
    loss : array, shape ()
        The reduced loss.
    gradient : array
        Its derivative.
    """
    xp = array_namespace(losses)
    check_reduction(reduction)
    check_not_empty("prediction", losses)
    # asarray, because NumPy's reductions return scalars instead of arrays without axes.
    if reduction == "mean":
        return xp.asarray(xp.mean(losses)), gradient / math.prod(losses.shape)
    if reduction == "batch" and losses.ndim > 0:
        return xp.asarray(xp.sum(losses) / losses.shape[0]), gradient / losses.shape[0]
    return xp.asarray(xp.sum(losses)), gradient
