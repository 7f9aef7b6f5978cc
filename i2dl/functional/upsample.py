"""Upsampling by interpolation: more pixels from fewer, without parameters.

**Where an output pixel looks.** Think of pixels as squares with their colour at the centre: pixel k of n covers the
stretch from k to k + 1, with its centre at k + ½. When n pixels become m, each output pixel is n/m wide, and the centre
of output pixel o lies at (o + ½)·n/m, measured in input pixels. Relative to the input's centres that is

    s = (o + ½)·n/m − ½,

(PyTorch's ``align_corners=False``). The three methods differ in what they make of the pixels around s:

- *nearest* copies one of them: pixel ⌊o·n/m⌋. For an integer factor each pixel becomes a block. It is no average, as
  the student summary has it.
- *bilinear* draws a straight line between the two on either side of s: with t = s − ⌊s⌋ their weights are 1 − t and t.
- *bicubic* lays a smooth curve through four, two on either side. A pixel at distance d has the weight
  (a + 2)d³ − (a + 3)d² + 1 for d ≤ 1 and a(d³ − 5d² + 8d − 4) for 1 < d ≤ 2, with a = −¾.

Past the border the outermost pixel is repeated. A second pass along the other axis makes a "bi" of the linear and the
cubic: an output pixel is a weighted mean of 1, 4 or 16 pixels.

**Two small matrices.** Every output pixel is a fixed weighted sum of input pixels, so along one axis the whole thing is
a matrix, A (m, n), whose row o holds the weights of output o: nearly all zeros. With B for the other axis,

    out = A · X · Bᵀ        and therefore        dX = Aᵀ · dout · B.

Multiplying with all these zeros costs less than picking out the few pixels that count, unless the image is large. It
has one price: 0 times infinity is no number, so an infinite pixel spoils its whole rows and columns.

Source: I2DL lecture 10; student summary, X.8; Keys, *Cubic convolution interpolation for digital image processing*,
1981.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_number, check_shape, check_upstream
from i2dl.functional._windows import IntOrPair, Pair, as_pair

__all__ = ["upsample_backward", "upsample_forward"]

Mode = Literal["nearest", "bilinear", "bicubic"]
Scale: TypeAlias = float | Sequence[float]
# The input pixels that one output pixel looks at, wherever they lie, and their weights.
Taps: TypeAlias = list[tuple[int, float]]
UpsampleCache: TypeAlias = tuple[tuple[int, int], Array, Array]


def upsample_forward(
    x: Array, *, mode: Mode, scale: Scale | None = None, size: IntOrPair | None = None
) -> tuple[Array, UpsampleCache]:
    """Enlarge images by interpolation: out = A · X · Bᵀ.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images.
    mode : {"nearest", "bilinear", "bicubic"}
        The method. Only the bicubic one has negative weights: its output can leave the range of the input.
    scale : float or pair of float or None
        The factor: OH = ⌊scale · H⌋, and 1/scale takes the place of n/m. Give either this or ``size``.
    size : int or pair of int or None
        OH and OW.

    Returns
    -------
    out : array, shape (N, C, OH, OW)
        The enlarged images.
    cache : tuple
        (N and C, A, B).

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or the size not made of ints.
    ValueError
        If ``mode`` is none of the three, ``x`` has another rank or no pixels, not exactly one of ``scale`` and ``size``
        is given, or the output would have no pixels.

    References
    ----------
    I2DL lecture 10; student summary, X.8; Keys, *Cubic convolution interpolation for digital image processing*, 1981.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_shape("x", x, ("N", "C", "H", "W"))
    n, c, height, width = x.shape
    if height * width == 0:
        msg = f"x must have at least one pixel, but its shape is {tuple(x.shape)}"
        raise ValueError(msg)
    if mode not in _TAPS:
        msg = f"mode must be one of {', '.join(map(repr, _TAPS))}, but it is {mode!r}"
        raise ValueError(msg)
    a, b = (
        _matrix(x, [_TAPS[mode](o, *ratio) for o in range(m)], length)
        for length, m, ratio in _sizes((height, width), scale, size)
    )
    out = xp.matmul(xp.matmul(a, x), xp.matrix_transpose(b))
    return out, ((n, c), a, b)


def upsample_backward(dout: Array, cache: UpsampleCache) -> Array:
    """dX = Aᵀ · dout · B: every pixel receives from all outputs that looked at it, with the weight they gave it.

    After "nearest" that is the sum over the block that the pixel became.

    Parameters
    ----------
    dout : array, shape (N, C, OH, OW)
        Upstream gradient.
    cache : tuple
        From `upsample_forward`.

    Returns
    -------
    dx : array, shape (N, C, H, W)
        Gradient with respect to ``x``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Derived by hand; I2DL lecture 10.
    """
    batch, a, b = cache
    xp = array_namespace(dout, a, b)
    check_upstream(dout, (*batch, a.shape[0], b.shape[0]))
    return xp.matmul(xp.matmul(xp.matrix_transpose(a), dout), b)


def _nearest(o: int, n: float, m: float) -> Taps:
    """Pixel ⌊o·n/m⌋.

    PyTorch rounds the ratio to float32, and takes a factor such as 2.3 for 2 where it happens to double the image; in a
    few sizes (14 to 46 is the first) it therefore copies the pixel beside.
    """
    return [(math.floor(o * n / m), 1.0)]


def _bilinear(o: int, n: float, m: float) -> Taps:
    """The pixels on either side of s, each weighted by 1 − its distance."""
    s = (o + 0.5) * n / m - 0.5
    t = s - math.floor(s)
    return [(math.floor(s), 1 - t), (math.floor(s) + 1, t)]


def _bicubic(o: int, n: float, m: float) -> Taps:
    """Two pixels on either side of s."""
    s = (o + 0.5) * n / m - 0.5
    pixels = (math.floor(s) + k for k in (-1, 0, 1, 2))
    return [(pixel, _cubic(abs(s - pixel))) for pixel in pixels]


def _cubic(d: float, a: float = -0.75) -> float:
    """The weight of a pixel at distance d ≤ 2, with a as in PyTorch; Keys derives a = −½."""
    return (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * (d**3 - 5 * d**2 + 8 * d - 4)


_TAPS: dict[str, Callable[[int, float, float], Taps]] = {
    "nearest": _nearest,
    "bilinear": _bilinear,
    "bicubic": _bicubic,
}


def _sizes(image: Pair, scale: Scale | None, size: IntOrPair | None) -> list[tuple[int, int, tuple[float, float]]]:
    """For each axis its length n, the output's length m, and n : m as two numbers, or 1 : scale."""
    if (scale is None) == (size is None):
        msg = f"give either scale or size, but they are {scale!r} and {size!r}"
        raise ValueError(msg)
    if size is not None:
        return [(n, m, (n, m)) for n, m in zip(image, as_pair("size", size, at_least=1), strict=True)]
    scales = (scale, scale) if isinstance(scale, int | float) else tuple(scale or ())
    if len(scales) != 2:
        msg = f"scale must be a number or a pair of numbers, but it is {scale!r}"
        raise ValueError(msg)
    for factor in scales:
        check_number("scale", factor, above=0.0)
    lengths = [math.floor(n * factor) for n, factor in zip(image, scales, strict=True)]
    if min(lengths) < 1:
        msg = f"scale must leave at least one pixel of an image of {image}, but it is {scale!r}"
        raise ValueError(msg)
    # A factor too small to add a pixel leaves the image as it is, instead of shifting it.
    return [(n, m, (n, m) if n == m else (1.0, factor)) for n, m, factor in zip(image, lengths, scales, strict=True)]


def _matrix(x: Array, taps: list[Taps], n: int) -> Array:
    """A (m, n): in row o the weights of output o; weights past the border are added to those of the last pixel."""
    xp = array_namespace(x)
    on = device(x)
    columns = xp.arange(n, device=on)
    matrix = xp.zeros((len(taps), n), dtype=x.dtype, device=on)
    for tap in zip(*taps, strict=True):
        pixels = xp.asarray([[min(max(pixel, 0), n - 1)] for pixel, _ in tap], dtype=columns.dtype, device=on)
        weights = xp.asarray([[weight] for _, weight in tap], dtype=x.dtype, device=on)
        matrix += weights * xp.astype(pixels == columns, x.dtype)
    return matrix
