"""Pooling: what a region amounts to, in one number per channel.

A convolution extracts features; pooling selects among them and makes the image smaller. It has no parameters, leaves
the channels apart, and has the hyperparameters of a window: F × F, mostly 2 × 2, and a stride S, mostly 2 as well. There
are ⌊(H + 2P − F)/S⌋ + 1 outputs in a column.

**Max pooling** keeps the strongest activation of each window. The maximum is the identity for the entry that won and
constant for all others, so the backward pass hands dout to the winner and nothing to the rest: the forward pass has to
remember who won. A tie goes to the first, row by row. Padding is −∞ and never wins.

**Average pooling** weighs the F² entries of a window alike: it is a convolution of each channel with a fixed box
filter, and its backward pass gives each entry 1/F² of dout. Whether zeros from the padding count as entries is
a convention (``count_include_pad``). **Global average pooling** takes one window as large as the image, and turns
C maps of any size into C numbers.

**Unpooling** is the way back in an encoder–decoder: every number returns to the place where the maximum was found, and
the other pixels are 0. That is what the backward pass of max pooling does to a gradient; here it is done to
activations.

As everywhere in ``_windows.py``'s family the loops run over the entries of a window, and each turn treats all windows.

Source: I2DL lectures 9 and 10; student summary, IX.4; Zeiler, Fergus, *Visualizing and understanding convolutional
networks*, 2014 (unpooling).
"""

import math
from typing import TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional._windows import IntOrPair, Pair, Windows, as_pair, inside, pad, place_windows, reach

__all__ = [
    "average_pool2d_backward",
    "average_pool2d_forward",
    "global_average_pool_backward",
    "global_average_pool_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_indices",
    "max_unpool2d_backward",
    "max_unpool2d_forward",
]

MaxPoolCache: TypeAlias = tuple[Array, Windows]
AveragePoolCache: TypeAlias = tuple[Array, Windows]


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
        P, at most half of the window, and D.
    ceil_mode : bool
        Whether what remains below the last whole window gets a window too, which then hangs over the edge.

    Returns
    -------
    out : array, shape (N, C, OH, OW) with OH = ⌊(H + 2P − D·(F − 1) − 1) / S⌋ + 1, and OW likewise
        The maxima.
    cache : tuple
        (winner, windows): which entry of its window won, counted row by row. `max_pool2d_indices` translates it.

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or a hyperparameter not made of ints.
    ValueError
        If ``x`` has another rank, a hyperparameter is too small or the padding too large, or the window is larger than
        the padded image.

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
    # One byte is enough to number the entries of all but very large windows, and moves faster than eight.
    winner = xp.zeros(out.shape, dtype=xp.uint8 if windows.entries <= 256 else xp.int32, device=device(x))
    for k, entry in enumerate(others, start=1):
        winner = xp.where(entry > out, k, winner)
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
        padded[..., rows, columns] += xp.where(winner == k, dout, 0.0)
    return padded[inside(windows)]


def max_pool2d_indices(cache: MaxPoolCache) -> Array:
    """Where each maximum stood in its image, as row · W + column: what unpooling needs, in PyTorch's form.

    Parameters
    ----------
    cache : tuple
        From `max_pool2d_forward`.

    Returns
    -------
    indices : integer array, shape (N, C, OH, OW)
        The places.

    Raises
    ------
    TypeError
        If ``cache`` is not that of `max_pool2d_forward`.

    References
    ----------
    Zeiler, Fergus, *Visualizing and understanding convolutional networks*, 2014, section 2.1 (the "switches").
    """
    winner, windows = cache
    if not isinstance(windows, Windows):
        msg = f"cache must be (winner, windows) from max_pool2d_forward, but its second part is {windows!r}"
        raise TypeError(msg)
    xp = array_namespace(winner)
    indices = xp.zeros(winner.shape, dtype=xp.int64, device=device(winner))
    for k, place in enumerate(_places(windows, winner)):
        indices = xp.where(winner == k, place, indices)
    return indices


def max_unpool2d_forward(
    x: Array,
    *,
    indices: Array,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    output_size: IntOrPair | None = None,
) -> tuple[Array, tuple[Array, Windows]]:
    """out = x at the places that ``indices`` names, 0 elsewhere: undoes a max pooling, except for what it discarded.

    Parameters
    ----------
    x : array, shape (N, C, OH, OW)
        Pooled images.
    indices : integer array, shape (N, C, OH, OW)
        From `max_pool2d_indices`: row · W + column of each maximum.
    kernel_size, padding : int or pair of int
        Those of the pooling.
    stride : int or pair of int or None
        That of the pooling, at least the size of the window: windows that overlap could claim a pixel twice.
    output_size : int or pair of int or None
        H and W of the image that was pooled; None for the smallest, (OH − 1)·S − 2P + F.

    Returns
    -------
    out : array, shape (N, C, H, W)
        The sparse images.
    cache : tuple
        (indices, windows).

    Raises
    ------
    TypeError
        If ``x`` is not real floating, ``indices`` not integral, or a hyperparameter not made of ints.
    ValueError
        If the shapes do not fit together, the windows overlap, or an index lies outside of its window.

    References
    ----------
    I2DL lecture 10; Zeiler, Fergus, *Visualizing and understanding convolutional networks*, 2014; Badrinarayanan,
    Kendall, Cipolla, *SegNet*, 2017.
    """
    xp = array_namespace(x, indices)
    check_floating(x=x)
    check_shape("x", x, ("N", "C", "OH", "OW"))
    check_shape("indices", indices, tuple(x.shape))
    if not xp.isdtype(indices.dtype, "integral"):
        msg = f"indices must hold integers, but its dtype is {indices.dtype}"
        raise TypeError(msg)
    windows = _unpooling_windows(x, kernel_size, stride, padding, output_size)
    padded = xp.zeros((*x.shape[:2], *windows.padded), dtype=x.dtype, device=device(x))
    found = xp.zeros(x.shape, dtype=xp.bool, device=device(x))
    for (rows, columns), place in zip(windows.slices(), _places(windows, indices), strict=True):
        here = indices == place
        padded[..., rows, columns] = xp.where(here, x, 0.0)
        found = found | here
    if not bool(xp.all(found)):
        msg = f"indices of shape {tuple(x.shape)} must each name a pixel of their own window of {windows.kernel}"
        raise ValueError(msg)
    return padded[inside(windows)], (indices, windows)


def max_unpool2d_backward(dout: Array, cache: tuple[Array, Windows]) -> Array:
    """dx = dout at the places that ``indices`` names: what went out there comes back from there.

    Parameters
    ----------
    dout : array, shape (N, C, H, W)
        Upstream gradient.
    cache : tuple
        From `max_unpool2d_forward`.

    Returns
    -------
    dx : array, shape (N, C, OH, OW)
        Gradient with respect to ``x``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 10.
    """
    indices, windows = cache
    xp = array_namespace(dout, indices)
    check_upstream(dout, (*indices.shape[:2], *windows.image))
    padded = pad(dout, windows)
    dx = xp.zeros(indices.shape, dtype=dout.dtype, device=device(dout))
    for (rows, columns), place in zip(windows.slices(), _places(windows, indices), strict=True):
        dx = xp.where(indices == place, padded[..., rows, columns], dx)
    return dx


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
        P, at most half of the window.
    ceil_mode : bool
        Whether what remains below the last whole window gets a window too; what hangs over the padding never counts.
    count_include_pad : bool
        Whether the zeros of the padding count as entries.

    Returns
    -------
    out : array, shape (N, C, OH, OW) with OH = ⌊(H + 2P − F) / S⌋ + 1, and OW likewise
        The means.
    cache : tuple
        (weights, windows): one over the number of entries of every window.

    Raises
    ------
    TypeError
        If ``x`` is not real floating, or a hyperparameter not made of ints.
    ValueError
        If ``x`` has another rank, a hyperparameter is too small or the padding too large, or the window is larger than
        the padded image.

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
    return out * weights, (weights, windows)


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
    weights, windows = cache
    xp = array_namespace(dout, weights)
    check_upstream(dout, ("N", "C", *windows.out))
    share = dout * weights
    padded = xp.zeros((*dout.shape[:2], *windows.padded), dtype=dout.dtype, device=device(dout))
    for rows, columns in windows.slices():
        padded[..., rows, columns] += share
    return padded[inside(windows)]
