"""Unpooling: every maximum goes back to where it was found.

An encoder–decoder first makes the image smaller by max pooling and later has to make it larger again. Pooling forgets
three of four numbers, which no layer can restore, but it also forgets where the fourth one stood, and that can be
kept: the place of each maximum, the "switches" of Zeiler and Fergus. Unpooling puts each number on its place and leaves
0 everywhere else, and convolutions after it fill the gaps. SegNet's decoder works so.

It is what the backward pass of max pooling does to a gradient, done to activations; its own backward pass reads the
gradient off at the same places.

Source: I2DL lecture 10; Zeiler, Fergus, *Visualizing and understanding convolutional networks*, 2014; Badrinarayanan,
Kendall, Cipolla, *SegNet*, 2017.
"""

from collections.abc import Iterator

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional._windows import IntOrPair, Windows, as_pair, inside, pad
from i2dl.functional.pooling import MaxPoolCache

__all__ = ["max_pool2d_indices", "max_unpool2d_backward", "max_unpool2d_forward"]


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
    kernel_size : int or pair of int
        F of the pooling.
    stride : int or pair of int or None
        S of the pooling, at least F, since windows that overlap could claim a pixel twice; None for F.
    padding : int or pair of int
        P of the pooling.
    output_size : int or pair of int or None
        H and W of the image that was pooled; None for (OH − 1)·S − 2P + F, where the windows end.

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
        found = found | (here & (place >= 0))
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


def _unpooling_windows(
    x: Array, kernel_size: IntOrPair, stride: IntOrPair | None, padding: IntOrPair, output_size: IntOrPair | None
) -> Windows:
    """Place one window on the output for every number of ``x``."""
    pooled = as_pair("image", x.shape[2:], at_least=1)
    f = as_pair("kernel_size", kernel_size, at_least=1)
    s = f if stride is None else as_pair("stride", stride, at_least=1)
    p = as_pair("padding", padding, at_least=0)
    if any(s[a] < f[a] for a in (0, 1)):
        msg = f"stride must be at least the kernel size {f}, so that no two windows overlap, but it is {s}"
        raise ValueError(msg)
    usual = tuple((pooled[a] - 1) * s[a] - 2 * p[a] + f[a] for a in (0, 1))
    size = as_pair("output_size", usual if output_size is None else output_size, at_least=1)
    if any(abs(size[a] - usual[a]) >= s[a] for a in (0, 1)):
        msg = f"output_size must differ from {usual} by less than the stride {s}, but it is {size}"
        raise ValueError(msg)
    return Windows(size, f, s, p, (1, 1), pooled)


def _places(windows: Windows, like: Array) -> Iterator[Array]:
    """For every entry of a window, row · W + column of its pixel in all windows (OH, OW); −1 in the padding."""
    xp = array_namespace(like)
    height, width = windows.image
    down, across = (
        xp.arange(windows.out[a], dtype=xp.int64, device=device(like)) * windows.stride[a] - windows.padding[a]
        for a in (0, 1)
    )
    for i in range(windows.kernel[0]):
        for j in range(windows.kernel[1]):
            row, column = (down + i * windows.dilation[0])[:, None], (across + j * windows.dilation[1])[None, :]
            in_image = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            yield xp.where(in_image, row * width + column, -1)
