"""Mistakes in 1 × 1 convolutions, affine layers that slide, and batch norm: their sentences, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _rows_reshaped(_: Any, x: Array, w: Array, b: Array) -> dict[str, Any]:
    n, c, high, wide = x.shape
    return {"out": np.moveaxis((x.reshape(-1, c) @ w.T + b).reshape(n, high, wide, -1), -1, 1)}


def _back_reshaped(_: Any, x: Array, w: Array, b: Array) -> dict[str, Any]:
    n, c, high, wide = x.shape
    return {"out": (np.moveaxis(x, 1, -1).reshape(-1, c) @ w.T + b).reshape(n, len(w), high, wide)}


def _both_reshaped(_: Any, x: Array, w: Array, b: Array) -> dict[str, Any]:
    n, c, high, wide = x.shape
    return {"out": (x.reshape(-1, c) @ w.T + b).reshape(n, len(w), high, wide)}


ONE_BY_ONE: Mistakes = {
    "x is reshaped to (N·H·W, C): a reshape is no transpose, move the channels to the end first.": _rows_reshaped,
    "out is reshaped from (N·H·W, F): a reshape is no transpose, move the maps from the end to axis 1.": _back_reshaped,
    "x and out are reshaped: a reshape is no transpose, the channels have to move to the end and back.": _both_reshaped,
    "the maps are the last axis: move them to axis 1, (N, F, H, W).": (
        lambda impl, x, w, b: {"out": np.moveaxis(impl.one_by_one(x, w, b), 1, -1)}
    ),
    "the bias is missing.": lambda impl, x, w, b: {"out": impl.one_by_one(x, w, 0 * b)},
    "the channels are averaged: their products are added up.": (
        lambda impl, x, w, b: {"out": impl.one_by_one(x, w / x.shape[1], b)}
    ),
    "the weights are transposed: w[f, c] belongs to filter f and channel c.": (
        lambda impl, x, w, b: {"out": impl.one_by_one(x, w.T, b)}
    ),
}


def _refiltered(change: Callable[[Array, Array, tuple[int, ...]], Array]) -> Callable[..., dict[str, Any]]:
    """Return filters, and the scores that they give, after a change: of filters, weights and shape."""

    def mistake(impl: Any, x: Array, w: Array, b: Array, shape: list[int]) -> dict[str, Any]:
        filters = change(impl.affine_filters(w, tuple(shape)), w, tuple(shape))
        flat = filters.reshape(len(filters), -1).T
        return {"filters": filters, "scores": impl.score_maps(x, flat, b, tuple(shape), None)}

    return mistake


AFFINE_AS_CONVOLUTION: Mistakes = {
    "w is reshaped as it is: its columns belong together, so transpose it to a row per output first.": (
        _refiltered(lambda _, w, shape: w.reshape(-1, *shape))
    ),
    "the numbers of a column are taken to be pixel by pixel: flattening goes channel by channel.": _refiltered(
        lambda filters, _, shape: np.moveaxis(filters.reshape(-1, *shape[1:], shape[0]), -1, 1)
    ),
    "the filters are read column by column: flattening goes row by row.": _refiltered(
        lambda filters, _, shape: np.swapaxes(filters.reshape(-1, shape[0], shape[2], shape[1]), -1, -2)
    ),
    "the filters are turned by 180°: here they are laid on the image as they are.": (
        _refiltered(lambda filters, *_: filters[:, :, ::-1, ::-1])
    ),
    "the bias is missing: each output of the affine layer has one, now at every place.": (
        lambda impl, x, w, b, shape: {"scores": impl.score_maps(x, w, 0 * b, tuple(shape), None)}
    ),
    "the image is padded: the affine layer only sees windows that lie inside.": (
        lambda impl, x, w, b, shape: {
            "scores": impl.score_maps(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), w, b, tuple(shape), None)
        }
    ),
    "the windows lie side by side: slide with stride 1.": (
        lambda impl, x, w, b, shape: {
            "scores": impl.score_maps(x, w, b, tuple(shape), None)[:, :, :: shape[1], :: shape[2]]
        }
    ),
    "the largest score alone is returned: keep the map, with a score for each place.": (
        lambda impl, x, w, b, shape: {"scores": impl.score_maps(x, w, b, tuple(shape), None).max(axis=(2, 3))}
    ),
}

# ---------------------------------------------------------------------------------------------------------------
# Spatial batch norm

EPS = 1e-5


def _forward(
    *,
    axes: tuple[int, ...] = (0, 2, 3),
    divide: Callable[[Array], Array] = lambda var: np.sqrt(var + EPS),
    correction: int = 0,
    running: Callable[[Array, Array, float], Array] = lambda old, new, m: m * old + (1 - m) * new,
    kept: Callable[[Array], Array] = lambda var: var,
    finish: Callable[[Array, Array, Array], Array] = lambda x, gamma, beta: gamma * x + beta,
    test: bool = True,
) -> Callable[..., dict[str, Any]]:
    """Return batch norm with one part changed; the statistics of a channel come from ``axes``."""

    def norm(
        _: Any, x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, momentum: float
    ) -> dict[str, Any]:
        mean = x.mean(axis=axes, keepdims=True)
        var = x.var(axis=axes, keepdims=True, ddof=correction)
        g, b, old_mean, old_var = (a[:, None, None] for a in (gamma, beta, running_mean, running_var))
        found = {"out": finish((x - mean) / divide(var), g, b)}
        if axes == (0, 2, 3):
            found["running_mean"] = running(running_mean, mean.ravel(), momentum)
            found["running_var"] = running(running_var, kept(var.ravel()), momentum)
        place = (old_mean, old_var) if test else (mean, var)
        found["out at test time"] = finish((x - place[0]) / divide(place[1]), g, b)
        return found

    return norm


def _only(names: str, norm: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda impl, **given: {k: v for k, v in norm(impl, **given).items() if k in names.split(", ")}


NORM_FORWARD: Mistakes = {
    "every pixel has statistics of its own: a channel's mean and variance run over images, rows and columns.": (
        _only("out", _forward(axes=(0,)))
    ),
    "every image has statistics of its own: that is instance norm; a channel's run over the batch, too.": (
        _only("out", _forward(axes=(2, 3)))
    ),
    "the channels share their statistics: each has a mean and a variance of its own.": (
        _only("out", _forward(axes=(0, 1, 2, 3)))
    ),
    "an image's channels share their statistics: that is layer norm; here each channel has its own, over the batch.": (
        _only("out", _forward(axes=(1, 2, 3)))
    ),
    "divided by the variance: divide by its root, the standard deviation.": (
        _only("out, out at test time", _forward(divide=lambda var: var + EPS))
    ),
    "ε stands outside the root: √(σ² + ε).": (
        _only("out, out at test time", _forward(divide=lambda var: np.sqrt(var) + EPS))
    ),
    "ε is missing under the root: √(σ² + ε).": _only("out, out at test time", _forward(divide=np.sqrt)),
    "the unbiased variance, divided by m − 1: in this lecture's batch norm it is divided by m = N·H·W.": (
        _only("out, running_var", _forward(correction=1))
    ),
    "the running averages' weights are swapped: momentum weighs the old value.": (
        _only("running_mean, running_var", _forward(running=lambda old, new, m: (1 - m) * old + m * new))
    ),
    "the running averages hold this batch alone: keep the old value, weighed by momentum.": (
        _only("running_mean, running_var", _forward(running=lambda _old, new, _m: new))
    ),
    "the running averages are not updated in training.": (
        _only("running_mean, running_var", _forward(running=lambda old, _new, _m: old))
    ),
    "the running average is of the standard deviation: average the variance.": (
        _only("running_var", _forward(kept=np.sqrt))
    ),
    "the batch's own statistics are used at test time: take the running ones.": (
        _only("out at test time", _forward(test=False))
    ),
    "γ and β have changed roles: γ multiplies, β is added.": (
        _only("out, out at test time", _forward(finish=lambda x, gamma, beta: beta * x + gamma))
    ),
    "β is missing.": _only("out, out at test time", _forward(finish=lambda x, gamma, _: gamma * x)),
    "γ is missing.": _only("out, out at test time", _forward(finish=lambda x, _, beta: x + beta)),
}


def _backward(formula: Callable[..., dict[str, Array]]) -> Callable[..., dict[str, Any]]:
    """Return a mistake from x̂, √(σ² + ε), γ, dout and m, the number of values of a channel."""

    def mistake(_: Any, x: Array, gamma: Array, dout: Array) -> dict[str, Any]:
        axes = (0, 2, 3)
        std = np.sqrt(x.var(axis=axes, keepdims=True) + EPS)
        x_hat = (x - x.mean(axis=axes, keepdims=True)) / std
        return formula(x_hat, std, gamma[:, None, None], dout, x.size // x.shape[1])

    return mistake


def _sum(a: Array) -> Array:
    return np.asarray(a.sum(axis=(0, 2, 3), keepdims=True))


def _compact(x_hat: Array, std: Array, gamma: Array, dout: Array, m: float) -> Array:
    return gamma / std * (dout - _sum(dout) / m - x_hat * _sum(dout * x_hat) / m)


NORM_BACKWARD: Mistakes = {
    "the means run over the batch alone, m = N: a channel has m = N·H·W values.": _backward(
        lambda x_hat, std, gamma, dout, _: {"dx": _compact(x_hat, std, gamma, dout, len(dout))}
    ),
    "mean and variance are taken for constants: they depend on x, too.": (
        _backward(lambda _x, std, gamma, dout, _m: {"dx": gamma / std * dout})
    ),
    "the variance is taken for a constant: the part −x̂ · dγ/m is missing.": (
        _backward(lambda _, std, gamma, dout, m: {"dx": gamma / std * (dout - _sum(dout) / m)})
    ),
    "the mean is taken for a constant: the part −dβ/m is missing.": (
        _backward(lambda x_hat, std, gamma, dout, m: {"dx": gamma / std * (dout - x_hat * _sum(dout * x_hat) / m)})
    ),
    "γ is missing in dx: dx̂ = γ · dout.": (
        _backward(lambda x_hat, std, gamma, dout, m: {"dx": _compact(x_hat, std, gamma, dout, m) / gamma})
    ),
    "dx is not divided by √(σ² + ε).": (
        _backward(lambda x_hat, std, gamma, dout, m: {"dx": _compact(x_hat, std, gamma, dout, m) * std})
    ),
    "γ is in dγ: the derivative of γ · x̂ by γ is x̂ alone.": (
        _backward(lambda x_hat, _std, gamma, dout, _m: {"dgamma": (gamma * _sum(dout * x_hat)).ravel()})
    ),
    "dγ and dβ are averaged: they add up, over images and places.": _backward(
        lambda x_hat, _std, _gamma, dout, m: {
            "dgamma": _sum(dout * x_hat).ravel() / m,
            "dbeta": _sum(dout).ravel() / m,
        }
    ),
    "dγ and dβ are added up over the batch alone: one γ serves all pixels of its channel.": _backward(
        lambda x_hat, _std, _gamma, dout, _m: {"dgamma": (dout * x_hat).sum(axis=0), "dbeta": dout.sum(axis=0)}
    ),
    "the channels are added up as well: each has its own γ and β.": _backward(
        lambda x_hat, _std, _gamma, dout, _m: {
            "dgamma": np.full(dout.shape[1], (dout * x_hat).sum()),
            "dbeta": np.full(dout.shape[1], dout.sum()),
        }
    ),
    "x̂ is missing in dγ: that is dβ.": _backward(lambda _x, _s, _g, dout, _m: {"dgamma": _sum(dout).ravel()}),
}
