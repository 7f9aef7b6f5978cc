"""What all normalization layers share: subtract the mean over some axes, divide by the standard deviation over them."""

from array_api_compat import array_namespace

from i2dl.functional._checks import Array


def standardize(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array, Array]:
    """Split x̂ = (x − mean)/√(var + ε) into its parts, with statistics over the given axes.

    x̂ is left as the product centred · inv_std, because most callers have another factor to multiply the small inv_std
    with before they touch the large array.

    Parameters
    ----------
    x : array, any shape
        What to standardize.
    axes : tuple of int
        Where the statistics are taken.
    eps : float
        ε, which keeps a variance of zero from dividing by zero.

    Returns
    -------
    centred : array, shape of ``x``
        x − mean.
    mean : array, shape of ``x`` with length 1 along the axes
        The mean.
    var : array, shape of ``mean``
        The variance, divided by the number of entries.
    inv_std : array, shape of ``mean``
        1/√(var + ε).
    """
    xp = array_namespace(x)
    mean = xp.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    # From the centred numbers: the mean of x² less the squared mean loses all digits when the mean is large.
    var = xp.mean(centred * centred, axis=axes, keepdims=True)
    return centred, mean, var, 1.0 / xp.sqrt(var + eps)


def standardize_backward(
    dxhat: Array, mean_dxhat: Array, mean_product: Array, centred: Array, inv_std: Array, scale: Array
) -> Array:
    """scale · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)).

    With ``scale`` = inv_std this is the gradient of standardization. It is linear in dx̂, so whoever has a further
    factor that is constant over the axes may leave it out of dx̂ and put it into ``scale``.

    Parameters
    ----------
    dxhat : array, shape of ``centred``
        Gradient with respect to x̂.
    mean_dxhat, mean_product : arrays, shape of ``inv_std``
        Means of dx̂ and of dx̂ · x̂ over the axes; the caller gets them cheaply from sums that it needs anyway.
    centred, inv_std : arrays
        From `standardize`.
    scale : array, shape that broadcasts to ``centred``
        The outer factor.

    Returns
    -------
    dx : array, shape of ``centred``
        Gradient with respect to ``x``.
    """
    # One new array, changed in place: on a CPU it takes longer to get memory than to calculate.
    dx = centred * (-inv_std * mean_product)
    dx += dxhat
    dx -= mean_dxhat
    dx *= scale
    return dx


def along_channels(values: Array, ndim: int) -> Array:
    """Reshape (C,) to (1, C, 1, ...), so that it broadcasts along axis 1 of an array with ``ndim`` axes."""
    return array_namespace(values).reshape(values, (1, values.shape[0]) + (1,) * (ndim - 2))
