"""Mistakes in the LeNet: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _network(
    x: Array,
    dscores: Array,
    p: Mapping[str, Array],
    *,
    ahead: str = "123",
    back: str = "123",
    flatten: Callable[[Array], Array] = lambda h: h,
    average: bool = False,
) -> dict[str, Any]:
    """Run the network with the ReLUs named in ``ahead`` and ``back`` alone, another flattening, or average pooling."""
    from i2dl import functional as f

    forward: Any = f.average_pool2d_forward if average else f.max_pool2d_forward
    backward: Any = f.average_pool2d_backward if average else f.max_pool2d_backward
    caches: list[Any] = []
    h = x
    for i in "12":
        h, conv = f.conv2d_forward(h, p[f"w{i}"], p[f"b{i}"], padding=2 if i == "1" else 1)
        out, relu = f.relu_forward(h)
        h = out if i in ahead else h
        h, pool = forward(h, kernel_size=2)
        caches.append((conv, relu, pool))
    h, affine3 = f.affine_forward(flatten(h), p["w3"], p["b3"])
    out, relu3 = f.relu_forward(h)
    scores, affine4 = f.affine_forward(out if "3" in ahead else h, p["w4"], p["b4"])

    found = {"scores": scores}
    dh, found["dw4"], found["db4"] = f.affine_backward(dscores, affine4)
    dh = f.relu_backward(dh, relu3) if "3" in back else dh
    dh, found["dw3"], found["db3"] = f.affine_backward(dh, affine3)
    for i in "21":
        conv, relu, pool = caches.pop()
        dh = backward(dh, pool)
        dh = f.relu_backward(dh, relu) if i in back else dh
        dh, found[f"dw{i}"], found[f"db{i}"] = f.conv2d_backward(dh, conv)
    return found


def _lenet(*outputs: str, **options: Any) -> Callable[..., dict[str, Any]]:
    def mistake(_: Any, x: Array, dscores: Array, **p: Array) -> dict[str, Any]:
        found = _network(x, dscores, p, **options)
        return {name: found[name] for name in outputs or found}

    return mistake


def _lowest_gradients(i: str) -> tuple[str, ...]:
    """Return the gradients that the ReLU of layer ``i`` lets through."""
    return tuple(f"d{kind}{j}" for j in range(1, int(i) + 1) for kind in "wb")


LENET: Mistakes = {
    "the ReLU behind the first convolution is left out on the way back.": _lenet(*_lowest_gradients("1"), back="23"),
    "the ReLU behind the second convolution is left out on the way back.": _lenet(*_lowest_gradients("2"), back="13"),
    "the ReLU between the affine layers is left out on the way back.": _lenet(*_lowest_gradients("3"), back="12"),
    "all ReLUs are left out on the way back.": _lenet(*_lowest_gradients("3"), back=""),
    "there is no ReLU behind the first convolution.": _lenet(ahead="23", back="23"),
    "there is no ReLU behind the second convolution.": _lenet(ahead="13", back="13"),
    "there is no ReLU between the affine layers: together they are one affine layer.": _lenet(ahead="12", back="12"),
    "there is a ReLU behind the last layer: scores may be negative.": (
        lambda _, x, dscores, **p: {"scores": np.maximum(_network(x, dscores, p)["scores"], 0)}
    ),
    "the maps are flattened pixel by pixel: one channel comes after the other.": (
        _lenet("scores", flatten=lambda h: np.moveaxis(h, 1, -1).reshape(h.shape))
    ),
    "the pooling averages: this network keeps the largest.": _lenet(average=True),
}
