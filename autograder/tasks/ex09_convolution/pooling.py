"""Part 5: pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex09_convolution import mistakes_pooling as mistakes

LIBRARIES = (
    *("autograd", "torch.nn", "i2dl.functional", "i2dl.nn", "scipy.signal", "scipy.ndimage"),
    *("torch.nn.functional.max_pool2d", "torch.nn.functional.avg_pool2d"),
)

LECTURE_SLICE = [[3.0, 1, 3, 5], [6, 0, 7, 9], [3, 2, 1, 4], [0, 2, 4, 3]]


def _pooled(rng: np.random.Generator, x: np.ndarray, size: int, stride: int) -> dict[str, Any]:
    out = [(n - size) // stride + 1 for n in x.shape[2:]]
    return {"x": x, "size": size, "stride": stride, "dout": rng.standard_normal((*x.shape[:2], *out)).astype(x.dtype)}


def _distinct(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return numbers of which no two are equal, about half of them negative."""
    ranks = rng.permutation(int(np.prod(shape))).reshape(shape)
    return (ranks - ranks.mean()) / ranks.std() + rng.uniform(-1e-3, 1e-3)


def _pool_cases(rng: np.random.Generator) -> Iterator[Case]:
    printed = np.array(LECTURE_SLICE).reshape(1, 1, 4, 4)
    yield case("the lecture's slice", given=True, **_pooled(rng, printed, 2, 2))
    yield case("colour images", **_pooled(rng, _distinct(rng, 2, 3, 6, 4), 2, 2))
    yield case("windows that overlap", **_pooled(rng, _distinct(rng, 2, 2, 7, 9), 3, 2))
    yield case("below zero", **_pooled(rng, _distinct(rng, 3, 2, 4, 6) - 5.0, 2, 2))
    yield case("in float32", **_pooled(rng, _distinct(rng, 2, 2, 6, 8).astype(np.float32), 2, 2))
    yield case("pixels left over", edge="a remainder", **_pooled(rng, _distinct(rng, 2, 3, 5, 7), 2, 2))


def _tied(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return small whole numbers, so that many windows have two largest ones."""
    return rng.integers(-2, 2, shape).astype(float)


def _max_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _pool_cases(rng)
    yield case("ties", edge="two largest numbers in a window", **_pooled(rng, _tied(rng, 2, 3, 6, 6), 2, 2))


@task(
    points=4,
    cases=_max_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.MAX_POOL,
    hints={
        "out": "the largest number of each window, for each channel of each image by itself.",
        "dx": "dout goes to the largest number of its window and to no other; where windows overlap it adds up.",
    },
)
def max_pool(impl: Any, x: np.ndarray, size: int, stride: int, dout: np.ndarray) -> dict[str, Any]:
    """Max pooling, both ways."""
    out, cache = impl.max_pool_forward(x, size=size, stride=stride)
    return {"out": out, "dx": impl.max_pool_backward(dout, cache)}


@task(
    points=3,
    cases=_pool_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.AVERAGE_POOL,
    hints={
        "out": "add up each window and divide by size · size.",
        "dx": "each of the size · size pixels of a window gets the same share of its dout.",
        "global": "average each channel of each image over all its pixels: the shape is (N, C).",
    },
)
def average_pool(impl: Any, x: np.ndarray, size: int, stride: int, dout: np.ndarray) -> dict[str, Any]:
    """Average pooling, both ways, and over the whole image."""
    out, cache = impl.average_pool_forward(x, size=size, stride=stride)
    return {"out": out, "dx": impl.average_pool_backward(dout, cache), "global": impl.global_average_pool(x)}


def _tile_cases(rng: np.random.Generator) -> Iterator[Case]:
    printed = np.array(LECTURE_SLICE).reshape(1, 1, 4, 4)
    for name, x, size in (
        ("the lecture's slice", printed, 2),
        ("colour images", _distinct(rng, 2, 3, 6, 4), 2),
        ("tiles of three", _distinct(rng, 3, 2, 6, 9), 3),
        ("in float32", _distinct(rng, 2, 2, 4, 8).astype(np.float32), 2),
    ):
        yield _tiles(rng, name, x, size, given=name == "the lecture's slice")
    yield _tiles(rng, "ties", _tied(rng, 2, 3, 6, 4), 2, edge="two largest numbers in a window")


def _tiles(rng: np.random.Generator, name: str, x: np.ndarray, size: int, **about: Any) -> Case:
    inputs = _pooled(rng, x, size, size)
    del inputs["stride"]
    return case(name, **about, **inputs)


@task(
    points=3,
    cases=_tile_cases,
    forbid=("loops", *LIBRARIES),
    mistakes=mistakes.MAX_POOL_FAST,
    hints={
        "out": "one axis for each tile row, row in the tile, tile column, column in the tile; reduce over two of them.",
        "dx": "put each dout into its winner's place in the tile, then undo the reshaping.",
    },
)
def max_pool_fast(impl: Any, x: np.ndarray, size: int, dout: np.ndarray) -> dict[str, Any]:
    """Max pooling of tiles without loops, both ways."""
    out, cache = impl.fast_max_pool_forward(x, size=size)
    return {"out": out, "dx": impl.fast_max_pool_backward(dout, cache)}
