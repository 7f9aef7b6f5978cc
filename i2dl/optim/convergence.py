"""When to stop, and whether one ever arrives: the convergence test, and the conditions of Robbins and Monro.

Sources: I2DL lecture 5; I2DL student summary, V.1.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.optim._checks import check_not_negative
from i2dl.optim.clipping import global_norm

__all__ = ["RobbinsMonro", "has_converged", "robbins_monro"]


def has_converged(w: Array, w_next: Array, tolerance: float) -> bool:
    """‖θₖ₊₁ − θₖ‖₂ < ε: the parameters hardly move any more.

    A short step is no proof of a minimum: it may as well come from a plateau, a saddle point or a tiny learning rate.

    Parameters
    ----------
    w : array, any shape
        Parameters before the step.
    w_next : array, shape of ``w``
        Parameters after it.
    tolerance : float, at least 0
        ε; with 0 the answer is always no.

    Returns
    -------
    converged : bool
        Whether the step was shorter than ε.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or ε is negative.

    References
    ----------
    I2DL lecture 5, gradient descent for a single sample; I2DL student summary, V.1.
    """
    check_floating(w=w, w_next=w_next)
    check_shape("w_next", w_next, tuple(w.shape))
    check_not_negative(tolerance=tolerance)
    return float(global_norm([w_next - w])) < tolerance


class RobbinsMonro(NamedTuple):
    """What `robbins_monro` found out about a schedule α₁, α₂, …

    Attributes
    ----------
    not_negative : bool
        αₙ ≥ 0.
    sum_diverges : bool
        Σ αₙ = ∞: the steps can reach a minimum however far away it is.
    squares_converge : bool
        Σ αₙ² < ∞: the noise that the steps bring in has a finite variance and dies out.
    """

    not_negative: bool
    sum_diverges: bool
    squares_converge: bool

    @property
    def hold(self) -> bool:
        """Whether all three conditions hold."""
        return all(self)


def robbins_monro(schedule: Callable[[int], float]) -> RobbinsMonro:
    """Test a schedule for the three conditions under which SGD converges (on a strictly convex function).

    1. αₙ ≥ 0,   2. Σ αₙ = ∞,   3. Σ αₙ² < ∞.

    The classic is αₙ = α/n. A constant rate fails the third, an exponential decay the second, and α/√n the third.

    No finite number of terms proves anything about an infinite sum, but Cauchy's condensation test comes close. For a
    sequence that does not increase, the terms from 2ᵏ to 2ᵏ⁺¹ add up to about 2ᵏ a(2ᵏ), and Σ aₙ converges exactly if Σ
    2ᵏ a(2ᵏ) does. So 60 terms tell what happens up to n = 2⁶⁰. Here the sum counts as convergent if 2ᵏ a(2ᵏ) still
    shrinks by more than a twentieth per doubling at the end; sums nearer to the border, Σ n⁻¹·⁰⁵ for example, are
    called divergent.

    Parameters
    ----------
    schedule : callable
        ``schedule(n) -> αₙ`` for the integers n = 1, 2, …; not increasing, at least from some n on.

    Returns
    -------
    conditions : RobbinsMonro
        Which of the three hold, and ``hold``, whether all do.

    Raises
    ------
    ValueError
        If the schedule gives a number that is not finite.

    References
    ----------
    Robbins, Monro, *A stochastic approximation method*, 1951; I2DL lecture 5, convergence of SGD.
    """
    points = [*range(1, 1024), *(2**k for k in range(10, 61))]
    rates = {n: float(schedule(n)) for n in points}
    for n, rate in rates.items():
        if not math.isfinite(rate):
            msg = f"schedule must give finite numbers, but schedule({n}) is {rate}"
            raise ValueError(msg)
    last, before = abs(rates[2**60]), abs(rates[2**59])
    return RobbinsMonro(
        not_negative=all(rate >= 0 for rate in rates.values()),
        sum_diverges=_condensed_sum_diverges(before, last),
        squares_converge=not _condensed_sum_diverges(before**2, last**2),
    )


def _condensed_sum_diverges(before: float, last: float) -> bool:
    """Compare two terms 2ᵏ a(2ᵏ) in a row; a sequence that has died out to 0 is summable."""
    return last > 0 and 2.0 * last >= 0.95 * before
