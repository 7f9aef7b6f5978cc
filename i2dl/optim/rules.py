"""Gradient descent and momentum as pure update rules: parameter, gradient and state in, new ones out.

**The step.** The gradient points to where the loss grows fastest, so walk the other way: θₖ₊₁ = θₖ − α ∇L(θₖ). Over all
n samples the gradient is exact and expensive. A mini-batch of m ≪ n samples gives the same gradient on average, with
noise, for m/n of the price: *stochastic* gradient descent. An **iteration** is one step, an **epoch** one pass through
all samples, n/m iterations.

**Momentum.** In a long valley the gradient jumps from wall to wall, while the small part along the floor always points
the same way. A velocity that sums up the past gradients, each forgotten by a factor β per step, cancels the first and
accumulates the second: after many equal gradients g it is g/(1 − β), ten times g for the usual β = 0.9.

**Two conventions.** Lecture 5 has the learning rate inside the velocity, lecture 6 (and PyTorch) outside:

    inside:   v ← βv − α∇L,   θ ← θ + v          (`momentum_update`)
    outside:  u ←  βu + ∇L,   θ ← θ − αu         (`momentum_outside_update`)

With a constant α, v = −αu at all times, and both take the same steps. When α drops they part: outside, the whole step
shrinks at once; inside, the velocity that was gathered at the old rate has to fade first.

(The slides call the velocity an exponentially weighted *average*. Its weights 1, β, β², … sum to 1/(1 − β), not to 1;
it is an average once the gradient is multiplied by 1 − β, which ``dampening=β`` does.)

**Nesterov.** The velocity is going to carry us to θ + βv anyway, so take the gradient there: jump first, correct then.

The rules know nothing of weight decay: give them ``weight_decay_coupled(w, dw, decay)`` for the gradient, or
``weight_decay_decoupled(w, learning_rate, decay)`` for the parameter (`i2dl.functional.regularizers`).

Sources: I2DL lectures 5 and 6; NAIST Artificial Intelligence, lecture 8; Georgia Tech CS 4803/7643.
"""

from i2dl.functional._checks import Array, check_number
from i2dl.optim._checks import check_fraction, check_rate, check_update

__all__ = [
    "momentum_outside_update",
    "momentum_update",
    "nesterov_lookahead",
    "nesterov_outside_update",
    "nesterov_update",
    "sgd_update",
]


def sgd_update(w: Array, dw: Array, *, learning_rate: float) -> Array:
    """w ← w − α dw: one step of (stochastic) gradient descent.

    Whether the gradient comes from all data, one sample or a mini-batch makes the difference between gradient descent
    and its stochastic forms; the rule is the same.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    learning_rate : float, at least 0
        The step size α.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step, a new array.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or the rate is negative.

    References
    ----------
    I2DL lecture 5, gradient descent and SGD; I2DL exam Aug 2022, 6.3; NAIST Artificial Intelligence, lecture 8.
    """
    check_update(w, dw)
    check_rate(learning_rate)
    return w - learning_rate * dw


def momentum_update(
    w: Array, dw: Array, *, velocity: Array, learning_rate: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """v ← βv − α dw, then w ← w + v: momentum with the learning rate inside the velocity.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    velocity : array, shape of ``w``
        v, zero at first.
    learning_rate : float, at least 0
        The step size α.
    beta : float in [0, 1)
        β, what the velocity keeps of itself: 0 is `sgd_update`.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    velocity : array, shape of ``w``
        The new velocity.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Rumelhart, Hinton, Williams, *Learning representations by back-propagating errors*, 1986; I2DL lecture 5; I2DL exam
    Feb 2022, 5.2.
    """
    check_update(w, dw, velocity=velocity)
    check_rate(learning_rate)
    check_fraction(beta=beta)
    velocity = beta * velocity - learning_rate * dw
    return w + velocity, velocity


def momentum_outside_update(
    w: Array, dw: Array, *, velocity: Array, learning_rate: float, beta: float = 0.9, dampening: float = 0.0
) -> tuple[Array, Array]:
    """u ← βu + (1 − dampening) dw, then w ← w − αu: momentum with the learning rate outside the velocity.

    This is `torch.optim.SGD`, except that PyTorch does not dampen the very first step.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss with respect to ``w``.
    velocity : array, shape of ``w``
        u, zero at first.
    learning_rate : float, at least 0
        The step size α.
    beta : float in [0, 1)
        β, what the velocity keeps of itself.
    dampening : float
        0 on the slides; β makes the velocity a weighted average of the gradients.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    velocity : array, shape of ``w``
        The new velocity.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    I2DL lecture 6; Sutskever and others, *On the importance of initialization and momentum in deep learning*, 2013.
    """
    check_update(w, dw, velocity=velocity)
    check_rate(learning_rate)
    check_fraction(beta=beta)
    check_number("dampening", dampening)
    velocity = beta * velocity + (dw if dampening == 0 else (1.0 - dampening) * dw)
    return w - learning_rate * velocity, velocity


def nesterov_lookahead(w: Array, *, velocity: Array, beta: float = 0.9) -> Array:
    """w + βv: where the velocity alone would lead, and where `nesterov_update` wants its gradient taken.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    velocity : array, shape of ``w``
        v, zero at first.
    beta : float in [0, 1)
        β, as in the update.

    Returns
    -------
    lookahead : array, shape of ``w``
        The point to evaluate the gradient at.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or β is out of range.

    References
    ----------
    I2DL lecture 5; I2DL exam Feb 2022, 5.3.
    """
    check_update(w, velocity)
    check_fraction(beta=beta)
    return w + beta * velocity


def nesterov_update(
    w: Array, dw: Array, *, velocity: Array, learning_rate: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """v ← βv − α dw, then w ← w + v, where dw was taken at the look-ahead point w + βv.

    The arithmetic is that of `momentum_update`; all the difference is in where the gradient comes from.

    Parameters
    ----------
    w : array, any shape
        The parameter.
    dw : array, shape of ``w``
        Gradient of the loss **at** ``nesterov_lookahead(w, velocity=velocity, beta=beta)``.
    velocity : array, shape of ``w``
        v, zero at first.
    learning_rate : float, at least 0
        The step size α.
    beta : float in [0, 1)
        β, what the velocity keeps of itself.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    velocity : array, shape of ``w``
        The new velocity.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Nesterov, *A method for solving the convex programming problem with convergence rate O(1/k²)*, 1983; I2DL lecture 5;
    I2DL exam Feb 2022, 5.3.
    """
    return momentum_update(w, dw, velocity=velocity, learning_rate=learning_rate, beta=beta)


def nesterov_outside_update(
    w: Array, dw: Array, *, velocity: Array, learning_rate: float, beta: float = 0.9
) -> tuple[Array, Array]:
    """u ← βu + dw, then w ← w − α(dw + βu): Nesterov for a network that holds the look-ahead point as its weights.

    A training loop has the gradient at the weights, not at some other point. So let the weights *be* the look-ahead
    point w̃ = w + βv of the lecture. Putting the lecture's step for w into the next look-ahead gives

        w̃' = w' + βv' = (w̃ − βv) + v' + βv' = w̃ − α dw + βv'.

    With v = −αu this is the rule above, and `torch.optim.SGD` with ``nesterov=True``. For a constant α its weights are
    the lecture's look-ahead points.

    Parameters
    ----------
    w : array, any shape
        The parameter, which is the look-ahead point.
    dw : array, shape of ``w``
        Gradient of the loss at ``w``.
    velocity : array, shape of ``w``
        u, zero at first.
    learning_rate : float, at least 0
        The step size α.
    beta : float in [0, 1)
        β, what the velocity keeps of itself.

    Returns
    -------
    w : array, shape of ``w``
        The parameter after the step.
    velocity : array, shape of ``w``
        The new velocity.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ, or a hyperparameter is out of range.

    References
    ----------
    Bengio, Boulanger-Lewandowski, Pascanu, *Advances in optimizing recurrent networks*, 2013; Sutskever and others,
    2013.
    """
    check_update(w, dw, velocity=velocity)
    check_rate(learning_rate)
    check_fraction(beta=beta)
    velocity = beta * velocity + dw
    return w - learning_rate * (dw + beta * velocity), velocity
