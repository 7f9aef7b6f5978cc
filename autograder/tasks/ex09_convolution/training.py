"""Parts 7 and 8: LeNet from given layers, trained on digits; two questions to answer in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex09_convolution import mistakes_training as mistakes

CLASSES = 10
NAMES = tuple(f"{kind}{i}" for i in (1, 2, 3, 4) for kind in "wb")


def lenet_parameters(
    rng: np.random.Generator, image: tuple[int, ...], filters: tuple[int, int], hidden: int, classes: int
) -> dict[str, Any]:
    """Draw parameters for images (C, H, W): 5 × 5 and 3 × 3 filters, then two affine layers."""
    c, height, width = image
    first, second = filters
    shapes = {
        "w1": (first, c, 5, 5),
        "b1": (first,),
        "w2": (second, first, 3, 3),
        "b2": (second,),
        "w3": (second * (height // 4) * (width // 4), hidden),
        "b3": (hidden,),
        "w4": (hidden, classes),
        "b4": (classes,),
    }
    fans = {"w1": c * 25, "w2": first * 9, "w3": shapes["w3"][0], "w4": hidden}
    return {
        name: rng.standard_normal(shape) * (0.3 if name[0] == "b" else np.sqrt(2 / fans[name]))
        for name, shape in shapes.items()
    }


def _lenet_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, about, n, image, filters, hidden, classes in (
        ("digits", {"given": True}, 3, (1, 8, 8), (6, 8), 12, 10),
        ("wide colour images", {}, 2, (3, 4, 8), (4, 5), 9, 6),
        ("larger images", {}, 4, (2, 12, 8), (3, 4), 10, 5),
        ("one image", {"edge": "batch of one"}, 1, (1, 8, 8), (2, 3), 7, 4),
    ):
        inputs = lenet_parameters(rng, image, filters, hidden, classes)
        x, dscores = rng.standard_normal((n, *image)), rng.standard_normal((n, classes))
        yield case(name, **about, x=x, dscores=dscores, **inputs)


@task(
    points=6,
    cases=_lenet_cases,
    forbid=("autograd", "torch.nn", "i2dl.functional", "i2dl.nn"),
    mistakes=mistakes.LENET,
    shares={
        "scores": 4,
        **dict.fromkeys(("dw1", "dw2", "dw3", "dw4"), 1),
        **dict.fromkeys(("db1", "db2", "db3", "db4"), 0.5),
    },
    hints={
        "scores": "convolution, ReLU, pooling; again; flatten; affine, ReLU, affine.",
        **dict.fromkeys(
            [f"d{name}" for name in NAMES],
            "go through the layers in reverse, each backward pass takes what the one before it gave for its input.",
        ),
    },
)
def lenet(
    impl: Any,
    x: np.ndarray,
    dscores: np.ndarray,
    w1: np.ndarray,
    b1: np.ndarray,
    w2: np.ndarray,
    b2: np.ndarray,
    w3: np.ndarray,
    b3: np.ndarray,
    w4: np.ndarray,
    b4: np.ndarray,
) -> dict[str, Any]:
    """A small LeNet, both ways, from layers that are given."""

    class Layers:
        @staticmethod
        def conv2d_forward(x: Any, w: Any, b: Any, *, stride: int = 1, padding: int = 0) -> tuple[Any, Any]:
            padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
            out = np.tensordot(windows[:, :, ::stride, ::stride], w, ((1, 4, 5), (1, 2, 3)))
            return np.moveaxis(out, -1, 1) + b[:, None, None], (x, w, stride, padding)

        @staticmethod
        def conv2d_backward(dout: Any, cache: Any) -> tuple[Any, Any, Any]:
            x, w, s, p = cache
            padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
            dx, dw = np.zeros_like(padded), np.zeros_like(w)
            for i in range(w.shape[2]):
                for j in range(w.shape[3]):
                    down, across = slice(i, i + s * dout.shape[2], s), slice(j, j + s * dout.shape[3], s)
                    dw[:, :, i, j] = np.tensordot(dout, padded[:, :, down, across], ((0, 2, 3), (0, 2, 3)))
                    dx[:, :, down, across] += np.einsum("nfpq,fc->ncpq", dout, w[:, :, i, j])
            return dx[:, :, p : p + x.shape[2], p : p + x.shape[3]], dw, dout.sum(axis=(0, 2, 3))

        @staticmethod
        def max_pool_forward(x: Any, *, size: int = 2) -> tuple[Any, Any]:
            n, c, h, w = x.shape
            tiles = x.reshape(n, c, h // size, size, w // size, size).swapaxes(3, 4).reshape(-1, size * size)
            return tiles.max(axis=1).reshape(n, c, h // size, w // size), (tiles.argmax(axis=1), x.shape, size)

        @staticmethod
        def max_pool_backward(dout: Any, cache: Any) -> Any:
            winner, (n, c, h, w), size = cache
            tiles = np.zeros((dout.size, size * size), dtype=dout.dtype)
            tiles[np.arange(dout.size), winner] = dout.ravel()
            return tiles.reshape(n, c, h // size, w // size, size, size).swapaxes(3, 4).reshape(n, c, h, w)

        @staticmethod
        def relu_forward(x: Any) -> tuple[Any, Any]:
            return np.maximum(x, 0), x > 0

        @staticmethod
        def relu_backward(dout: Any, cache: Any) -> Any:
            return dout * cache

        @staticmethod
        def affine_forward(x: Any, w: Any, b: Any) -> tuple[Any, Any]:
            return x.reshape(len(x), -1) @ w + b, (x, w)

        @staticmethod
        def affine_backward(dout: Any, cache: Any) -> tuple[Any, Any, Any]:
            x, w = cache
            return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)

    p = {"w1": w1, "b1": b1, "w2": w2, "b2": b2, "w3": w3, "b3": b3, "w4": w4, "b4": b4}
    scores, cache = impl.lenet_forward(x, p, Layers)
    gradients = impl.lenet_backward(dscores, cache, Layers)
    return {"scores": scores} | {f"d{name}": gradients.get(name) for name in p}


# ---------------------------------------------------------------------------------------------------------------
# Training


def _digits_cases(rng: np.random.Generator) -> Iterator[Case]:
    from i2dl.data import load_digits

    images, labels = load_digits("hidden").xy
    chosen = rng.permutation(len(labels))[:200]
    seen = np.clip(images[chosen] + 0.02 * rng.standard_normal(images[chosen].shape), 0.0, 1.0)
    yield case("200 digits kept back", images=seen, private={"labels": labels[chosen]})


def _accuracy(outputs: Mapping[str, Any], *, labels: np.ndarray) -> float:
    """Return the share of right predictions, or say in one sentence why they cannot be counted."""
    predictions = outputs.get("predictions")
    if not isinstance(predictions, np.ndarray) or predictions.dtype.kind not in "iuf":
        msg = f"`predict` must return an array of digits, one per image, shape {labels.shape}"
        raise ValueError(msg)
    if predictions.shape == (len(labels), CLASSES):
        msg = f"`predict` returned a score per class, shape {predictions.shape}: return the class with the highest one"
        raise ValueError(msg)
    if predictions.shape != labels.shape:
        msg = f"`predict` must return one digit per image, shape {labels.shape}, but it returned {predictions.shape}"
        raise ValueError(msg)
    return float(np.mean(predictions == labels))


@task(points=3, cases=_digits_cases, kind="metric", measure=_accuracy, measure_name="accuracy", full=0.94, none=0.5)
def lenet_accuracy(impl: Any, images: np.ndarray) -> dict[str, Any]:
    """The trained network's answers for digits it has not seen."""
    return {"predictions": impl.predict(images)}


why_share_weights = written("why_share_weights", points=2)
what_the_filters_see = written("what_the_filters_see", points=2)
