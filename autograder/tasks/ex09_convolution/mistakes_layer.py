"""Mistakes in the convolutional layer with loops: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _out(impl: Any, x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    return np.asarray(impl.conv2d_forward(x, w, b, stride=stride, padding=padding)[0])


def _forward(change: Callable[..., Array]) -> Callable[..., dict[str, Any]]:
    """Return a mistake from what it makes of the layer; ``out`` computes the layer for changed inputs."""

    def mistake(impl: Any, **given: Any) -> dict[str, Any]:
        def out(**changed: Any) -> Array:
            return _out(impl, **(given | changed))

        return {"out": change(out, **given)}

    return mistake


def _padded(x: Array, rows: tuple[int, int], columns: tuple[int, int], mode: Any = "constant") -> Array:
    return np.pad(x, ((0, 0), (0, 0), rows, columns), mode=mode)


def _square(out: Array) -> Array:
    rows, columns = out.shape[2:]
    return out[:, :, :, :rows] if rows <= columns else np.pad(out, ((0, 0), (0, 0), (0, 0), (0, rows - columns)))


def _moved_by_one(out: Callable[..., Array], x: Array, w: Array, **given: Any) -> Array:
    full = out(stride=1)
    high, wide = (
        (size + 2 * given["padding"] - window) // given["stride"] + 1
        for size, window in zip(x.shape[2:], w.shape[2:], strict=True)
    )
    return full[:, :, :high, :wide]


FORWARD: Mistakes = {
    "the bias is missing: every filter has one, added at all places.": _forward(lambda out, b, **_: out(b=0 * b)),
    "the bias is added once for every channel: add it once, after the channels are summed.": (
        _forward(lambda out, x, b, **_: out(b=b * x.shape[1]))
    ),
    "the bias is added with every weight: add it once, after the sum.": (
        _forward(lambda out, w, b, **_: out(b=b * w[0].size))
    ),
    "the filters are turned by 180°: here they are laid on the image as they are.": (
        _forward(lambda out, w, **_: out(w=w[:, :, ::-1, ::-1]))
    ),
    "the windows are moved on by one pixel: window (p, q) starts at (p · stride, q · stride).": _forward(_moved_by_one),
    "one channel alone is used: a filter extends through all channels, whose products are added.": (
        _forward(lambda out, x, w, **_: out(x=x[:, :1], w=w[:, :1]))
    ),
    "the products are averaged: they are added up.": (_forward(lambda out, w, b, **_: out(w=w / w[0].size, b=b))),
    "rows alone are padded: the zeros go on all four sides.": (
        _forward(lambda out, x, padding, **_: out(x=_padded(x, (padding, padding), (0, 0)), padding=0))
    ),
    "the padding is above and on the left only: it goes on all four sides.": (
        _forward(lambda out, x, padding, **_: out(x=_padded(x, (padding, 0), (padding, 0)), padding=0))
    ),
    "all zeros are above and on the left: half of them belong below and on the right.": (
        _forward(lambda out, x, padding, **_: out(x=_padded(x, (2 * padding, 0), (2 * padding, 0)), padding=0))
    ),
    "the map is taken to be a square: OW follows from W and WW as OH does from H and HH.": (
        _forward(lambda out, **_: _square(out()))
    ),
    "the padding repeats the pixels at the border: it should be zeros.": _forward(
        lambda out, x, padding, **_: out(x=_padded(x, (padding, padding), (padding, padding), "edge"), padding=0)
    ),
}


def _gradients(impl: Any, given: Mapping[str, Any], **changed: Any) -> tuple[Array, Array, Array]:
    all_of = {**given, **changed}
    dx, dw, db = impl.conv2d_backward(all_of["dout"], (all_of["x"], all_of["w"], all_of["stride"], all_of["padding"]))
    return dx, dw, db


def _backward(**outputs: Callable[..., Array]) -> Callable[..., dict[str, Any]]:
    """Return a mistake from what it makes of some gradients; ``impl`` and all inputs are passed on."""
    return lambda impl, **given: {name: change(impl, given) for name, change in outputs.items()}


def _with_border(impl: Any, given: Mapping[str, Any]) -> Array:
    p = given["padding"]
    return _gradients(impl, given, x=_padded(given["x"], (p, p), (p, p)), padding=0)[0]


def _overwritten(_: Any, given: Mapping[str, Any], first: int = 0) -> Array:
    """Lay the windows on one another, the last one on top, each with the filters from ``first`` on added up."""
    x, w, dout, s, p = (given[name] for name in ("x", "w", "dout", "stride", "padding"))
    dx = np.zeros_like(_padded(x, (p, p), (p, p)))
    for i, j in np.ndindex(*dout.shape[2:]):
        window = np.einsum("nf,fcij->ncij", dout[:, first:, i, j], w[first:])
        dx[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]] = window
    return dx[:, :, p : p + x.shape[2], p : p + x.shape[3]]


def _last_filter(impl: Any, given: Mapping[str, Any]) -> Array:
    return _gradients(impl, given, w=given["w"][-1:], dout=given["dout"][:, -1:])[0]


def _moved(which: int) -> Callable[..., Array]:
    """Return the gradient of windows that are moved on by one pixel where the stride is larger."""

    def gradient(impl: Any, given: Mapping[str, Any]) -> Array:
        x, w, dout = (given[name] for name in ("x", "w", "dout"))
        full = [n + 2 * given["padding"] - k + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True)]
        spread = np.zeros((*dout.shape[:2], *full), dtype=dout.dtype)
        spread[:, :, : dout.shape[2], : dout.shape[3]] = dout
        return _gradients(impl, given, dout=spread, stride=1)[which]

    return gradient


BACKWARD: Mistakes = {
    "the border of the padding is still there: cut it off, dx has the shape of x.": _backward(dx=_with_border),
    "a window overwrites what others have added: pixels lie in many windows, so add up with +=.": (
        _backward(dx=_overwritten)
    ),
    "windows and filters overwrite one another: a pixel lies in many windows, and all filters look at it; use +=.": (
        _backward(dx=lambda impl, given: _overwritten(impl, given, first=len(given["w"]) - 1))
    ),
    "one filter alone sends a gradient back: add up over all filters.": _backward(dx=_last_filter),
    "the filters are turned by 180°: a pixel's gradient comes through the weight that lay on it.": (
        _backward(dx=lambda impl, given: _gradients(impl, given, w=given["w"][:, :, ::-1, ::-1])[0])
    ),
    "the windows are moved on by one pixel: window (p, q) starts at (p · stride, q · stride).": (
        _backward(dx=_moved(0), dw=_moved(1))
    ),
    "the last image alone counts for dw: the same filter is used on all images, so add up with +=.": (
        _backward(dw=lambda impl, given: _gradients(impl, given, x=given["x"][-1:], dout=given["dout"][-1:])[1])
    ),
    "the last place alone counts for dw: the same filter is used at all places, so add up with +=.": (
        _backward(dw=lambda impl, given: _gradients(impl, given, dout=_last_place(given["dout"]))[1])
    ),
    "the averages are taken: the gradients of shared weights add up, over images and places.": _backward(
        dw=lambda impl, given: _gradients(impl, given)[1] / _places(given),
        db=lambda impl, given: _gradients(impl, given)[2] / _places(given),
    ),
    "averaged over the places: the gradients of shared weights add up.": _backward(
        dw=lambda impl, given: _gradients(impl, given)[1] * len(given["dout"]) / _places(given),
        db=lambda impl, given: _gradients(impl, given)[2] * len(given["dout"]) / _places(given),
    ),
    "the last place alone counts for db: add up over images and places.": (
        _backward(db=lambda _, given: given["dout"][:, :, -1, -1].sum(axis=0))
    ),
}


def _last_place(dout: Array) -> Array:
    last = np.zeros_like(dout)
    last[:, :, -1, -1] = dout[:, :, -1, -1]
    return last


def _places(given: Mapping[str, Any]) -> int:
    dout: Array = given["dout"]
    return dout.size // dout.shape[1]
