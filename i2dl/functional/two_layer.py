"""A whole network out of the parts of this package: affine, ReLU, affine, softmax cross-entropy.

The forward pass calls the parts in order and keeps their caches; the backward pass calls their twins in reverse, each
fed with what the one behind it returned. That is backpropagation, and deeper networks only make the list longer.

In the notation of WPI's class, where x is a column and weights multiply from the left, the gradients read
∇W⁽²⁾ = (ŷ − y) hᵀ and ∇W⁽¹⁾ = g xᵀ with gᵀ = ((ŷ − y)ᵀ W⁽²⁾) ⊙ relu′(zᵀ). Transposed to our rows and summed over a
batch, they are the products Hᵀ · dS and Xᵀ · dZ that `affine_backward` computes.
"""

from typing import Any, TypeAlias

from i2dl.functional._checks import Array
from i2dl.functional.affine import affine_backward, affine_forward
from i2dl.functional.losses import softmax_loss
from i2dl.functional.rectifiers import relu_backward, relu_forward

Cache: TypeAlias = tuple[Any, Any, Any]


def two_layer_forward(x: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Array, Cache]:
    """S = max(0, XW₁ + 1ᴺb₁) W₂ + 1ᴺb₂.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        The batch; each input is flattened to D numbers.
    w1 : array, shape (D, H)
        Weights into the H hidden neurons.
    b1 : array, shape (H,)
        Biases of the hidden neurons.
    w2 : array, shape (H, C)
        Weights into the C outputs.
    b2 : array, shape (C,)
        Biases of the outputs.

    Returns
    -------
    scores : array, shape (N, C)
        One score per input and class.
    cache : tuple
        The caches of the three layers.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    WPI CS 4342, class 22; I2DL lectures 3 and 4.
    """
    z, cache1 = affine_forward(x, w1, b1)
    h, cache_relu = relu_forward(z)
    scores, cache2 = affine_forward(h, w2, b2)
    return scores, (cache1, cache_relu, cache2)


def two_layer_backward(dscores: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Send the gradient of the scores back through the three layers.

    Parameters
    ----------
    dscores : array, shape (N, C)
        Upstream gradient, as a loss returns it.
    cache : tuple
        From `two_layer_forward`.

    Returns
    -------
    dx : array, shape (N, d_1, ..., d_k)
        Gradient with respect to ``x``.
    dw1 : array, shape (D, H)
        Gradient with respect to ``w1``.
    db1 : array, shape (H,)
        Gradient with respect to ``b1``.
    dw2 : array, shape (H, C)
        Gradient with respect to ``w2``.
    db2 : array, shape (C,)
        Gradient with respect to ``b2``.

    Raises
    ------
    ValueError
        If ``dscores`` does not have the shape of the scores.

    References
    ----------
    WPI CS 4342, class 22; Halperin, *Matrix derivatives*, equation (11).
    """
    cache1, cache_relu, cache2 = cache
    dh, dw2, db2 = affine_backward(dscores, cache2)
    dz = relu_backward(dh, cache_relu)
    dx, dw1, db1 = affine_backward(dz, cache1)
    return dx, dw1, db1, dw2, db2


def two_layer_loss(
    x: Array, y: Array, w1: Array, b1: Array, w2: Array, b2: Array
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """Mean softmax cross-entropy of the network on a batch, and the gradients that a step of descent needs.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        The batch.
    y : integer array, shape (N,)
        True classes, 0 to C − 1.
    w1, b1, w2, b2 : arrays, shapes (D, H), (H,), (H, C), (C,)
        Parameters, as in `two_layer_forward`.

    Returns
    -------
    loss : array, shape ()
        The loss.
    gradients : tuple of arrays
        (dw1, db1, dw2, db2), each in the shape of its parameter.

    Raises
    ------
    TypeError
        If an array is not real floating, or ``y`` not integer.
    ValueError
        If the shapes do not fit together, or a label is out of range.

    References
    ----------
    WPI CS 4342, class 22.
    """
    scores, cache = two_layer_forward(x, w1, b1, w2, b2)
    loss, dscores = softmax_loss(scores, y)
    _, dw1, db1, dw2, db2 = two_layer_backward(dscores, cache)
    return loss, (dw1, db1, dw2, db2)
