"""Preprocessing: inputs with mean 0 and spread 1, by statistics of the training set.

**Why centre.** A neuron's weight gradient is its upstream gradient times its inputs. If all inputs are positive, all
weights of the neuron get gradients of one sign, they can only grow or only shrink together, and the way to an optimum
that needs some of each is a zigzag. **Why scale.** Features in different units give the loss long narrow valleys, and
the learning rate that suits one of them suits no other.

**Fit on training data alone.** Mean and standard deviation are learnt from data as weights are, so validation and test
images may have no part in them: fit once, on the training set, and apply the same numbers to all three.

**Per feature or per channel.** ``per="feature"`` has one mean for each feature; for images, where every pixel of every
channel is one, that is the mean image which AlexNet subtracts. ``per="channel"`` has one for each channel, as VGG does;
it holds for images of any size, and is what people mean by "normalized with ImageNet's mean and std".

Source: I2DL lecture 8, data pre-processing; lecture 7 for why; student summary, VII.2.
"""

from typing import Literal

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_batch, check_floating, check_not_empty
from i2dl.functional._standardize import along_channels


def fit_normalization(x: Array, *, per: Literal["feature", "channel"] = "feature") -> tuple[Array, Array]:
    """Mean and standard deviation of the training set, for `zero_centre` and `normalize`.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        The training set.
    per : {"feature", "channel"}
        Whether each number of an input has a mean of its own, or each channel (axis 1).

    Returns
    -------
    mean : array, shape (d_1, ..., d_k) or (d_1,)
        The means, per feature or per channel.
    std : array, shape of ``mean``
        Standard deviations with divisor N. For a feature that never varies (a corner of the digits) it is 1, so that
        dividing by it does no harm.

    Raises
    ------
    TypeError
        If ``x`` is not real floating: images of bytes must be converted first.
    ValueError
        If ``x`` has no axis beside the batch or is empty, or ``per`` is neither word.

    References
    ----------
    I2DL lecture 8.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_batch("x", x)
    check_not_empty("x", x)
    if per not in ("feature", "channel"):
        msg = f"per must be 'feature' or 'channel', but it is {per!r}"
        raise ValueError(msg)
    axes = tuple(axis for axis in range(x.ndim) if axis == 0 or (per == "channel" and axis > 1))
    # Not from std == 0: the mean of equal numbers may be off in its last digit, and std with it.
    constant = xp.max(x, axis=axes) == xp.min(x, axis=axes)
    std = xp.where(constant, 1.0, xp.std(x, axis=axes))
    return xp.mean(x, axis=axes), std


def zero_centre(x: Array, mean: Array) -> Array:
    """x − mean.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        Data of the training, validation or test set.
    mean : array, shape (d_1, ..., d_k) or (d_1,)
        The training set's mean, per feature or per channel.

    Returns
    -------
    out : array, shape of ``x``
        The centred data.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If ``mean`` has neither shape.

    References
    ----------
    I2DL lecture 8 (AlexNet subtracts the mean image, VGG the mean per channel).
    """
    check_floating(x=x, mean=mean)
    return x - _fit_to("mean", mean, x)


def normalize(x: Array, mean: Array, std: Array) -> Array:
    """(x − mean)/std: mean 0 and standard deviation 1 on the training set, and nearly so on data like it.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        Data of the training, validation or test set.
    mean : array, shape (d_1, ..., d_k) or (d_1,)
        The training set's mean, per feature or per channel.
    std : array, shape (d_1, ..., d_k) or (d_1,)
        The training set's standard deviation, without zeros, as `fit_normalization` returns it.

    Returns
    -------
    out : array, shape of ``x``
        The normalized data.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If ``mean`` or ``std`` has neither shape.

    References
    ----------
    I2DL lecture 8.
    """
    check_floating(x=x, mean=mean, std=std)
    return (x - _fit_to("mean", mean, x)) / _fit_to("std", std, x)


def denormalize(x: Array, mean: Array, std: Array) -> Array:
    """x · std + mean, the inverse of `normalize`: to look at what the network sees.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        Normalized data.
    mean : array, shape (d_1, ..., d_k) or (d_1,)
        The training set's mean, per feature or per channel.
    std : array, shape (d_1, ..., d_k) or (d_1,)
        The training set's standard deviation.

    Returns
    -------
    out : array, shape of ``x``
        The data in its original units.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If ``mean`` or ``std`` has neither shape.

    References
    ----------
    I2DL lecture 8.
    """
    check_floating(x=x, mean=mean, std=std)
    return x * _fit_to("std", std, x) + _fit_to("mean", mean, x)


def _fit_to(name: str, statistic: Array, x: Array) -> Array:
    """Reshape a statistic per feature or per channel so that it broadcasts to ``x``."""
    check_batch("x", x)
    if tuple(statistic.shape) == (x.shape[1],):
        return along_channels(statistic, x.ndim)
    if tuple(statistic.shape) != tuple(x.shape[1:]):
        wanted = f"{tuple(x.shape[1:])} or ({x.shape[1]},) for x of shape {tuple(x.shape)}"
        msg = f"{name} must have shape {wanted}, but its shape is {tuple(statistic.shape)}"
        raise ValueError(msg)
    return statistic
