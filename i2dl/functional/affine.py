"""The affine layer Y = XW + 1ᴺb, and why its Jacobian is never built.

**What the letters hold.** Each of the N rows of X is one input, flattened to D numbers. Each of the M columns of W
holds the weights that lead from all D inputs to one neuron. So Y is (N, M): one row per input, one column per neuron.

**The bias.** b has M numbers and XW has N·M, so strictly they cannot be added. What is added is 1ᴺb, a column of N
ones times the row b: N copies of b under each other. Broadcasting makes these copies for us. It also shows that the
bias is nothing new: 1ᴺb is another "XW", with 1ᴺ in the place of X and b in the place of W. And because of it the layer
is affine, not linear: f(2x) is not 2·f(x) unless b = 0.

**The gradient, one scalar at a time.** However large the network, its loss L is one number, and so ∂L/∂w_uv is one
number too. Weight w_uv reaches L through every entry of Y:

    ∂L/∂w_uv = Σ_i Σ_j  ∂L/∂y_ij · ∂y_ij/∂w_uv .

Since y_ij = Σ_k x_ik w_kj + b_j, only column v of Y contains w_uv, with the factor x_iu. The double sum shrinks to
Σ_i x_iu · ∂L/∂y_iv, and that is entry (u, v) of a matrix product. Writing ``dout`` for ∂L/∂Y, the upstream gradient
that the next layer hands back,

    dW = Xᵀ · dout        dX = dout · Wᵀ        db = (1ᴺ)ᵀ · dout, the sum of the rows of dout.

Each gradient has the shape of the thing it is a gradient of; that alone nearly forces these formulas.

**Why no Jacobian.** ∂Y/∂W, the derivative of a matrix by a matrix, has N·M·D·M entries. A layer from 1000 to 1000
neurons and a batch of 64 would need 6.4·10¹⁰ of them, 256 GB in float32, of which all but one in a thousand are zero;
dW has 10⁶ entries, 4 MB. Backpropagation only ever asks for the product "dout times Jacobian", and that product is the
short formula above.

**A sum, not a mean.** The gradients add up over the batch. Where the loss averages over N samples, its own gradient
carries the 1/N, and it arrives here inside ``dout``. A second division by N in the layer, as the course's student
summary has it, would make every gradient N times too small.

Source: D. Halperin, *Matrix derivatives* (I2DL tutorial, 2022); I2DL lecture 4.
"""

import math

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_batch, check_floating, check_shape, check_upstream


def flatten_forward(x: Array) -> tuple[Array, tuple[int, ...]]:
    """Lay every input of a batch out as one row: row by row, channel by channel.

    An image of C channels, H rows and W columns becomes a row of D = C·H·W numbers, in which entry (c, h, w) stands at
    (c·H + h)·W + w. Any order would do, if it were the same for all images, since the weights learn it.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        The batch, k ≥ 1.

    Returns
    -------
    out : array, shape (N, D) with D = d_1 · ... · d_k
        The rows; as with any reshape, they may share the memory of ``x``.
    cache : tuple of int
        The shape of ``x``.

    Raises
    ------
    ValueError
        If ``x`` has no axis beside the batch.

    References
    ----------
    Halperin, *Matrix derivatives*, section 1.1.
    """
    xp = array_namespace(x)
    check_batch("x", x)
    shape = tuple(x.shape)
    # The length is computed, not left to reshape as -1, which an empty batch would leave undetermined.
    return xp.reshape(x, (shape[0], math.prod(shape[1:]))), shape


def flatten_backward(dout: Array, cache: tuple[int, ...]) -> Array:
    """Give every number of the gradient its place in the original shape back.

    Flattening moves numbers and changes none, so its gradient is the inverse move.

    Parameters
    ----------
    dout : array, shape (N, D)
        Upstream gradient.
    cache : tuple of int
        From `flatten_forward`.

    Returns
    -------
    dx : array, shape (N, d_1, ..., d_k)
        Gradient with respect to ``x``.

    Raises
    ------
    ValueError
        If ``dout`` does not have the shape of the forward pass's output.

    References
    ----------
    Halperin, *Matrix derivatives*, section 1.1.
    """
    xp = array_namespace(dout)
    check_upstream(dout, (cache[0], math.prod(cache[1:])))
    return xp.reshape(dout, cache)


def affine_forward(x: Array, w: Array, b: Array) -> tuple[Array, tuple[Array, Array]]:
    """Y = XW + 1ᴺb, where the rows of X are the flattened inputs.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        The batch; each input is flattened to D = d_1 · ... · d_k numbers.
    w : array, shape (D, M)
        Weights, one column per output neuron. (PyTorch stores the transpose.)
    b : array, shape (M,)
        Biases.

    Returns
    -------
    out : array, shape (N, M)
        The outputs.
    cache : tuple
        (x, w).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    Halperin, *Matrix derivatives*, equation (1) and section 3.2; I2DL lecture 3.
    """
    xp = array_namespace(x, w, b)
    check_floating(x=x, w=w, b=b)
    rows, _ = flatten_forward(x)
    check_shape("w", w, (rows.shape[1], "M"))
    check_shape("b", b, (w.shape[1],))
    return xp.matmul(rows, w) + b, (x, w)


def affine_backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    """dX = dout · Wᵀ, dW = Xᵀ · dout, db = Σₙ doutₙ: sums over the batch, without a factor 1/N.

    The student summary divides dW by N and takes the mean for db. That 1/N belongs to a loss that averages, and comes
    in through ``dout`` (see the top of this file).

    Parameters
    ----------
    dout : array, shape (N, M)
        Upstream gradient ∂L/∂Y.
    cache : tuple
        From `affine_forward`.

    Returns
    -------
    dx : array, shape (N, d_1, ..., d_k)
        Gradient with respect to ``x``, in its shape.
    dw : array, shape (D, M)
        Gradient with respect to ``w``.
    db : array, shape (M,)
        Gradient with respect to ``b``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the forward pass's output.

    References
    ----------
    Halperin, *Matrix derivatives*, equations (21) and (22) and section 3.2; I2DL exam Feb 2022, 6.4.
    """
    x, w = cache
    xp = array_namespace(dout, x, w)
    check_upstream(dout, (x.shape[0], w.shape[1]))
    rows, shape = flatten_forward(x)
    dx = flatten_backward(xp.matmul(dout, xp.matrix_transpose(w)), shape)
    dw = xp.matmul(xp.matrix_transpose(rows), dout)
    db = xp.sum(dout, axis=0)
    return dx, dw, db
