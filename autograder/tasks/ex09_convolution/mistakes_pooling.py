"""Mistakes in pooling: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _windows(x: Array, size: int, stride: int) -> Array:
    """Return (N, C, OH, OW, size, size)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def _spread(x: Array, shares: Array, stride: int, *, add: bool = True) -> Array:
    """Lay what each pixel of each window gets, (N, C, OH, OW, size, size), on the image."""
    dx, size = np.zeros_like(x), shares.shape[-1]
    for i, j in np.ndindex(*shares.shape[2:4]):
        place = (..., slice(i * stride, i * stride + size), slice(j * stride, j * stride + size))
        dx[place] = dx[place] * add + shares[:, :, i, j]
    return dx


def _winners(x: Array, size: int, stride: int, *, last: bool = False) -> Array:
    """Return a mask of the one winner of each window: the first of the largest, or the last."""
    windows = _windows(x, size, stride)
    flat = windows.reshape(*windows.shape[:4], -1)
    best = flat.shape[-1] - 1 - flat[..., ::-1].argmax(axis=-1) if last else flat.argmax(axis=-1)
    return (np.arange(flat.shape[-1]) == best[..., None]).reshape(windows.shape)


def _equal(x: Array, size: int, stride: int) -> Array:
    windows = _windows(x, size, stride)
    return np.asarray(windows == windows.max(axis=(-2, -1), keepdims=True))


def _routed(mask: Callable[[Array, int, int], Array], *, add: bool = True) -> Callable[..., dict[str, Any]]:
    """Return the gradient that comes of another idea of who wins."""

    def mistake(_: Any, x: Array, size: int, dout: Array, stride: int | None = None) -> dict[str, Any]:
        step = stride or size
        return {"dx": _spread(x, mask(x, size, step) * dout[..., None, None], step, add=add)}

    return mistake


def _last_dout(_: Any, x: Array, size: int, stride: int, dout: Array) -> dict[str, Any]:
    dx, winners = np.zeros_like(x), _winners(x, size, stride)
    for i, j in np.ndindex(*dout.shape[2:]):
        window = dx[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
        window[...] = np.where(winners[:, :, i, j], dout[:, :, i, j, None, None], window)
    return {"dx": dx}


def _shared(x: Array, size: int, stride: int) -> Array:
    equal = _equal(x, size, stride)
    return equal / equal.sum(axis=(-2, -1), keepdims=True)


def _local(change: Callable[[Array], Array]) -> Callable[..., dict[str, Any]]:
    """Return what comes of each window by another reduction."""

    def mistake(_: Any, x: Array, size: int, stride: int | None = None, **__: Array) -> dict[str, Any]:
        return {"out": change(_windows(x, size, stride or size))}

    return mistake


def _side_by_side(impl: Any, x: Array, size: int, **_: Any) -> dict[str, Any]:
    """Return the windows at their size's distance, as far as they are asked for."""
    return {"out": impl.max_pool_forward(x, size=size, stride=size)[0]}


TIES: Mistakes = {
    "every pixel that is as large as the largest gets dout: in a tie, only the first does, row by row.": _routed(
        _equal
    ),
    "the pixels that tie share dout: here the first, row by row, gets all of it.": _routed(_shared),
    "in a tie the last pixel gets dout: here it is the first, row by row.": (
        _routed(lambda x, size, stride: _winners(x, size, stride, last=True))
    ),
}

MAX_POOL: Mistakes = {
    **TIES,
    "the average is taken: this pooling keeps the largest.": _local(lambda w: w.mean(axis=(-2, -1))),
    "the comparison starts at 0: where all pixels of a window are negative, the largest is too.": (
        _local(lambda w: np.maximum(w.max(axis=(-2, -1)), 0))
    ),
    "the largest absolute value is taken: a strongly negative pixel is no strong answer.": (
        _local(lambda w: np.abs(w).max(axis=(-2, -1)))
    ),
    "the maximum runs over the channels as well: each channel is pooled by itself.": (
        _local(lambda w: np.broadcast_to(w.max(axis=(1, -2, -1))[:, None], w.shape[:4]))
    ),
    "the stride is not used: windows may overlap, each starts stride pixels after the last.": _side_by_side,
    "a pixel that wins in several windows keeps the last dout alone: add up with +=.": _last_dout,
    "a window overwrites what others have added, with zeros too: add up with +=.": _routed(_winners, add=False),
    "dout is spread over the whole window: only the pixel that won had an influence.": (
        _routed(lambda x, size, stride: np.full(_windows(x, size, stride).shape, 1 / size**2))
    ),
    "all pixels of a window get the whole dout: only the one that won had an influence.": (
        _routed(lambda x, size, stride: np.ones(_windows(x, size, stride).shape))
    ),
    "dout is multiplied by the pixel: the slope for the one that won is 1.": (
        _routed(lambda x, size, stride: _winners(x, size, stride) * _windows(x, size, stride))
    ),
}

AVERAGE_POOL: Mistakes = {
    "divided by the size alone: a window has size · size pixels.": lambda impl, x, size, stride, dout: {
        "out": size * impl.average_pool_forward(x, size=size, stride=stride)[0],
        "dx": _routed(lambda x, size, stride: np.full(_windows(x, size, stride).shape, 1 / size))(
            impl, x=x, size=size, stride=stride, dout=dout
        )["dx"],
    },
    "the windows are summed: divide by size · size.": _local(lambda w: w.sum(axis=(-2, -1))),
    "every pixel gets the whole dout: its share in the average is 1/(size · size).": (
        _routed(lambda x, size, stride: np.ones(_windows(x, size, stride).shape))
    ),
    "a pixel keeps the share of one window alone: where windows overlap, add up with +=.": (
        _routed(lambda x, size, stride: np.full(_windows(x, size, stride).shape, 1 / size**2), add=False)
    ),
    "dout goes to the largest pixel: in an average all have the same share.": _routed(_winners),
    "the largest is taken: this pooling averages.": _local(lambda w: w.max(axis=(-2, -1))),
    "the stride is not used: windows may overlap, each starts stride pixels after the last.": (
        lambda impl, x, size, **_: {"out": impl.average_pool_forward(x, size=size, stride=size)[0]}
    ),
    "the channels are averaged as well: each keeps its own number, (N, C).": (
        lambda _, x, **__: {"global": x.mean(axis=(1, 2, 3))}
    ),
    "the batch is averaged as well: each image keeps its own numbers, (N, C).": (
        lambda _, x, **__: {"global": x.mean(axis=(0, 2, 3))}
    ),
    "the global sum is taken: divide by H · W.": lambda _, x, **__: {"global": x.sum(axis=(2, 3))},
    "the global maximum is taken: average.": lambda _, x, **__: {"global": x.max(axis=(2, 3))},
}


def _runs(_: Any, x: Array, size: int, **__: Array) -> dict[str, Any]:
    """Reshape to tiles without moving an axis: what lies together in memory, and not in the image."""
    n, c, high, wide = x.shape
    return {"out": x.reshape(n, c, high // size, wide // size, size * size).max(axis=-1)}


def _never_moved_back(_: Any, x: Array, size: int, dout: Array) -> dict[str, Any]:
    shares = _winners(x, size, size) * dout[..., None, None]
    return {"dx": shares.reshape(x.shape)}


MAX_POOL_FAST: Mistakes = {
    **TIES,
    "the reshape takes numbers that lie in one row: split rows and columns into two axes each.": _runs,
    "the tiles are laid out one after the other: move the axes back before the last reshape.": _never_moved_back,
    "the average is taken: this pooling keeps the largest.": _local(lambda w: w.mean(axis=(-2, -1))),
    "the largest absolute value is taken: a strongly negative pixel is no strong answer.": (
        _local(lambda w: np.abs(w).max(axis=(-2, -1)))
    ),
    "all pixels of a tile get the whole dout: only the one that won had an influence.": (
        _routed(lambda x, size, stride: np.ones(_windows(x, size, stride).shape))
    ),
    "dout is multiplied by the pixel: the slope for the one that won is 1.": (
        _routed(lambda x, size, stride: _winners(x, size, stride) * _windows(x, size, stride))
    ),
}
