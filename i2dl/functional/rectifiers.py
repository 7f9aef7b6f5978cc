"""Rectifiers: activations made of two branches that meet at zero.

To the right of zero all of them are the identity, with slope 1, so that gradients pass through many layers undamped.
They differ on the left: ReLU gives zero and may die there, the leaky and the parametric ReLU keep a small slope, ELU
bends smoothly towards −α. At the corner itself, x = 0, any slope between the two branches' would do; here the
left branch decides, so that ReLU′(0) = 0, as in PyTorch.
"""

import math

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_number, check_shape, check_upstream


def relu_forward(x: Array) -> tuple[Array, Array]:
    """f(x) = max(0, x).

    Parameters
    ----------
    x : array, any shape
        Scores.

    Returns
    -------
    out : array, shape of ``x``
        Values in [0, ∞).
    cache : array
        ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.

    References
    ----------
    Krizhevsky, Sutskever, Hinton, *ImageNet classification with deep convolutional neural networks*, 2012; I2DL
    lectures 3 and 7.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    return xp.maximum(x, 0.0), x


def relu_backward(dout: Array, cache: Array) -> Array:
    """dx = dout ⊙ [x > 0]: the upstream gradient where x > 0, else 0.

    A unit whose score is negative for every sample receives no gradient and never recovers: a dead ReLU. Starting with
    slightly positive biases (0.01) makes this rare.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : array
        From `relu_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Gradient with respect to ``x``.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 7; WPI CS 4342, class 22, for relu′(0) = 0.
    """
    xp = array_namespace(dout, cache)
    check_upstream(dout, cache.shape)
    # A product, not where(): a processor cannot guess which of two numbers comes next, and multiplies in less time.
    return dout * xp.astype(cache > 0, dout.dtype)


def leaky_relu_forward(x: Array, *, alpha: float = 0.01) -> tuple[Array, tuple[Array, float]]:
    """f(x) = x for x > 0, else αx: a ReLU that cannot die.

    For α ≤ 1 this is max(αx, x). Lecture 3 prints α = 0.1, lecture 7 and the paper 0.01, PyTorch's default.

    Parameters
    ----------
    x : array, any shape
        Scores.
    alpha : float
        Slope on the left.

    Returns
    -------
    out : array, shape of ``x``
        For α > 0, values in (−∞, ∞).
    cache : tuple
        (x, alpha).

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``alpha`` is not finite.

    References
    ----------
    Maas, Hannun, Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013; I2DL lectures 3 and 7.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_number("alpha", alpha)
    return xp.where(x > 0, x, alpha * x), (x, alpha)


def leaky_relu_backward(dout: Array, cache: tuple[Array, float]) -> Array:
    """dx = dout where x > 0, else α · dout.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `leaky_relu_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Gradient with respect to ``x``.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 7.
    """
    x, alpha = cache
    xp = array_namespace(dout, x)
    check_upstream(dout, x.shape)
    return xp.where(x > 0, dout, alpha * dout)


def prelu_forward(x: Array, alpha: Array) -> tuple[Array, tuple[Array, Array]]:
    """f(x) = x for x > 0, else αx, where α is learnt: one for all channels, or one for each.

    Parameters
    ----------
    x : array, shape (N, C, ...), or any shape if α is shared
        Scores; axis 1 counts the channels.
    alpha : array, shape () or (1,) or (C,)
        Slope on the left, shared or per channel.

    Returns
    -------
    out : array, shape of ``x``
        Activations.
    cache : tuple
        (x, alpha).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If ``alpha`` is neither one number nor one for each channel of ``x``.

    References
    ----------
    He, Zhang, Ren, Sun, *Delving deep into rectifiers*, 2015; I2DL lecture 7; I2DL exam Jul 2021, 2.3.
    """
    xp = array_namespace(x, alpha)
    check_floating(x=x, alpha=alpha)
    return xp.where(x > 0, x, _per_channel(alpha, x) * x), (x, alpha)


def prelu_backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array, Array]:
    """dx = dout where x > 0, else α · dout; and dα = Σ x · dout over the entries with x ≤ 0 that share this α.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `prelu_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Gradient with respect to ``x``.
    dalpha : array, shape of ``alpha``
        Gradient with respect to ``alpha``.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    He, Zhang, Ren, Sun, *Delving deep into rectifiers*, 2015, section 2.1; I2DL lecture 7 ("one more parameter to
    backprop into").
    """
    x, alpha = cache
    xp = array_namespace(dout, x, alpha)
    check_upstream(dout, x.shape)
    dx = xp.where(x > 0, dout, _per_channel(alpha, x) * dout)
    share = xp.where(x > 0, 0.0, x * dout)
    shared = math.prod(alpha.shape) == 1
    axes = tuple(axis for axis in range(x.ndim) if shared or axis != 1)
    return dx, xp.reshape(xp.sum(share, axis=axes), tuple(alpha.shape))


def _per_channel(alpha: Array, x: Array) -> Array:
    """Reshape α so that it broadcasts along the channel axis of ``x``."""
    xp = array_namespace(alpha, x)
    if tuple(alpha.shape) in ((), (1,)):
        return xp.reshape(alpha, ())
    check_shape("alpha", alpha, (x.shape[1] if x.ndim > 1 else 1,))
    return xp.reshape(alpha, (1, -1) + (1,) * (x.ndim - 2))


def elu_forward(x: Array, *, alpha: float = 1.0) -> tuple[Array, tuple[Array, float]]:
    """f(x) = x for x > 0, else α(eˣ − 1): bends smoothly towards −α, which pulls the mean output towards zero.

    Parameters
    ----------
    x : array, any shape
        Scores.
    alpha : float
        The depth on the left.

    Returns
    -------
    out : array, shape of ``x``
        For α > 0, values in (−α, ∞).
    cache : tuple
        (x, alpha).

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``alpha`` is not finite.

    References
    ----------
    Clevert, Unterthiner, Hochreiter, *Fast and accurate deep network learning by exponential linear units*, 2016; I2DL
    lecture 3.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_number("alpha", alpha)
    # where() computes both branches: the exponential must not overflow for the large x that it is not meant for.
    left = alpha * xp.expm1(xp.minimum(x, 0.0))
    return xp.where(x > 0, x, left), (x, alpha)


def elu_backward(dout: Array, cache: tuple[Array, float]) -> Array:
    """dx = dout where x > 0, else α eˣ · dout.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `elu_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Gradient with respect to ``x``.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Clevert, Unterthiner, Hochreiter, 2016.
    """
    x, alpha = cache
    xp = array_namespace(dout, x)
    check_upstream(dout, x.shape)
    slope = alpha * xp.exp(xp.minimum(x, 0.0))
    return xp.where(x > 0, dout, slope * dout)
