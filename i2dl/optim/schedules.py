"""Learning-rate schedules: the rate as a function of the epoch or the step.

Far from a minimum large steps save time; close to it they jump over it from side to side, and with the noise of
mini-batches a constant rate never settles. So start large and decrease. How, is a matter of taste and trial; the
schedules below are those of the course's slides, each a pure function of the time. Their hyperparameters come by
keyword, and `functools.partial` makes a schedule of one variable:

>>> from functools import partial
>>> rate = partial(fractional_decay, initial=0.1, decay=1.0)
>>> [round(rate(epoch), 3) for epoch in range(4)]
[0.1, 0.05, 0.033, 0.025]

An epoch counts from 0, except where the formula divides by it: `square_root_decay` and `transformer_warmup` count from
1. `reduce_on_plateau` alone looks at more than the time, at the validation loss; its memory goes in and out by name.

Sources: I2DL lectures 6, 10 and 11; I2DL student summary, VI.1; NAIST Artificial Intelligence, lecture 8.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

from i2dl.functional._checks import check_number
from i2dl.optim._checks import check_count, check_increasing, check_not_negative

__all__ = [
    "exponential_decay",
    "fractional_decay",
    "inverse_time_decay",
    "milestone_decay",
    "piecewise_constant",
    "reduce_on_plateau",
    "square_root_decay",
    "step_decay",
    "transformer_warmup",
]


def fractional_decay(epoch: float, *, initial: float, decay: float) -> float:
    """α = α₀ / (1 + d · epoch): half the rate after 1/d epochs, a third after 2/d.

    Parameters
    ----------
    epoch : float, at least 0
        The time.
    initial : float, at least 0
        α₀.
    decay : float, at least 0
        d.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If a number is negative.

    References
    ----------
    I2DL lecture 6, with α₀ = 0.1 and d = 1: 0.1, 0.05, 0.033, 0.025.
    """
    check_not_negative(epoch=epoch, initial=initial, decay=decay)
    return initial / (1.0 + decay * epoch)


def inverse_time_decay(step: float, *, initial: float, strength: float) -> float:
    """η = η₀ (1 + η₀λt)⁻¹: `fractional_decay` per update with d = η₀λ.

    For large t this is 1/(λt). With λ the smallest curvature of the loss that is the best rate in theory, and the η₀ in
    the bracket makes the start a constant η₀.

    Parameters
    ----------
    step : float, at least 0
        t, the number of updates so far.
    initial : float, at least 0
        η₀.
    strength : float, at least 0
        λ.

    Returns
    -------
    rate : float
        η.

    Raises
    ------
    ValueError
        If a number is negative.

    References
    ----------
    Bottou, *Stochastic gradient descent tricks*, 2012; NAIST Artificial Intelligence, lecture 8.
    """
    check_not_negative(strength=strength)
    return fractional_decay(step, initial=initial, decay=initial * strength)


def step_decay(epoch: float, *, initial: float, decay: float = 0.5, every: int = 1) -> float:
    """α ← α − tα once in every n epochs, that is α = α₀ (1 − t)^⌊epoch/n⌋.

    t is the part that is taken away; PyTorch's ``gamma`` is the part that is left, 1 − t. For the slides' 0.5 they are
    the same.

    Parameters
    ----------
    epoch : float, at least 0
        The time.
    initial : float, at least 0
        α₀.
    decay : float in [0, 1]
        t.
    every : int, at least 1
        n.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    I2DL lecture 6.
    """
    check_not_negative(epoch=epoch, initial=initial)
    check_number("decay", decay, at_least=0.0, at_most=1.0)
    check_count("every", every, at_least=1)
    return initial * (1.0 - decay) ** math.floor(epoch / every)


def exponential_decay(epoch: float, *, initial: float, decay: float) -> float:
    """α = tᵉᵖᵒᶜʰ α₀.

    All its rates together sum to α₀ / (1 − t): the weights can never move further than that times the largest gradient
    (see `robbins_monro`).

    Parameters
    ----------
    epoch : float, at least 0
        The time.
    initial : float, at least 0
        α₀.
    decay : float in [0, 1]
        t.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    I2DL lecture 6.
    """
    check_not_negative(epoch=epoch, initial=initial)
    check_number("decay", decay, at_least=0.0, at_most=1.0)
    return initial * decay**epoch


def square_root_decay(epoch: float, *, initial: float, decay: float = 1.0) -> float:
    """α = t / √epoch · α₀, with epochs counted from 1.

    The slide calls t a decay rate; it is a constant factor, and the decay is that of 1/√epoch.

    Parameters
    ----------
    epoch : float, at least 1
        The time.
    initial : float, at least 0
        α₀.
    decay : float, at least 0
        t.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    I2DL lecture 6.
    """
    check_number("epoch", epoch, at_least=1.0)
    check_not_negative(initial=initial, decay=decay)
    return decay / math.sqrt(epoch) * initial


def piecewise_constant(epoch: float, *, milestones: Sequence[float], rates: Sequence[float]) -> float:
    """Take the rates from a list: rates[0] before the first milestone, rates[1] from there to the second, and so on.

    Parameters
    ----------
    epoch : float, at least 0
        The time.
    milestones : sequence of float
        When a new rate begins, in increasing order.
    rates : sequence of float, one more than milestones
        The rates by hand.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If the milestones do not increase, their number does not fit, or a rate is negative.

    References
    ----------
    I2DL lecture 6, training schedule ("manually specify learning rate for entire training process").
    """
    check_not_negative(epoch=epoch)
    check_increasing("milestones", milestones)
    if len(rates) != len(milestones) + 1:
        msg = f"rates must hold one number more than milestones, {len(milestones) + 1}, but they hold {len(rates)}"
        raise ValueError(msg)
    for i, rate in enumerate(rates):
        check_number(f"rates[{i}]", rate, at_least=0.0)
    return rates[bisect_right(milestones, epoch)]


def milestone_decay(epoch: float, *, initial: float, milestones: Sequence[float], factor: float = 0.1) -> float:
    """α = α₀ · factorᵐ, where m is the number of milestones reached.

    Parameters
    ----------
    epoch : float, at least 0
        The time.
    initial : float, at least 0
        α₀.
    milestones : sequence of float
        When to multiply by the factor, in increasing order.
    factor : float, at least 0
        0.1 in most papers.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If the milestones do not increase, or a number is negative.

    References
    ----------
    I2DL lecture 6, training schedule ("manually set learning rate every n epochs").
    """
    check_not_negative(epoch=epoch, initial=initial, factor=factor)
    check_increasing("milestones", milestones)
    return initial * factor ** bisect_right(milestones, epoch)


def reduce_on_plateau(
    rate: float,
    metric: float,
    *,
    best: float = math.inf,
    bad_epochs: int = 0,
    pause: int = 0,
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    relative: bool = True,
    maximize: bool = False,
    cooldown: int = 0,
    minimum: float = 0.0,
    least_change: float = 1e-8,
) -> tuple[float, float, int, int]:
    """Multiply the rate by ``factor`` once the validation loss has not improved for more than ``patience`` epochs.

    Parameters
    ----------
    rate : float, at least 0
        α now.
    metric : float
        The validation loss of the epoch that just ended. A NaN is no improvement.
    best : float
        The best so far; infinity at first, −infinity if ``maximize``.
    bad_epochs : int, at least 0
        Epochs in a row without improvement; 0 at first.
    pause : int, at least 0
        Epochs still to wait after the last reduction; 0 at first.
    factor : float, at least 0, below 1
        0.1 divides by ten.
    patience : int, at least 0
        How many bad epochs are put up with.
    threshold : float, at least 0
        By how much a metric must beat the best one to count.
    relative : bool
        Whether the threshold is a share of the best metric, or an amount.
    maximize : bool
        Whether a larger metric is better, as an accuracy is.
    cooldown : int, at least 0
        Epochs after a reduction in which none counts as bad.
    minimum : float, at least 0
        The smallest rate.
    least_change : float, at least 0
        Reductions that would change the rate by no more than this are left out.

    Returns
    -------
    rate : float
        α for the next epoch.
    best : float
        The new best.
    bad_epochs : int
        The new count.
    pause : int
        The new rest of the pause.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    I2DL lecture 10: ResNet starts with 0.1, "divided by 10 when plateau"; He, Zhang, Ren, Sun, *Deep residual learning
    for image recognition*, 2016.
    """
    check_not_negative(rate=rate, threshold=threshold, minimum=minimum, least_change=least_change)
    check_not_negative(bad_epochs=bad_epochs, pause=pause, patience=patience, cooldown=cooldown)
    if not 0.0 <= factor < 1.0:
        msg = f"factor must be at least 0 and below 1, but it is {factor!r}"
        raise ValueError(msg)
    sign = 1.0 if maximize else -1.0
    needed = best * (1.0 + sign * threshold) if relative else best + sign * threshold
    improved = metric > needed if maximize else metric < needed
    best, bad_epochs = (metric, 0) if improved else (best, bad_epochs + 1)
    if pause > 0:
        pause, bad_epochs = pause - 1, 0
    if bad_epochs > patience:
        lower = max(rate * factor, minimum)
        rate, bad_epochs, pause = lower if rate - lower > least_change else rate, 0, cooldown
    return rate, best, bad_epochs, pause


def transformer_warmup(step: float, *, width: int = 512, warmup: int = 4000) -> float:
    """α = d^(−½) · min(s^(−½), s · w^(−3/2)): w steps of linear rise, then a fall as 1/√s.

    Adam's second moment is a poor estimate at first, and attention layers are easily thrown off by large early steps.
    The two branches meet at s = w, in the highest rate, (d·w)^(−½).

    Parameters
    ----------
    step : float, at least 1
        s, the number of the update, counted from 1.
    width : int, at least 1
        d, the width of the model.
    warmup : int, at least 1
        w, the length of the rise.

    Returns
    -------
    rate : float
        α.

    Raises
    ------
    ValueError
        If a number is less than 1.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, equation 3; I2DL lecture 11, training tricks.
    """
    check_number("step", step, at_least=1.0)
    check_count("width", width, at_least=1)
    check_count("warmup", warmup, at_least=1)
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)
