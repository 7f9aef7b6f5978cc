"""AdaMax and Nadam: Adam with a maximum for its second moment, and Adam with a look ahead for its first.

Sources: Kingma, Ba, *Adam: a method for stochastic optimization*, 2015; Dozat, *Incorporating Nesterov momentum into
Adam*, 2016; both are named in I2DL lecture 5 ("Nada" on the slide).
"""

from array_api_compat import array_namespace

from i2dl.functional._checks import Array
from i2dl.optim._checks import check_not_negative, check_update
from i2dl.optim.adam import adam_step, check_adam, moments, weight_sum

__all__ = ["adamax_update", "nadam_update"]


def adamax_update(
    w: Array,
    dw: Array,
    *,
    m: Array,
    u: Array,
    step: int,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array, int]:
    """m ← β₁m + (1−β₁)dw; u ← max(β₂u, |dw| + ε); w ← w − α/(1−β₁ᵏ⁺¹) · m/u.

    The mean square of Adam becomes the mean of the p-th power, and p goes to ∞: what is left is a fading maximum. It
    needs no bias correction, since a maximum does not start out too small.

    The paper has no ε, and divides 0 by 0 where all gradients were 0; PyTorch has it in this place.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    m : array, shape of ``w``
        First moment, zero at first.
    u : array, shape of ``w``
        Fading maximum of |dw|, zero at first.
    step : int, at least 0
        k, the steps taken before this one.
    learning_rate : float, at least 0
        The step size α; the paper suggests 0.002.
    beta1, beta2 : float in [0, 1)
        β₁ and β₂, what moment and maximum keep of themselves.
    eps : float, at least 0
        ε; 0 is the paper's rule.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    m : array, shape of ``w``
        The new first moment.
    u : array, shape of ``w``
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
    Kingma, Ba, 2015, algorithm 2; named in I2DL lecture 5.
    """
    xp = array_namespace(w, dw, m, u)
    check_update(w, dw, m=m, u=u)
    check_adam(step, learning_rate, beta1, beta2, eps)
    m = beta1 * m + (1.0 - beta1) * dw
    u = xp.maximum(beta2 * u, xp.abs(dw) + eps)
    return w - (learning_rate / weight_sum(beta1, step)) * m / u, m, u, step + 1


def nadam_update(
    w: Array,
    dw: Array,
    *,
    m: Array,
    v: Array,
    step: int,
    mu_product: float,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    momentum_decay: float | None = 0.004,
) -> tuple[Array, Array, Array, int, float]:
    """Adam that looks ahead: w ← w − α m̂ / (√v̂ + ε), where m̂ already has the next step's share of m.

    Adam goes along m̂ = β₁m_old/(1−β₁ᵏ⁺¹) + (1−β₁)dw/(1−β₁ᵏ⁺¹): old momentum, then today's gradient. Nesterov would put
    in tomorrow's momentum, which is today's new m:

        m̂ = μ' m / (1 − μ₁ ⋯ μ μ') + (1 − μ) dw / (1 − μ₁ ⋯ μ),

    with μ for this step and μ' for the next. They rise slowly from β₁/2 to β₁: μ = β₁ (1 − ½ · 0.96^(0.004 (k+1))).

    The paper weighs with μ in m itself too, m ← μm + (1−μ)dw; PyTorch has β₁ there, and so has this rule.

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
    mu_product : float
        The product of all μ so far, 1 at first.
    learning_rate : float, at least 0
        The step size α.
    beta1, beta2 : float in [0, 1)
        β₁ and β₂, what the moments keep of themselves.
    eps : float, at least 0
        ε.
    momentum_decay : float, at least 0, or None
        How fast μ rises. None for μ = β₁ at all times, the short form that surveys give.

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
    mu_product : float
        The new product.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Dozat, *Incorporating Nesterov momentum into Adam*, 2016; Ruder, *An overview of gradient descent optimization
    algorithms*, 2016 (the short form); named in I2DL lecture 5.
    """
    check_update(w, dw, m=m, v=v)
    check_adam(step, learning_rate, beta1, beta2, eps)
    m, v = moments(dw, m, v, beta1, beta2)
    mu, mu_next = _nadam_momentum(step + 1, beta1, momentum_decay), _nadam_momentum(step + 2, beta1, momentum_decay)
    mu_product = mu_product * mu
    m_hat = (mu_next / (1.0 - mu_product * mu_next)) * m + ((1.0 - mu) / (1.0 - mu_product)) * dw
    return w - adam_step(m_hat, v, learning_rate, weight_sum(beta2, step), eps), m, v, step + 1, mu_product


def _nadam_momentum(step: int, beta1: float, momentum_decay: float | None) -> float:
    """Return μ of the ``step``-th step, counted from 1."""
    if momentum_decay is None:
        return beta1
    check_not_negative(momentum_decay=momentum_decay)
    return beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))
