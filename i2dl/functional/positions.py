"""Positions: what attention lacks.

Attention is a weighted mean, and a mean does not know in which order its terms came: shuffle the words of a sentence,
and every word gets the same result as before. A convolution has a weight for every relative position; attention has
none. So the position is written into the input: a vector that depends on the position alone is added to each word's.

The vectors are made of waves. Each pair of columns is the sine and the cosine of one angle that grows with the
position, a hand of a clock; the first pair turns by one radian per place, the last one almost ten thousand times as
slowly. As with hours, minutes and seconds, all hands together name the position, and no value exceeds 1. And k places
further on, each hand stands turned by an angle that depends on k alone: the vector of position p + k is a linear
function of that of position p, the same for every p, and so a head can learn to look k places ahead.

Source: Vaswani and others, *Attention is all you need*, 2017, section 3.5; I2DL lecture 11 ("positional encoding").
"""

import math

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating

__all__ = ["sinusoidal_positions"]


def sinusoidal_positions(length: int, d: int, *, like: Array) -> Array:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i + 1) = cos(pos / 10000^(2i/d)).

    Parameters
    ----------
    length : int, at least 0
        Number of positions, from 0.
    d : int, at least 1
        Length of the vectors, d_model. An odd one leaves the last sine without its cosine.
    like : array, any shape
        A real floating array of the library, of the dtype and on the device where the result is wanted.

    Returns
    -------
    positions : array, shape (length, d)
        One row per position, to be added to the embedding of the word that stands there.

    Raises
    ------
    TypeError
        If ``like`` is not real floating.
    ValueError
        If ``length`` is negative or ``d`` is not at least 1.

    References
    ----------
    Vaswani and others, 2017, section 3.5; I2DL lecture 11 ("positional encoding").
    """
    xp = array_namespace(like)
    check_floating(like=like)
    if length < 0 or d < 1:
        msg = f"length must be at least 0 and d at least 1, but their values are {length} and {d}"
        raise ValueError(msg)
    # In float64, whatever is asked for: in float32 the angle of position 100,000 is wrong in its third decimal place.
    place = xp.arange(length, dtype=xp.float64, device=device(like))
    column = xp.arange(d, dtype=xp.int64, device=device(like))
    exponent = xp.astype(2 * (column // 2), xp.float64) / d
    angle = place[:, None] * xp.exp(-math.log(10_000) * exponent)[None, :]
    return xp.astype(xp.where((column % 2 == 0)[None, :], xp.sin(angle), xp.cos(angle)), like.dtype)
