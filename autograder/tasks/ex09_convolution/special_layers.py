"""Part 6: 1 × 1 convolutions, affine layers as convolutions, batch norm over images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex09_convolution import mistakes_special_layers as mistakes
from autograder.tasks.ex09_convolution.filters import LIBRARIES

NORMS = (
    *("autograd", "torch.nn", "i2dl.functional", "i2dl.nn"),
    *("torch.nn.functional.batch_norm", "torch.nn.functional.instance_norm"),
)


def _pixel_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape, filters, dtype in (
        ("colours to two maps", (2, 3, 4, 5), 2, "float64"),
        ("more maps than channels", (3, 4, 2, 5), 6, "float64"),
        ("as many maps as channels", (2, 3, 4, 6), 3, "float64"),
        ("in float32", (3, 2, 5, 4), 6, "float32"),
    ):
        x, w, b = (rng.standard_normal(s).astype(dtype) for s in (shape, (filters, shape[1]), filters))
        yield case(name, given=name.startswith("colours"), x=x, w=w, b=b)
    x, w, b = (rng.standard_normal(s) for s in ((2, 1, 3, 4), (1, 1), 1))
    yield case("one channel, one filter", edge="a single channel", x=x, w=w, b=b)


@task(
    points=2,
    cases=_pixel_cases,
    forbid=("loops", *LIBRARIES),
    mistakes=mistakes.ONE_BY_ONE,
    hints={"out": "out[n, f, h, w] is b[f] plus the sum over c of w[f, c] · x[n, c, h, w]."},
)
def one_by_one(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> dict[str, Any]:
    """The same affine layer at every pixel."""
    return {"out": impl.one_by_one(x, w, b)}


def _affine_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, images, shape, outputs, dtype in (
        ("images of the right size", (3, 2, 4, 5), (2, 4, 5), 6, "float64"),
        ("larger images", (2, 3, 5, 7), (3, 3, 4), 5, "float64"),
        ("grey images", (4, 1, 6, 5), (1, 4, 4), 3, "float64"),
        ("in float32", (2, 2, 4, 6), (2, 3, 5), 4, "float32"),
    ):
        x, w, b = (rng.standard_normal(s).astype(dtype) for s in (images, (int(np.prod(shape)), outputs), outputs))
        yield case(
            name, given=name.startswith("images"), x=x, w=w / np.sqrt(len(w)).astype(dtype), b=b, shape=list(shape)
        )
    x, w, b = (rng.standard_normal(s) for s in ((1, 2, 4, 4), (12, 1), 1))
    yield case("one output", edge="a single output", x=x, w=w, b=b, shape=[2, 3, 2])


@task(
    points=3,
    cases=_affine_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.AFFINE_AS_CONVOLUTION,
    hints={
        "filters": "column m of w has one weight for each pixel of the flattened image: unflatten it, it is filter m.",
        "scores": "the filters slide over the image with stride 1 and without padding, each with its bias.",
    },
)
def affine_as_convolution(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray, shape: list[int]) -> dict[str, Any]:
    """An affine layer that slides over larger images."""

    def conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray, *, stride: int = 1, padding: int = 0) -> np.ndarray:
        padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
        return np.einsum("ncpqij,fcij->nfpq", windows[:, :, ::stride, ::stride], w) + b[:, None, None]

    return {
        "filters": impl.affine_filters(w, tuple(shape)),
        "scores": impl.score_maps(x, w, b, tuple(shape), conv2d),
    }


# ---------------------------------------------------------------------------------------------------------------
# Spatial batch norm


def _statistics(rng: np.random.Generator, shape: tuple[int, ...], dtype: str = "float64") -> dict[str, Any]:
    c = shape[1]
    scale, shift = rng.uniform(0.5, 2.0, (c, 1, 1)), rng.standard_normal((c, 1, 1))
    arrays = {
        "x": scale * rng.standard_normal(shape) + shift,
        "gamma": rng.uniform(0.5, 1.5, c),
        "beta": rng.standard_normal(c),
        "running_mean": rng.standard_normal(c),
        "running_var": rng.uniform(0.5, 2.0, c),
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}


def _norm_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("four colour images", given=True, **_statistics(rng, (4, 3, 2, 5)), momentum=0.9)
    yield case("more channels", **_statistics(rng, (3, 5, 4, 2)), momentum=0.7)
    yield case("another momentum", **_statistics(rng, (2, 4, 3, 6)), momentum=0.25)
    yield case("in float32", **_statistics(rng, (3, 2, 4, 5), "float32"), momentum=0.9)
    yield case("one image", edge="batch of one", **_statistics(rng, (1, 3, 4, 5)), momentum=0.8)
    faint = _statistics(rng, (3, 2, 4, 4))
    faint["x"] *= 3e-3
    yield case("hardly any contrast", edge="variances as small as ε", **faint, momentum=0.9)


@task(
    points=4,
    cases=_norm_cases,
    forbid=NORMS,
    mistakes=mistakes.NORM_FORWARD,
    shares={"out": 2},
    hints={
        "out": "subtract the channel's mean, divide by √(variance + ε), times γ, plus β; all per channel.",
        "running_mean": "momentum · the old running mean + (1 − momentum) · the batch's mean.",
        "running_var": "momentum · the old running variance + (1 − momentum) · the batch's variance, divided by N·H·W.",
        "out at test time": "the running mean and variance take the place of the batch's, and stay as they are.",
    },
)
def spatial_batch_norm_forward(
    impl: Any,
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    momentum: float,
) -> dict[str, Any]:
    """Batch norm behind a convolution, in training and at test time."""
    given = {"running_mean": running_mean, "running_var": running_var, "momentum": momentum}
    test, *_ = impl.spatial_batch_norm_forward(x.copy(), gamma, beta, train=False, **given)
    out, _, mean, var = impl.spatial_batch_norm_forward(x, gamma, beta, train=True, **given)
    return {"out": out, "running_mean": mean, "running_var": var, "out at test time": test}


def _norm_back_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape, dtype in (
        ("four colour images", (4, 3, 2, 5), "float64"),
        ("more channels", (3, 5, 4, 2), "float64"),
        ("wide images", (2, 4, 3, 6), "float64"),
        ("in float32", (3, 2, 4, 5), "float32"),
        ("one image", (1, 3, 4, 5), "float64"),
    ):
        inputs = {k: v for k, v in _statistics(rng, shape, dtype).items() if k in {"x", "gamma"}}
        dout = rng.standard_normal(shape).astype(dtype)
        about = {"edge": "batch of one"} if shape[0] == 1 else {"given": name.startswith("four")}
        yield case(name, **about, **inputs, dout=dout)


@task(
    points=4,
    cases=_norm_back_cases,
    forbid=NORMS,
    mistakes=mistakes.NORM_BACKWARD,
    hints={
        "dx": "γ/√(σ² + ε) · (dout − dβ/m − x̂ · dγ/m) with m = N·H·W, the number of values of a channel.",
        "dgamma": "γ is multiplied by x̂ everywhere in its channel: add up dout · x̂ over images and places.",
        "dbeta": "β is added everywhere in its channel: add up dout over images and places.",
    },
)
def spatial_batch_norm_backward(impl: Any, x: np.ndarray, gamma: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """Gradients of batch norm; the cache is made here, so that no forward pass is needed."""
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    std = np.sqrt(var + 1e-5)
    dx, dgamma, dbeta = impl.spatial_batch_norm_backward(dout, ((x - mean) / std, std.ravel(), gamma))
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}
