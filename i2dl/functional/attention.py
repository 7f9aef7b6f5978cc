"""Attention: look up what matters, wherever it stands.

A recurrent network has to carry what it read through every step in between. Attention goes there directly. Each of L
places asks a question, its *query*; each of S places offers a *key*, by which it can be found, and a *value*, which it
has to say. The match of a query with a key is their dot product. The softmax makes of the matches of one query a
distribution over the places, and the result is the mean of the values under it:

    Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V.

It is a dictionary whose lookup can be differentiated: instead of the one best key, every key answers in proportion.

**Why √d_k.** The dot product of two vectors of d_k independent numbers with variance 1 has variance d_k. Undivided, the
scores of long vectors would be so far apart that the softmax takes all from one place, where its slope is nearly zero.

**Masks.** A mask says which places a query may see (``masks.py`` makes the usual ones). It is boolean, True where it
may look, or floating, and then is added to the scores, −∞ where it may not look. A query that may look nowhere gets
zeros, and so does its gradient: a mean of nothing has no better value, and the softmax alone would give 0/0. Masks are
constants and have no gradient.

**Backwards.** With A for the scores Q Kᵀ / √d_k and P for the weights, (L, S), each row a distribution:

    dV = Pᵀ · dout      dP = dout · Vᵀ      dA = P ⊙ (dP − Σ_s P ⊙ dP)      dQ = dA · K / √d_k      dK = dAᵀ · Q / √d_k.

**Memory.** P has L·S entries, far more than Q, K and V for a long text. But its rows do not depend on one another. So
attention takes a block of queries at a time, uses their rows of P and forgets them; the backward pass computes them
again. That is one product more, and yet faster: a block fits into the processor's cache, and the memory grows with L
instead of L². Two more things spare passes over the block. The rows of P are never divided by their sum z; what is
divided is the smaller output, and in the backward pass dout. And the sum over s above is the product of two small rows:

    Σ_s P_s dP_s = Σ_s P_s (dout · v_s) = dout · Σ_s P_s v_s = dout · out,  the mean of dP under P.

Source: Vaswani and others, *Attention is all you need*, 2017; I2DL lecture 11. Blocks: Rabe, Staats, *Self-attention
does not need O(n²) memory*, 2021; Dao and others, *FlashAttention*, 2022.
"""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream
from i2dl.functional.softmax import softmax_backward

__all__ = [
    "attention_weights_backward",
    "attention_weights_forward",
    "scaled_dot_product_attention_backward",
    "scaled_dot_product_attention_forward",
]

Cache: TypeAlias = tuple[Array, Array, Array, Array | None, Array, Array, Array]
Index: TypeAlias = tuple[Any, ...]

# Scores in a block: on a processor what its cache holds, elsewhere enough to be worth the start of an operation.
_BLOCK_ON_CPU, _BLOCK_ELSEWHERE = 2**19, 2**24


def attention_weights_forward(
    q: Array, k: Array, *, mask: Array | None = None
) -> tuple[Array, tuple[Array, Array, Array]]:
    """P = softmax(Q Kᵀ / √d_k): how much each query listens to each key.

    Parameters
    ----------
    q : array, shape (..., L, d_k)
        Queries. The leading axes, for samples and heads, are the same for q and k.
    k : array, shape (..., S, d_k)
        Keys, S ≥ 1.
    mask : array, shape broadcastable to (..., L, S), optional
        Boolean, True where the query may see the key; or floating, added to the scores.

    Returns
    -------
    weights : array, shape (..., L, S)
        Each row sums to 1, or is zero where the mask leaves nothing to see.
    cache : tuple
        (q, k, weights).

    Raises
    ------
    TypeError
        If q or k is not real floating, or the mask neither boolean nor real floating.
    ValueError
        If the shapes do not fit together, or there is no key.

    References
    ----------
    Vaswani and others, 2017, equation (1); I2DL lecture 11 (the softmax "induces a distribution over the values").
    """
    xp = array_namespace(q, k, mask)
    _check_queries_and_keys(q, k)
    if mask is not None:
        _check_mask(mask, (*q.shape[:-1], k.shape[-2]))
    scores = _scores(q / math.sqrt(q.shape[-1]), k, mask)
    scores -= _largest(scores, mask)
    weights = xp.exp(scores)
    weights /= _total(weights, mask)
    return weights, (q, k, weights)


def attention_weights_backward(dweights: Array, cache: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    """dA = P ⊙ (dP − Σ_s dP ⊙ P), dQ = dA · K / √d_k, dK = dAᵀ · Q / √d_k.

    Where the mask forbids, P is zero and nothing comes through, also in a row without any key.

    Parameters
    ----------
    dweights : array, shape (..., L, S)
        Upstream gradient dP.
    cache : tuple
        From `attention_weights_forward`.

    Returns
    -------
    dq : array, shape (..., L, d_k)
        Gradient with respect to ``q``.
    dk : array, shape (..., S, d_k)
        Gradient with respect to ``k``.

    Raises
    ------
    TypeError
        If ``dweights`` is not real floating.
    ValueError
        If ``dweights`` does not have the shape of the weights.

    References
    ----------
    I2DL exam Jul 2021, 5.3 and 5.4 (softmax); Halperin, *Matrix derivatives*, equations (21) and (22) (products).
    """
    q, k, weights = cache
    xp = array_namespace(dweights, weights)
    check_floating(dweights=dweights)
    check_shape("dweights", dweights, tuple(weights.shape))
    dscores = softmax_backward(dweights, (weights, -1))
    root = math.sqrt(q.shape[-1])
    return xp.matmul(dscores, k) / root, xp.matmul(xp.matrix_transpose(dscores), q / root)


def scaled_dot_product_attention_forward(
    q: Array, k: Array, v: Array, *, mask: Array | None = None
) -> tuple[Array, Cache]:
    """softmax(Q Kᵀ / √d_k) V: for every query, the mean of the values, weighted by how well their keys match.

    Parameters
    ----------
    q : array, shape (..., L, d_k)
        Queries. The leading axes, for samples and heads, are the same for q, k and v.
    k : array, shape (..., S, d_k)
        Keys, S ≥ 1.
    v : array, shape (..., S, d_v)
        Values.
    mask : array, shape broadcastable to (..., L, S), optional
        Boolean, True where the query may see the key; or floating, added to the scores.

    Returns
    -------
    out : array, shape (..., L, d_v)
        The means; zero for a query that may see nothing.
    cache : tuple
        The arguments, ``out``, and of each row of scores the largest and the sum z of the powers.

    Raises
    ------
    TypeError
        If q, k or v is not real floating, or the mask neither boolean nor real floating.
    ValueError
        If the shapes do not fit together, or there is no key.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, equation (1); I2DL lecture 11.
    """
    xp = array_namespace(q, k, v, mask)
    check_floating(q=q, k=k, v=v)
    _check_queries_and_keys(q, k)
    check_shape("v", v, (*k.shape[:-1], "d_v"))
    if mask is not None:
        _check_mask(mask, (*q.shape[:-1], k.shape[-2]))
    # The queries are divided, not the scores: they are fewer.
    scaled = q / math.sqrt(q.shape[-1])
    place = device(q)
    out = xp.zeros((*q.shape[:-1], v.shape[-1]), dtype=v.dtype, device=place)
    top = xp.zeros((*q.shape[:-1], 1), dtype=q.dtype, device=place)
    total = xp.zeros((*q.shape[:-1], 1), dtype=q.dtype, device=place)
    for queries, keys, seen in _blocks(q, k, mask):
        scores = _scores(scaled[queries], k[keys], seen)
        top[queries] = _largest(scores, seen)
        scores -= top[queries]
        powers = xp.exp(scores)
        total[queries] = _total(powers, seen)
        out[queries] = xp.matmul(powers, v[keys]) / total[queries]
    return out, (q, k, v, mask, out, top, total)


def scaled_dot_product_attention_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dV = Pᵀ · dout, and dP = dout · Vᵀ goes on to the queries and the keys.

    Each block of queries has its own rows of dQ. A key and a value serve all queries: their gradients add up.

    Parameters
    ----------
    dout : array, shape (..., L, d_v)
        Upstream gradient.
    cache : tuple
        From `scaled_dot_product_attention_forward`.

    Returns
    -------
    dq : array, shape (..., L, d_k)
        Gradient with respect to ``q``.
    dk : array, shape (..., S, d_k)
        Gradient with respect to ``k``.
    dv : array, shape (..., S, d_v)
        Gradient with respect to ``v``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Derived by hand, see the top of this file; Vaswani and others, 2017; I2DL lecture 11.
    """
    q, k, v, mask, out, top, total = cache
    xp = array_namespace(dout, q)
    check_upstream(dout, tuple(out.shape))
    # Exactly as in the forward pass: the score of 10³⁰⁰ must come out as the same number, or its power is infinite.
    scaled = q / math.sqrt(q.shape[-1])
    dout = dout / total
    mean = xp.sum(dout * out, axis=-1, keepdims=True)
    dq, dk, dv = xp.zeros_like(q), xp.zeros_like(k), xp.zeros_like(v)
    for queries, keys, seen in _blocks(q, k, mask):
        scores = _scores(scaled[queries], k[keys], seen)
        scores -= top[queries]
        powers = xp.exp(scores)
        dv[keys] += xp.matmul(xp.matrix_transpose(powers), dout[queries])
        dscores = xp.matmul(dout[queries], xp.matrix_transpose(v[keys]))
        dscores -= mean[queries]
        dscores *= powers
        dq[queries] = xp.matmul(dscores, k[keys]) / math.sqrt(q.shape[-1])
        dk[keys] += xp.matmul(xp.matrix_transpose(dscores), scaled[queries])
    return dq, dk, dv


def _scores(scaled: Array, k: Array, mask: Array | None) -> Array:
    """Return (Q / √d_k) Kᵀ, with −∞ where a boolean mask forbids, or plus a floating mask."""
    xp = array_namespace(scaled)
    scores = xp.matmul(scaled, xp.matrix_transpose(k))
    if mask is None:
        return scores
    if xp.isdtype(mask.dtype, "bool"):
        return xp.where(mask, scores, -math.inf)
    return scores + xp.astype(mask, scores.dtype)


def _largest(scores: Array, mask: Array | None) -> Array:
    """Return the largest score of each row; of a row of −∞ zero, since −∞ − (−∞) is no number."""
    xp = array_namespace(scores)
    top = xp.max(scores, axis=-1, keepdims=True)
    return top if mask is None else xp.where(top > -math.inf, top, 0.0)


def _total(powers: Array, mask: Array | None) -> Array:
    """Return the sum of each row; of a row of zeros one, so that it can be divided by."""
    xp = array_namespace(powers)
    total = xp.sum(powers, axis=-1, keepdims=True)
    return total if mask is None else xp.where(total > 0, total, 1.0)


def _blocks(q: Array, k: Array, mask: Array | None) -> Iterator[tuple[Index, Index, Array | None]]:
    """Yield where the queries of each block stand in q, where their keys stand in k, and the mask between them.

    A block has some samples, along the first axis, or one sample and some of its queries.
    """
    *leading, queries, _ = q.shape
    samples, heads = (leading[0], math.prod(leading[1:])) if leading else (1, 1)
    size = _BLOCK_ON_CPU if str(device(q)) == "cpu" else _BLOCK_ELSEWHERE
    scores_of_query = max(1, heads * k.shape[-2])
    rows = max(1, min(queries, size // scores_of_query))
    chunk = max(1, size // (rows * scores_of_query))
    for first in range(0, samples, chunk):
        sample = (slice(first, min(first + chunk, samples)),) if leading else ()
        for start in range(0, queries, rows):
            row = slice(start, min(start + rows, queries))
            yield (*sample, ..., row, slice(None)), (*sample, ...), _part(mask, q.ndim, sample, row)


def _part(mask: Array | None, ndim: int, sample: Index, row: slice) -> Array | None:
    """Return the block's part of the mask; along an axis that the mask lacks or has once, it is the same for all."""
    if mask is None:
        return None
    if sample and mask.ndim == ndim and mask.shape[0] > 1:
        mask = mask[(*sample, ...)]
    return mask[..., row, :] if mask.ndim > 1 and mask.shape[-2] > 1 else mask


def _check_queries_and_keys(q: Array, k: Array) -> None:
    check_floating(q=q, k=k)
    if q.ndim < 2:
        msg = f"q must have shape (..., L, d_k), but its shape is {tuple(q.shape)}"
        raise ValueError(msg)
    check_shape("k", k, (*q.shape[:-2], "S", q.shape[-1]))
    if k.shape[-2] == 0 or q.shape[-1] == 0:
        msg = f"k must hold at least one key of at least one number, but its shape (..., S, d_k) is {tuple(k.shape)}"
        raise ValueError(msg)


def _check_mask(mask: Array, scores: tuple[int, ...]) -> None:
    xp = array_namespace(mask)
    if not xp.isdtype(mask.dtype, ("bool", "real floating")):
        msg = f"mask must be boolean or real floating, but its dtype is {mask.dtype}"
        raise TypeError(msg)
    pairs = zip(reversed(tuple(mask.shape)), reversed(scores), strict=False)
    if mask.ndim > len(scores) or any(have not in (1, want) for have, want in pairs):
        msg = f"mask must have a shape that broadcasts to {scores}, but its shape is {tuple(mask.shape)}"
        raise ValueError(msg)
