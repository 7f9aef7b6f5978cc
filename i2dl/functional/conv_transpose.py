"""Transposed convolution: from each pixel, a whole window.

A convolution with stride 2 halves an image. The way back to the full size, as a segmentation network needs it, is the
same picture with the arrows turned round: where the convolution weighs a window and adds it up to one number, the
transposed convolution takes one number and lays a copy of the filter, multiplied by it, on the window. Where windows
overlap, the copies add up:

    out[n, f, h, w] = b[f] + Σ w[c, f, i, j] · x[n, c, p, q]  over all c and all p·S + i·D − P = h, q·S + j·D − P = w.

**Why transposed.** A convolution is linear in the image: with all pixels in one long vector it is a matrix A, very
sparse, and its backward pass for the image multiplies with Aᵀ. A transposed convolution goes *forward* with Aᵀ, and so
backward with A. This file therefore holds no new sum: it exchanges the two passes of ``conv.py``. It does not undo a
convolution, since Aᵀ is not the inverse of A: the shape comes back, the numbers do not, and the name "deconvolution"
is wrong.

**As unpooling and convolution.** For the stride S the pixels are first spread, S apart, with zeros between them; an
ordinary convolution with stride 1 and the filter turned by 180° then fills the gaps. The stride now multiplies the
size, and what was padding of the small image is cut off from the large one:

    H_out = (H − 1)·S − 2P + D·(HH − 1) + 1 + output_padding.

A convolution with stride S rounds down and so maps S neighbouring sizes to the same one; ``output_padding`` says how
many pixels more than the smallest of these come out.

Source: I2DL lecture 10 ("up-convolution, never deconvolution"); student summary, X.8; Dumoulin, Visin, *A guide to
convolution arithmetic for deep learning*, 2016, section 4.
"""

from typing import TypeAlias

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional._correlation import check_groups, correlate, filter_gradient, spread
from i2dl.functional._windows import IntOrPair, Pair, Windows, as_pair, reach

__all__ = ["conv_transpose2d_backward", "conv_transpose2d_forward"]

ConvTransposeCache: TypeAlias = tuple[Array, Array, Windows, int]


def conv_transpose2d_forward(
    x: Array,
    w: Array,
    b: Array,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> tuple[Array, ConvTransposeCache]:
    """out = b + the filters, scaled by each pixel of x and laid S pixels apart, added up where they overlap.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images.
    w : array, shape (C, F / groups, HH, WW)
        Filters: the weight of the convolution from F to C channels that this one is the transpose of.
    b : array, shape (F,)
        Biases.
    stride : int or pair of int
        S, how far apart neighbouring pixels lay their filters.
    padding : int or pair of int
        P, how many rows and columns are cut off on each side.
    output_padding : int or pair of int
        How many rows and columns are kept beyond that on the far side; less than the stride or the dilation.
    dilation : int or pair of int
        D, from one entry of a filter to the next.
    groups : int
        G, into how many groups the channels of x and of the output are divided.

    Returns
    -------
    out : array, shape (N, F, OH, OW) with OH = (H − 1)·S − 2P + D·(HH − 1) + 1 + output_padding, and OW likewise
        The enlarged maps.
    cache : tuple
        (x, w, windows, groups), the windows being those of the convolution from the output to ``x``.

    Raises
    ------
    TypeError
        If an array is not real floating, or a hyperparameter not made of ints.
    ValueError
        If the shapes do not fit together, the groups do not divide the channels, a hyperparameter is too small, the
        output padding too large, or the padding leaves nothing.

    References
    ----------
    I2DL lecture 10; Long, Shelhamer, Darrell, *Fully convolutional networks for semantic segmentation*, 2015.
    """
    xp = array_namespace(x, w, b)
    check_floating(x=x, w=w, b=b)
    check_shape("x", x, ("N", "C", "H", "W"))
    channels = x.shape[1]
    check_groups(groups, channels=channels)
    check_shape("w", w, (channels, "F / groups", "HH", "WW"))
    check_shape("b", b, (w.shape[1] * groups,))
    windows = _windows_on_output(x, w, stride, padding, output_padding, dilation)
    out = spread(x, w, windows, groups)
    return out + xp.reshape(b, (-1, 1, 1)), (x, w, windows, groups)


def conv_transpose2d_backward(dout: Array, cache: ConvTransposeCache) -> tuple[Array, Array, Array]:
    """The backward pass of the transpose is the convolution itself: dx convolves dout with w.

    In ``conv.py`` dw sums the product of an image pixel and a gradient over all windows. The same products are summed
    here; x is now the small partner and dout the large one.

    Parameters
    ----------
    dout : array, shape (N, F, OH, OW)
        Upstream gradient.
    cache : tuple
        From `conv_transpose2d_forward`.

    Returns
    -------
    dx : array, shape (N, C, H, W)
        Gradient with respect to ``x``.
    dw : array, shape (C, F / groups, HH, WW)
        Gradient with respect to ``w``, summed over images and windows.
    db : array, shape (F,)
        Gradient with respect to ``b``, summed over images and pixels.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Dumoulin, Visin, *A guide to convolution arithmetic for deep learning*, 2016, section 4; I2DL lecture 10.
    """
    x, w, windows, groups = cache
    xp = array_namespace(dout, x, w)
    check_upstream(dout, (x.shape[0], w.shape[1] * groups, *windows.image))
    dx = correlate(dout, w, windows, groups)
    dw = filter_gradient(x, dout, windows, groups)
    db = xp.sum(dout, axis=(0, 2, 3))
    return dx, dw, db


def _windows_on_output(
    x: Array, w: Array, stride: IntOrPair, padding: IntOrPair, output_padding: IntOrPair, dilation: IntOrPair
) -> Windows:
    """One window on the output for every pixel of ``x``."""
    size, kernel = as_pair("image", x.shape[2:], at_least=1), as_pair("kernel_size", w.shape[2:], at_least=1)
    s, d = as_pair("stride", stride, at_least=1), as_pair("dilation", dilation, at_least=1)
    p, more = as_pair("padding", padding, at_least=0), as_pair("output_padding", output_padding, at_least=0)
    if any(more[a] >= max(s[a], d[a]) for a in (0, 1)):
        msg = f"output_padding must be less than the stride {s} or the dilation {d}, but it is {more}"
        raise ValueError(msg)
    out: Pair = (
        (size[0] - 1) * s[0] - 2 * p[0] + reach(kernel[0], d[0]) + more[0],
        (size[1] - 1) * s[1] - 2 * p[1] + reach(kernel[1], d[1]) + more[1],
    )
    if min(out) < 1:
        msg = f"padding must leave at least one pixel of the output, but with padding {p} its size would be {out}"
        raise ValueError(msg)
    return Windows(out, kernel, s, p, d, size)
