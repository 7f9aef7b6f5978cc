"""Parts 1 and 2: a kernel slides over a signal, and over a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex09_convolution import mistakes_filters as mistakes

LIBRARIES = (
    *("autograd", "torch.nn", "i2dl.functional", "i2dl.nn", "scipy.signal", "scipy.ndimage"),
    *("torch.nn.functional.conv1d", "torch.nn.functional.conv2d", "numpy.convolve", "numpy.correlate"),
)
"""Where all that this exercise asks for can be had ready-made."""

LECTURE_SIGNAL = [4.0, 3.0, 2.0, -5.0, 3.0, 5.0, 2.0, 5.0, 5.0, 6.0]
LECTURE_IMAGE = [[-5.0, 3, 2, -5, 3], [4, 3, 2, 1, -3], [1, 0, 3, 3, 5], [-2, 0, 1, 4, 4], [5, 6, 7, 9, -1]]
SHARPEN = [[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]

# ---------------------------------------------------------------------------------------------------------------
# 1 One dimension


def _signal_cases(rng: np.random.Generator) -> Iterator[Case]:
    printed, box = np.array(LECTURE_SIGNAL), np.full(3, 1 / 3)
    yield case("the lecture's numbers, shrunk", given=True, signal=printed, kernel=box, padding=0)
    yield case("the lecture's numbers, padded", given=True, signal=printed, kernel=box, padding=1)
    for name, length, size, padding in (("a kernel of four", 12, 4, 0), ("more padding", 8, 5, 2)):
        yield case(name, signal=rng.standard_normal(length), kernel=rng.standard_normal(size), padding=padding)
    signal, kernel = (rng.standard_normal(n).astype(np.float32) for n in (9, 3))
    yield case("in float32", signal=signal, kernel=kernel, padding=1)
    signal, kernel = rng.standard_normal((2, 6))
    yield case("a kernel as long as the signal", edge="a single window", signal=signal, kernel=kernel, padding=0)


@task(
    points=2,
    cases=_signal_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.FILTER_SIGNAL,
    hints={"out": "entry p is kernel[0] · signal[p] + kernel[1] · signal[p + 1] + ..., in the padded signal."},
)
def filter_signal(impl: Any, signal: np.ndarray, kernel: np.ndarray, padding: int) -> dict[str, Any]:
    """A kernel slides over a signal."""
    return {"out": impl.filter_signal(signal, kernel, padding=padding)}


def _convolve_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a box and a ramp", given=True, f=np.ones(3), g=np.array([1.0, 2.0, 3.0]))
    for name, first, second in (("a long and a short one", 7, 3), ("a short and a long one", 2, 5)):
        yield case(name, f=rng.standard_normal(first), g=rng.standard_normal(second))
    f, g = (rng.standard_normal(n).astype(np.float32) for n in (6, 4))
    yield case("in float32", f=f, g=g)
    yield case("a kernel of one number", edge="a kernel of one number", f=rng.standard_normal(5), g=np.array([2.5]))


@task(
    points=2,
    cases=_convolve_cases,
    forbid=(*LIBRARIES, "numpy.polymul", "numpy.fft"),
    mistakes=mistakes.CONVOLVE,
    hints={"out": "entry t sums f[i] · g[j] over all pairs with i + j = t; there are len(f) + len(g) − 1 entries."},
)
def convolve(impl: Any, f: np.ndarray, g: np.ndarray) -> dict[str, Any]:
    """The convolution of mathematics."""
    return {"out": impl.convolve(f, g)}


# ---------------------------------------------------------------------------------------------------------------
# 2 Pictures


def _image_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's image", given=True, image=np.array(LECTURE_IMAGE), kernel=np.array(SHARPEN), padding=0)
    for name, size, window, padding in (
        ("a wide picture", (5, 8), (3, 3), 1),
        ("a kernel that is no square", (7, 6), (2, 3), 0),
        ("more padding", (6, 4), (5, 5), 2),
    ):
        yield case(name, image=rng.standard_normal(size), kernel=rng.standard_normal(window), padding=padding)
    image, kernel = (rng.standard_normal(shape).astype(np.float32) for shape in ((6, 7), (3, 3)))
    yield case("in float32", image=image, kernel=kernel, padding=1)
    photo, weight = rng.standard_normal((4, 5)), rng.standard_normal((1, 1))
    yield case("one weight", edge="a kernel of one pixel", image=photo, kernel=weight, padding=0)


@task(
    points=2,
    cases=_image_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.FILTER_IMAGE,
    hints={"out": "lay the kernel on the window that starts at (p, q), multiply entry by entry, and add up."},
)
def filter_image(impl: Any, image: np.ndarray, kernel: np.ndarray, padding: int) -> dict[str, Any]:
    """A kernel slides over a grey picture."""
    return {"out": impl.filter_image(image, kernel, padding=padding)}


def _size_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's 3 × 3", given=True, size=3)
    for name, sizes in (("an even size", [4, 6, 8]), ("an odd size", [5, 7, 9])):
        yield case(name, size=int(rng.choice(sizes)))
    yield case("one pixel", edge="a kernel of one pixel", size=1)


@task(
    points=2,
    cases=_size_cases,
    mistakes=mistakes.BLUR_KERNELS,
    hints={
        "box": "all size · size weights are alike, and they add up to 1.",
        "gaussian": "a row of Pascal's triangle, once down and once across; all weights together add up to 1.",
    },
)
def blur_kernels(impl: Any, size: int) -> dict[str, Any]:
    """Two kernels that blur."""
    return {"box": impl.box_kernel(size), "gaussian": impl.gaussian_kernel(size)}


def _edge_cases(rng: np.random.Generator) -> Iterator[Case]:
    step = np.zeros((5, 6))
    step[2:, 3:] = 1.0
    yield case("the corner of a white field", given=True, image=step)
    yield case("a wide picture", image=rng.standard_normal((6, 9)))
    yield case("a high picture", image=rng.standard_normal((8, 5)))
    yield case("in float32", image=rng.standard_normal((7, 6)).astype(np.float32))


@task(
    points=2,
    cases=_edge_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.EDGE_STRENGTH,
    hints={"out": "filter twice, with Sobel's kernel and with its transpose; then √(gx² + gy²), entry by entry."},
)
def edge_strength(impl: Any, image: np.ndarray) -> dict[str, Any]:
    """How steep the grey values are, whatever the direction."""

    def correlate(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, padding), np.shape(kernel))
        return np.einsum("pqij,ij->pq", windows, np.asarray(kernel, dtype=image.dtype))

    return {"out": impl.edge_strength(image, correlate)}
