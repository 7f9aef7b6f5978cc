"""Maxout: an activation that learns its own shape.

Each unit computes k affine pieces of its input and keeps the largest. A maximum of k straight lines is a convex
piecewise linear function, and any convex function can be approached that way: |x| and ReLU take two pieces. There is
always a piece with a slope, so a unit neither saturates nor dies; the price is k times the parameters.
"""

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream


def maxout_forward(x: Array, w: Array, b: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    """out = max over p = 1 … k of (x W_p + b_p), unit by unit.

    Parameters
    ----------
    x : array, shape (N, D)
        The batch.
    w : array, shape (k, D, M)
        Weights of the k pieces, each as in an affine layer.
    b : array, shape (k, M)
        Biases of the k pieces.

    Returns
    -------
    out : array, shape (N, M)
        The largest piece of each unit.
    cache : tuple
        (x, w, winner), where winner (N, M) says which piece was the largest; a tie goes to the first.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, or there is no piece.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville, Bengio, *Maxout networks*, 2013; I2DL lectures 3 and 7.
    """
    xp = array_namespace(x, w, b)
    check_floating(x=x, w=w, b=b)
    check_shape("x", x, ("N", "D"))
    check_shape("w", w, ("k", x.shape[1], "M"))
    check_shape("b", b, (w.shape[0], w.shape[2]))
    if w.shape[0] == 0:
        msg = f"w must hold at least one piece, but its shape (k, D, M) is {tuple(w.shape)}"
        raise ValueError(msg)
    pieces = xp.matmul(x, w) + b[:, None, :]
    return xp.max(pieces, axis=0), (x, w, xp.argmax(pieces, axis=0))


def maxout_backward(dout: Array, cache: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """The affine backward pass of each piece, where only the piece that won receives the gradient.

    Parameters
    ----------
    dout : array, shape (N, M)
        Upstream gradient.
    cache : tuple
        From `maxout_forward`.

    Returns
    -------
    dx : array, shape (N, D)
        Gradient with respect to ``x``.
    dw : array, shape (k, D, M)
        Gradient with respect to ``w``, summed over the batch.
    db : array, shape (k, M)
        Gradient with respect to ``b``, summed over the batch.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Goodfellow and others, *Maxout networks*, 2013; I2DL lecture 7.
    """
    x, w, winner = cache
    xp = array_namespace(dout, x, w)
    check_upstream(dout, winner.shape)
    numbers = xp.arange(w.shape[0], dtype=winner.dtype, device=device(winner))
    won = numbers[:, None, None] == winner[None, :, :]
    dpieces = xp.where(won, dout[None, :, :], 0.0)
    dx = xp.sum(xp.matmul(dpieces, xp.matrix_transpose(w)), axis=0)
    dw = xp.matmul(xp.matrix_transpose(x), dpieces)
    db = xp.sum(dpieces, axis=1)
    return dx, dw, db
