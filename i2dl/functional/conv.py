"""Convolution: one small set of weights for all places of an image.

**From affine to convolution.** An affine layer gives every output its own weight for every pixel: from 32 × 32 × 3 to
one map of 28 × 28 that is 2.4 million weights, and what is learnt in one corner is unknown in the other. A
convolutional layer makes two assumptions about images. What an output needs lies near to it: the output looks at a
window of 5 × 5 pixels through all 3 channels alone. And what is worth finding in one place is worth finding
everywhere: all windows are looked at with the same 5·5·3 weights and one bias, a *filter*. Ten filters make ten maps,
from 10·(75 + 1) = 760 parameters.

**The forward pass.** Output (p, q) of filter f is the dot product of the filter with the window there, plus the bias:

    out[n, f, p, q] = b[f] + Σ_cij w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D].

x stands here for the image with its padding of P zeros; the stride S leaves out windows (all but each S-th), the
dilation D pixels within a window. There are ⌊(H + 2P − D(HH − 1) − 1)/S⌋ + 1 outputs in a column; PyTorch and we cut
off what remains below the last window, which the lecture calls illegal (`i2dl.analysis.output_size` with ``exact``
refuses it).

Strictly, mathematics calls this sum a *cross-correlation*, and *convolution* the same with the filter turned by 180°:
f(τ)·g(t − τ). For weights that are learnt it makes no difference, and the field has kept the shorter name.

**The backward pass.** The sum is linear in w and in x. Weight w[f, c, i, j] is used once in every window of every
image, so its gradient adds up over all of them; shared weights sum their gradients:

    db[f] = Σ_npq dout[n, f, p, q],        dw[f, c, i, j] = Σ_npq dout[n, f, p, q] · x[n, c, p·S + i·D, q·S + j·D].

Pixel x[n, c, h, w] receives from every window that it lies in, from each through the weight of the entry it has there:

    dx[n, c, h, w] = Σ w[f, c, i, j] · dout[n, f, p, q]  over all f and all p·S + i·D = h, q·S + j·D = w.

So dw correlates the image with dout, and dx lays a copy of the filters, scaled by dout, on each window and adds up
what overlaps: the *transposed convolution* of ``conv_transpose.py``. All three sums are in ``_correlation.py``.

**Groups.** With G groups the channels are dealt out in order, C/G to a group, likewise the filters, and each filter
sees the channels of its own group. G = C filters every channel by itself: a depthwise convolution.

**1 × 1.** A filter of one pixel has C weights, and at each pixel it takes the dot product with the C channels there:
an affine layer from C to F numbers, applied to every pixel on its own. It leaves H and W alone and changes the number
of channels. On a single channel it only scales.

**An affine layer is a convolution.** If the window is as large as the image, there is one window and each filter has
a weight for all pixels: F filters make an affine layer with F outputs. Written so, a classifier accepts larger images
too, and answers with a map of scores: a fully convolutional network.

Source: I2DL lectures 9 and 10; student summary, IX.1 to IX.3; Dumoulin, Visin, *A guide to convolution arithmetic for
deep learning*, 2016.
"""

from typing import TypeAlias

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional._correlation import check_groups, correlate, filter_gradient, spread
from i2dl.functional._windows import IntOrPair, Windows, place_windows

__all__ = ["conv1d_backward", "conv1d_forward", "conv2d_backward", "conv2d_forward"]

ConvCache: TypeAlias = tuple[Array, Array, Windows, int]


def conv2d_forward(
    x: Array,
    w: Array,
    b: Array,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> tuple[Array, ConvCache]:
    """out[n, f, p, q] = b[f] + Σ_cij w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D], where x is padded with zeros.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images.
    w : array, shape (F, C / groups, HH, WW)
        Filters. (The lecture's quiz writes the first two axes in the other order.)
    b : array, shape (F,)
        Biases.
    stride, padding, dilation : int or pair of int
        S, P and D, for rows and columns alike or one for each.
    groups : int
        G, into how many groups channels and filters are divided.

    Returns
    -------
    out : array, shape (N, F, OH, OW) with OH = ⌊(H + 2P − D·(HH − 1) − 1) / S⌋ + 1, and OW likewise
        The feature maps.
    cache : tuple
        (x, w, windows, groups).

    Raises
    ------
    TypeError
        If an array is not real floating, or a hyperparameter not made of ints.
    ValueError
        If the shapes do not fit together, the groups do not divide channels and filters, a hyperparameter is too small,
        or the window is larger than the padded image.

    References
    ----------
    I2DL lecture 9; LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition*, 1998.
    """
    xp = array_namespace(x, w, b)
    check_floating(x=x, w=w, b=b)
    check_shape("x", x, ("N", "C", "H", "W"))
    _check_filters(w, b, x.shape[1], groups, ("HH", "WW"))
    windows = place_windows(x.shape[2:], w.shape[2:], stride=stride, padding=padding, dilation=dilation)
    out = correlate(x, w, windows, groups)
    out += xp.astype(xp.reshape(b, (-1, 1, 1)), out.dtype)
    return out, (x, w, windows, groups)


def conv2d_backward(dout: Array, cache: ConvCache) -> tuple[Array, Array, Array]:
    """db = Σ dout, dw correlates the image with dout, dx spreads dout over the windows (see the top of this file).

    Parameters
    ----------
    dout : array, shape (N, F, OH, OW)
        Upstream gradient.
    cache : tuple
        From `conv2d_forward`.

    Returns
    -------
    dx : array, shape (N, C, H, W)
        Gradient with respect to ``x``.
    dw : array, shape (F, C / groups, HH, WW)
        Gradient with respect to ``w``, summed over images and windows.
    db : array, shape (F,)
        Gradient with respect to ``b``, summed over images and windows.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 9; Dumoulin, Visin, *A guide to convolution arithmetic for deep learning*, 2016, section 4.
    """
    x, w, windows, groups = cache
    xp = array_namespace(dout, x, w)
    check_upstream(dout, (x.shape[0], w.shape[0], *windows.out))
    dx = spread(dout, w, windows, groups)
    dw = filter_gradient(dout, x, windows, groups)
    db = xp.sum(dout, axis=(0, 2, 3))
    return dx, dw, db


def conv1d_forward(
    x: Array, w: Array, b: Array, *, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> tuple[Array, ConvCache]:
    """out[n, f, p] = b[f] + Σ_ci w[f, c, i] · x[n, c, p·S + i·D]: a sequence is an image one pixel high.

    Parameters
    ----------
    x : array, shape (N, C, L)
        Sequences.
    w : array, shape (F, C / groups, K)
        Filters.
    b : array, shape (F,)
        Biases.
    stride, padding, dilation : int
        S, P and D.
    groups : int
        G, into how many groups channels and filters are divided.

    Returns
    -------
    out : array, shape (N, F, OL) with OL = ⌊(L + 2P − D·(K − 1) − 1) / S⌋ + 1
        The filtered sequences.
    cache : tuple
        That of `conv2d_forward`.

    Raises
    ------
    TypeError
        If an array is not real floating, or a hyperparameter not an int.
    ValueError
        If the shapes do not fit together, the groups do not divide channels and filters, a hyperparameter is too small,
        or the window is longer than the padded sequence.

    References
    ----------
    I2DL lecture 9 (a box filter slides over ten numbers).
    """
    array_namespace(x, w, b)
    check_floating(x=x, w=w, b=b)
    check_shape("x", x, ("N", "C", "L"))
    _check_filters(w, b, x.shape[1], groups, ("K",))
    out, cache = conv2d_forward(
        x[:, :, None, :],
        w[:, :, None, :],
        b,
        stride=(1, stride),
        padding=(0, padding),
        dilation=(1, dilation),
        groups=groups,
    )
    return out[:, :, 0, :], cache


def conv1d_backward(dout: Array, cache: ConvCache) -> tuple[Array, Array, Array]:
    """The sums of `conv2d_backward` over one axis.

    Parameters
    ----------
    dout : array, shape (N, F, OL)
        Upstream gradient.
    cache : tuple
        From `conv1d_forward`.

    Returns
    -------
    dx : array, shape (N, C, L)
        Gradient with respect to ``x``.
    dw : array, shape (F, C / groups, K)
        Gradient with respect to ``w``, summed over sequences and windows.
    db : array, shape (F,)
        Gradient with respect to ``b``, summed over sequences and windows.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 9.
    """
    x, w, windows, _ = cache
    check_upstream(dout, (x.shape[0], w.shape[0], windows.out[1]))
    dx, dw, db = conv2d_backward(dout[:, :, None, :], cache)
    return dx[:, :, 0, :], dw[:, :, 0, :], db


def _check_filters(w: Array, b: Array, channels: int, groups: int, kernel: tuple[str, ...]) -> None:
    """Raise unless the groups divide channels and filters, and w and b have the shapes that follow."""
    filters = w.shape[0] if w.ndim > 0 else 0
    check_groups(groups, channels=channels, filters=filters)
    check_shape("w", w, ("F", channels // groups, *kernel))
    check_shape("b", b, (filters,))
