"""Layer, instance and group normalization: statistics of one sample, so that neighbours in the batch do not matter.

Batch norm averages over the batch and suffers when that is small. The three layers here take the same step,

    x̂ = (x − μ)/√(σ² + ε),   y = γx̂ + β,

with μ and σ² over entries of a single sample instead. For feature maps (N, C, H, W), these share one μ and one σ²:

    ==============  ==========================================  ================
    batch norm      one channel, all samples, all positions     C sets
    layer norm      one sample, all channels, all positions     N sets
    instance norm   one sample, one channel, all positions      N · C sets
    group norm      one sample, C/G channels, all positions     N · G sets
    ==============  ==========================================  ================

so instance norm is group norm with a channel to each group. Training and test do the same, and there is nothing to
average. Layer norm is the one used for sequences (transformers), where it runs over the features of each token.

**The gradient** is that of ``batch_norm.py``, where it is derived: with dx̂ = γ · dout and means over one set,

    dx = 1/√(σ² + ε) · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)).

γ differs from entry to entry within a set, so here it cannot be pulled out of the means. dγ and dβ still sum
dout · x̂ and dout over all entries that share a γ.

Source: I2DL lecture 8 and student summary, VIII.4; the papers are named at the functions.
"""

import math
from typing import Any, TypeAlias

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_not_empty, check_number, check_shape, check_upstream
from i2dl.functional._standardize import along_channels, standardize, standardize_backward

# (shape of x, centred, inv_std, gamma)
Cache: TypeAlias = tuple[tuple[int, ...], Any, Any, Any]


def layer_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Normalize over the last axes, as many as γ has: all features of a sample, or of a token.

    Parameters
    ----------
    x : array, shape (..., d_1, ..., d_k)
        Samples, along any number of leading axes; k ≥ 1.
    gamma : array, shape (d_1, ..., d_k)
        Scale γ, one for each entry that is normalized.
    beta : array, shape (d_1, ..., d_k)
        Shift β.
    eps : float, above 0
        ε.

    Returns
    -------
    out : array, shape of ``x``
        Normalized, scaled and shifted samples.
    cache : tuple
        (shape of ``x``, centred, inv_std, gamma).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If ``gamma`` and ``beta`` do not have the shape of the last axes of ``x``, these are empty, or ``eps`` is not
        above 0.

    References
    ----------
    Ba, Kiros, Hinton, *Layer normalization*, 2016; I2DL lecture 8.
    """
    xp = array_namespace(x, gamma, beta)
    check_floating(x=x, gamma=gamma, beta=beta)
    check_not_empty("gamma", gamma)
    check_number("eps", eps, above=0.0)
    if gamma.ndim == 0 or tuple(x.shape[-gamma.ndim :]) != tuple(gamma.shape):
        msg = f"gamma must have the shape of the last axes of x {tuple(x.shape)}, but its shape is {tuple(gamma.shape)}"
        raise ValueError(msg)
    check_shape("beta", beta, tuple(gamma.shape))
    centred, _, _, inv_std = standardize(_rows(x, gamma), (1,), eps)
    out = xp.reshape(centred * inv_std, tuple(x.shape))
    out *= gamma
    out += beta
    return out, (tuple(x.shape), centred, inv_std, gamma)


def layer_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dx = r(dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) with dx̂ = γ · dout and r = 1/√(σ² + ε).

    Parameters
    ----------
    dout : array, shape (..., d_1, ..., d_k)
        Upstream gradient.
    cache : tuple
        From `layer_norm_forward`.

    Returns
    -------
    dx : array, shape (..., d_1, ..., d_k)
        Gradient with respect to ``x``.
    dgamma : array, shape (d_1, ..., d_k)
        Gradient with respect to ``gamma``: Σ dout · x̂ over the leading axes.
    dbeta : array, shape (d_1, ..., d_k)
        Gradient with respect to ``beta``: Σ dout over the leading axes.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Ba, Kiros, Hinton, 2016.
    """
    shape, centred, inv_std, gamma = cache
    xp = array_namespace(dout, centred)
    check_upstream(dout, shape)
    rows, features = _rows(dout, gamma), tuple(gamma.shape)
    column = xp.reshape(gamma, (-1, 1))
    d = column.shape[0]
    product = rows * centred  # dout · x̂, but for the factor inv_std of each row
    # Weighted sums over rows or columns are matrix products, which need no large array in between.
    dgamma = xp.matmul(xp.matrix_transpose(inv_std), product)
    dbeta = xp.sum(rows, axis=0)
    mean_dxhat = xp.matmul(rows, column) / d
    mean_product = xp.matmul(product, column) * inv_std / d
    dxhat = rows * xp.reshape(gamma, (1, -1))
    dx = standardize_backward(dxhat, mean_dxhat, mean_product, centred, inv_std, inv_std)
    return xp.reshape(dx, shape), xp.reshape(dgamma, features), xp.reshape(dbeta, features)


def group_norm_forward(x: Array, gamma: Array, beta: Array, *, groups: int, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Normalize each sample over C/G neighbouring channels and all positions.

    Parameters
    ----------
    x : array, shape (N, C, d_1, ..., d_k)
        Feature maps, k ≥ 0.
    gamma : array, shape (C,)
        Scale γ.
    beta : array, shape (C,)
        Shift β.
    groups : int
        G, a divisor of C.
    eps : float, above 0
        ε.

    Returns
    -------
    out : array, shape of ``x``
        Normalized, scaled and shifted maps.
    cache : tuple
        (shape of ``x``, centred, inv_std, gamma).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, the groups do not divide the channels, a group is empty, or ``eps`` is not
        above 0.

    References
    ----------
    Wu, He, *Group normalization*, 2018; I2DL lecture 8.
    """
    xp = array_namespace(x, gamma, beta)
    check_floating(x=x, gamma=gamma, beta=beta)
    if x.ndim < 2 or math.prod(x.shape[1:]) == 0:
        msg = f"x must have shape (N, C, d_1, ..., d_k) with entries to normalize, but its shape is {tuple(x.shape)}"
        raise ValueError(msg)
    n, channels = x.shape[:2]
    check_shape("gamma", gamma, (channels,))
    check_shape("beta", beta, (channels,))
    check_number("eps", eps, above=0.0)
    if groups < 1 or channels % groups:
        msg = f"groups must divide the channels of x of shape {tuple(x.shape)}, but {groups} does not divide {channels}"
        raise ValueError(msg)
    sets = xp.reshape(x, (n, groups, math.prod(x.shape[1:]) // groups))
    centred, _, _, inv_std = standardize(sets, (2,), eps)
    out = xp.reshape(centred * inv_std, tuple(x.shape))
    out *= along_channels(gamma, x.ndim)
    out += along_channels(beta, x.ndim)
    return out, (tuple(x.shape), centred, inv_std, gamma)


def group_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dx = r(dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) with dx̂ = γ · dout and means over a group.

    Parameters
    ----------
    dout : array, shape (N, C, d_1, ..., d_k)
        Upstream gradient.
    cache : tuple
        From `group_norm_forward`.

    Returns
    -------
    dx : array, shape (N, C, d_1, ..., d_k)
        Gradient with respect to ``x``.
    dgamma : array, shape (C,)
        Gradient with respect to ``gamma``: Σ dout · x̂ over samples and positions.
    dbeta : array, shape (C,)
        Gradient with respect to ``beta``: Σ dout over samples and positions.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Wu, He, 2018.
    """
    shape, centred, inv_std, gamma = cache
    xp = array_namespace(dout, centred)
    check_upstream(dout, shape)
    n, groups, m = centred.shape
    channels = gamma.shape[0]
    maps = (n, channels, math.prod(shape[2:]))
    members = (n, groups, channels // groups)
    # The two sums over each single map are all that the parameters and the groups need.
    sum_dout = xp.reshape(xp.sum(xp.reshape(dout, maps), axis=2), members)
    product = xp.reshape(dout, maps) * xp.reshape(centred, maps)
    sum_product = xp.reshape(xp.sum(product, axis=2), members) * inv_std
    gammas = xp.reshape(gamma, (1, groups, channels // groups))
    mean_dxhat = xp.sum(gammas * sum_dout, axis=2, keepdims=True) / m
    mean_product = xp.sum(gammas * sum_product, axis=2, keepdims=True) / m
    dxhat = xp.reshape(dout * along_channels(gamma, dout.ndim), (n, groups, m))
    dx = standardize_backward(dxhat, mean_dxhat, mean_product, centred, inv_std, inv_std)
    dgamma = xp.reshape(xp.sum(sum_product, axis=0), (channels,))
    dbeta = xp.reshape(xp.sum(sum_dout, axis=0), (channels,))
    return xp.reshape(dx, shape), dgamma, dbeta


def instance_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Normalize every feature map by itself: group norm with one channel to a group.

    What is lost is each map's mean and contrast, and with them much of an image's style.

    Parameters
    ----------
    x : array, shape (N, C, d_1, ..., d_k)
        Feature maps, k ≥ 1. A map with a single position becomes β.
    gamma : array, shape (C,)
        Scale γ.
    beta : array, shape (C,)
        Shift β.
    eps : float, above 0
        ε.

    Returns
    -------
    out : array, shape of ``x``
        Normalized, scaled and shifted maps.
    cache : tuple
        (shape of ``x``, centred, inv_std, gamma).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, the maps are empty, or ``eps`` is not above 0.

    References
    ----------
    Ulyanov, Vedaldi, Lempitsky, *Instance normalization: the missing ingredient for fast stylization*, 2016; I2DL
    lecture 8.
    """
    if x.ndim < 3:
        msg = f"x must have shape (N, C, d_1, ..., d_k) with k at least 1, but its shape is {tuple(x.shape)}"
        raise ValueError(msg)
    return group_norm_forward(x, gamma, beta, groups=x.shape[1], eps=eps)


def instance_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dx = γr(dout − mean(dout) − x̂ · mean(dout · x̂)) with means over one map.

    Parameters
    ----------
    dout : array, shape (N, C, d_1, ..., d_k)
        Upstream gradient.
    cache : tuple
        From `instance_norm_forward`.

    Returns
    -------
    dx : array, shape (N, C, d_1, ..., d_k)
        Gradient with respect to ``x``.
    dgamma : array, shape (C,)
        Gradient with respect to ``gamma``.
    dbeta : array, shape (C,)
        Gradient with respect to ``beta``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Ulyanov, Vedaldi, Lempitsky, 2016.
    """
    return group_norm_backward(dout, cache)


def _rows(x: Array, gamma: Array) -> Array:
    """Lay out as one row what is normalized together."""
    d = math.prod(gamma.shape)
    return array_namespace(x).reshape(x, (math.prod(x.shape) // d, d))
