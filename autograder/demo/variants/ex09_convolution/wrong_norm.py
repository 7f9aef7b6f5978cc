"""Wrong: 1 × 1 convolutions, affine layers that slide, batch norm over images."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

__all__ = ["VARIANTS"]

ONE_BY_ONE = spoiled(
    "one_by_one",
    """
def one_by_one(x, w, b):
    n, c, height, width = x.shape
    pixels = x.transpose(0, 2, 3, 1).reshape(-1, c)
    out = pixels @ w.T + b
    return out.reshape(n, height, width, -1).transpose(0, 3, 1, 2)
""",
    ("pixels_reshaped", "x is reshaped to", "x.transpose(0, 2, 3, 1).reshape(-1, c)", "x.reshape(-1, c)"),
    (
        "pixels_out_reshaped",
        "out is reshaped from",
        "out.reshape(n, height, width, -1).transpose(0, 3, 1, 2)",
        "out.reshape(n, -1, height, width)",
    ),
    (
        "pixels_both_reshaped",
        "x and out are reshaped",
        "x.transpose(0, 2, 3, 1).reshape(-1, c)",
        "x.reshape(-1, c)",
        "out.reshape(n, height, width, -1).transpose(0, 3, 1, 2)",
        "out.reshape(n, -1, height, width)",
    ),
    ("pixels_channels_last", "maps are the last axis", ".transpose(0, 3, 1, 2)", ""),
    ("pixels_no_bias", "bias is missing", " + b", ""),
    ("pixels_averaged", "channels are averaged", "pixels @ w.T", "pixels @ w.T / c"),
    (
        "pixels_one_at_a_time",
        "asks for a vectorised form",
        "pixels @ w.T + b",
        "np.array([w @ pixel + b for pixel in pixels])",
    ),
)

AFFINE = spoiled(
    "affine_as_convolution",
    """
def affine_filters(w, shape):
    c, height, width = shape
    return w.T.reshape(-1, c, height, width)


def score_maps(x, w, b, shape, conv2d):
    filters = affine_filters(w, shape)
    return conv2d(x, filters, b)
""",
    ("affine_not_transposed", "columns belong together", "w.T.reshape", "w.reshape"),
    (
        "affine_channels_last",
        "pixel by pixel",
        "w.T.reshape(-1, c, height, width)",
        "w.T.reshape(-1, height, width, c).transpose(0, 3, 1, 2)",
    ),
    (
        "affine_column_by_column",
        "read column by column",
        "w.T.reshape(-1, c, height, width)",
        "w.T.reshape(-1, c, width, height).swapaxes(2, 3)",
    ),
    ("affine_turned", "turned by 180", "height, width)\n", "height, width)[:, :, ::-1, ::-1]\n"),
    ("affine_no_bias", "bias is missing", "filters, b)", "filters, 0 * b)"),
    ("affine_padded", "image is padded", "filters, b)", "filters, b, padding=1)"),
    ("affine_largest_score", "largest score alone", "filters, b)", "filters, b).max(axis=(2, 3))"),
)

NORM_FORWARD = spoiled(
    "spatial_batch_norm_forward",
    """
def spatial_batch_norm_forward(x, gamma, beta, *, running_mean, running_var, train, momentum=0.9, eps=1e-5):
    gamma, beta, mean, var = (a.reshape(1, -1, 1, 1) for a in (gamma, beta, running_mean, running_var))
    if train:
        mean = x.mean(axis=(0, 2, 3), keepdims=True)
        var = x.var(axis=(0, 2, 3), keepdims=True)
        running_mean = momentum * running_mean + (1 - momentum) * mean.ravel()
        running_var = momentum * running_var + (1 - momentum) * var.ravel()
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    out = gamma * x_hat + beta
    return out, (x_hat, std.ravel(), gamma.ravel()), running_mean, running_var
""",
    (
        "norm_over_all_channels",
        "channels share their statistics",
        "mean = x.mean(axis=(0, 2, 3), keepdims=True)",
        "mean = np.full((1, x.shape[1], 1, 1), x.mean())",
        "var = x.var(axis=(0, 2, 3), keepdims=True)",
        "var = np.full((1, x.shape[1], 1, 1), x.var())",
    ),
    (
        "norm_per_image",
        "that is instance norm",
        "    std =",
        "    if train:\n        mean, var = (g(axis=(2, 3), keepdims=True) for g in (x.mean, x.var))\n    std =",
    ),
    (
        "norm_per_pixel",
        "every pixel has statistics",
        "    std =",
        "    if train:\n        mean, var = (g(axis=0, keepdims=True) for g in (x.mean, x.var))\n    std =",
    ),
    (
        "norm_layer",
        "that is layer norm",
        "    std =",
        "    if train:\n        mean, var = (g(axis=(1, 2, 3), keepdims=True) for g in (x.mean, x.var))\n    std =",
    ),
    ("norm_by_variance", "divided by the variance", "np.sqrt(var + eps)", "var + eps"),
    ("norm_eps_outside", "stands outside the root", "np.sqrt(var + eps)", "np.sqrt(var) + eps"),
    ("norm_no_eps", "ε is missing", "np.sqrt(var + eps)", "np.sqrt(var)"),
    (
        "norm_unbiased",
        "unbiased variance",
        "keepdims=True)\n        running_mean",
        "keepdims=True, ddof=1)\n        running_mean",
    ),
    (
        "norm_unbiased_running",
        "unbiased variance",
        "(1 - momentum) * var.ravel()",
        "(1 - momentum) * x.var(axis=(0, 2, 3), ddof=1)",
    ),
    (
        "norm_weights_swapped",
        "weights are swapped",
        "momentum * running_mean + (1 - momentum) * mean.ravel()",
        "(1 - momentum) * running_mean + momentum * mean.ravel()",
        "momentum * running_var + (1 - momentum) * var.ravel()",
        "(1 - momentum) * running_var + momentum * var.ravel()",
    ),
    (
        "norm_no_memory",
        "hold this batch alone",
        "momentum * running_mean + (1 - momentum) * mean.ravel()",
        "mean.ravel()",
        "momentum * running_var + (1 - momentum) * var.ravel()",
        "var.ravel()",
    ),
    (
        "norm_never_updated",
        "not updated in training",
        "running_mean = momentum * running_mean + (1 - momentum) * mean.ravel()",
        "pass",
        "running_var = momentum * running_var + (1 - momentum) * var.ravel()",
        "pass",
    ),
    (
        "norm_running_deviation",
        "of the standard deviation",
        "(1 - momentum) * var.ravel()",
        "(1 - momentum) * np.sqrt(var.ravel())",
    ),
    ("norm_test_like_training", "own statistics are used at test time", "if train:", "if True:"),
    ("norm_roles_swapped", "changed roles", "gamma * x_hat + beta", "beta * x_hat + gamma"),
    ("norm_no_shift", "β is missing", "gamma * x_hat + beta", "gamma * x_hat"),
    ("norm_no_scale", "γ is missing", "gamma * x_hat + beta", "x_hat + beta"),
)

NORM_BACKWARD = spoiled(
    "spatial_batch_norm_backward",
    """
def spatial_batch_norm_backward(dout, cache):
    x_hat, std, gamma = cache
    axes, column = (0, 2, 3), (-1, 1, 1)
    m = dout.shape[0] * dout.shape[2] * dout.shape[3]
    dbeta = dout.sum(axis=axes)
    dgamma = (dout * x_hat).sum(axis=axes)
    part = dout - dbeta.reshape(column) / m - x_hat * dgamma.reshape(column) / m
    dx = (gamma / std).reshape(column) * part
    return dx, dgamma, dbeta
""",
    ("norm_back_batch_alone", "m = n:", "m = dout.shape[0] * dout.shape[2] * dout.shape[3]", "m = dout.shape[0]"),
    (
        "norm_back_constants",
        "mean and variance are taken for constants",
        " - dbeta.reshape(column) / m - x_hat * dgamma.reshape(column) / m",
        "",
    ),
    ("norm_back_no_variance", "variance is taken for a constant", " - x_hat * dgamma.reshape(column) / m", ""),
    ("norm_back_no_mean", "mean is taken for a constant", " - dbeta.reshape(column) / m", ""),
    ("norm_back_no_scale", "γ is missing in dx", "(gamma / std)", "(1 / std)"),
    ("norm_back_no_deviation", "not divided by √", "(gamma / std)", "gamma"),
    ("norm_back_scale_twice", "γ is in dγ", "return dx, dgamma, dbeta", "return dx, gamma * dgamma, dbeta"),
    ("norm_back_averaged", "dγ and dβ are averaged", "return dx, dgamma, dbeta", "return dx, dgamma / m, dbeta / m"),
    (
        "norm_back_per_pixel",
        "over the batch alone: one γ",
        "return dx, dgamma, dbeta",
        "return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)",
    ),
    ("norm_back_shift_for_scale", "x̂ is missing in dγ", "return dx, dgamma, dbeta", "return dx, dbeta, dbeta"),
    (
        "norm_back_upstream_ignored",
        "upstream gradient is ignored",
        "    axes,",
        "    dout = np.ones_like(dout)\n    axes,",
    ),
)

VARIANTS = [*ONE_BY_ONE, *AFFINE, *NORM_FORWARD, *NORM_BACKWARD]
