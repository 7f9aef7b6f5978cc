"""The residual connection with dropout: how a transformer joins its layers.

A sublayer f, attention or feed-forward network, does not replace its input. What it returns is added to it, as a
proposed change:

    out = x + Dropout(f(x)).

**Why the sum.** Its slope is 1 + f′: whatever f does, the gradient of the output reaches the input undamped along the
skip, and dozens of sublayers can stand on each other. With f = 0 the sublayer does nothing, so a deeper network starts
where a shallower one would be.

**Why dropout there.** Dropping entries of the sum would cut the skip, and every sublayer above would be missing them.
Dropping entries of f(x) only withdraws part of the proposal. So no sublayer can rely on a single change made further
down, and the path that carries gradient and position through the whole network stays whole. The paper drops with
p = 0.1; after the sum comes a layer norm (or, in later models, before f).

**Backwards.** The pair takes x and f(x) as two inputs, since it does not know f. Going back, the gradient of x is the
sum of both ways:

>>> import numpy as np
>>> from i2dl.functional import tanh_backward, tanh_forward
>>> x, dout = np.array([0.0, 1.0]), np.array([1.0, 1.0])
>>> fx, cache_f = tanh_forward(x)
>>> out, cache = residual_dropout_forward(x, fx, p=0.1, train=False)
>>> skip, dfx = residual_dropout_backward(dout, cache)
>>> skip + tanh_backward(dfx, cache_f)
array([2.        , 1.41997434])

Source: residual connections: He, Zhang, Ren, Sun, *Deep residual learning for image recognition*, 2016, and I2DL
lecture 10; residual dropout: Vaswani and others, *Attention is all you need*, 2017, section 5.4, and I2DL lecture 11.
"""

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.functional.dropout import Cache, Generator, dropout_backward, dropout_forward

__all__ = ["residual_dropout_backward", "residual_dropout_forward"]


def residual_dropout_forward(
    x: Array, fx: Array, *, p: float, train: bool, rng: Generator | None = None, mask: Array | None = None
) -> tuple[Array, Cache]:
    """out = x + m ⊙ f(x) / (1 − p) in training, out = x + f(x) at test time.

    Parameters
    ----------
    x : array, any shape
        The input of the sublayer.
    fx : array, shape of ``x``
        Its output f(x).
    p : float in [0, 1]
        Probability to drop an entry of f(x); 0.1 in the paper.
    train : bool
        Whether to drop.
    rng : numpy.random.Generator or None
        Where the mask comes from in training.
    mask : boolean array, shape of ``x``, or None
        Which entries of f(x) training keeps; in its absence it is drawn from ``rng``.

    Returns
    -------
    out : array, shape of ``x``
        The sum.
    cache : tuple
        That of dropout.

    Raises
    ------
    TypeError
        If an array is not real floating, or ``mask`` not boolean.
    ValueError
        If the shapes differ, ``p`` is outside [0, 1], or training has neither ``rng`` nor ``mask``.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 5.4; I2DL lecture 11, training tricks ("residual
    dropout").
    """
    check_floating(x=x, fx=fx)
    check_shape("fx", fx, tuple(x.shape))
    dropped, cache = dropout_forward(fx, p=p, train=train, rng=rng, mask=mask)
    return x + dropped, cache


def residual_dropout_backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dx = dout along the skip, and df(x) = m ⊙ dout / (1 − p) into the sublayer.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `residual_dropout_forward`.

    Returns
    -------
    dx : array, shape of ``x``
        Gradient with respect to ``x`` along the skip alone; what comes back through f is to be added to it.
    dfx : array, shape of ``x``
        Gradient with respect to ``fx``, the upstream gradient of the sublayer.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Derived by hand; He, Zhang, Ren, Sun, *Deep residual learning for image recognition*, 2016; I2DL lecture 10.
    """
    xp = array_namespace(dout)
    dfx = dropout_backward(dout, cache)
    return xp.asarray(dout, copy=True), dfx
