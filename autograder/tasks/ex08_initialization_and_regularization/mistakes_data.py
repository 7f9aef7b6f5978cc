"""Mistakes of part 5, on augmentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex08_initialization_and_regularization.mistakes_initialization import Mistakes

Array = np.ndarray


def _cut(
    place: Callable[[Array, Array, int], tuple[Array, Array]] = lambda t, l, _p: (t, l),  # noqa: E741
    pad: Callable[[Array, int], Array] = lambda a, p: np.pad(a, ((0, 0), (0, 0), (p, p), (p, p))),
) -> Callable[..., dict[str, Any]]:
    """Return the crops from other places, or of images with another border."""

    def variant(_: Any, images: Array, tops: Array, lefts: Array, padding: int) -> dict[str, Any]:
        height, width = images.shape[2:]
        padded = pad(images, padding)
        places = zip(*place(tops, lefts, padding), strict=True)
        return {
            "images": np.stack([a[:, t : t + height, s : s + width] for a, (t, s) in zip(padded, places, strict=True)])
        }

    return variant


def _rolled(sign: int) -> Callable[..., dict[str, Any]]:
    return lambda _, images, tops, lefts, padding: {
        "images": np.stack(
            [
                np.roll(a, (sign * (padding - t), sign * (padding - s)), axis=(1, 2))
                for a, t, s in zip(images, tops, lefts, strict=True)
            ]
        )
    }


SHIFTED_CROPS: Mistakes = {
    "top and left are swapped: top is the first row, left the first column.": _cut(lambda t, s, _p: (s, t)),
    "all images are cut at the place of the first: each has its own.": _cut(
        lambda t, s, _p: (np.full_like(t, t[0]), np.full_like(s, s[0]))
    ),
    "the images move the other way: top and left are where the cut begins, counted in the padded image.": _cut(
        lambda t, s, p: (2 * p - t, 2 * p - s)
    ),
    "what leaves on one side comes in on the other: the border has to be zeros, not a roll.": _rolled(1),
    "the border repeats the edge of the image: it is to be zeros.": _cut(
        pad=lambda a, p: np.pad(a, ((0, 0), (0, 0), (p, p), (p, p)), mode="edge")
    ),
    "the border mirrors the image: it is to be zeros.": _cut(
        pad=lambda a, p: np.pad(a, ((0, 0), (0, 0), (p, p), (p, p)), mode="reflect")
    ),
    "the border is ones: it is to be zeros.": _cut(
        pad=lambda a, p: np.pad(a, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=1)
    ),
    "the border is wider on the right and below only: it goes around all four sides.": _cut(
        pad=lambda a, p: np.pad(a, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p)))
    ),
    "the border is there at the top and on the left only, so that the cut ends too early or too late.": _cut(
        pad=lambda a, p: np.pad(a, ((0, 0), (0, 0), (2 * p, 0), (2 * p, 0)))
    ),
    "nothing has moved: cut at top and left.": _cut(lambda t, s, p: (np.full_like(t, p), np.full_like(s, p))),
    "only the rows have moved.": _cut(lambda t, s, p: (t, np.full_like(s, p))),
    "only the columns have moved.": _cut(lambda t, s, p: (np.full_like(t, p), s)),
}


def _crops(
    order: tuple[int, ...] = (0, 1, 2, 3, 4),
    centre: Callable[[int], int] = lambda room: room // 2,
    mirror: Callable[[Array], Array] = lambda five: five[..., ::-1],
    far: int = 0,
) -> Callable[..., dict[str, Any]]:
    """Return ten crops in another order, with another centre, mirrored in another way, or with other far corners."""

    def variant(_: Any, images: Array, size: int) -> dict[str, Any]:
        down, right = (max(n - size - far, 0) for n in images.shape[2:])
        places = [(0, 0), (0, right), (down, 0), (down, right)]
        places.append((centre(images.shape[2] - size), centre(images.shape[3] - size)))
        cut = [images[:, :, t : t + size, s : s + size] for t, s in (places[i] for i in order)]
        if len({part.shape for part in cut}) > 1:
            return {}
        five = np.stack(cut, axis=1)
        return {"corners": five[:, :4], "centre": five[:, 4], "mirrored": mirror(five)}

    return variant


def _interleaved(_: Any, images: Array, size: int) -> dict[str, Any]:
    whole = _crops()(None, images=images, size=size)
    five = np.concatenate([whole["corners"], whole["centre"][:, None]], axis=1)
    pairs = np.stack([five, five[..., ::-1]], axis=2).reshape(len(images), 10, *five.shape[2:])
    return {"corners": pairs[:, :4], "centre": pairs[:, 4], "mirrored": pairs[:, 5:]}


TEN_CROPS: Mistakes = {
    "each crop is followed by its mirror image: all five come first, then the five mirrored ones.": _interleaved,
    "top right and bottom left are swapped.": _crops(order=(0, 2, 1, 3, 4)),
    "the order is top left, top right, bottom left, bottom right: here it goes round the image.": _crops(
        order=(0, 1, 3, 2, 4)
    ),
    "the centre comes first: it is to be the fifth.": _crops(order=(4, 0, 1, 2, 3)),
    "the centre begins at (H − size)/2 and (W − size)/2, rounded down; here it is rounded up.": _crops(
        centre=lambda room: -(-room // 2)
    ),
    "the centre begins where the image has its middle: start half a crop earlier.": lambda _, images, size: {
        "centre": images[
            :,
            :,
            images.shape[2] // 2 : images.shape[2] // 2 + size,
            images.shape[3] // 2 : images.shape[3] // 2 + size,
        ]
    },
    "the crops are mirrored top to bottom: reverse the columns, the last axis.": _crops(
        mirror=lambda five: five[..., ::-1, :]
    ),
    "the crops are turned by 180°: reverse the columns only.": _crops(mirror=lambda five: five[..., ::-1, ::-1]),
    "the second five are copies: mirror them.": _crops(mirror=lambda five: five),
    "the order of the five is reversed, but not their columns.": _crops(mirror=lambda five: five[:, ::-1]),
    "the image is mirrored first and then cropped, so that left and right corners have changed places.": _crops(
        mirror=lambda five: five[:, [1, 0, 3, 2, 4]][..., ::-1]
    ),
    "the channels are reversed, too: only the last axis is.": _crops(mirror=lambda five: five[:, :, ::-1, :, ::-1]),
    "the far corners begin one pixel too early: the last crop begins at H − size.": _crops(far=1),
}
