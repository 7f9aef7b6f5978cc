"""Adaptive rates: every parameter gets its own step size, from how large its own gradients were.

Plain descent scales all directions alike, so the steepest one dictates the rate for all. The rules here divide each
gradient by a running size of its past, √s. Steep directions are slowed down, flat ones sped up, and a larger α can be
used before anything diverges.

- **Adagrad** sums all squared gradients since the start. Rare features keep large steps, but √s only ever grows, and
  the steps of a long training die out.
- **RMSProp** forgets: s is an exponentially weighted average of the squares, of about the last 1/(1 − β) of them.
- **Adadelta** also averages the squares of its own steps, and multiplies by their root. A gradient has the unit of
  loss per weight, √s the same, so their quotient has none; the second root gives the step the unit of a weight, and no
  learning rate is left to choose.

The slides call s the variance and the "second momentum" of the gradient. It is the second *moment*: the mean of the
square, with no mean subtracted. (`centred_rmsprop_update` subtracts it.)

ε keeps the division from failing where a gradient has always been 0. As on the slides it is added to the root, except
in Adadelta, whose paper has it inside.

Sources: I2DL lectures 5 and 6; I2DL exams Aug 2022, 8.3 and 8.4, Feb 2022, 5.4, Jul 2021, 4.1.
"""

from array_api_compat import array_namespace

from i2dl.functional._checks import Array
from i2dl.optim._checks import check_fraction, check_not_negative, check_rate, check_update

__all__ = [
    "adadelta_update",
    "adagrad_update",
    "centred_rmsprop_direction",
    "centred_rmsprop_update",
    "rmsprop_direction",
    "rmsprop_update",
]


def adagrad_update(w: Array, dw: Array, *, s: Array, learning_rate: float, eps: float = 1e-10) -> tuple[Array, Array]:
    """s ← s + dw², then w ← w − α dw / (√s + ε).

    The first step has length α in every direction, however large the gradient: there √s = |dw|.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    s : array, shape of ``w``
        Sum of the squared gradients, zero at first.
    learning_rate : float, at least 0
        The step size α.
    eps : float, at least 0
        ε.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    s : array, shape of ``w``
        The new sum.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Duchi, Hazan, Singer, *Adaptive subgradient methods for online learning and stochastic optimization*, 2011 (the
    diagonal form); named in I2DL lecture 5 and NAIST Artificial Intelligence, lecture 8.
    """
    xp = array_namespace(w, dw, s)
    check_update(w, dw, s=s)
    check_rate(learning_rate)
    check_not_negative(eps=eps)
    s = s + dw * dw
    return w - learning_rate * dw / (xp.sqrt(s) + eps), s


def adadelta_update(
    w: Array, dw: Array, *, s: Array, d: Array, learning_rate: float = 1.0, rho: float = 0.9, eps: float = 1e-6
) -> tuple[Array, Array, Array]:
    """s ← ρs + (1−ρ)dw²; Δ = dw √(d + ε) / √(s + ε); d ← ρd + (1−ρ)Δ²; w ← w − αΔ.

    The paper has no α, which is 1. Since d starts at 0, it is ε alone that gets the first steps going: they are small.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    s : array, shape of ``w``
        Average of the squared gradients, zero at first.
    d : array, shape of ``w``
        Average of the squared steps, zero at first.
    learning_rate : float, at least 0
        A factor α on the step, which PyTorch adds.
    rho : float in [0, 1)
        ρ, what the averages keep of themselves.
    eps : float, at least 0
        ε, inside the roots.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    s : array, shape of ``w``
        The new average of the squared gradients.
    d : array, shape of ``w``
        The new average of the squared steps.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Zeiler, *ADADELTA: an adaptive learning rate method*, 2012; named in I2DL lecture 5.
    """
    xp = array_namespace(w, dw, s, d)
    check_update(w, dw, s=s, d=d)
    check_rate(learning_rate)
    check_fraction(rho=rho)
    check_not_negative(eps=eps)
    s = rho * s + (1.0 - rho) * (dw * dw)
    step = dw * xp.sqrt(d + eps) / xp.sqrt(s + eps)
    d = rho * d + (1.0 - rho) * (step * step)
    return w - learning_rate * step, s, d


def rmsprop_direction(dw: Array, *, s: Array, beta: float = 0.9, eps: float = 1e-8) -> tuple[Array, Array]:
    """s ← βs + (1−β)dw²; the direction is dw / (√s + ε), a gradient in which all directions have about the same size.

    Parameters
    ----------
    dw : array, any shape
        Gradient of the loss.
    s : array, shape of ``dw``
        Average of the squared gradients, zero at first.
    beta : float in [0, 1)
        β, what the average keeps of itself.
    eps : float, at least 0
        ε.

    Returns
    -------
    direction : array, shape of ``dw``
        The scaled gradient.
    s : array, shape of ``dw``
        The new average.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Hinton, *Neural networks for machine learning*, lecture 6.5, 2012; I2DL lectures 5 and 6.
    """
    xp = array_namespace(dw, s)
    check_update(dw, dw, s=s)
    check_fraction(beta=beta)
    check_not_negative(eps=eps)
    s = beta * s + (1.0 - beta) * (dw * dw)
    return dw / (xp.sqrt(s) + eps), s


def rmsprop_update(
    w: Array, dw: Array, *, s: Array, learning_rate: float, beta: float = 0.9, eps: float = 1e-8
) -> tuple[Array, Array]:
    """s ← βs + (1−β)dw², then w ← w − α dw / (√s + ε).

    The slides' β is 0.9; PyTorch calls it alpha and takes 0.99. Since s starts at 0 and is not corrected for it (as
    Adam does), the first step is α / √(1 − β) long, three or ten times α.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    s : array, shape of ``w``
        Average of the squared gradients, zero at first.
    learning_rate : float, at least 0
        The step size α.
    beta : float in [0, 1)
        β, what the average keeps of itself.
    eps : float, at least 0
        ε.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    s : array, shape of ``w``
        The new average.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Hinton, *Neural networks for machine learning*, lecture 6.5, 2012; I2DL lectures 5 and 6; I2DL exam Aug 2022, 8.3.
    """
    check_update(w, dw, s=s)
    check_rate(learning_rate)
    direction, s = rmsprop_direction(dw, s=s, beta=beta, eps=eps)
    return w - learning_rate * direction, s


def centred_rmsprop_direction(
    dw: Array, *, s: Array, m: Array, beta: float = 0.9, eps: float = 1e-8
) -> tuple[Array, Array, Array]:
    """s ← βs + (1−β)dw²; m ← βm + (1−β)dw; the direction is dw / (√(s − m²) + ε).

    Parameters
    ----------
    dw : array, any shape
        Gradient of the loss.
    s : array, shape of ``dw``
        Average of the squared gradients, zero at first.
    m : array, shape of ``dw``
        Average of the gradients, zero at first.
    beta : float in [0, 1)
        β, what the averages keep of themselves.
    eps : float, at least 0
        ε.

    Returns
    -------
    direction : array, shape of ``dw``
        The scaled gradient.
    s : array, shape of ``dw``
        The new average of the squares.
    m : array, shape of ``dw``
        The new average.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Graves, *Generating sequences with recurrent neural networks*, 2013, section 4.2.
    """
    xp = array_namespace(dw, s, m)
    check_update(dw, dw, s=s, m=m)
    check_fraction(beta=beta)
    check_not_negative(eps=eps)
    s = beta * s + (1.0 - beta) * (dw * dw)
    m = beta * m + (1.0 - beta) * dw
    # The mean of the square is never less than the square of the mean, but the rounding of the two may make it so.
    variance = xp.maximum(s - m * m, 0.0)
    return dw / (xp.sqrt(variance) + eps), s, m


def centred_rmsprop_update(
    w: Array, dw: Array, *, s: Array, m: Array, learning_rate: float, beta: float = 0.9, eps: float = 1e-8
) -> tuple[Array, Array, Array]:
    """s ← βs + (1−β)dw²; m ← βm + (1−β)dw; w ← w − α dw / (√(s − m²) + ε): RMSProp by the true variance.

    A gradient that never changes has no variance, and ε alone limits the step.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    s : array, shape of ``w``
        Average of the squared gradients, zero at first.
    m : array, shape of ``w``
        Average of the gradients, zero at first.
    learning_rate : float, at least 0
        The step size α.
    beta : float in [0, 1)
        β, what the averages keep of themselves.
    eps : float, at least 0
        ε; PyTorch adds it to the root like here, the paper puts it inside.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    s : array, shape of ``w``
        The new average of the squares.
    m : array, shape of ``w``
        The new average.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Graves, *Generating sequences with recurrent neural networks*, 2013, section 4.2.
    """
    check_update(w, dw, s=s, m=m)
    check_rate(learning_rate)
    direction, s, m = centred_rmsprop_direction(dw, s=s, m=m, beta=beta, eps=eps)
    return w - learning_rate * direction, s, m
