"""Part 4: the convolutional layer, first with loops, then as one matrix product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex09_convolution import mistakes_layer as mistakes
from autograder.tasks.ex09_convolution import mistakes_windows
from autograder.tasks.ex09_convolution.filters import LIBRARIES

UNFOLD = (*LIBRARIES, "torch.nn.functional.unfold", "torch.nn.functional.fold")

Shape = tuple[int, ...]


def _layer(rng: np.random.Generator, image: Shape, filters: Shape, stride: int, padding: int) -> dict[str, Any]:
    n, c, height, width = image
    f, high, wide = filters
    out = [(size + 2 * padding - window) // stride + 1 for size, window in ((height, high), (width, wide))]
    return {
        "x": rng.standard_normal(image),
        "w": rng.standard_normal((f, c, high, wide)) / np.sqrt(c * high * wide),
        "b": rng.standard_normal(f),
        "stride": stride,
        "padding": padding,
        "dout": rng.standard_normal((n, f, *out)),
    }


def _layers(rng: np.random.Generator) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield what describes a case, and the inputs of a layer with its upstream gradient."""
    given = {"name": "two colour images, four filters", "given": True}
    yield given, _layer(rng, (2, 3, 6, 7), (4, 3, 3), 1, 1)
    yield {"name": "a stride"}, _layer(rng, (3, 2, 7, 6), (5, 3, 2), 2, 1)
    yield {"name": "no padding"}, _layer(rng, (2, 4, 5, 6), (3, 2, 3), 1, 0)
    yield {"name": "a stride and much padding"}, _layer(rng, (2, 2, 6, 4), (3, 5, 3), 2, 2)
    inputs = _layer(rng, (3, 2, 5, 6), (4, 3, 3), 1, 1)
    yield (
        {"name": "in float32"},
        {k: v.astype(np.float32) if isinstance(v, np.ndarray) else v for k, v in inputs.items()},
    )
    remainder = {"name": "pixels left over", "edge": "a stride that leaves a remainder"}
    yield remainder, _layer(rng, (2, 3, 7, 8), (2, 2, 3), 3, 0)
    yield {"name": "one image, one filter", "edge": "a single window"}, _layer(rng, (1, 2, 3, 4), (1, 3, 4), 1, 0)


def _forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for about, inputs in _layers(rng):
        del inputs["dout"]
        yield case(**about, **inputs)


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for about, inputs in _layers(rng):
        yield case(**about, **inputs)


@task(
    points=4,
    cases=_forward_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.FORWARD,
    hints={"out": "out[n, f, p, q] is b[f] plus the sum of w[f] times the window of x[n] that starts at (p·S, q·S)."},
)
def conv2d_forward(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int) -> dict[str, Any]:
    """The convolutional layer."""
    out, _ = impl.conv2d_forward(x, w, b, stride=stride, padding=padding)
    return {"out": out}


@task(
    points=5,
    cases=_backward_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.BACKWARD,
    hints={
        "dx": "each window gets w[f] · dout[n, f, p, q] added, where it lies; at the end the padding is cut off.",
        "dw": "dw[f] adds up the windows, each times its dout[n, f, p, q], over images and places.",
        "db": "b[f] is added at every place of every image: db[f] adds up dout[:, f].",
    },
)
def conv2d_backward(
    impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int, dout: np.ndarray
) -> dict[str, Any]:
    """Gradients of the convolutional layer; the cache is made here, so that no forward pass is needed."""
    assert b.shape == w.shape[:1]
    dx, dw, db = impl.conv2d_backward(dout, (x, w, stride, padding))
    return {"dx": dx, "dw": dw, "db": db}


# ---------------------------------------------------------------------------------------------------------------
# Faster


def _window_cases(rng: np.random.Generator) -> Iterator[Case]:
    for about, inputs in _layers(rng):
        high, wide = inputs["w"].shape[2:]
        sizes = {"height": high, "width": wide, "stride": inputs["stride"], "padding": inputs["padding"]}
        yield case(**about, x=inputs["x"], **sizes)


def _row_cases(rng: np.random.Generator) -> Iterator[Case]:
    for about, inputs in _layers(rng):
        (_, c, high, wide), (n, _, rows, columns) = inputs["w"].shape, inputs["dout"].shape
        values = rng.standard_normal((n * rows * columns, c * high * wide)).astype(inputs["x"].dtype)
        sizes = {"height": high, "width": wide, "stride": inputs["stride"], "padding": inputs["padding"]}
        yield case(**about, rows=values, shape=list(inputs["x"].shape), **sizes)


@task(
    points=3,
    cases=_window_cases,
    forbid=("loops", *UNFOLD),
    mistakes=mistakes_windows.WINDOW_ROWS,
    hints={
        "rows": "a row per window, image by image and in it row by row; in a row, channel by channel as in flatten.",
    },
)
def window_rows(impl: Any, x: np.ndarray, height: int, width: int, stride: int, padding: int) -> dict[str, Any]:
    """Every window of a batch of images, as a row."""
    return {"rows": impl.window_rows(x, height, width, stride=stride, padding=padding)}


@task(
    points=3,
    cases=_row_cases,
    forbid=UNFOLD,
    mistakes=mistakes_windows.ADD_ROWS,
    hints={"x": "each row goes back to where its window lies, and where windows overlap, their numbers add up."},
)
def add_rows(
    impl: Any, rows: np.ndarray, shape: list[int], height: int, width: int, stride: int, padding: int
) -> dict[str, Any]:
    """The way back: rows are laid on their windows and added up."""
    return {"x": impl.add_rows(rows, tuple(shape), height, width, stride=stride, padding=padding)}


@task(
    points=4,
    cases=_backward_cases,
    forbid=("loops", *LIBRARIES),
    mistakes=mistakes_windows.FAST,
    hints={
        "out": "rows @ (filters as columns) + b has a row per window, a column per filter: bring it to (N, F, OH, OW).",
        "dx": "bring dout to a row per window first; times the filters as rows, it is what add_rows takes.",
        "dw": "as in the affine layer: rows.T @ dout, or its transpose; in the end the shape of w.",
        "db": "add up dout over all windows of all images.",
    },
)
def conv2d_fast(
    impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int, dout: np.ndarray
) -> dict[str, Any]:
    """The convolutional layer as an affine layer of windows, both ways."""

    def window_rows(x: np.ndarray, height: int, width: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
        padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
        windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
        return windows.reshape(-1, x.shape[1] * height * width)

    def add_rows(
        rows: np.ndarray, shape: tuple[int, ...], height: int, width: int, *, stride: int = 1, padding: int = 0
    ) -> np.ndarray:
        n, c, high, wide = shape
        padded = np.zeros((n, c, high + 2 * padding, wide + 2 * padding), dtype=rows.dtype)
        down = (high + 2 * padding - height) // stride + 1
        across = (wide + 2 * padding - width) // stride + 1
        windows = rows.reshape(n, down, across, c, height, width)
        for p in range(down):
            for q in range(across):
                top, left = p * stride, q * stride
                padded[:, :, top : top + height, left : left + width] += windows[:, p, q]
        return padded[:, :, padding : padding + high, padding : padding + wide]

    out, cache = impl.fast_conv2d_forward(x, w, b, window_rows, stride=stride, padding=padding)
    dx, dw, db = impl.fast_conv2d_backward(dout, cache, add_rows)
    return {"out": out, "dx": dx, "dw": dw, "db": db}
