"""Mistakes of part 3, on batch norm."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex08_initialization_and_regularization.mistakes_initialization import Mistakes

Array = np.ndarray


def _forward(
    variance: Callable[[Array], Any] = lambda c: (c**2).mean(axis=0),
    root: Callable[[Any, float], Any] = lambda v, eps: 1 / np.sqrt(v + eps),
    out: Callable[..., Any] = lambda c, r, gamma, beta: gamma * c * r + beta,
    mean: Callable[[Array], Any] = lambda x: x.mean(axis=0),
) -> Callable[..., dict[str, Any]]:
    """Return batch norm with another variance, factor, output or mean."""

    def variant(_: Any, x: Array, gamma: Array, beta: Array, eps: float) -> dict[str, Any]:
        c = x - mean(x)
        r = root(variance(c), eps)
        return {"out": out(c, r, gamma, beta), "c": c, "r": np.reshape(r, -1)}

    return variant


BATCH_NORM_FORWARD: Mistakes = {
    "mean and variance are taken over the features of a sample, axis 1: that is layer norm. Take them over the batch, "
    "axis 0.": lambda _, x, gamma, beta, eps: {
        "out": gamma * (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps) + beta,
        "c": x - x.mean(axis=1, keepdims=True),
        "r": 1 / np.sqrt(x.var(axis=1) + eps),
    },
    "one mean and one variance are taken for all features: each has its own, over axis 0.": _forward(
        variance=lambda c: (c**2).mean() + np.zeros(c.shape[1], c.dtype), mean=lambda x: x.mean()
    ),
    "the variance is divided by N − 1, where N is due.": _forward(
        variance=lambda c: (c**2).sum(axis=0) / max(len(c) - 1, 1)
    ),
    "the squares are summed and not divided by N.": _forward(variance=lambda c: (c**2).sum(axis=0)),
    "ε is added behind the root: it belongs under it, √(σ² + ε).": _forward(root=lambda v, eps: 1 / (np.sqrt(v) + eps)),
    "ε is missing under the root.": _forward(root=lambda v, _eps: 1 / np.sqrt(v)),
    "it is divided by the variance: take the root of σ² + ε.": _forward(root=lambda v, eps: 1 / (v + eps)),
    "r is to be 1/√(σ² + ε), what x − μ is multiplied with; this is its reciprocal.": lambda _impl, x, eps, **_: {
        "r": np.sqrt(x.var(axis=0) + eps)
    },
    "scale and shift are missing: y = γ x̂ + β.": _forward(out=lambda c, r, _gamma, _beta: c * r),
    "the shift β is missing.": _forward(out=lambda c, r, gamma, _beta: gamma * c * r),
    "the shift comes before the scale: y = γ x̂ + β, and not γ (x̂ + β).": _forward(
        out=lambda c, r, gamma, beta: gamma * (c * r + beta)
    ),
    "γ and β are swapped.": _forward(out=lambda c, r, gamma, beta: beta * c * r + gamma),
    "the mean has not been subtracted.": lambda _, x, gamma, beta, eps: {
        "out": gamma * x / np.sqrt(x.var(axis=0) + eps) + beta,
        "c": x,
    },
    "c is to be the centred x; this one is normalized already.": lambda _, x, gamma, beta, eps: {  # noqa: ARG005
        "c": (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    },
    "c is to be the centred x, before it is multiplied by r.": lambda _, x, gamma, beta, eps: {  # noqa: ARG005
        "c": x
    },
}


def _graph(
    dgamma: Callable[..., Any] = lambda dout, c, r: (dout * c * r).sum(axis=0),
    dxhat: Callable[..., Any] = lambda dout, gamma: gamma * dout,
    dr: Callable[..., Any] = lambda dxhat, c, _r: (dxhat * c).sum(axis=0),
    dv: Callable[..., Any] = lambda dr, r: -0.5 * r**3 * dr,
    dc: Callable[..., Any] = lambda dxhat, c, r, dv, n: dxhat * r + 2 * c * dv / n,
    dmu: Callable[..., Any] = lambda dc, _dxhat, _r: -dc.sum(axis=0),
    dx: Callable[..., Any] = lambda dc, dmu, n: dc + dmu / n,
) -> Callable[..., dict[str, Any]]:
    """Return the gradients if one step of the way back is another."""

    def variant(_: Any, dout: Array, c: Array, r: Array, gamma: Array) -> dict[str, Any]:
        n, at_xhat = len(dout), dxhat(dout, gamma)
        at_r = dr(at_xhat, c, r)
        at_v = dv(at_r, r)
        at_c = dc(at_xhat, c, r, at_v, n)
        at_mu = dmu(at_c, at_xhat, r)
        found = {"dgamma": dgamma(dout, c, r), "dr": at_r, "dv": at_v, "dc": at_c, "dmu": at_mu}
        return {**found, "dx": dx(at_c, at_mu, n)}

    return variant


BATCH_NORM_GRAPH: Mistakes = {
    "r is treated as a constant: c has a second part, from the variance, 2c · dv/N.": _graph(
        dc=lambda dxhat, _c, r, _dv, _n: dxhat * r
    ),
    "only the part from the variance is there: c also gets dx̂ · r, straight from x̂.": _graph(
        dc=lambda _dxhat, c, _r, dv, n: 2 * c * dv / n
    ),
    "the 1/N of the variance is missing in dc.": _graph(dc=lambda dxhat, c, r, dv, _n: dxhat * r + 2 * c * dv),
    "the slope of c² is 2c: the 2 is missing in dc.": _graph(dc=lambda dxhat, c, r, dv, n: dxhat * r + c * dv / n),
    "the factor ½ is missing in dv: the slope of v^(−½) is −½ v^(−3/2).": _graph(dv=lambda dr, r: -(r**3) * dr),
    "the minus is missing in dv: the slope of v^(−½) is −½ v^(−3/2).": _graph(dv=lambda dr, r: 0.5 * r**3 * dr),
    "dv takes r², but (v + ε)^(−3/2) is r³.": _graph(dv=lambda dr, r: -0.5 * r**2 * dr),
    "dv takes r, but (v + ε)^(−3/2) is r³.": _graph(dv=lambda dr, r: -0.5 * r * dr),
    "this is the slope of the square root, not of one over the square root.": _graph(dv=lambda dr, r: 0.5 * r * dr),
    "dr is multiplied by x̂: the other factor of x̂ = c · r is c.": _graph(
        dr=lambda dxhat, c, r: (dxhat * c * r).sum(axis=0)
    ),
    "dr is averaged: r is broadcast to all samples, so their gradients are summed.": _graph(
        dr=lambda dxhat, c, _r: (dxhat * c).mean(axis=0)
    ),
    "γ is missing: dx̂ = γ · dout.": _graph(dxhat=lambda dout, _gamma: dout),
    "γ is missing in what goes to dr alone: dx̂ = γ · dout.": lambda _, dout, c, r, gamma: {  # noqa: ARG005
        "dr": (dout * c).sum(axis=0)
    },
    "dγ is multiplied by c: it is x̂ = c · r.": lambda _, dout, c, r, gamma: {  # noqa: ARG005
        "dgamma": (dout * c).sum(axis=0)
    },
    "dγ is a sum over the samples, not a mean.": lambda _, dout, c, r, gamma: {  # noqa: ARG005
        "dgamma": (dout * c * r).mean(axis=0)
    },
    "dβ is a sum over the samples, not a mean.": lambda _, dout, c, r, gamma: {"dbeta": dout.mean(axis=0)},  # noqa: ARG005
    "the way through μ is missing: every sample also gets dμ/N.": _graph(dx=lambda dc, _dmu, _n: dc),
    "the 1/N of the mean is missing: every sample gets dμ/N.": _graph(dx=lambda dc, dmu, _n: dc + dmu),
    "dμ is subtracted: it has its minus already.": _graph(dx=lambda dc, dmu, n: dc - dmu / n),
    "the minus of x − μ is missing in dμ.": _graph(dmu=lambda dc, _dxhat, _r: dc.sum(axis=0)),
    "dμ is minus the sum over the samples, not minus the mean: the 1/N comes in the next step.": _graph(
        dmu=lambda dc, _dxhat, _r: -dc.mean(axis=0)
    ),
}


def _compact(
    dx: Callable[..., Any] = lambda dout, dbeta, dgamma, xhat, n: dout - dbeta / n - xhat * dgamma / n,
    factor: Callable[[Array, Array], Any] = lambda gamma, r: gamma * r,
) -> Callable[..., dict[str, Any]]:
    """Return dx with another bracket or factor."""

    def variant(_: Any, dout: Array, c: Array, r: Array, gamma: Array) -> dict[str, Any]:
        xhat = c * r
        dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
        return {"dx": factor(gamma, r) * dx(dout, dbeta, dgamma, xhat, len(dout))}

    return variant


BATCH_NORM_COMPACT: Mistakes = {
    "mean and variance are treated as constants, as at test time: in training they depend on x, too.": _compact(
        dx=lambda dout, *_: dout
    ),
    "the part along x̂ is missing: − x̂ dγ/N, from the variance.": _compact(
        dx=lambda dout, dbeta, _dgamma, _xhat, n: dout - dbeta / n
    ),
    "the mean part is missing: − dβ/N.": _compact(dx=lambda dout, _dbeta, dgamma, xhat, n: dout - xhat * dgamma / n),
    "the 1/N is missing at dβ and dγ.": _compact(dx=lambda dout, dbeta, dgamma, xhat, _n: dout - dbeta - xhat * dgamma),
    "both parts are taken out of dout: the signs are minus.": _compact(
        dx=lambda dout, dbeta, dgamma, xhat, n: dout + dbeta / n + xhat * dgamma / n
    ),
    "the part along x̂ is added, but it is taken out.": _compact(
        dx=lambda dout, dbeta, dgamma, xhat, n: dout - dbeta / n + xhat * dgamma / n
    ),
    "x̂ is missing at dγ/N.": _compact(dx=lambda dout, dbeta, dgamma, _xhat, n: dout - dbeta / n - dgamma / n),
    "the factor γ is missing in front.": _compact(factor=lambda _gamma, r: r),
    "the factor r is missing in front.": _compact(factor=lambda gamma, _r: gamma),
    "it is divided by r in front: r is 1/√(σ² + ε) already.": _compact(factor=lambda gamma, r: gamma / r),
    "c stands where x̂ = c · r is due.": lambda _, dout, c, r, gamma: {
        "dgamma": (dout * c).sum(axis=0),
        "dx": gamma * r * (dout - dout.mean(axis=0) - c * (dout * c).mean(axis=0)),
    },
    "c stands in the last term where x̂ = c · r is due.": lambda _, dout, c, r, gamma: {
        "dx": gamma * r * (dout - dout.mean(axis=0) - c * (dout * c * r).mean(axis=0)),
    },
    "dβ and dγ are sums over the samples, not means.": lambda _, dout, c, r, gamma: {  # noqa: ARG005
        "dbeta": dout.mean(axis=0),
        "dgamma": (dout * c * r).mean(axis=0),
    },
    "dβ and dγ are divided by N twice: as means, and again in dx.": lambda _, dout, c, r, gamma: {
        "dx": gamma * r * (dout - dout.mean(axis=0) / len(c) - c * r * (dout * c * r).mean(axis=0) / len(c)),
    },
    "sums run over the features, axis 1: they run over the samples, axis 0.": lambda _, dout, c, r, gamma: {
        "dbeta": dout.sum(axis=1),
        "dgamma": (dout * c * r).sum(axis=1),
        "dx": gamma
        * r
        * (dout - dout.mean(axis=1, keepdims=True) - c * r * (dout * c * r).mean(axis=1, keepdims=True)),
    },
}


def _averaged(average: Callable[[Array, Array, float], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, running_mean, running_var, x, momentum, **_kw: {
        "running_mean": average(running_mean, x.mean(axis=0), momentum),
        "running_var": average(running_var, x.var(axis=0), momentum),
    }


def _variance(of: Callable[[Array], Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, running_var, x, momentum, **_kw: {"running_var": momentum * running_var + (1 - momentum) * of(x)}


def _tested(out: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, gamma, beta, running_mean, running_var, eps, **_kw: {
        "out at test time": out(x, gamma, beta, running_mean, running_var, eps)
    }


TRAIN_TEST: Mistakes = {
    "the weights are swapped, as in PyTorch: here βₘ weighs the old value, and 1 − βₘ the new one.": _averaged(
        lambda old, new, m: (1 - m) * old + m * new
    ),
    "the new value is added with its full weight: it gets 1 − βₘ.": _averaged(lambda old, new, m: m * old + new),
    "the old value keeps its full weight: it gets βₘ.": _averaged(lambda old, new, m: old + (1 - m) * new),
    "the old value is forgotten: these are the statistics of the batch alone.": _averaged(lambda _old, new, _m: new),
    "both are added with the weight 1.": _averaged(lambda old, new, _m: old + new),
    "the plain mean of old and new is taken: the weights are βₘ and 1 − βₘ.": _averaged(
        lambda old, new, _m: (old + new) / 2
    ),
    "the unbiased variance is averaged, divided by N − 1, as PyTorch does; here the lecture's, divided by N.": (
        _variance(lambda x: x.var(axis=0) * len(x) / max(len(x) - 1, 1))
    ),
    "the standard deviation is averaged: it is to be the variance.": _variance(lambda x: x.std(axis=0)),
    "the mean square is averaged: subtract the mean before squaring.": _variance(lambda x: (x**2).mean(axis=0)),
    "the distances are taken from the running mean: the variance of the batch is about its own mean.": (
        lambda _, running_mean, running_var, x, momentum, **_kw: {
            "running_var": momentum * running_var + (1 - momentum) * ((x - running_mean) ** 2).mean(axis=0)
        }
    ),
    "the statistics of the batch are used at test time: there the running ones stand in for them.": _tested(
        lambda x, gamma, beta, _m, _v, eps: gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta
    ),
    "the variance of the batch is used at test time: take the running one.": _tested(
        lambda x, gamma, beta, m, _v, eps: gamma * (x - m) / np.sqrt(x.var(axis=0) + eps) + beta
    ),
    "the mean of the batch is used at test time: take the running one.": _tested(
        lambda x, gamma, beta, _m, v, eps: gamma * (x - x.mean(axis=0)) / np.sqrt(v + eps) + beta
    ),
    "the root is missing: divide by √(σ² + ε).": _tested(
        lambda x, gamma, beta, m, v, eps: gamma * (x - m) / (v + eps) + beta
    ),
    "ε is missing under the root at test time.": _tested(
        lambda x, gamma, beta, m, v, _eps: gamma * (x - m) / np.sqrt(v) + beta
    ),
    "ε is added behind the root: it belongs under it.": _tested(
        lambda x, gamma, beta, m, v, eps: gamma * (x - m) / (np.sqrt(v) + eps) + beta
    ),
    "scale and shift are missing at test time: they belong to the layer there, too.": _tested(
        lambda x, _gamma, _beta, m, v, eps: (x - m) / np.sqrt(v + eps)
    ),
}


def _counts(**wrong: Callable[[list[int]], int]) -> Callable[..., dict[str, Any]]:
    return lambda _, shape: {name.replace("_", " "): count(shape) for name, count in wrong.items()}


BATCH_NORM_NUMBERS: Mistakes = {
    "it is 2 for each feature or channel, not 2 in all.": _counts(learned=lambda _: 2, running=lambda _: 2),
    "a channel has one γ and one β for all its positions, and one mean and one variance.": _counts(
        learned=lambda s: 2 * math.prod(s[1:]), running=lambda s: 2 * math.prod(s[1:])
    ),
    "γ and β are two: twice as many.": _counts(learned=lambda s: s[1], running=lambda s: s[1]),
    "running averages are not learned: only γ and β are.": _counts(learned=lambda s: 4 * s[1]),
    "that is axis 0, the samples: the features or channels are axis 1.": _counts(
        learned=lambda s: 2 * s[0], running=lambda s: 2 * s[0]
    ),
    "the mean goes over all samples and all positions, not over the samples alone.": _counts(per_mean=lambda s: s[0]),
    "each channel has a mean of its own: leave the channels out.": _counts(per_mean=math.prod),
    "the mean goes over the samples too: that is one map alone.": _counts(per_mean=lambda s: math.prod(s[2:])),
    "that is what one sample has: the mean of layer norm.": _counts(per_mean=lambda s: math.prod(s[1:])),
}
