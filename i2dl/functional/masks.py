"""Masks for attention: who may see whom.

All of them are boolean with True for "may see", so that two of them are joined with ``&``: a decoder that reads texts
of different lengths uses ``causal_mask(length, like=x) & padding_mask(lengths, length)``.

Source: I2DL lecture 11; exam Aug 2022, 9.4.
"""

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_shape

__all__ = ["causal_mask", "local_mask", "padding_mask"]


def causal_mask(length: int, *, like: Array) -> Array:
    """True where j ≤ i: place i sees itself and what came before it.

    A decoder that is trained to predict the next word is given the whole sentence at once. Without the mask it would
    read the answer off its input. (The lecture says "less than i": its outputs are shifted by one place to the right,
    so that input i is word i − 1.)

    Parameters
    ----------
    length : int, at least 0
        Number of places.
    like : array, any shape
        An array of the library and on the device where the mask is wanted.

    Returns
    -------
    mask : array, shape (length, length)
        Boolean; row i belongs to the query i, column j to the key j.

    Raises
    ------
    ValueError
        If ``length`` is negative.

    References
    ----------
    Vaswani and others, 2017, section 3.2.3; I2DL lecture 11 ("masked multi-head attention"); exam Aug 2022, 9.4.
    """
    places = _places(length, like)
    return places[None, :] <= places[:, None]


def local_mask(length: int, window: int, *, like: Array) -> Array:
    """True where |i − j| ≤ window: place i sees itself and ``window`` neighbours on either side, as a filter would.

    With a mask every score is computed and most are thrown away; ``local_attention.py`` computes only those that count.

    Parameters
    ----------
    length : int, at least 0
        Number of places.
    window : int, at least 0
        How far a place sees.
    like : array, any shape
        An array of the library and on the device where the mask is wanted.

    Returns
    -------
    mask : array, shape (length, length)
        Boolean, a band of 2 · window + 1 diagonals.

    Raises
    ------
    ValueError
        If ``length`` or ``window`` is negative.

    References
    ----------
    I2DL lecture 11 ("global attention, local attention"); Vaswani and others, 2017, section 4 ("restricted").
    """
    places = _places(length, like)
    if window < 0:
        msg = f"window must be at least 0, but it is {window}"
        raise ValueError(msg)
    xp = array_namespace(like)
    return xp.abs(places[None, :] - places[:, None]) <= window


def padding_mask(lengths: Array, length: int) -> Array:
    """True where j < lengths[n]: text n has so many words, and what fills it up to the longest is not seen.

    Parameters
    ----------
    lengths : array, shape (N,)
        Integers from 0 to ``length``. A text of length 0 shows nothing to anybody, and attention over it gives zeros.
    length : int
        Length of the longest text, to which the others are filled up.

    Returns
    -------
    mask : array, shape (N, 1, length)
        Boolean; the 1 stands for the queries, who are all treated alike.

    Raises
    ------
    TypeError
        If ``lengths`` are not integers.
    ValueError
        If ``lengths`` has more than one axis, or one of them is negative or exceeds ``length``.

    References
    ----------
    I2DL lecture 11 (texts of different lengths in one batch, "processing sequences").
    """
    xp = array_namespace(lengths)
    if not xp.isdtype(lengths.dtype, "integral"):
        msg = f"lengths must hold integers, but its dtype is {lengths.dtype}"
        raise TypeError(msg)
    check_shape("lengths", lengths, ("N",))
    if lengths.shape[0] and not 0 <= int(xp.min(lengths)) <= int(xp.max(lengths)) <= length:
        found = f"they run from {int(xp.min(lengths))} to {int(xp.max(lengths))}"
        msg = f"lengths of shape {tuple(lengths.shape)} must hold numbers from 0 to {length}, but {found}"
        raise ValueError(msg)
    return (_places(length, lengths)[None, :] < xp.astype(lengths, xp.int64)[:, None])[:, None, :]


def _places(length: int, like: Array) -> Array:
    if length < 0:
        msg = f"length must be at least 0, but it is {length}"
        raise ValueError(msg)
    xp = array_namespace(like)
    return xp.arange(length, dtype=xp.int64, device=device(like))
