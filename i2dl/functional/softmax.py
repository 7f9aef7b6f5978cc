"""Softmax: scores of C classes become probabilities of C classes.

Unlike the elementwise activations it mixes: every probability depends on every score, through the sum in the
denominator. Its Jacobian is the full C × C matrix

    ∂ŷ_i/∂s_j = ŷ_i (1 − ŷ_i) if i = j,   −ŷ_i ŷ_j otherwise;

yet dout times this matrix collapses to ŷ ⊙ (dout − ⟨dout, ŷ⟩), and again no Jacobian is built.
"""

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_axis, check_floating, check_upstream


def softmax_forward(x: Array, *, axis: int = -1) -> tuple[Array, tuple[Array, int]]:
    """ŷ_k = e^(s_k − max s) / Σ_j e^(s_j − max s).

    Subtracting the largest score changes nothing, since it cancels, and keeps the exponentials from overflowing.

    Parameters
    ----------
    x : array, any shape with at least one axis
        Scores s.
    axis : int
        The axis that counts the classes.

    Returns
    -------
    out : array, shape of ``x``
        Probabilities: positive, summing to 1 along ``axis``.
    cache : tuple
        (out, axis).

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``x`` has no such axis.

    References
    ----------
    I2DL lecture 7 ("numerical stability").
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_axis("x", x, axis)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    out = powers / xp.sum(powers, axis=axis, keepdims=True)
    return out, (out, axis)


def softmax_backward(dout: Array, cache: tuple[Array, int]) -> Array:
    """dx = ŷ ⊙ (dout − Σ_k dout_k ŷ_k).

    Parameters
    ----------
    dout : array, shape of the output
        Upstream gradient.
    cache : tuple
        From `softmax_forward`.

    Returns
    -------
    dx : array, shape of ``dout``
        Gradient with respect to ``x``; it sums to 0 along the class axis, as the probabilities always sum to 1.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL exam Jul 2021, 5.3 and 5.4.
    """
    y, axis = cache
    xp = array_namespace(dout, y)
    check_upstream(dout, y.shape)
    return y * (dout - xp.sum(dout * y, axis=axis, keepdims=True))
