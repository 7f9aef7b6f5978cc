"""Mistakes of part 4, on layer, instance and group norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex08_initialization_and_regularization.mistakes_initialization import Mistakes

Array = np.ndarray


def _standard(x: Array, axis: Any, eps: float, ddof: int = 0) -> Array:
    return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True, ddof=ddof) + eps)


def _out(of: Callable[..., Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, gamma, beta, dout, eps: {"out": of(x, gamma, beta, eps)}  # noqa: ARG005


def _back(of: Callable[..., Array]) -> Callable[..., dict[str, Any]]:
    """Return dx by ``of(dxhat, xhat, r, dout, gamma)``."""

    def variant(_: Any, x: Array, gamma: Array, beta: Array, dout: Array, eps: float) -> dict[str, Any]:  # noqa: ARG001
        r = 1 / np.sqrt(x.var(axis=1, keepdims=True) + eps)
        return {"dx": of(gamma * dout, _standard(x, 1, eps), r, dout, gamma)}

    return variant


def _mean(a: Array, axis: int = 1) -> Array:
    return a.mean(axis=axis, keepdims=True)


LAYER_NORM: Mistakes = {
    "mean and variance are taken over the batch, axis 0: that is batch norm. Take them over the features, axis 1.": (
        _out(lambda x, gamma, beta, eps: gamma * _standard(x, 0, eps) + beta)
    ),
    "one mean and one variance are taken for the whole batch: each sample has its own.": _out(
        lambda x, gamma, beta, eps: gamma * _standard(x, None, eps) + beta
    ),
    "the variance is divided by D − 1, where D is due.": _out(
        lambda x, gamma, beta, eps: gamma * _standard(x, 1, eps, ddof=1) + beta
    ),
    "ε is added behind the root: it belongs under it, √(σ² + ε).": _out(
        lambda x, gamma, beta, eps: gamma * (x - _mean(x)) / (x.std(axis=1, keepdims=True) + eps) + beta
    ),
    "ε is missing under the root.": _out(lambda x, gamma, beta, _eps: gamma * _standard(x, 1, 0.0) + beta),
    "scale and shift are missing: y = γ x̂ + β.": _out(lambda x, _gamma, _beta, eps: _standard(x, 1, eps)),
    "the root is missing: divide by √(σ² + ε).": _out(
        lambda x, gamma, beta, eps: gamma * (x - _mean(x)) / (x.var(axis=1, keepdims=True) + eps) + beta
    ),
    "γ is pulled out of the means, as in batch norm: it differs from feature to feature, so it has to stay inside.": (
        _back(lambda _d, xhat, r, dout, gamma: gamma * r * (dout - _mean(dout) - xhat * _mean(dout * xhat)))
    ),
    "γ is missing: dx̂ = γ · dout.": _back(
        lambda _d, xhat, r, dout, _gamma: r * (dout - _mean(dout) - xhat * _mean(dout * xhat))
    ),
    "the means run over the batch, axis 0: here they run over the features, axis 1.": _back(
        lambda d, xhat, r, _dout, _gamma: r * (d - _mean(d, 0) - xhat * _mean(d * xhat, 0))
    ),
    "mean and variance are treated as constants: they depend on x, too.": _back(
        lambda d, _xhat, r, _dout, _gamma: r * d
    ),
    "the part along x̂ is missing: − x̂ · mean(dx̂ · x̂).": _back(lambda d, _xhat, r, _dout, _gamma: r * (d - _mean(d))),
    "the mean part is missing: − mean(dx̂).": _back(lambda d, xhat, r, _dout, _gamma: r * (d - xhat * _mean(d * xhat))),
    "the factor r is missing in front.": _back(lambda d, xhat, _r, _o, _g: d - _mean(d) - xhat * _mean(d * xhat)),
    "the sums are not divided by D: means are due.": _back(
        lambda d, xhat, r, _dout, _gamma: (
            r * (d - d.sum(axis=1, keepdims=True) - xhat * (d * xhat).sum(axis=1, keepdims=True))
        )
    ),
    "dγ and dβ are sums over the samples, axis 0: each γ belongs to a feature.": lambda _, x, dout, eps, **_kw: {
        "dgamma": (dout * _standard(x, 1, eps)).sum(axis=1),
        "dbeta": dout.sum(axis=1),
    },
    "dγ and dβ are sums over the samples, not means.": lambda _, x, dout, eps, **_kw: {
        "dgamma": (dout * _standard(x, 1, eps)).mean(axis=0),
        "dbeta": dout.mean(axis=0),
    },
    "dγ is multiplied by c: it is x̂ = c · r.": lambda _, x, dout, **_kw: {
        "dgamma": (dout * (x - _mean(x))).sum(axis=0)
    },
}


def _grouped(
    normalize: Callable[[Array, int, float], Array],
    end: Callable[[Array, Array, Array], Array] = lambda xhat, gamma, beta: (
        gamma[:, None, None] * xhat + beta[:, None, None]
    ),
) -> Callable[..., dict[str, Any]]:
    return lambda _, x, gamma, beta, groups, eps: {"out": end(normalize(x, groups, eps), gamma, beta)}


def _sets(x: Array, groups: int, eps: float, ddof: int = 0) -> Array:
    return _standard(x.reshape(len(x), groups, -1), 2, eps, ddof).reshape(x.shape)


def _dealt(x: Array, groups: int, eps: float) -> Array:
    """Groups of every G-th channel."""
    n, c, h, w = x.shape
    return _standard(x.reshape(n, c // groups, groups, h, w), (1, 3, 4), eps).reshape(x.shape)


def _per_position(x: Array, groups: int, eps: float) -> Array:
    n, c, h, w = x.shape
    return _standard(x.reshape(n, groups, c // groups, h, w), 2, eps).reshape(x.shape)


def _over_batch(x: Array, groups: int, eps: float) -> Array:
    n, c, h, w = x.shape
    return _standard(x.reshape(n, groups, c // groups, h, w), (0, 2, 3, 4), eps).reshape(x.shape)


def _swapped(x: Array, groups: int, eps: float) -> Array:
    """C/G groups of G channels."""
    return _sets(x, x.shape[1] // groups, eps)


GROUP_NORM: Mistakes = {
    "a group is to have neighbouring channels; here it has every G-th.": _grouped(_dealt),
    "G is the number of groups, not of the channels in each.": _grouped(_swapped),
    "each channel is normalized by itself, whatever G is: that is instance norm.": _grouped(
        lambda x, _groups, eps: _standard(x, (2, 3), eps)
    ),
    "all channels are normalized together, whatever G is: that is layer norm.": _grouped(
        lambda x, _groups, eps: _standard(x, (1, 2, 3), eps)
    ),
    "each channel is normalized over the batch: that is batch norm.": _grouped(
        lambda x, _groups, eps: _standard(x, (0, 2, 3), eps)
    ),
    "the means go over the batch too: take them for each sample by itself.": _grouped(_over_batch),
    "each position is normalized by itself: the means go over all positions of the group.": _grouped(_per_position),
    "the variance is divided by one less than the number of entries.": _grouped(
        lambda x, groups, eps: _sets(x, groups, eps, ddof=1)
    ),
    "ε is missing under the root.": _grouped(lambda x, groups, _eps: _sets(x, groups, 0.0)),
    "scale and shift are missing: y = γ x̂ + β, with one of each for every channel.": _grouped(
        _sets, lambda xhat, _gamma, _beta: xhat
    ),
    "the shift β is missing.": _grouped(_sets, lambda xhat, gamma, _beta: gamma[:, None, None] * xhat),
    "γ and β are those of the channels in reverse order.": _grouped(
        _sets, lambda xhat, gamma, beta: gamma[::-1, None, None] * xhat + beta[::-1, None, None]
    ),
    "the scale and shift come before the normalization: y = γ x̂ + β comes last.": (
        lambda _, x, gamma, beta, groups, eps: {
            "out": _sets(gamma[:, None, None] * x + beta[:, None, None], groups, eps)
        }
    ),
}
