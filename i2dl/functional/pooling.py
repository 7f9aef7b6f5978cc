"""Pooling: what a region amounts to, in one number per channel.

A convolution extracts features; pooling selects among them and makes the image smaller. It has no parameters and keeps
the channels apart. Its hyperparameters are those of a window: F × F, mostly 2 × 2, and the stride S, mostly 2 as well.
There are ⌊(H + 2P − F)/S⌋ + 1 outputs in a column.

**Max pooling** keeps the strongest activation of each window. The maximum is the identity for the entry that won and
constant for all others, so the backward pass hands dout to the winner and nothing to the rest: the forward pass has to
remember who won. A tie goes to the first, row by row. Padding is −∞ and never wins.

**Average pooling** weighs the F² entries of a window alike: it is a convolution of each channel with a fixed box
filter, and its backward pass gives each entry 1/F² of dout. Whether zeros from the padding count as entries is
a convention (``count_include_pad``). **Global average pooling** takes one window as large as the image, and turns
C maps of any size into C numbers.

The loops run over the entries of a window, and each turn treats all windows of all images (``_windows.py`` says how).

Source: I2DL lecture 9; student summary, IX.4; Lin, Chen, Yan, *Network in network*, 2014 (global average pooling).
"""

import math
from typing import TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional._windows import IntOrPair, Windows, inside, pad, place_windows

__all__ = [
    "average_pool2d_backward",
    "average_pool2d_forward",
    "global_average_pool_backward",
    "global_average_pool_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
]

MaxPoolCache: TypeAlias = tuple[Array, Windows]
AveragePoolCache: TypeAlias = tuple[Array, tuple[int, ...], Windows]


def max_pool2d_forward(
    x: Array,
    *,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> tuple[Array, MaxPoolCache]:
    """out[n, c, p, q] = max over (i, j) of x[n, c, p·S + i·D, q·S + j·D].

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images.
    kernel_size : int or pair of int
        F, the size of the window.
    stride : int or pair of int or None
        S, from one window to the next; None for the size of the window.
    padding, dilation : int or pair of int
        P and D; every window has to cover a pixel.
    ceil_mode : bool
        Whether what remains below the last whole window gets a window too, which then hangs over the edge.

    Returns
    -------
    out : array, shape (N, C, OH, OW) with OH = ⌊(H + 2P − D·(F − 1) − 1) / S⌋ + 1, and OW likewise
        The maxima.
    cache : tuple
        (winner, windows): which entry of its window won, counted row by row; `max_pool2d_indices` translates it.

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or a hyperparameter not made of ints.
    ValueError
        If ``x`` has another rank, a hyperparameter is too small, the window is larger than the padded image, or a
        window lies in the padding alone.

    References
    ----------
    I2DL lecture 9.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_shape("x", x, ("N", "C", "H", "W"))
    windows = _pooling_windows(x, kernel_size, stride, padding, dilation, ceil_mode)
    padded = pad(x, windows, -math.inf)
    first, *others = (padded[..., rows, columns] for rows, columns in windows.slices())
    out = xp.asarray(first, copy=True)
    # One byte numbers the entries of all but very large windows, and moves faster than the eight of an index.
    number = xp.uint8 if windows.entries <= 256 else xp.int32
    winner = xp.zeros(out.shape, dtype=number, device=device(x))
    for k, entry in enumerate(others, start=1):
        # Later winners have larger numbers. Choosing with where() takes longer: processors guess which way a choice
        # goes, and who wins cannot be guessed.
        winner = xp.maximum(winner, k * xp.astype(entry > out, number))
        out = xp.maximum(out, entry)
    return out, (winner, windows)


def max_pool2d_backward(dout: Array, cache: MaxPoolCache) -> Array:
    """dx = dout on the winner of each window, summed where a pixel won in several windows, and 0 elsewhere.

    Parameters
    ----------
    dout : array, shape (N, C, OH, OW)
        Upstream gradient.
    cache : tuple
        From `max_pool2d_forward`.

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
    I2DL lecture 4 (the max gate routes its gradient) and lecture 9.
    """
    winner, windows = cache
    xp = array_namespace(dout, winner)
    check_upstream(dout, winner.shape)
    padded = xp.zeros((*dout.shape[:2], *windows.padded), dtype=dout.dtype, device=device(dout))
    for k, (rows, columns) in enumerate(windows.slices()):
        padded[..., rows, columns] += dout * xp.astype(winner == k, dout.dtype)
    return padded[inside(windows)]


def average_pool2d_forward(
    x: Array,
    *,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> tuple[Array, AveragePoolCache]:
    """out[n, c, p, q] = Σ_ij x[n, c, p·S + i, q·S + j] / the number of entries.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images.
    kernel_size : int or pair of int
        F, the size of the window.
    stride : int or pair of int or None
        S, from one window to the next; None for the size of the window.
    padding : int or pair of int
        P, less than the window.
    ceil_mode : bool
        Whether what remains below the last whole window gets a window too; what hangs over the padding never counts.
    count_include_pad : bool
        Whether the zeros of the padding count as entries.

    Returns
    -------
    out : array, shape (N, C, OH, OW) with OH = ⌊(H + 2P − F) / S⌋ + 1, and OW likewise
        The means.
    cache : tuple
        (weights, shape, windows): one over the number of entries of each window, and the shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or a hyperparameter not made of ints.
    ValueError
        If ``x`` has another rank, a hyperparameter is too small, the window is larger than the padded image, or a
        window lies in the padding alone.

    References
    ----------
    I2DL lecture 9; the student summary, IX.4.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_shape("x", x, ("N", "C", "H", "W"))
    windows = _pooling_windows(x, kernel_size, stride, padding, 1, ceil_mode)
    padded = pad(x, windows)
    out = xp.zeros((*x.shape[:2], *windows.out), dtype=x.dtype, device=device(x))
    for rows, columns in windows.slices():
        out += padded[..., rows, columns]
    down, across = (_counts(windows, axis, count_include_pad) for axis in (0, 1))
    weights = xp.asarray([[1 / (d * a) for a in across] for d in down], dtype=x.dtype, device=device(x))
    return out * weights, (weights, tuple(x.shape), windows)


def average_pool2d_backward(dout: Array, cache: AveragePoolCache) -> Array:
    """dx: every entry of a window receives its share of dout, dout / the number of entries.

    Parameters
    ----------
    dout : array, shape (N, C, OH, OW)
        Upstream gradient.
    cache : tuple
        From `average_pool2d_forward`.

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
    I2DL lecture 9.
    """
    weights, shape, windows = cache
    xp = array_namespace(dout, weights)
    check_upstream(dout, (*shape[:2], *windows.out))
    share = dout * weights
    padded = xp.zeros((*shape[:2], *windows.padded), dtype=dout.dtype, device=device(dout))
    for rows, columns in windows.slices():
        padded[..., rows, columns] += share
    return padded[inside(windows)]


def global_average_pool_forward(x: Array) -> tuple[Array, tuple[int, ...]]:
    """out[n, c] = the mean of channel c of image n.

    Parameters
    ----------
    x : array, shape (N, C, d_1, ..., d_k)
        Images (k = 2), or sequences, or volumes.

    Returns
    -------
    out : array, shape (N, C)
        The means.
    cache : tuple of int
        The shape of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``x`` has no axis beside batch and channels, or no pixels.

    References
    ----------
    Lin, Chen, Yan, *Network in network*, 2014; the student summary, IX.4.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    shape = tuple(x.shape)
    if x.ndim < 3 or math.prod(shape[2:]) == 0:
        msg = f"x must have shape (N, C, d_1, ..., d_k) with at least one pixel, but its shape is {shape}"
        raise ValueError(msg)
    return xp.mean(x, axis=tuple(range(2, x.ndim))), shape


def global_average_pool_backward(dout: Array, cache: tuple[int, ...]) -> Array:
    """dx = dout / the number of pixels, the same for each pixel of a channel.

    Parameters
    ----------
    dout : array, shape (N, C)
        Upstream gradient.
    cache : tuple of int
        From `global_average_pool_forward`.

    Returns
    -------
    dx : array, shape (N, C, d_1, ..., d_k)
        Gradient with respect to ``x``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Lin, Chen, Yan, *Network in network*, 2014.
    """
    xp = array_namespace(dout)
    check_upstream(dout, cache[:2])
    share = xp.reshape(dout / math.prod(cache[2:]), (*cache[:2], *(1 for _ in cache[2:])))
    return share + xp.zeros(cache, dtype=dout.dtype, device=device(dout))


def _pooling_windows(
    x: Array,
    kernel_size: IntOrPair,
    stride: IntOrPair | None,
    padding: IntOrPair,
    dilation: IntOrPair,
    ceil_mode: bool,
) -> Windows:
    """Place the windows, and raise ValueError where one would lie in the padding alone."""
    windows = place_windows(
        x.shape[2:],
        kernel_size,
        stride=kernel_size if stride is None else stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    if max(windows.padding) > 0 and not all(_cover_pixels(windows, axis) for axis in (0, 1)):
        msg = (
            f"every window must cover a pixel, but with padding {windows.padding} one of {windows.kernel} with "
            f"dilation {windows.dilation} lies beside the image of {windows.image}"
        )
        raise ValueError(msg)
    return windows


def _cover_pixels(windows: Windows, axis: int) -> bool:
    starts = (o * windows.stride[axis] - windows.padding[axis] for o in range(windows.out[axis]))
    offsets = [i * windows.dilation[axis] for i in range(windows.kernel[axis])]
    return all(any(0 <= start + offset < windows.image[axis] for offset in offsets) for start in starts)


def _counts(windows: Windows, axis: int, count_include_pad: bool) -> list[int]:
    """How many entries of each window count along one axis."""
    length, padding = windows.image[axis], windows.padding[axis]
    low, high = (-padding, length + padding) if count_include_pad else (0, length)
    starts = (o * windows.stride[axis] - padding for o in range(windows.out[axis]))
    return [min(start + windows.kernel[axis], high) - max(start, low) for start in starts]
