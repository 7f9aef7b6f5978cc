"""Local attention: every place sees its neighbours only.

Over a long text of n places full attention computes n² scores. If a place needs only the r = 2 · window + 1 places
around it, r · n of them are enough: row "Self-attention (restricted)" in the lecture's table. The price is distance,
since news now travels by ``window`` places per layer.

It looks like a convolution, a window that slides over the text, and differs from it in one point: a convolution weights
the neighbour at distance 2 by the same learnt matrix everywhere, attention weights it by how well it matches here.

The neighbours at one distance from their queries form a copy of the text, shifted by that distance. So the scores are
computed distance by distance, each for all places at once; beyond both ends stand zeros that nobody may see.

Source: I2DL lecture 11 ("Attention vs convolution"); Vaswani and others, 2017, section 4.
"""

import math
from typing import Any

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional.softmax import softmax_backward, softmax_forward

__all__ = ["local_attention_backward", "local_attention_forward"]


def local_attention_forward(q: Array, k: Array, v: Array, *, window: int) -> tuple[Array, Any]:
    """out_i = Σ_{|j − i| ≤ window} p_ij v_j, where row i of p is the softmax of the scores q_i · k_j / √d_k.

    The result is that of `scaled_dot_product_attention_forward` with `local_mask`.

    Parameters
    ----------
    q : array, shape (..., L, d_k)
        Queries. The leading axes, for samples and heads, are the same for q, k and v.
    k : array, shape (..., L, d_k)
        Keys, one per place.
    v : array, shape (..., L, d_v)
        Values, one per place.
    window : int, at least 0
        How far a place sees to either side.

    Returns
    -------
    out : array, shape (..., L, d_v)
        For every place the mean of the values around it.
    cache : tuple
        (q, k, v, weights (..., L, 2 · window + 1)).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, or ``window`` is negative.

    References
    ----------
    I2DL lecture 11 ("local attention"; table of complexities); Vaswani and others, 2017, section 4.
    """
    xp = array_namespace(q, k, v)
    check_floating(q=q, k=k, v=v)
    if q.ndim < 2 or q.shape[-1] == 0:
        msg = f"q must have shape (..., L, d_k) with d_k at least 1, but its shape is {tuple(q.shape)}"
        raise ValueError(msg)
    check_shape("k", k, tuple(q.shape))
    check_shape("v", v, (*q.shape[:-1], "d_v"))
    if window < 0:
        msg = f"window must be at least 0, but it is {window}"
        raise ValueError(msg)
    length, distances = q.shape[-2], range(-window, window + 1)
    k_padded, v_padded = _pad(k, window), _pad(v, window)
    queries = q / math.sqrt(q.shape[-1])
    scores = xp.stack([xp.sum(queries * _shift(k_padded, s, window), axis=-1) for s in distances], axis=-1)
    places = xp.arange(length, device=device(q))[:, None] + xp.arange(-window, window + 1, device=device(q))[None, :]
    scores = xp.where((places >= 0) & (places < length), scores, -math.inf)
    # No row is empty, since every place sees itself.
    weights, _ = softmax_forward(scores)
    out = xp.zeros_like(v)
    for s in distances:
        out = out + _column(weights, s, window) * _shift(v_padded, s, window)
    return out, (q, k, v, weights)


def local_attention_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """As in full attention, distance by distance; what place i sent to its neighbour i + s is shifted back by s.

    Parameters
    ----------
    dout : array, shape (..., L, d_v)
        Upstream gradient.
    cache : tuple
        From `local_attention_forward`.

    Returns
    -------
    dq : array, shape (..., L, d_k)
        Gradient with respect to ``q``.
    dk : array, shape (..., L, d_k)
        Gradient with respect to ``k``.
    dv : array, shape (..., L, d_v)
        Gradient with respect to ``v``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Derived by hand, see ``attention.py``; I2DL lecture 11.
    """
    q, k, v, weights = cache
    xp = array_namespace(dout, q)
    check_upstream(dout, tuple(v.shape))
    window = weights.shape[-1] // 2
    distances = range(-window, window + 1)
    k_padded, v_padded = _pad(k, window), _pad(v, window)
    dweights = xp.stack([xp.sum(dout * _shift(v_padded, s, window), axis=-1) for s in distances], axis=-1)
    dscores = softmax_backward(dweights, (weights, -1)) / math.sqrt(q.shape[-1])
    dq, dk, dv = xp.zeros_like(q), xp.zeros_like(k), xp.zeros_like(v)
    for s in distances:
        dscore = _column(dscores, s, window)
        dq = dq + dscore * _shift(k_padded, s, window)
        dk = dk + _shift(_pad(dscore * q, window), -s, window)
        dv = dv + _shift(_pad(_column(weights, s, window) * dout, window), -s, window)
    return dq, dk, dv


def _pad(x: Array, window: int) -> Array:
    """Put ``window`` rows of zeros before and after the L rows of x (..., L, d)."""
    xp = array_namespace(x)
    zeros = xp.zeros((*x.shape[:-2], window, x.shape[-1]), dtype=x.dtype, device=device(x))
    return xp.concat([zeros, x, zeros], axis=-2)


def _shift(padded: Array, s: int, window: int) -> Array:
    """Return the rows i + s, for i = 0 … L − 1, of the array that was padded."""
    length = padded.shape[-2] - 2 * window
    return padded[..., window + s : window + s + length, :]


def _column(weights: Array, s: int, window: int) -> Array:
    """Return the weights of the neighbours at distance s, as (..., L, 1)."""
    return weights[..., window + s : window + s + 1]
