"""Batch normalization: every feature with mean 0 and variance 1 over the mini-batch, then a learnt scale and shift.

**Why.** Deep in a network the activations drift while the layers below them learn, until they vanish or saturate. Batch
norm takes the wish literally: if unit Gaussian activations are what we want, let us make them. For each feature,

    μ = mean(x),   σ² = mean((x − μ)²),   x̂ = (x − μ)/√(σ² + ε),   y = γx̂ + β,

with means over the N samples of the mini-batch, and for images over all their pixels too: one μ for each of the C
channels. γ and β are learnt, so that the network can undo it all with γ = √(σ² + ε) and β = μ. A layer for C features
thus has 2C parameters, and keeps 2C running statistics. (A solution to exam Jul 2021, 2.13, says 2 behind an affine
layer; it is 2 for each of its neurons.) Batch norm stands behind an affine or convolutional layer, whose bias becomes
superfluous, since the mean takes it away again, and before the activation.

**Training and test.** In training the statistics are those of the mini-batch, and the result for one sample depends on
its neighbours. At test time there may be only one sample, so running averages collected in training stand in:

    running ← βₘ · running + (1 − βₘ) · minibatch.

The βₘ of the lecture, our ``momentum``, weighs the *old* value. PyTorch's ``momentum`` weighs the new one, it is
1 − βₘ. And the lecture averages the variance with divisor N, the one it normalizes with, while PyTorch (as the paper)
averages the unbiased one, with divisor N − 1; that is ``unbiased=True`` here. `i2dl.nn` does as PyTorch.

**The gradient, step by step.** Draw the computation as a graph, one operation a node. Forward:

    1. μ = mean(x)          3. s = c²              5. r = 1/√(v + ε)       7. y = γx̂ + β
    2. c = x − μ            4. v = mean(s)         6. x̂ = c · r

Backward, in reverse order, with ``dout`` for ∂L/∂y and n the number of values that each mean is taken over:

    7. dγ = Σ dout · x̂,   dβ = Σ dout,   dx̂ = γ · dout
    6. dr = Σ dx̂ · c,   and c gets its first part, dx̂ · r
    5. dv = dr · (−½)(v + ε)^(−3/2) = −½ r³ · dr
    4. ds = dv/n for every entry, since each has the share 1/n in the mean
    3. c gets its second part, 2c · ds = −(r³/n) c · Σ dx̂ · c = −(r/n) x̂ · Σ dx̂ · x̂
    2. dc = r · (dx̂ − x̂ · mean(dx̂ · x̂));   it passes to x unchanged, and to μ as dμ = −Σ dc
    1. every entry of x also gets dμ/n = −mean(dc). As Σ x̂ = 0, that is −r · mean(dx̂)

and added up, dx = r · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)).

**The compact form.** γ is the same for all entries of a feature and can be pulled out, and the two means are then sums
that step 7 has already computed:

    dx = γ/√(σ² + ε) · (dout − dβ/n − x̂ · dγ/n).

It can be read without the graph. A common shift of all x changes nothing in y, nor does a common stretching: so from
the gradient its component along 1 (a shift) and along x̂ (a stretching) is taken out. At test time the statistics are
constants, the layer is affine in x, and dx = γ/√(σ² + ε) · dout is all.

**Small batches.** If a feature has a single value, it is its own mean: x̂ = 0, y = β, dx = 0. That is finite, and
useless; `i2dl.nn` refuses to train on it, as PyTorch does. From about eight samples downward the statistics get too
noisy. ``normalization.py`` has the layers that do without a batch.

Source: Ioffe, Szegedy, *Batch normalization*, 2015; I2DL lecture 8; student summary, VIII.3 and IX.5; I2DL exams Aug
2020, problem 3, and Aug 2022, problem 7.
"""

import math
from typing import Any, TypeAlias

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_not_empty, check_number, check_shape, check_upstream
from i2dl.functional._standardize import along_channels, standardize, standardize_backward

# {"running_mean": (C,), "running_var": (C,)}, ready to be passed to the next call with **.
Running: TypeAlias = dict[str, Any]
# (centred, inv_std, gamma, train)
Cache: TypeAlias = tuple[Any, Any, Any, bool]


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    running_mean: Array | None,
    running_var: Array | None,
    train: bool,
    momentum: float = 0.9,
    eps: float = 1e-5,
    unbiased: bool = False,
) -> tuple[Array, Cache, Running]:
    """y = γ(x − μ)/√(σ² + ε) + β, with statistics over the batch in training, and running ones at test time.

    Parameters
    ----------
    x : array, shape (N, D)
        The batch, one row per sample.
    gamma : array, shape (D,)
        Scale γ.
    beta : array, shape (D,)
        Shift β.
    running_mean, running_var : arrays, shape (D,), or None
        Running statistics so far, zeros and ones to begin with. None keeps none, in training.
    train : bool
        Whether to normalize with the statistics of this batch, and to average them into the running ones.
    momentum : float in [0, 1]
        βₘ, the weight of the old running value. (PyTorch's is 1 − βₘ.)
    eps : float, above 0
        ε.
    unbiased : bool
        Whether the running variance averages variances with divisor N − 1, as PyTorch's, instead of N, as in the
        lecture. It changes nothing in the output.

    Returns
    -------
    out : array, shape (N, D)
        Normalized, scaled and shifted features.
    cache : tuple
        (centred, inv_std, gamma, train).
    running : dict of arrays, shape (D,)
        ``{"running_mean": ..., "running_var": ...}``: new arrays after training, those passed in after a test.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, a training batch is empty, ``momentum`` or ``eps`` is out of range, running
        statistics are missing at test time, or an unbiased variance is asked for with one value a feature.

    References
    ----------
    Ioffe, Szegedy, 2015, algorithms 1 and 2; I2DL lecture 8.
    """
    check_shape("x", x, ("N", "D"))
    return _forward(x, gamma, beta, running_mean, running_var, train, momentum, eps, unbiased)


def batch_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dx = γ/√(σ² + ε) · (dout − dβ/N − x̂ · dγ/N), with dγ = Σ dout · x̂ and dβ = Σ dout; see the top of this file.

    Parameters
    ----------
    dout : array, shape (N, D)
        Upstream gradient.
    cache : tuple
        From `batch_norm_forward`.

    Returns
    -------
    dx : array, shape (N, D)
        Gradient with respect to ``x``; after a forward pass at test time, γ/√(σ² + ε) · dout.
    dgamma : array, shape (D,)
        Gradient with respect to ``gamma``.
    dbeta : array, shape (D,)
        Gradient with respect to ``beta``.

    Raises
    ------
    TypeError
        If ``dout`` is not real floating.
    ValueError
        If ``dout`` does not have the shape of the output.

    References
    ----------
    Ioffe, Szegedy, 2015, section 3; I2DL exam Aug 2020, problem 3d, for the graph.
    """
    return _backward(dout, cache)


def spatial_batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    running_mean: Array | None,
    running_var: Array | None,
    train: bool,
    momentum: float = 0.9,
    eps: float = 1e-5,
    unbiased: bool = False,
) -> tuple[Array, Cache, Running]:
    """Batch norm after a convolution: one mean and variance for each channel, over all samples and all positions.

    A filter looks for the same thing everywhere in the image, so all positions of its feature map are values of one
    feature; an image of H × W pixels counts like H · W samples.

    Parameters
    ----------
    x : array, shape (N, C, d_1, ..., d_k)
        Feature maps, k ≥ 1.
    gamma : array, shape (C,)
        Scale γ.
    beta : array, shape (C,)
        Shift β.
    running_mean, running_var : arrays, shape (C,), or None
        As in `batch_norm_forward`.
    train : bool
        As in `batch_norm_forward`.
    momentum : float in [0, 1]
        βₘ, the weight of the old running value. (PyTorch's is 1 − βₘ.)
    eps : float, above 0
        ε.
    unbiased : bool
        As in `batch_norm_forward`.

    Returns
    -------
    out : array, shape (N, C, d_1, ..., d_k)
        Normalized, scaled and shifted maps.
    cache : tuple
        (centred, inv_std, gamma, train).
    running : dict of arrays, shape (C,)
        As in `batch_norm_forward`.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        As `batch_norm_forward`.

    References
    ----------
    Ioffe, Szegedy, 2015, section 3.2; I2DL student summary, IX.5; I2DL exam Feb 2022, 4.3.
    """
    if x.ndim < 3:
        msg = f"x must have shape (N, C, d_1, ..., d_k) with k at least 1, but its shape is {tuple(x.shape)}"
        raise ValueError(msg)
    return _forward(x, gamma, beta, running_mean, running_var, train, momentum, eps, unbiased)


def spatial_batch_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """As `batch_norm_backward`, with sums over samples and positions, N · d_1 · ... · d_k values a channel.

    Parameters
    ----------
    dout : array, shape (N, C, d_1, ..., d_k)
        Upstream gradient.
    cache : tuple
        From `spatial_batch_norm_forward`.

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
    Ioffe, Szegedy, 2015, section 3.2; I2DL student summary, IX.5.
    """
    return _backward(dout, cache)


def _forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array | None,
    running_var: Array | None,
    train: bool,
    momentum: float,
    eps: float,
    unbiased: bool,
) -> tuple[Array, Cache, Running]:
    """Batch norm along axis 1, whatever the number of axes."""
    xp = array_namespace(x, gamma, beta)
    running = {"running_mean": running_mean, "running_var": running_var}
    known = {name: value for name, value in running.items() if value is not None}
    check_floating(x=x, gamma=gamma, beta=beta, **known)
    for name, value in {"gamma": gamma, "beta": beta, **known}.items():
        check_shape(name, value, (x.shape[1],))
    check_number("momentum", momentum, at_least=0.0, at_most=1.0)
    check_number("eps", eps, above=0.0)
    if train:
        check_not_empty("x", x)
        centred, mean, var, inv_std = standardize(x, _all_but_channels(x), eps)
        running = _average(running, mean, var, _values_per_channel(x), momentum, unbiased)
    elif running_mean is None or running_var is None:
        msg = f"batch norm at test time needs running_mean and running_var of shape ({x.shape[1]},), but one is None"
        raise ValueError(msg)
    else:
        centred = x - along_channels(running_mean, x.ndim)
        inv_std = 1.0 / xp.sqrt(along_channels(running_var, x.ndim) + eps)
    out = centred * (inv_std * along_channels(gamma, x.ndim))
    out += along_channels(beta, x.ndim)
    return out, (centred, inv_std, gamma, train), running


def _backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    centred, inv_std, gamma, train = cache
    xp = array_namespace(dout, centred)
    check_upstream(dout, centred.shape)
    axes, channels = _all_but_channels(dout), tuple(gamma.shape)
    dbeta = xp.sum(dout, axis=axes, keepdims=True)
    dgamma = xp.sum(dout * centred, axis=axes, keepdims=True) * inv_std
    scale = inv_std * along_channels(gamma, dout.ndim)
    if train:
        n = _values_per_channel(dout)
        dx = standardize_backward(dout, dbeta / n, dgamma / n, centred, inv_std, scale)
    else:
        dx = dout * scale
    return dx, xp.reshape(dgamma, channels), xp.reshape(dbeta, channels)


def _average(running: Running, mean: Array, var: Array, n: int, momentum: float, unbiased: bool) -> Running:
    """The running statistics after a batch with this mean and (biased) variance of n values."""
    xp = array_namespace(mean)
    if unbiased:
        if n == 1:
            msg = "an unbiased variance needs at least 2 values per feature, but this batch has 1"
            raise ValueError(msg)
        var = var * (n / (n - 1))
    batch = {"running_mean": mean, "running_var": var}
    return {
        name: old if old is None else momentum * old + (1.0 - momentum) * xp.reshape(batch[name], tuple(old.shape))
        for name, old in running.items()
    }


def _all_but_channels(x: Array) -> tuple[int, ...]:
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def _values_per_channel(x: Array) -> int:
    return math.prod(x.shape) // x.shape[1]
