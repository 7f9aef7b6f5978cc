"""Word embedding: from the number of a word to a vector that can be learnt.

A network computes with vectors, a vocabulary is a list. Written as a one-hot row (a 1 at the word's number, 0
elsewhere), a word could enter an affine layer, and the layer would do something simple: one-hot row times W is the row
of W with that number. So the product is never computed; the row is looked up. With O for the one-hot matrix of all
words in the batch,

    out = O · W  (a lookup)        dW = Oᵀ · dout  (row v: the sum of dout over all places where word v stands).

**How the rows are added up.** The natural program, "for every place, add its row of dout to row x of dW", writes to the
same row many times, and the array API has no such operation. Computing Oᵀ · dout as written needs N·T·V entries for a
vocabulary of V words, almost all of them zero: 2 GB in float32 for 10,000 words of text and a vocabulary of 50,000. So
the places are sorted by word, which makes equal words neighbours, and a knock-out tournament follows: in every round
each word's rows are added in pairs, first and second, third and fourth, and so on, so that about half of them are left.
After log₂ (most frequent word) rounds there is one row per word, and it is looked up as in the forward pass.

Source: I2DL lecture 11 (inputs of a recurrent network and of a transformer); Bengio and others, *A neural probabilistic
language model*, 2003.
"""

import math
from typing import TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape, check_upstream

__all__ = ["word_embedding_backward", "word_embedding_forward"]

Cache: TypeAlias = tuple[Array, tuple[int, int], int | None]


def word_embedding_forward(x: Array, w: Array, *, padding: int | None = None) -> tuple[Array, Cache]:
    """Look up row x of the table, for every x: out[n, t] = w[x[n, t]].

    Parameters
    ----------
    x : array, shape (...)
        Numbers of words, from 0 to V − 1; for a batch of texts (N, T).
    w : array, shape (V, D)
        One vector of length D per word.
    padding : int, optional
        The word that fills short texts up. It is looked up like any other, but learns nothing.

    Returns
    -------
    out : array, shape (..., D)
        The words' vectors.
    cache : tuple
        (x, shape of w, padding).

    Raises
    ------
    TypeError
        If ``w`` is not real floating or ``x`` not integer.
    ValueError
        If ``w`` does not have two axes, or a number in ``x``, or ``padding``, is not in the vocabulary.

    References
    ----------
    Bengio and others, *A neural probabilistic language model*, 2003; I2DL lecture 11.
    """
    xp = array_namespace(x, w)
    check_floating(w=w)
    check_shape("w", w, ("V", "D"))
    _check_words(x, w.shape[0])
    if padding is not None and not 0 <= padding < w.shape[0]:
        msg = f"padding must be a word from 0 to {w.shape[0] - 1} for w of shape {tuple(w.shape)}, but it is {padding}"
        raise ValueError(msg)
    rows = xp.take(w, _flat(x), axis=0)
    return xp.reshape(rows, (*x.shape, w.shape[1])), (x, tuple(w.shape), padding)


def word_embedding_backward(dout: Array, cache: Cache) -> Array:
    """dw[v] = the sum of dout[n, t] over all places (n, t) where x[n, t] = v; zero for words that do not occur.

    There is no gradient of ``x``: between two words there is nothing.

    Parameters
    ----------
    dout : array, shape (..., D)
        Upstream gradient.
    cache : tuple
        From `word_embedding_forward`.

    Returns
    -------
    dw : array, shape (V, D)
        Gradient with respect to ``w``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Halperin, *Matrix derivatives*, equation (22), with a one-hot X.
    """
    x, (vocabulary, d), padding = cache
    xp = array_namespace(dout, x)
    check_upstream(dout, (*x.shape, d))
    places = math.prod(x.shape)
    if places == 0:
        return xp.zeros((vocabulary, d), dtype=dout.dtype, device=device(dout))
    order = xp.argsort(_flat(x))
    words = xp.take(_flat(x), order)
    rows = xp.take(xp.reshape(dout, (places, d)), order, axis=0)
    while bool(xp.any(words[1:] == words[:-1])):
        words, rows = _add_pairs(words, rows)
    numbers = xp.arange(vocabulary, dtype=xp.int64, device=device(words))
    found = xp.searchsorted(words, numbers)  # where word v stands, or would stand
    found = xp.where(found < words.shape[0], found, words.shape[0] - 1)
    learns = xp.take(words, found) == numbers
    if padding is not None:
        learns = learns & (numbers != padding)
    return xp.where(learns[:, None], xp.take(rows, found, axis=0), 0.0)


def _add_pairs(words: Array, rows: Array) -> tuple[Array, Array]:
    """Add every second row of a word, in sorted order, to the one before it, and keep the first of each pair."""
    xp = array_namespace(words, rows)
    places = xp.arange(words.shape[0], dtype=xp.int64, device=device(words))
    rank = places - xp.searchsorted(words, words)  # 0, 1, 2, … within each word
    (first,) = xp.nonzero(rank % 2 == 0)
    second = xp.where(first + 1 < words.shape[0], first + 1, first)
    kept = xp.take(words, first)
    paired = (second > first) & (xp.take(words, second) == kept)
    return kept, xp.take(rows, first, axis=0) + xp.where(paired[:, None], xp.take(rows, second, axis=0), 0.0)


def _flat(x: Array) -> Array:
    """Return the words in one row, in a dtype that holds any vocabulary."""
    xp = array_namespace(x)
    return xp.astype(xp.reshape(x, (math.prod(x.shape),)), xp.int64)


def _check_words(x: Array, vocabulary: int) -> None:
    xp = array_namespace(x)
    if not xp.isdtype(x.dtype, "integral"):
        msg = f"x must hold the integer numbers of words, but its dtype is {x.dtype}"
        raise TypeError(msg)
    if math.prod(x.shape) == 0:
        return
    low, high = int(xp.min(x)), int(xp.max(x))
    if low < 0 or high >= vocabulary:
        found = f"its numbers run from {low} to {high}"
        msg = f"x of shape {tuple(x.shape)} must hold words from 0 to {vocabulary - 1}, but {found}"
        raise ValueError(msg)
