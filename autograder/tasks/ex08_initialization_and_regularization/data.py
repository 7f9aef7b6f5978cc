"""Part 5: augmentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex08_initialization_and_regularization import mistakes_data as mistakes
from autograder.tasks.ex08_initialization_and_regularization.norms import FORBIDDEN

ANSWERS = ("i2dl.data.augmentation", "i2dl.data.augmentation_policies")


def _shift_cases(rng: np.random.Generator) -> Iterator[Case]:
    image = np.array([[1.0, 2.0], [3.0, 4.0]])
    images = np.stack([image, image])[:, None]
    yield case("the example", given=True, images=images, tops=np.array([0, 2]), lefts=np.array([0, 1]), padding=1)
    for name, (n, c, size), padding, dtype in (
        ("grey images", (5, 1, 6), 2, "float64"),
        ("colour images", (4, 3, 5), 3, "float64"),
        ("float32", (6, 2, 4), 1, "float32"),
    ):
        tops, lefts = rng.integers(2 * padding + 1, size=(2, n))
        # Two of the positions at least are no mirror image of one another, and none of them the middle.
        tops[:2], lefts[:2] = (0, 2 * padding), (2 * padding, padding - 1)
        images = rng.uniform(0.1, 1, (n, c, size, size)).astype(dtype)
        yield case(name, images=images, tops=tops, lefts=lefts, padding=padding)
    tops, lefts = np.zeros((2, 3), int)
    images = rng.uniform(0.1, 1, (3, 1, 4, 4))
    yield case("no border", edge="padding 0, where nothing moves", images=images, tops=tops, lefts=lefts, padding=0)


@task(
    points=3,
    cases=_shift_cases,
    mistakes=mistakes.SHIFTED_CROPS,
    pure=True,
    forbid=(*FORBIDDEN, *ANSWERS),
    hints={
        "images": "pad with zeros on all four sides, then cut out rows top to top + H and columns left to left + W."
    },
)
def shifted_crops(impl: Any, images: np.ndarray, tops: np.ndarray, lefts: np.ndarray, padding: int) -> dict[str, Any]:
    """The squares."""
    return {"images": impl.shifted_crops(images, tops, lefts, padding)}


def _ten_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, size, dtype in (
        ("digits", True, (2, 1, 8, 8), 6, "float64"),
        ("images that are wider than high", False, (3, 2, 6, 9), 3, "float64"),
        ("float32, higher than wide", False, (1, 3, 11, 7), 4, "float32"),
    ):
        yield case(name, given=given, images=rng.uniform(0.1, 1, shape).astype(dtype), size=size)
    yield case("whole images", edge="crops as large as the image", images=rng.uniform(0.1, 1, (2, 1, 5, 5)), size=5)


@task(
    points=2,
    cases=_ten_cases,
    mistakes=mistakes.TEN_CROPS,
    pure=True,
    forbid=(*FORBIDDEN, *ANSWERS),
    hints={
        "corners": "top left, top right, bottom left, bottom right.",
        "centre": "from row (H − size) // 2 and column (W − size) // 2.",
        "mirrored": "the same five, with their columns in reverse order.",
    },
)
def ten_crops(impl: Any, images: np.ndarray, size: int) -> dict[str, Any]:
    """The corners, the centre, and what is mirrored."""
    crops = np.asarray(impl.ten_crops(images, size))
    due = (len(images), 10, images.shape[1], size, size)
    if crops.shape != due:
        msg = f"the crops have shape {crops.shape}, expected (N, 10, C, size, size) = {due}: stack them along axis 1"
        raise ValueError(msg)
    return {"corners": crops[:, :4], "centre": crops[:, 4], "mirrored": crops[:, 5:]}


which_augmentation = written("which_augmentation", points=3)
