"""Mistakes with windows as rows, and the fast layer: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _windows(impl: Any, x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Return the windows with an axis for everything: (N, OH, OW, C, height, width)."""
    down, across = ((n + 2 * padding - k) // stride + 1 for n, k in ((x.shape[2], height), (x.shape[3], width)))
    rows = impl.window_rows(x, height, width, stride=stride, padding=padding)
    return np.asarray(rows.reshape(len(x), down, across, x.shape[1], height, width))


def _in_order(*axes: int) -> Callable[..., dict[str, Any]]:
    """Return the rows that come of another order of the axes."""

    def rows(impl: Any, **given: Any) -> dict[str, Any]:
        windows = np.transpose(_windows(impl, **given), axes)
        return {"rows": windows.reshape(-1, windows[0, 0, 0].size)}

    return rows


def _reshaped(impl: Any, **given: Any) -> dict[str, Any]:
    """Return the rows that a reshape makes of (N, C, OH, OW, height, width), the order in which NumPy gives windows."""
    windows = np.transpose(_windows(impl, **given), (0, 3, 1, 2, 4, 5))
    return {"rows": windows.reshape(-1, given["x"].shape[1] * given["height"] * given["width"])}


WINDOW_ROWS: Mistakes = {
    "the channels are interleaved pixel by pixel: in a row, finish one channel before the next begins.": (
        _in_order(0, 1, 2, 4, 5, 3)
    ),
    "the windows are read column by column: in a channel, go row by row.": _in_order(0, 1, 2, 3, 5, 4),
    "the images are interleaved: finish one image before the next begins.": _in_order(1, 2, 0, 3, 4, 5),
    "the windows come column by column: go through an image row by row.": _in_order(0, 2, 1, 3, 4, 5),
    "the axes are reshaped without being moved: transpose to (N, OH, OW, C, height, width) first.": _reshaped,
    "the windows are moved on by one pixel: take every stride-th, down and across.": (
        lambda impl, **given: {"rows": impl.window_rows(**(given | {"stride": 1}))}
    ),
    "the image is not padded.": lambda impl, **given: {"rows": impl.window_rows(**(given | {"padding": 0}))},
    "height and width of the window have changed places.": (
        lambda impl, **given: {
            "rows": impl.window_rows(**(given | {"height": given["width"], "width": given["height"]}))
        }
    ),
}


def _added(impl: Any, given: Mapping[str, Any], **changed: Any) -> Array:
    return np.asarray(impl.add_rows(**{**given, **changed}))


def _bordered(impl: Any, given: Mapping[str, Any]) -> Array:
    p, (n, c, high, wide) = given["padding"], given["shape"]
    return _added(impl, given, shape=(n, c, high + 2 * p, wide + 2 * p), padding=0)


def _split(given: Mapping[str, Any]) -> Array:
    """Return the rows with an axis for everything: (N, OH, OW, C, height, width)."""
    p, (n, c, high, wide) = given["padding"], given["shape"]
    down, across = (
        (size + 2 * p - k) // given["stride"] + 1 for size, k in ((high, given["height"]), (wide, given["width"]))
    )
    return np.asarray(given["rows"].reshape(n, down, across, c, given["height"], given["width"]))


def _on_top(_: Any, **given: Any) -> dict[str, Any]:
    p, s, (n, c, high, wide) = given["padding"], given["stride"], given["shape"]
    windows = _split(given)
    padded = np.zeros((n, c, high + 2 * p, wide + 2 * p), dtype=windows.dtype)
    for i, j in np.ndindex(*windows.shape[1:3]):
        padded[:, :, i * s : i * s + given["height"], j * s : j * s + given["width"]] = windows[:, i, j]
    return {"x": padded[:, :, p : p + high, p : p + wide]}


def _averaged(impl: Any, **given: Any) -> dict[str, Any]:
    counts = _added(impl, given, rows=np.ones_like(given["rows"]))
    return {"x": _added(impl, given) / np.maximum(counts, 1)}


def _misread(*axes: int) -> Callable[..., dict[str, Any]]:
    """Return what comes of rows that are taken for rows of another order."""

    def x(impl: Any, **given: Any) -> dict[str, Any]:
        shape = np.array(_split(given).shape)[list(axes)]
        taken = given["rows"].reshape(shape).transpose(np.argsort(axes))
        return {"x": _added(impl, given, rows=taken.reshape(given["rows"].shape))}

    return x


ADD_ROWS: Mistakes = {
    "a window overwrites what others have added: where windows overlap, their numbers add up, with +=.": _on_top,
    "the overlapping numbers are averaged: they add up.": _averaged,
    "the border of the padding is still there: cut it off, the result has the shape that was asked for.": (
        lambda impl, **given: {"x": _bordered(impl, given)}
    ),
    "a row is read pixel by pixel, with the channels interleaved: it holds one channel after the other.": (
        _misread(0, 1, 2, 4, 5, 3)
    ),
    "the rows are taken to go through an image column by column: they go row by row.": _misread(0, 2, 1, 3, 4, 5),
    "the images are taken to be interleaved: all rows of one image come before the next begins.": (
        _misread(1, 2, 0, 3, 4, 5)
    ),
    "the windows are moved on by one pixel: window (p, q) starts at (p · stride, q · stride).": (
        lambda impl, **given: {"x": _at_every_pixel(impl, given)}
    ),
}


def _at_every_pixel(impl: Any, given: Mapping[str, Any]) -> Array:
    p, (n, _, high, wide) = given["padding"], given["shape"]
    windows = _split(given)
    full = np.zeros((n, high + 2 * p - given["height"] + 1, wide + 2 * p - given["width"] + 1, *windows.shape[3:]))
    full[:, : windows.shape[1], : windows.shape[2]] = windows
    rows = full.reshape(-1, given["rows"].shape[1]).astype(given["rows"].dtype)
    return _added(impl, given, rows=rows, stride=1)


# ---------------------------------------------------------------------------------------------------------------
# The fast layer


def _layer(impl: Any, given: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    all_of = {**given, **changed}
    sizes = {name: all_of[name] for name in ("stride", "padding")}
    out, cache = impl.fast_conv2d_forward(all_of["x"], all_of["w"], all_of["b"], None, **sizes)
    dx, dw, db = impl.fast_conv2d_backward(all_of["dout"], cache, None)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


def _fast(*outputs: str, **changes: Callable[[Mapping[str, Any]], Array]) -> Callable[..., dict[str, Any]]:
    """Return some outputs of the layer for changed inputs."""

    def mistake(impl: Any, **given: Any) -> dict[str, Any]:
        found = _layer(impl, given, **{name: change(given) for name, change in changes.items()})
        return {name: found[name] for name in outputs}

    return mistake


def _out_reshaped(impl: Any, **given: Any) -> dict[str, Any]:
    out = np.asarray(_layer(impl, given)["out"])
    return {"out": np.moveaxis(out, 1, -1).reshape(out.shape)}


def _columns_as_filters(impl: Any, **given: Any) -> dict[str, Any]:
    """Reshape dw, (C·HH·WW, F), to the shape of w without transposing it."""
    dw = np.asarray(_layer(impl, given)["dw"])
    return {"dw": dw.reshape(len(dw), -1).T.reshape(dw.shape)}


FAST: Mistakes = {
    "out is reshaped from (N, OH, OW, F): a reshape is no transpose, move the last axis to axis 1.": _out_reshaped,
    "w is reshaped to (C·HH·WW, F): a reshape is no transpose, make rows of the filters and transpose.": _fast(
        "out", "dx", w=lambda given: given["w"].reshape(-1, len(given["w"])).T.reshape(given["w"].shape)
    ),
    "dout is reshaped to (N·OH·OW, F): a reshape is no transpose, move the filters to the end first.": _fast(
        "dx",
        "dw",
        "db",
        dout=lambda given: np.moveaxis(given["dout"].reshape(*np.array(given["dout"].shape)[[0, 2, 3, 1]]), -1, 1),
    ),
    "dw is reshaped from (C·HH·WW, F): transpose it to a row per filter first.": _columns_as_filters,
    "the bias is missing: every filter has one, added at all places.": _fast("out", b=lambda given: 0 * given["b"]),
    "the averages are taken: the gradients of shared weights add up, over images and places.": lambda impl, **given: {
        name: _layer(impl, given)[name] * given["dout"].shape[1] / given["dout"].size for name in ("dw", "db")
    },
}
