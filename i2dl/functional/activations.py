"""Elementwise activations: the functions that make a network more than one big affine layer.

Without them, W₃(W₂(W₁x)) is a single matrix times x, whatever the depth (lecture 3). Each is a pair: the forward
function computes out = f(x) entry by entry, the backward function multiplies the upstream gradient by the slope,

    dx = dout ⊙ f′(x).

The Jacobian of an elementwise function is diagonal, and this product is all that is left of it. What distinguishes
the functions is the slope: where it vanishes, nothing is learnt. Sigmoid and tanh *saturate*, their slope fades at
both ends; ReLU keeps slope 1 on the right, but has none at all on the left, where a unit can *die*.

This file holds the identity, the step and the smooth ones. Those with a kink at zero are in ``rectifiers.py``, the two
that mix their inputs in ``softmax.py`` and ``maxout.py``, and a table of all elementwise ones in ``registry.py``.
"""

import math

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_number, check_upstream


def identity_forward(x: Array) -> tuple[Array, tuple[int, ...]]:
    """f(x) = x: the output activation of a regression, and no activation at all between two layers.

    Parameters
    ----------
    x : array, any shape
        Scores.

    Returns
    -------
    out : array, shape of ``x``
        A copy of the scores.
    cache : tuple of int
        The shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.

    References
    ----------
    I2DL student summary, VII.2 ("linear function").
    """
    xp = array_namespace(x)
    check_floating(x=x)
    # A copy, so that whoever changes the output in place does not change the input with it.
    return xp.asarray(x, copy=True), tuple(x.shape)


def identity_backward(dout: Array, cache: tuple[int, ...]) -> Array:
    """dx = dout, since f′(x) = 1.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple of int
        From `identity_forward`.

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
    I2DL student summary, VII.2.
    """
    xp = array_namespace(dout)
    check_upstream(dout, cache)
    return xp.asarray(dout, copy=True)


def step_forward(x: Array) -> tuple[Array, tuple[int, ...]]:
    """f(x) = 1 for x ≥ 0, else 0: the threshold of the first artificial neurons.

    Parameters
    ----------
    x : array, any shape
        Scores.

    Returns
    -------
    out : array, shape of ``x``
        Ones and zeros, in the dtype of ``x``.
    cache : tuple of int
        The shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.

    References
    ----------
    I2DL student summary, VII.2.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    return xp.astype(x >= 0, x.dtype), tuple(x.shape)


def step_backward(dout: Array, cache: tuple[int, ...]) -> Array:
    """dx = 0: the step is flat, and at its one jump it has no derivative. No layer below it ever learns.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple of int
        From `step_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Zeros.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL student summary, VII.2; the same argument for the 0/1 loss: NAIST *Artificial Intelligence*, lecture 8.
    """
    xp = array_namespace(dout)
    check_upstream(dout, cache)
    return xp.zeros_like(dout)


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """σ(x) = 1 / (1 + e⁻ˣ): turns a score into a probability.

    Multiplied above and below by eˣ it reads eˣ / (1 + eˣ). Now a very negative x is safe, and small values keep all
    their digits (½ + ½ tanh(x/2), the same function, loses them: in float64 it says σ(−40) = 0). For a very large x the
    power overflows; but long before that σ(x) has become 1, so x may as well stop there.

    Parameters
    ----------
    x : array, any shape
        Scores.

    Returns
    -------
    out : array, shape of ``x``
        Values in (0, 1).
    cache : array
        ``out``, from which the slope follows.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.

    References
    ----------
    I2DL lectures 2, 3 and 7.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    largest = math.floor(math.log(float(xp.finfo(x.dtype).max)))  # 709 in float64, 88 in float32
    power = xp.exp(xp.minimum(x, float(largest)))
    out = power / (1.0 + power)
    return out, out


def sigmoid_backward(dout: Array, cache: Array) -> Array:
    """dx = dout ⊙ y(1 − y) with y = σ(x): at most ¼, and almost nothing once |x| exceeds 5.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : array
        From `sigmoid_forward`.

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
    I2DL exam Feb 2022, 6.2 and 6.3; I2DL lecture 7 (saturation).
    """
    check_upstream(dout, cache.shape)
    return dout * cache * (1.0 - cache)


def tanh_forward(x: Array) -> tuple[Array, Array]:
    """tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) = 2σ(2x) − 1: a sigmoid centred on zero.

    Parameters
    ----------
    x : array, any shape
        Scores.

    Returns
    -------
    out : array, shape of ``x``
        Values in (−1, 1).
    cache : array
        ``out``, from which the slope follows.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.

    References
    ----------
    I2DL lectures 3 and 7.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    out = xp.tanh(x)
    return out, out


def tanh_backward(dout: Array, cache: Array) -> Array:
    """dx = dout ⊙ (1 − y²) with y = tanh(x).

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : array
        From `tanh_forward`.

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
    check_upstream(dout, cache.shape)
    return dout * (1.0 - cache * cache)


def softplus_forward(x: Array, *, beta: float = 1.0) -> tuple[Array, tuple[Array, float]]:
    """f(x) = ln(1 + e^(βx)) / β: a ReLU with a rounded corner.

    Computed as max(0, x) + ln(1 + e^(−β|x|)) / β, which is the same number and cannot overflow. (PyTorch instead
    returns x itself once βx exceeds 20.)

    Parameters
    ----------
    x : array, any shape
        Scores.
    beta : float, above 0
        The larger, the sharper the corner; β → ∞ is the ReLU.

    Returns
    -------
    out : array, shape of ``x``
        Values in (0, ∞).
    cache : tuple
        (x, beta).

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``beta`` is not above 0.

    References
    ----------
    I2DL exam Feb 2022, 2.2.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_number("beta", beta, above=0)
    out = xp.maximum(x, 0.0) + xp.log1p(xp.exp(-beta * xp.abs(x))) / beta
    return out, (x, beta)


def softplus_backward(dout: Array, cache: tuple[Array, float]) -> Array:
    """dx = dout ⊙ σ(βx): the slope of the softplus is the sigmoid, nowhere exactly zero.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `softplus_forward`.

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
    I2DL exam Feb 2022, 2.2.
    """
    x, beta = cache
    check_upstream(dout, x.shape)
    slope, _ = sigmoid_forward(beta * x)
    return dout * slope


def swish_forward(x: Array, *, beta: float = 1.0) -> tuple[Array, tuple[Array, float]]:
    """f(x) = x · σ(βx): lets x through as far as its own sigmoid gate is open.

    β = 0 gives x/2, β → ∞ the ReLU. (The student summary prints a factor 2 in front, which turns these into x and
    2·ReLU; the paper and PyTorch, where β = 1 is called SiLU, have none.)

    Parameters
    ----------
    x : array, any shape
        Scores.
    beta : float
        How sharply the gate opens.

    Returns
    -------
    out : array, shape of ``x``
        For β = 1 never below −0.2785, which it reaches at x = −1.2785.
    cache : tuple
        (x, beta).

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``beta`` is not finite.

    References
    ----------
    Ramachandran, Zoph, Le, *Searching for activation functions*, 2017; I2DL student summary, VII.2.
    """
    check_floating(x=x)
    check_number("beta", beta)
    gate, _ = sigmoid_forward(beta * x)
    return x * gate, (x, beta)


def swish_backward(dout: Array, cache: tuple[Array, float]) -> Array:
    """dx = dout ⊙ (g + βx · g(1 − g)) with the gate g = σ(βx): the product rule.

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `swish_forward`.

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
    Ramachandran, Zoph, Le, *Searching for activation functions*, 2017.
    """
    x, beta = cache
    check_upstream(dout, x.shape)
    gate, _ = sigmoid_forward(beta * x)
    return dout * gate * (1.0 + beta * x * (1.0 - gate))
