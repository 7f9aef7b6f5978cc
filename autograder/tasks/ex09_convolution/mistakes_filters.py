"""Mistakes with kernels on signals and pictures: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import comb
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]

FILTER_SIGNAL: Mistakes = {
    "the kernel is turned round: here it is laid on the signal as it is printed.": (
        lambda impl, signal, kernel, padding: {"out": impl.filter_signal(signal, kernel[::-1], padding=padding)}
    ),
    "all zeros are put in front: half of them belong behind the signal.": (
        lambda impl, signal, kernel, padding: {
            "out": impl.filter_signal(np.pad(signal, (2 * padding, 0)), kernel, padding=0)
        }
    ),
    "the padding is at one end only: P zeros go in front, and P behind.": (
        lambda impl, signal, kernel, padding: {
            "out": impl.filter_signal(np.pad(signal, (padding, 0)), kernel, padding=0)
        }
    ),
    "the padding repeats the values at the ends: it should be zeros.": (
        lambda impl, signal, kernel, padding: {
            "out": impl.filter_signal(np.pad(signal, padding, mode="edge"), kernel, padding=0)
        }
    ),
    "the last window is missing: there are L + 2P − K + 1 of them.": (
        lambda impl, signal, kernel, padding: {"out": impl.filter_signal(signal, kernel, padding=padding)[:-1]}
    ),
    "every window is averaged: multiply it by the kernel's own weights.": (
        lambda impl, signal, kernel, padding: {
            "out": impl.filter_signal(signal, np.full_like(kernel, 1 / len(kernel)), padding=padding)
        }
    ),
}

CONVOLVE: Mistakes = {
    "g is not turned round: entry t takes f[i] together with g[t − i], where the indices add up to t.": (
        lambda impl, f, g: {"out": impl.convolve(f, g[::-1])}
    ),
    "only the windows that overlap entirely are kept: the first entry is f[0] · g[0] alone.": (
        lambda impl, f, g: {"out": impl.convolve(f, g)[len(g) - 1 : len(f)]}
    ),
    "the result is cut to the length of f: it has len(f) + len(g) − 1 entries.": (
        lambda impl, f, g: {"out": impl.convolve(f, g)[: len(f)]}
    ),
    "what runs out at the end comes in again at the front: that is a circular convolution.": (
        lambda impl, f, g: {"out": _circular(impl.convolve(f, g), max(len(f), len(g)))}
    ),
    "later products overwrite earlier ones: several pairs have the same sum, so add up with +=.": (
        lambda _, f, g: {"out": np.array([f[i] * g[t - i] for t, i in _last_pairs(len(f), len(g))])}
    ),
    "the last entry is missing: there are len(f) + len(g) − 1.": lambda impl, f, g: {"out": impl.convolve(f, g)[:-1]},
}


def _last_pairs(m: int, n: int) -> list[tuple[int, int]]:
    """Return every place t of the result with the largest i that has a partner there."""
    return [(t, min(t, m - 1)) for t in range(m + n - 1)]


def _circular(full: Array, length: int) -> Array:
    out = full[:length].copy()
    out[: len(full) - length] += full[length:]
    return out


FILTER_IMAGE: Mistakes = {
    "the kernel is turned by 180°: here it is laid on the picture as it is printed.": (
        lambda impl, image, kernel, padding: {"out": impl.filter_image(image, kernel[::-1, ::-1], padding=padding)}
    ),
    "the kernel is transposed: its rows lie along the picture's rows.": (
        lambda impl, image, kernel, padding: {"out": impl.filter_image(image, kernel.T, padding=padding)}
    ),
    "the padding repeats the pixels at the border: it should be zeros.": (
        lambda impl, image, kernel, padding: {
            "out": impl.filter_image(np.pad(image, padding, mode="edge"), kernel, padding=0)
        }
    ),
    "rows alone are padded: P zeros go on all four sides.": (
        lambda impl, image, kernel, padding: {
            "out": impl.filter_image(np.pad(image, ((padding, padding), (0, 0))), kernel, padding=0)
        }
    ),
    "the padding is above and on the left only: it goes on all four sides.": (
        lambda impl, image, kernel, padding: {
            "out": impl.filter_image(np.pad(image, ((padding, 0), (padding, 0))), kernel, padding=0)
        }
    ),
    "the windows lie side by side: they overlap, each starts one pixel after the last.": (
        lambda impl, image, kernel, padding: {
            "out": impl.filter_image(image, kernel, padding=padding)[:: len(kernel), :: len(kernel[0])]
        }
    ),
}


def _gaussian(size: int, spread: float) -> Array:
    bell = np.exp(-((np.arange(size) - (size - 1) / 2) ** 2) / (2 * spread**2))
    return np.outer(bell, bell) / bell.sum() ** 2


def _binomials(size: int) -> Array:
    row = np.array([float(comb(size - 1, i)) for i in range(size)])
    return np.outer(row, row)


BLUR_KERNELS: Mistakes = {
    "divided by the size alone: a square of size · size weights has to add up to 1.": (
        lambda impl, size: {
            "box": size * impl.box_kernel(size),
            "gaussian": 2 ** (size - 1) * impl.gaussian_kernel(size),
        }
    ),
    "the weights do not add up to 1: divide by their sum, or the picture gets brighter.": (
        lambda _, size: {"box": np.ones((size, size)), "gaussian": _binomials(size)}
    ),
    "this is the next row of Pascal's triangle cut short: take the one with as many numbers as the kernel is wide.": (
        lambda impl, size: {"gaussian": impl.gaussian_kernel(size + 1)[:size, :size]}
    ),
    "the bell curve itself is sampled: take the numbers of Pascal's triangle, 1 2 1 for three.": (
        lambda _, size: {"gaussian": _gaussian(size, 1.0)}
    ),
    "one row is repeated: the weights fall off downwards, too, so take the outer product of the row with itself.": (
        lambda impl, size: {"gaussian": np.tile(impl.gaussian_kernel(size).sum(axis=0) / size, (size, 1))}
    ),
    "this is a row: the kernel is a square, the same row once down and once across.": (
        lambda impl, size: {
            "box": impl.box_kernel(size).sum(axis=0),
            "gaussian": impl.gaussian_kernel(size).sum(axis=0),
        }
    ),
}


def _differences(impl: Any, image: Array, weights: tuple[float, float, float] = (1, 2, 1)) -> tuple[Array, Array]:
    kernel = np.outer(weights, [1.0, 0.0, -1.0]).astype(image.dtype)
    return impl.filter_image(image, kernel), impl.filter_image(image, np.ascontiguousarray(kernel.T))


def _combined(how: Callable[[Array, Array], Array], *weights: float) -> Callable[..., dict[str, Any]]:
    chosen = (weights[0], weights[1], weights[2]) if weights else (1.0, 2.0, 1.0)
    return lambda impl, image: {"out": how(*_differences(impl, image, chosen))}


EDGE_STRENGTH: Mistakes = {
    "vertical edges alone: filter with the transposed kernel as well.": _combined(lambda gx, _: np.abs(gx)),
    "horizontal edges alone: filter with the kernel that is not transposed as well.": (
        _combined(lambda _, gy: np.abs(gy))
    ),
    "the sizes are added, |gx| + |gy|: the length of the slope is √(gx² + gy²).": (
        _combined(lambda gx, gy: np.abs(gx) + np.abs(gy))
    ),
    "the two are added with their signs, and cancel: take √(gx² + gy²).": _combined(lambda gx, gy: gx + gy),
    "the root is missing: √(gx² + gy²).": _combined(lambda gx, gy: gx**2 + gy**2),
    "the middle row of Sobel's kernel has the weight 2.": _combined(lambda gx, gy: np.sqrt(gx**2 + gy**2), 1, 1, 1),
    "these are Scharr's weights 3, 10, 3: Sobel's are 1, 2, 1.": (
        _combined(lambda gx, gy: np.sqrt(gx**2 + gy**2), 3, 10, 3)
    ),
}
