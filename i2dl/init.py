"""Initialization: where the weights start.

**Not at zero.** If all weights of a layer are equal, all its neurons compute the same, get the same gradient and stay
equal for ever: the symmetry never breaks. With ReLU and zeros in all layers it is worse, no weight moves at all, since
each gradient has a zero activation or a zero weight as a factor; the last bias alone learns.

**Not too small, not too large.** A neuron's score is s = Σᵢ wᵢxᵢ over n inputs. With independent weights of mean 0,
and inputs of mean 0,

    Var(s) = n · Var(w) · Var(x).

If n · Var(w) < 1, the activations shrink from layer to layer until they are zero, and so are the gradients of the
weights, of which they are a factor. If it is much larger than 1, tanh saturates at ±1, where its slope is zero, and
again no gradient gets through. `activation_statistics` shows both. So Var(w) = 1/n (Xavier), or 2/n behind ReLU, which
throws away half of its input's second moment (Kaiming).

**Where n comes from.** Here a weight matrix is (D, M) and multiplies from the right, y = xW, so n = D, its number of
*rows*. WPI's class multiplies from the left, y = Wx, and speaks of the *columns*: the same n. A filter bank
(F, C, HH, WW) has n = C · HH · WW, the size of the patch that one filter sees. n is not N, the number of samples.

=====================  ==========================  =================================
function               distribution                source
=====================  ==========================  =================================
`zeros`                0                           lecture 7 and WPI class 22
`constant`             a small positive bias       lecture 7
`normal`               N(0, std²)                  lecture 7: 0.01 and 1
`xavier_normal`        N(0, 1/n)                   lecture 7
`columns_normal`       N(0, 1/n)                   WPI class 22: std 1/√cols
`fan_in_uniform`       U(−√(3/n), √(3/n))          exam Aug 2020, 8f
`glorot_normal`        N(0, 2/(n + m))             Glorot, Bengio, 2010
`xavier_uniform`       U(−√6/√(n + m), …)          NAIST lecture 8
`kaiming_normal`       N(0, 2/n)                   lecture 7, NAIST lecture 8
=====================  ==========================  =================================

m, the fan-out, is n of the same layer run backwards. Glorot and Bengio's 2/(n + m) is the compromise between keeping
the variance of the activations (1/n) and that of the gradients (1/m); for n = m the three agree.

All functions are called alike, ``scheme(shape, rng=rng)``, and return NumPy arrays in float64.

Source: I2DL lecture 7; NAIST Artificial Intelligence, lecture 8; WPI CS 4342, class 22.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from i2dl.functional.registry import ACTIVATIONS

__all__ = [
    "ActivationStatistics",
    "activation_statistics",
    "columns_normal",
    "constant",
    "fan_in_uniform",
    "fans",
    "glorot_normal",
    "kaiming_normal",
    "normal",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

Shape = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """Count the inputs and the outputs that each neuron of a layer is connected to.

    Parameters
    ----------
    shape : tuple of int
        (D, M) for an affine layer, (F, C, WW) or (F, C, HH, WW) for filters. (PyTorch keeps the matrix of an affine
        layer as (M, D); its filters have our shape.)

    Returns
    -------
    fan_in : int
        n: D for a matrix, C · HH · WW for filters.
    fan_out : int
        m: M for a matrix, F · HH · WW for filters.

    Raises
    ------
    ValueError
        If the shape has fewer than two axes or a length below 1.

    References
    ----------
    I2DL lecture 7; Glorot, Bengio, *Understanding the difficulty of training deep feedforward neural networks*, 2010.
    """
    if len(shape) < 2 or min(shape) < 1:
        msg = f"shape must be that of a matrix (D, M) or of filters (F, C, HH, WW), but it is {tuple(shape)}"
        raise ValueError(msg)
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def zeros(shape: Shape, *, rng: np.random.Generator | None = None) -> np.ndarray:  # noqa: ARG001, called as the others
    """Zeros: right for biases, and for weights the example of what goes wrong.

    Parameters
    ----------
    shape : tuple of int
        Any shape.
    rng : numpy.random.Generator or None
        Not used.

    Returns
    -------
    array of the given shape
        Zeros.

    References
    ----------
    I2DL lecture 7 (no symmetry breaking); WPI CS 4342, class 22 (which weights ever move).
    """
    return np.zeros(shape)


def constant(shape: Shape, *, rng: np.random.Generator | None = None, value: float = 0.01) -> np.ndarray:  # noqa: ARG001
    """One value everywhere: small and positive for the biases of ReLU neurons, so that few of them start out dead.

    Parameters
    ----------
    shape : tuple of int
        Any shape.
    rng : numpy.random.Generator or None
        Not used.
    value : float
        The value.

    Returns
    -------
    array of the given shape
        The value, everywhere.

    References
    ----------
    I2DL lecture 7 (slightly positive biases, 0.01).
    """
    return np.full(shape, value)


def normal(shape: Shape, *, rng: np.random.Generator, std: float = 0.01) -> np.ndarray:
    """Gaussian with mean 0 and a standard deviation of your own: the lecture tries 0.01 and 1, and both fail.

    Parameters
    ----------
    shape : tuple of int
        Any shape.
    rng : numpy.random.Generator
        Where the numbers come from.
    std : float, at least 0
        Standard deviation, whatever the size of the layer.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If ``std`` is negative.

    References
    ----------
    I2DL lecture 7.
    """
    if not std >= 0:
        msg = f"std must be at least 0, but it is {std!r}"
        raise ValueError(msg)
    return rng.normal(0.0, std, size=shape)


def xavier_normal(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """N(0, 1/n): Var(s) = Var(x), for activations that are near the identity around 0, such as tanh.

    Many libraries call the variance 2/(n + m) Xavier's; that is `glorot_normal` here.

    Parameters
    ----------
    shape : tuple of int
        (D, M) or (F, C, HH, WW).
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If `fans` cannot read the shape.

    References
    ----------
    I2DL lecture 7; I2DL exam Jul 2021, 2.4.
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(1 / fan_in), size=shape)


def columns_normal(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """Mean 0 and standard deviation 1/√cols(W), for W that multiplies from the left: N(0, 1/n), as `xavier_normal`.

    WPI's W is the transpose of ours, so its columns are our rows. Read word for word, with the columns of our (D, M),
    the rule would divide by the number of outputs.

    Parameters
    ----------
    shape : tuple of int
        (D, M) or (F, C, HH, WW), in our layout.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If `fans` cannot read the shape.

    References
    ----------
    WPI CS 4342, class 22, weight initialization methods.
    """
    return xavier_normal(shape, rng=rng)


def fan_in_uniform(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """U(−α, α) with α = √(3/n): the uniform distribution of Xavier's variance 1/n, since Var U(−α, α) = α²/3.

    Parameters
    ----------
    shape : tuple of int
        (D, M) or (F, C, HH, WW).
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If `fans` cannot read the shape.

    References
    ----------
    I2DL exam Aug 2020, 8f. (The hint there gives the variance of XY under the name of X + Y.)
    """
    fan_in, _ = fans(shape)
    alpha = math.sqrt(3 / fan_in)
    return rng.uniform(-alpha, alpha, size=shape)


def glorot_normal(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """N(0, 2/(n + m)): between what keeps the activations, 1/n, and what keeps the gradients, 1/m.

    Parameters
    ----------
    shape : tuple of int
        (D, M) or (F, C, HH, WW).
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If `fans` cannot read the shape.

    References
    ----------
    Glorot, Bengio, 2010, equation (12); PyTorch's `xavier_normal_`.
    """
    return rng.normal(0.0, math.sqrt(2 / sum(fans(shape))), size=shape)


def xavier_uniform(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """U(−a, a) with a = √6/√(n + m): the uniform distribution of variance 2/(n + m). For tanh and the like.

    Parameters
    ----------
    shape : tuple of int
        (D, M) or (F, C, HH, WW).
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If `fans` cannot read the shape.

    References
    ----------
    NAIST Artificial Intelligence, lecture 8; Glorot, Bengio, 2010, equation (16).
    """
    bound = math.sqrt(6) / math.sqrt(sum(fans(shape)))
    return rng.uniform(-bound, bound, size=shape)


def kaiming_normal(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """N(0, 2/n): Xavier's variance twice, because ReLU sets half of the scores to zero.

    Parameters
    ----------
    shape : tuple of int
        (D, M) or (F, C, HH, WW).
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array of the given shape
        The weights.

    Raises
    ------
    ValueError
        If `fans` cannot read the shape.

    References
    ----------
    He, Zhang, Ren, Sun, *Delving deep into rectifiers*, 2015; I2DL lecture 7; NAIST Artificial Intelligence, lecture 8.
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(2 / fan_in), size=shape)


@dataclass(frozen=True)
class ActivationStatistics:
    """What becomes of unit Gaussian inputs in a deep network, layer by layer.

    Attributes
    ----------
    mean : array (depth,)
        Mean of the activations of each layer.
    std : array (depth,)
        Their standard deviation. It goes to 0 where the signal vanishes.
    slope : array (depth,)
        Mean |f′(s)| over the scores of each layer. It goes to 0 where the activation saturates.
    """

    mean: np.ndarray
    std: np.ndarray
    slope: np.ndarray


def activation_statistics(
    *,
    depth: int = 10,
    width: int = 500,
    scheme: Callable[..., np.ndarray],
    activation: str = "tanh",
    rng: np.random.Generator,
    samples: int = 500,
) -> ActivationStatistics:
    """Run the lecture's experiment: ten tanh layers of 500 neurons, unit Gaussian inputs, biases of zero.

    With tanh, N(0, 0.01²) makes the standard deviation fall from layer to layer towards 0, N(0, 1) drives all neurons
    to ±1, and Xavier keeps the activations alive (tanh itself shrinks them a little: 0.63 after the first layer, 0.23
    after the tenth). With ReLU, Xavier's variance halves the mean square in every layer, and Kaiming's keeps it.

    Parameters
    ----------
    depth : int
        Number of layers.
    width : int
        Neurons in each, and length of an input.
    scheme : callable
        ``scheme(shape, rng=rng)``: one of this file, or `functools.partial` of one.
    activation : str
        A name in `i2dl.functional.ACTIVATIONS`.
    rng : numpy.random.Generator
        Where weights and inputs come from.
    samples : int
        Number of inputs.

    Returns
    -------
    ActivationStatistics
        Mean, standard deviation and mean slope of every layer.

    Raises
    ------
    ValueError
        If a size is below 1, or the activation is not known.

    References
    ----------
    I2DL lecture 7, "small random numbers" and what follows.
    """
    if min(depth, width, samples) < 1:
        msg = f"depth, width and samples must be at least 1, but they are {depth}, {width} and {samples}"
        raise ValueError(msg)
    if activation not in ACTIVATIONS:
        msg = f"activation must be one of {', '.join(ACTIVATIONS)}, but it is {activation!r}"
        raise ValueError(msg)
    function = ACTIVATIONS[activation]
    x = rng.normal(size=(samples, width))
    layers: list[tuple[Any, Any, Any]] = []
    for _ in range(depth):
        x, cache = function.forward(x @ scheme((width, width), rng=rng))
        slope = function.backward(np.ones_like(x), cache)
        layers.append((x.mean(), x.std(), np.abs(slope).mean()))
    return ActivationStatistics(*map(np.array, zip(*layers, strict=True)))
