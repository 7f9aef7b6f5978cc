"""Adam, AMSGrad and AdamW: momentum and RMSProp in one.

    m ← β₁m + (1−β₁) dw         the mean of the gradients: where to go (momentum)
    v ← β₂v + (1−β₂) dw²        the mean of their squares: how far in each direction (RMSProp)

**Bias correction.** Both averages start at 0 and are pulled towards it for a while: after the first step m is only
(1−β₁) dw, a tenth of what it is to estimate, and v only a thousandth. After k + 1 steps the weights of an average sum
to 1 − β^(k+1) instead of 1, so dividing by that sum puts it right. Without the correction the first step would be
(1−β₁)/√(1−β₂) ≈ 3 times too long; the slides print that rule too, with the warning that it is *not* Adam.

With it the first step is α in every direction, whatever the scale of the loss, and later ones are rarely longer: α is
about the distance a weight moves per step. (The printed answer to exam Aug 2022, 8.6 lets the correction allow "much
bigger steps". It makes m ten times bigger, but √v thirty times, and so the first steps smaller.)

**The relatives.** AMSGrad never lets the denominator shrink, AdamW takes weight decay out of the averages; AdaMax and
Nadam are in ``adam_variants.py``.

In all of them ``step`` is the number of steps taken before this one, the k of the slides: 0 at first. It comes out one
larger, with the rest of the state.

Sources: Kingma, Ba, *Adam: a method for stochastic optimization*, 2015; I2DL lectures 5 and 6; I2DL exams Aug 2022, 8.5
and 8.6, Jul 2021, 4.2.
"""

import math

from array_api_compat import array_namespace

from i2dl.functional._checks import Array
from i2dl.functional.regularizers import weight_decay_decoupled
from i2dl.optim._checks import check_count, check_fraction, check_not_negative, check_rate, check_update

__all__ = ["adam_update", "adamw_update", "amsgrad_update"]


def adam_update(
    w: Array,
    dw: Array,
    *,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    bias_correction: bool = True,
) -> tuple[Array, Array, Array, int]:
    """m ← β₁m + (1−β₁)dw; v ← β₂v + (1−β₂)dw²; w ← w − α m̂ / (√v̂ + ε) with m̂ = m/(1−β₁ᵏ⁺¹), v̂ = v/(1−β₂ᵏ⁺¹).

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    m : array, shape of ``w``
        First moment, zero at first.
    v : array, shape of ``w``
        Second moment, zero at first.
    step : int, at least 0
        k, the steps taken before this one.
    learning_rate : float, at least 0
        The step size α.
    beta1, beta2 : float in [0, 1)
        β₁ and β₂, what the moments keep of themselves.
    eps : float, at least 0
        ε.
    bias_correction : bool
        Whether to divide by 1 − βᵏ⁺¹. False gives m̂ = m and v̂ = v, the slides' "not Adam".

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    m : array, shape of ``w``
        The new first moment.
    v : array, shape of ``w``
        The new second moment.
    step : int
        k + 1.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Kingma, Ba, 2015, algorithm 1; I2DL lectures 5 and 6; I2DL exam Aug 2022, 8.5.
    """
    check_update(w, dw, m=m, v=v)
    check_adam(step, learning_rate, beta1, beta2, eps)
    m, v = moments(dw, m, v, beta1, beta2)
    sum1, sum2 = (weight_sum(beta1, step), weight_sum(beta2, step)) if bias_correction else (1.0, 1.0)
    return w - adam_step(m, v, learning_rate / sum1, sum2, eps), m, v, step + 1


def amsgrad_update(
    w: Array,
    dw: Array,
    *,
    m: Array,
    v: Array,
    v_max: Array,
    step: int,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    bias_correction: bool = True,
) -> tuple[Array, Array, Array, Array, int]:
    """Adam with √v_max for √v, where v_max ← max(v_max, v): rates that can only go down.

    Adam forgets a rare large gradient within some 1/(1−β₂) steps and then speeds up again; on some convex problems it
    goes the wrong way for ever. A denominator that never shrinks repairs the proof.

    The paper leaves the bias correction out; PyTorch keeps it, and takes the maximum of the uncorrected v, as here.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    m : array, shape of ``w``
        First moment, zero at first.
    v : array, shape of ``w``
        Second moment, zero at first.
    v_max : array, shape of ``w``
        The largest second moment so far, zero at first.
    step : int, at least 0
        k, the steps taken before this one.
    learning_rate : float, at least 0
        The step size α.
    beta1, beta2 : float in [0, 1)
        β₁ and β₂, what the moments keep of themselves.
    eps : float, at least 0
        ε.
    bias_correction : bool
        Whether to divide by 1 − βᵏ⁺¹; False is the paper's rule.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    m : array, shape of ``w``
        The new first moment.
    v : array, shape of ``w``
        The new second moment.
    v_max : array, shape of ``w``
        The new maximum.
    step : int
        k + 1.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Reddi, Kale, Kumar, *On the convergence of Adam and beyond*, 2018, algorithm 2; named in I2DL lecture 5.
    """
    xp = array_namespace(w, dw, m, v, v_max)
    check_update(w, dw, m=m, v=v, v_max=v_max)
    check_adam(step, learning_rate, beta1, beta2, eps)
    m, v = moments(dw, m, v, beta1, beta2)
    v_max = xp.maximum(v_max, v)
    sum1, sum2 = (weight_sum(beta1, step), weight_sum(beta2, step)) if bias_correction else (1.0, 1.0)
    return w - adam_step(m, v_max, learning_rate / sum1, sum2, eps), m, v, v_max, step + 1


def adamw_update(
    w: Array,
    dw: Array,
    *,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float,
    decay: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array, int]:
    """w ← (1 − αλ)w, then a step of Adam with the plain gradient: weight decay that no average ever sees.

    If the decay joins the gradient, as λw, Adam divides it by √v̂ as well: weights with large gradients hardly decay.
    And L2 regularization and weight decay, the same thing under plain descent, are different things in Adam. Lecture 8
    writes the factor as 1 − λ, with a rate of its own; here as in PyTorch α multiplies λ.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``, without any penalty.
    m : array, shape of ``w``
        First moment, zero at first.
    v : array, shape of ``w``
        Second moment, zero at first.
    step : int, at least 0
        k, the steps taken before this one.
    learning_rate : float, at least 0
        The step size α.
    decay : float, at least 0
        λ.
    beta1, beta2 : float in [0, 1)
        β₁ and β₂, what the moments keep of themselves.
    eps : float, at least 0
        ε.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    m : array, shape of ``w``
        The new first moment.
    v : array, shape of ``w``
        The new second moment.
    step : int
        k + 1.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Loshchilov, Hutter, *Decoupled weight decay regularization*, 2019, algorithm 2; I2DL lecture 8.
    """
    check_update(w, dw)
    decayed = weight_decay_decoupled(w, learning_rate, decay)
    return adam_update(decayed, dw, m=m, v=v, step=step, learning_rate=learning_rate, beta1=beta1, beta2=beta2, eps=eps)


def check_adam(step: int, learning_rate: float, beta1: float, beta2: float, eps: float) -> None:
    """Check what all rules of this file share."""
    check_count("step", step, at_least=0)
    check_rate(learning_rate)
    check_fraction(beta1=beta1, beta2=beta2)
    check_not_negative(eps=eps)


def moments(dw: Array, m: Array, v: Array, beta1: float, beta2: float) -> tuple[Array, Array]:
    """Let both averages forget a little and take the new gradient in."""
    return beta1 * m + (1.0 - beta1) * dw, beta2 * v + (1.0 - beta2) * (dw * dw)


def weight_sum(beta: float, step: int) -> float:
    """Return 1 − βᵏ⁺¹, to which the weights of an average that started at 0 sum after k + 1 terms."""
    return 1.0 - beta ** (step + 1)


def adam_step(direction: Array, v: Array, rate: float, sum2: float, eps: float) -> Array:
    """Return rate · direction / (√(v/sum2) + ε).

    Multiplied through by √sum2, as section 2 of the paper suggests: the corrections then cost two products of numbers
    instead of two of arrays. And one operation a line, so that each gives up the array it read before the next makes
    its own: with ten million parameters that decides how much memory the step takes.
    """
    xp = array_namespace(direction, v)
    root = math.sqrt(sum2)
    step = xp.sqrt(v)
    step = step + eps * root
    step = direction / step
    return (rate * root) * step
