"""Dropout: in every training step a random set of neurons is gone.

**Why.** A neuron that may find any of its inputs missing cannot rely on a single one. It has to spread its weights over
more features, and the network ends up with several ways to the same answer. Seen from outside, every step trains
another, smaller network out of the 2ⁿ that n neurons can form, and all of them share their weights: an ensemble for
the price of one. Inputs and hidden neurons may be dropped, outputs never. Dropout lowers the capacity that is left in
each step, so such a network is made larger and trained longer.

**What p means.** Here ``p`` is the probability to *drop*, as in PyTorch. WPI's class writes p for the probability to
*keep*, and lecture 8 calls p = 0.5 the dropout probability but multiplies by it at test time as if it were the
probability to keep; at one half both are right. For any other value translate first: keep = 1 − p.

**Two scalings.** Training and test must agree on average. With mask m (1 keeps, with probability 1 − p; 0 drops), the
score of lecture 8 has the expectation

    E[θ₁m₁x₁ + θ₂m₂x₂] = (1 − p)(θ₁x₁ + θ₂x₂),

and at test time, with all neurons present, it would come out 1/(1 − p) times too large. There are two remedies:

- ``scaling="test"``, the lecture's weight scaling rule: train with out = m ⊙ x, test with out = (1 − p) x.
- ``scaling="inverted"``, the default and what PyTorch does: train with out = m ⊙ x / (1 − p), test with out = x. The
  network that is shipped then knows nothing of dropout.

**The gradient.** The mask does not depend on x, so dropout is linear in x and its slope is the factor that it was
multiplied with: dx = dout ⊙ factor. No gradient reaches the inputs that were dropped, and the weights behind them stay
as they are in this step.

Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, *Dropout: a simple way to prevent neural networks from
overfitting*, 2014; I2DL lecture 8 and student summary, VIII.2; WPI CS 4342, class 22.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_batch, check_floating, check_number, check_shape, check_upstream

Scaling = Literal["inverted", "test"]
# A numpy.random.Generator; the name of the library is not needed to call its methods.
Generator: TypeAlias = Any
# What the output was multiplied with, and the output's shape.
Cache: TypeAlias = tuple[Any, tuple[int, ...]]


def dropout_forward(
    x: Array,
    *,
    p: float,
    train: bool,
    rng: Generator | None = None,
    scaling: Scaling = "inverted",
    mask: Array | None = None,
) -> tuple[Array, Cache]:
    """Drop every entry with probability p: out = m ⊙ x / (1 − p) in training, out = x at test time.

    Parameters
    ----------
    x : array, any shape
        Activations.
    p : float in [0, 1]
        Probability to drop an entry. (WPI's p is 1 − p.)
    train : bool
        Whether to drop; at test time all entries stay.
    rng : numpy.random.Generator or None
        Where the mask comes from in training: the same state, the same mask on every array library.
    scaling : {"inverted", "test"}
        Whether the factor that makes training and test agree on average is applied in training, as 1/(1 − p), or at
        test time, as 1 − p.
    mask : boolean array, shape of ``x``, or None
        Which entries training keeps; in its absence it is drawn from ``rng``.

    Returns
    -------
    out : array, shape of ``x``
        What is left.
    cache : tuple
        (factor, shape of ``x``).

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or ``mask`` not boolean.
    ValueError
        If ``p`` is outside [0, 1], ``scaling`` is neither word, ``mask`` does not have the shape of ``x``, or training
        has neither ``rng`` nor ``mask``.

    References
    ----------
    Srivastava et al., 2014; I2DL lecture 8; WPI CS 4342, class 22.
    """
    check_floating(x=x)
    factor = _factor(x, tuple(x.shape), p, train, rng, scaling, mask)
    return x * factor, (factor, tuple(x.shape))


def dropout_backward(dout: Array, cache: Cache) -> Array:
    """dx = dout ⊙ factor: what was dropped gets no gradient, what was scaled gets a scaled one.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `dropout_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Gradient with respect to ``x``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    WPI CS 4342, class 22 ("we will update the weights of only those neurons that were not removed").
    """
    factor, shape = cache
    check_upstream(dout, shape)
    return dout * factor


def spatial_dropout_forward(
    x: Array,
    *,
    p: float,
    train: bool,
    rng: Generator | None = None,
    scaling: Scaling = "inverted",
    mask: Array | None = None,
) -> tuple[Array, Cache]:
    """Drop whole channels: every feature map of every image, with probability p.

    Neighbouring pixels of a feature map say nearly the same. Dropping single ones loses no information, and so does not
    regularize a convolutional network; the map as a whole has to go.

    Parameters
    ----------
    x : array, shape (N, C, d_1, ..., d_k)
        Feature maps.
    p : float in [0, 1]
        Probability to drop a channel of an image.
    train : bool
        Whether to drop; at test time all channels stay.
    rng : numpy.random.Generator or None
        Where the mask comes from in training.
    scaling : {"inverted", "test"}
        Where the factor goes, as in `dropout_forward`.
    mask : boolean array, shape (N, C), or None
        Which channels training keeps; in its absence it is drawn from ``rng``.

    Returns
    -------
    out : array, shape of ``x``
        What is left.
    cache : tuple
        (factor, shape of ``x``).

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or ``mask`` not boolean.
    ValueError
        If ``x`` has no channels, ``p`` is outside [0, 1], ``scaling`` is neither word, ``mask`` does not have the shape
        (N, C), or training has neither ``rng`` nor ``mask``.

    References
    ----------
    Tompson, Goroshin, Jain, LeCun, Bregler, *Efficient object localization using convolutional networks*, 2015; I2DL
    student summary, IX.6.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_batch("x", x)
    factor = _factor(x, tuple(x.shape[:2]), p, train, rng, scaling, mask)
    if train:
        factor = xp.reshape(factor, tuple(x.shape[:2]) + (1,) * (x.ndim - 2))
    return x * factor, (factor, tuple(x.shape))


def spatial_dropout_backward(dout: Array, cache: Cache) -> Array:
    """dx = dout ⊙ factor, with one factor for each channel of each image.

    Parameters
    ----------
    dout : array, shape (N, C, d_1, ..., d_k)
        Upstream gradient.
    cache : tuple
        From `spatial_dropout_forward`.

    Returns
    -------
    dx : array, shape (N, C, d_1, ..., d_k)
        Gradient with respect to ``x``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Tompson et al., 2015; I2DL student summary, IX.6.
    """
    return dropout_backward(dout, cache)


def monte_carlo_dropout(
    forward: Callable[[Array, Generator], Array], x: Array, *, samples: int, rng: Generator
) -> tuple[Array, Array]:
    """Predict several times with dropout left on: the mean is the answer, the spread says how sure the network is.

    Networks are overconfident, far from their training data above all. Averaging the softmax outputs of many thinned
    networks calibrates them. Train with a low p (0.1 or 0.2) and take 25 to 100 samples.

    Parameters
    ----------
    forward : callable
        ``forward(x, rng) -> out``, the network with dropout in training mode, drawing its masks from ``rng``.
    x : array, shape (N, ...)
        Inputs.
    samples : int
        How often to predict.
    rng : numpy.random.Generator
        Where the masks come from.

    Returns
    -------
    mean : array, shape of the network's output
        The averaged prediction.
    std : array, shape of the network's output
        Standard deviation of the predictions (divided by ``samples``, not ``samples`` − 1).

    Raises
    ------
    ValueError
        If ``samples`` is below 1.

    References
    ----------
    Gal, Ghahramani, *Dropout as a Bayesian approximation*, 2016; I2DL lecture 8.
    """
    xp = array_namespace(x)
    if samples < 1:
        msg = f"samples must be at least 1, but it is {samples}"
        raise ValueError(msg)
    predictions = xp.stack([forward(x, rng) for _ in range(samples)])
    return xp.mean(predictions, axis=0), xp.std(predictions, axis=0)


def _factor(
    x: Array,
    shape: tuple[int, ...],
    p: float,
    train: bool,
    rng: Generator | None,
    scaling: Scaling,
    mask: Array | None,
) -> Any:
    """The number, or array of the given shape, that dropout multiplies x with."""
    xp = array_namespace(x)
    check_number("p", p, at_least=0.0, at_most=1.0)
    if scaling not in ("inverted", "test"):
        msg = f"scaling must be 'inverted' or 'test', but it is {scaling!r}"
        raise ValueError(msg)
    if not train:
        return 1.0 if scaling == "inverted" else 1.0 - p
    if mask is None:
        if rng is None:
            msg = f"dropout in training needs rng, or a mask of shape {shape}, but both are None"
            raise ValueError(msg)
        mask = xp.asarray(rng.random(shape) >= p, device=device(x))
    elif not xp.isdtype(mask.dtype, "bool"):
        msg = f"mask must hold booleans, True where x is kept, but its dtype is {mask.dtype}"
        raise TypeError(msg)
    check_shape("mask", mask, shape)
    kept = xp.astype(mask, x.dtype)
    # With p = 1 nothing is kept, and there is nothing to scale up.
    return kept / (1.0 - p) if scaling == "inverted" and p < 1.0 else kept
