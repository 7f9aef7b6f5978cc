"""The position-wise feed-forward network: the other half of every transformer layer.

Attention carries information from place to place, but all it does with it is to take means. The thinking in between is
done by two affine layers with a ReLU ("good old fully connected layers", says the lecture), with the same weights at
every place:

    out[n, t] = max(0, x[n, t] · W₁ + b₁) · W₂ + b₂.

No place sees another here. So the N texts of T places are N·T rows, and for rows the network is already there, forward
and backward: the two-layer network of ``two_layer.py``. Two convolutions with windows of one place would do the same.

The hidden layer is wide, four times as wide as the vectors in the paper (2048 for 512). About two thirds of an encoder
layer's parameters are here: 2 · E · 4E, against the 4 · E² of attention.

Source: Vaswani and others, *Attention is all you need*, 2017, section 3.3; I2DL lecture 11.
"""

from typing import Any

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional.two_layer import two_layer_backward, two_layer_forward

__all__ = ["position_wise_backward", "position_wise_forward"]


def position_wise_forward(x: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Array, Any]:
    """out = max(0, xW₁ + b₁) W₂ + b₂ at every place.

    Parameters
    ----------
    x : array, shape (N, T, E)
        N texts of T vectors.
    w1 : array, shape (E, H)
        Weights into the hidden layer.
    b1 : array, shape (H,)
        Biases of the hidden layer.
    w2 : array, shape (H, M)
        Weights out of it; M = E in a transformer.
    b2 : array, shape (M,)
        Biases of the output.

    Returns
    -------
    out : array, shape (N, T, M)
        What the network makes of each vector.
    cache : tuple
        What the backward pass needs.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, equation (2); I2DL lecture 11 ("good old fully-connected
    layers").
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_shape("x", x, ("N", "T", "E"))
    n, t, e = x.shape
    rows, cache = two_layer_forward(xp.reshape(x, (n * t, e)), w1, b1, w2, b2)
    return xp.reshape(rows, (n, t, w2.shape[1])), ((n, t, w2.shape[1]), cache)


def position_wise_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Back through the two layers at every place; the weights, shared by all places, sum over them.

    Parameters
    ----------
    dout : array, shape (N, T, M)
        Upstream gradient.
    cache : tuple
        From `position_wise_forward`.

    Returns
    -------
    dx : array, shape (N, T, E)
        Gradient with respect to ``x``.
    dw1 : array, shape (E, H)
        Gradient with respect to ``w1``.
    db1 : array, shape (H,)
        Gradient with respect to ``b1``.
    dw2 : array, shape (H, M)
        Gradient with respect to ``w2``.
    db2 : array, shape (M,)
        Gradient with respect to ``b2``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Vaswani and others, 2017, section 3.3; Halperin, *Matrix derivatives*, equation (11).
    """
    xp = array_namespace(dout)
    (n, t, m), rows = cache
    check_upstream(dout, (n, t, m))
    dx, *gradients = two_layer_backward(xp.reshape(dout, (n * t, m)), rows)
    dw1, db1, dw2, db2 = gradients
    return xp.reshape(dx, (n, t, dx.shape[1])), dw1, db1, dw2, db2
